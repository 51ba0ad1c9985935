"""The site was up for less than agreed (https://sre.google/sre-book/service-level-objectives/)."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

RULE = Rule(
    id="availability.below_slo",
    area="availability",
    lane="maintenance",
    title="Find and remove the cause of the outages",
    why="Visitors could not reach the site for {down}, {times} the {budget} that were agreed.",
    standard="Google SRE, service level objectives",
    threshold=100.0,
    threshold_unit="% of the error budget used",
    effort_hours=(4, 12),
    evidence_sql="""
SELECT
  sum(up_seconds - maintenance_up_seconds) AS up_seconds,
  sum(down_seconds - maintenance_down_seconds) AS down_seconds,
  sum(maintenance_up_seconds + maintenance_down_seconds) AS maintenance_seconds,
  any_value(site.availability_slo_pct) AS slo_pct,
  (SELECT count(*) FROM marts.incident AS incident
   WHERE incident.site_id = $site_id AND check_type = 'http' AND NOT is_planned
     AND started_date >= $start_date AND started_date < $end_date) AS incident_count
FROM marts.availability_day AS day JOIN staging.site AS site USING (site_id)
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_primary
HAVING sum(up_seconds - maintenance_up_seconds) + sum(down_seconds - maintenance_down_seconds) > 0""",
    measure_sql=f"""
SELECT
  100 * day.down_seconds / (day.known_seconds * (1 - slo_pct / 100)) AS value,
  {measures.CHECKED_DAYS} AS known_days
FROM (
  SELECT
    sum(down_seconds - maintenance_down_seconds) AS down_seconds,
    nullif(sum(up_seconds + down_seconds - maintenance_up_seconds - maintenance_down_seconds), 0) AS known_seconds,
    any_value(site.availability_slo_pct) AS slo_pct
  FROM marts.availability_day JOIN staging.site AS site USING (site_id)
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_primary
) AS day""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Compare the time known to be down with the error budget of the time that is known."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing="no uptime check ran in the quarter")]
    (row,) = rows
    known, slo = row["up_seconds"] + row["down_seconds"], row["slo_pct"]
    budget = known * (1 - slo / 100)
    used_pct = 100 * row["down_seconds"] / budget
    if used_pct <= scope.threshold(RULE):
        return [Silent(rule=RULE, reason=f"{used_pct:.0f}% of the error budget was used")]
    availability = 100 * row["up_seconds"] / known
    words = {
        "down": f"{row['down_seconds'] / 60:,.0f} minutes",
        "budget": f"{budget / 60:,.0f} minutes",
        "times": f"{used_pct / 100:.1f} times",
    }
    return [
        recommend(
            RULE,
            scope,
            subject=scope.site_id,
            rows=rows,
            value=used_pct,
            evidence=f"{availability:.3f}% against {slo:g}%, {row['incident_count']} incidents",
            words=words,
            severity=4,
            floor="high",
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=90,
                text=f"availability of {slo:g}% or more for a quarter",
            ),
            prediction=Prediction(
                metric="budget_used_pct",
                direction="down",
                size=used_pct - scope.threshold(RULE),
                text=f"downtime under {words['budget']} a quarter",
            ),
        )
    ]

"""The site was up for less than agreed (https://sre.google/sre-book/service-level-objectives/)."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="availability.below_slo",
    area="availability",
    lane="maintenance",
    title=mark("Find and remove the cause of the outages"),
    why=mark("Visitors could not reach the site for {down}, {times} times the {budget} that were agreed."),
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
        return [Unknown(rule=RULE, missing=say("no uptime check ran in the quarter"))]
    (row,) = rows
    known, slo = row["up_seconds"] + row["down_seconds"], row["slo_pct"]
    budget = known * (1 - slo / 100)
    used_pct = 100 * row["down_seconds"] / budget
    if used_pct <= scope.threshold(RULE):
        return [Silent(rule=RULE, reason=say("{used} of the error budget was used", used=written.percent(used_pct)))]
    availability = 100 * row["up_seconds"] / known
    words = {
        "down": wording.minutes(row["down_seconds"] / 60),
        "budget": wording.minutes(budget / 60),
        "times": written.number(used_pct / 100, 1),
    }
    return [
        recommend(
            RULE,
            scope,
            subject=scope.site_id,
            rows=rows,
            value=used_pct,
            evidence=say_many(
                "{availability} against {slo}, {n} incident",
                "{availability} against {slo}, {n} incidents",
                row["incident_count"],
                availability=written.percent(availability, 3),
                slo=written.plain_percent(slo),
            ),
            words=words,
            severity=4,
            floor="high",
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=90,
                text=say("availability of {slo} or more for a quarter", slo=written.plain_percent(slo)),
            ),
            prediction=Prediction(
                metric="budget_used_pct",
                direction="down",
                size=used_pct - scope.threshold(RULE),
                text=say("downtime under {budget} a quarter", budget=words["budget"]),
            ),
        )
    ]

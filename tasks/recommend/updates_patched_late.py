"""Half of the updates took longer than agreed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

LEAST = 5
"""Updates from which a median is worth saying."""

_UPDATES = """
SELECT
  CASE WHEN is_security_update THEN 'security' ELSE 'routine' END AS subject, name, version, latest_version, seen_date,
  closed_date, sla_days,
  -- One that is still outstanding takes at least as long as it has waited.
  date_diff('day', seen_date, least(coalesce(closed_date, $end_date::DATE), $end_date::DATE)) AS patch_days
FROM marts.update_outstanding
WHERE site_id = $site_id AND seen_date < $end_date AND (closed_date IS NULL OR closed_date >= $start_date)
  -- One that is not due yet and not done says nothing of how long it takes.
  AND (closed_date < $end_date OR date_diff('day', seen_date, $end_date::DATE) > sla_days)"""

RULE = Rule(
    id="updates.patched_late",
    area="updates",
    lane="maintenance",
    title="Apply {kind} updates sooner",
    why="Half of {count} {kind} updates took {days} days or longer; {sla} were agreed.",
    standard="NIST SP 800-40r4, maintenance metrics",
    threshold=0.0,
    threshold_unit="days beyond the agreed ones, median",
    effort_hours=(1, 4),
    evidence_sql=f"""
SELECT subject, count(*) AS update_count, median(patch_days) AS median_days, any_value(sla_days) AS sla_days,
  count(*) FILTER (closed_date IS NULL OR closed_date >= $end_date) AS open_count
FROM ({_UPDATES}) GROUP BY subject ORDER BY subject""",  # noqa: S608 - our own text
    measure_sql=f"""
SELECT
  CASE WHEN count(*) > 0 THEN median(patch_days) - any_value(sla_days) ELSE 0 END AS value,
  {measures.LISTED_DAYS} AS known_days
FROM ({_UPDATES}) WHERE subject = $subject""",  # noqa: S608 - our own text
)
_LISTS = """
SELECT count(*) AS bundle_count FROM marts.bundle
WHERE site_id = $site_id AND collected_date >= $start_date AND collected_date < $end_date AND fresh_count > 0"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Hold the median of days from the first sight of an update until it was applied against what was agreed."""
    (lists,) = scope.query(_LISTS, scope.parameters)
    if not lists["bundle_count"]:
        return [Unknown(rule=RULE, missing="no inventory with a current update list in the quarter")]
    answers: list[Answer] = []
    for row in scope.query(RULE.evidence_sql, scope.parameters_of(RULE)):
        beyond = row["median_days"] - row["sla_days"]
        if row["update_count"] < LEAST or beyond <= scope.threshold(RULE):
            continue
        words = {
            "kind": row["subject"],
            "count": row["update_count"],
            "days": f"{row['median_days']:.0f}",
            "sla": row["sla_days"],
        }
        answers.append(
            recommend(
                RULE,
                scope,
                subject=row["subject"],
                rows=[row],
                value=beyond,
                evidence=f"median of {row['update_count']} {row['subject']} updates {row['median_days']:.0f} days, "
                f"agreed {row['sla_days']}; {row['open_count']} still outstanding",
                words=words,
                severity=4 if row["subject"] == "security" else 2,
                closing_test=ClosingTest(
                    operator="<=",
                    value=scope.threshold(RULE),
                    sustained_days=60,
                    text="median within what was agreed for 60 days",
                ),
                prediction=Prediction(
                    metric="days_beyond", direction="down", size=beyond, text="median within what was agreed"
                ),
            )
        )
    return answers or [Silent(rule=RULE, reason="half of the updates, or more, were applied within what was agreed")]

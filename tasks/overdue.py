"""What the two rules on overdue updates share: find them, count them, say it."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures
from tasks.recommendation import Answer, ClosingTest, Floor, Prediction, Rule, Scope, Silent, Unknown, recommend

_INVENTORIES = """
SELECT count(*) AS bundle_count FROM marts.bundle
WHERE site_id = $site_id AND collected_date >= $start_date AND collected_date < $end_date AND fresh_count > 0"""


def evidence_sql(condition: str) -> str:
    """Return the query for updates still outstanding, past their date, when the quarter ended; oldest first."""
    return f"""
SELECT
  name, ecosystem, version, latest_version, seen_date, due_date, sla_days,
  date_diff('day', due_date, $end_date::DATE) AS late_days
FROM marts.update_outstanding
WHERE site_id = $site_id AND {condition}
  AND seen_date < $end_date AND due_date < $end_date AND (closed_date IS NULL OR closed_date >= $end_date)
ORDER BY late_days DESC, ecosystem, name"""  # noqa: S608 - the condition is the rule's own text


def measure_sql(condition: str) -> str:
    """Return the measure: by how many days the latest update of the window was past its date at most."""
    return f"""
SELECT
  coalesce(max(date_diff('day', due_date, least(coalesce(closed_date, $end_date), $end_date))), 0) AS value,
  {measures.LISTED_DAYS} AS known_days
FROM marts.update_outstanding
WHERE site_id = $site_id AND {condition} AND seen_date < $end_date
  AND due_date < $end_date AND (closed_date IS NULL OR closed_date > greatest($start_date, due_date))"""  # noqa: S608 - as above


def evaluate(rule: Rule, scope: Scope, *, subject: str, severity: int, floor: Floor) -> Sequence[Answer]:
    """Answer for one rule; without a current update list in the quarter the answer is unknown."""
    rows = scope.query(rule.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_INVENTORIES, scope.parameters)
        if not seen["bundle_count"]:
            return [Unknown(rule=rule, missing="no inventory with a current update list in the quarter")]
        return [Silent(rule=rule, reason="none was outstanding past its date")]
    first, count = rows[0], len(rows)
    names = ", ".join(str(row["name"])[:60] for row in rows[:3])
    words = {
        "count": count,
        "updates": "update" if count == 1 else "updates",
        "are": "is" if count == 1 else "are",
        "sla": first["sla_days"],
        "late": first["late_days"],
        "names": names + (f" and {count - 3} more" if count > 3 else ""),
    }
    offer = f"{str(first['name'])[:60]} {first['version']}, {first['latest_version']} seen {first['seen_date']:%-d %B}"
    return [
        recommend(
            rule,
            scope,
            subject=subject,
            rows=rows,
            value=first["late_days"],
            evidence=f"{offer}, due {first['due_date']:%-d %B}",
            words=words,
            severity=severity,
            floor=floor,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(rule),
                sustained_days=14,
                text="no such update past its date for 14 days",
            ),
            prediction=Prediction(
                metric="late_days", direction="down", size=first["late_days"], text="none overdue next quarter"
            ),
        )
    ]

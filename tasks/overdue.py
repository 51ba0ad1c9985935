"""What the two rules on overdue updates share: find them, count them, say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks import measures, wording, written
from tasks.recommendation import Answer, ClosingTest, Floor, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import say

Row = Mapping[str, Any]

_INVENTORIES = """
SELECT count(*) AS bundle_count FROM marts.bundle
WHERE site_id = $site_id AND collected_date >= $start_date AND collected_date < $end_date AND fresh_count > 0"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """How much is at stake while these updates are not applied."""

    severity: int
    """1 to 5."""
    floor: Floor
    likelihood: float = 0.9
    first: Sequence[str] = ()
    """Names that are told before the others."""
    words: Mapping[str, str] = field(default_factory=dict)
    """What the rule's `why` needs beside what `evaluate` gives it."""


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


def evaluate(rule: Rule, scope: Scope, *, subject: str, weigh: Callable[[Sequence[Row]], Weight]) -> Sequence[Answer]:
    """Answer for one rule; without a current update list in the quarter the answer is unknown.

    Args:
        rule: its evidence has the columns of `evidence_sql`, the latest first, and may have several rows of an update.
        scope: site and quarter.
        subject: of the recommendation.
        weigh: tells from the rows of the evidence how grave they are.
    """
    rows = scope.query(rule.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_INVENTORIES, scope.parameters)
        if not seen["bundle_count"]:
            return [Unknown(rule=rule, missing=say("no inventory with a current update list in the quarter"))]
        return [Silent(rule=rule, reason=say("none was outstanding past its date"))]
    updates = list({update_of(row): row for row in reversed(rows)}.values())[::-1]
    weight, first, count = weigh(rows), updates[0], len(updates)
    names = [*weight.first, *(str(row["name"])[:60] for row in updates)]
    told = list(dict.fromkeys(names))[:3]
    words = {
        "count": count,
        "agreed": wording.days(first["sla_days"]),
        "late": wording.days(first["late_days"]),
        "names": wording.and_more(told, count),
        **weight.words,
    }
    offer = say(
        "{name} {version}, {latest} seen {seen}, due {due}",
        name=str(first["name"])[:60],
        version=first["version"],
        latest=first["latest_version"],
        seen=written.day_long(first["seen_date"]),
        due=written.day_long(first["due_date"]),
    )
    return [
        recommend(
            rule,
            scope,
            subject=subject,
            rows=rows,
            value=first["late_days"],
            evidence=offer,
            words=words,
            severity=weight.severity,
            likelihood=weight.likelihood,
            floor=weight.floor,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(rule),
                sustained_days=14,
                text=say("no such update past its date for 14 days"),
            ),
            prediction=Prediction(
                metric="late_days", direction="down", size=first["late_days"], text=say("none overdue next quarter")
            ),
        )
    ]


def update_of(row: Row) -> tuple[str, ...]:
    """Return which update a row of the evidence is of."""
    return str(row["ecosystem"]), str(row["name"]), str(row["version"])

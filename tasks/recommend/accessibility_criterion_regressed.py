"""A success criterion that had been mended fails again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import wording, written
from tasks.accessibility_rules import AUDIT_DAYS, AUDITOR, unaudited
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, recommend
from tasks.words import mark, say

_KNOWN = f"""
SELECT source_id, criterion, criterion_name, level, day_date, state, failing_element_count, failing_page_count,
  failing_rules,
  lag(state) OVER history AS state_before,
  count(*) FILTER (state = 'fails') OVER (history ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS failed_before,
  last_value(state) OVER (history ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS last_state
FROM marts.accessibility_criterion_day
WHERE site_id = $site_id AND day_date < $end_date AND auditor = {AUDITOR} AND level <> 'AAA'
  AND (state = 'fails' OR state = 'no_failure_found' AND complete_page_count = page_count)
WINDOW history AS (PARTITION BY source_id, criterion ORDER BY day_date)"""  # noqa: S608 - the house's own text

RULE = Rule(
    id="accessibility.criterion_regressed",
    area="accessibility",
    lane="maintenance",
    title=mark("Mend {name} again, and find what undid it"),
    why=mark("It had been mended and failed again on {date}: what was paid for once is lost with a later change."),
    standard="WCAG 2.2, levels A and AA",
    threshold=0.0,
    threshold_unit="elements that fail a criterion of level A or AA that had been mended",
    effort_hours=(1, 4),
    evidence_sql=f"""
SELECT * FROM ({_KNOWN})
WHERE state = 'fails' AND state_before = 'no_failure_found' AND failed_before > 0 AND last_state = 'fails'
  AND day_date >= $start_date
QUALIFY row_number() OVER (PARTITION BY source_id, criterion ORDER BY day_date DESC) = 1
ORDER BY failing_element_count DESC, criterion""",  # noqa: S608 - as above
    measure_sql=f"""
SELECT arg_max(failing_element_count, day_date) AS value, {AUDIT_DAYS} AS known_days
FROM ({_KNOWN}) WHERE criterion = $subject AND day_date >= $start_date""",  # noqa: S608 - as above
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look for criteria that failed, then did not on any page, and fail now."""
    if missing := unaudited(RULE, scope):
        return missing
    rows = [
        row
        for row in scope.query(RULE.evidence_sql, scope.parameters)
        if row["failing_element_count"] > scope.threshold(RULE)
    ]
    return [_answer(scope, row) for row in rows] or [
        Silent(rule=RULE, reason=say("no criterion that had been mended fails again"))
    ]


def _answer(scope: Scope, row: dict[str, Any]) -> Answer:
    elements, name = row["failing_element_count"], f"{row['criterion']} {say(row['criterion_name'])}"
    return recommend(
        RULE,
        scope,
        subject=row["criterion"],
        rows=[row],
        value=elements,
        evidence=say(
            "{criterion} ({level}) failed before, then on no page; from {day} on {elements} of {pages} ({rules})",
            criterion=name,
            level=row["level"],
            day=written.day(row["day_date"]),
            elements=wording.elements(elements),
            pages=wording.pages(row["failing_page_count"]),
            rules=", ".join(row["failing_rules"] or []),
        ),
        words={"name": name, "date": written.day(row["day_date"])},
        severity=3,
        likelihood=0.95,
        reach=0.6,
        floor="medium" if row["level"] == "A" else "none",
        closing_test=ClosingTest(
            operator="<=",
            value=scope.threshold(RULE),
            sustained_days=28,
            text=say("complete audits of four weeks find no failure of it"),
        ),
        prediction=Prediction(
            metric="failing_elements", direction="down", size=elements, text=say("what was mended stays mended")
        ),
    )

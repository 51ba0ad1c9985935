"""People who use a keyboard can't see where they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import wording, written
from tasks.accessibility_rules import page_name
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

_HOLDS_DAYS = 92
"""Days for which a statement of a person speaks."""

_SAID = """
SELECT criterion, page_url, outcome, checked_date, asserted_by, note FROM raw.accessibility_assertion
WHERE site_id = $site_id AND criterion IN ('2.4.7', '2.4.11') AND is_manual AND checked_date < $end_date
  AND outcome IN ('passed', 'failed', 'inapplicable')
QUALIFY row_number() OVER (
  PARTITION BY criterion, page_url ORDER BY checked_date DESC, assertion_key, batch_id
) = 1"""

RULE = Rule(
    id="accessibility.focus_not_visible",
    area="accessibility",
    lane="maintenance",
    title=mark("Show where the keyboard is"),
    why=mark("Who can't use a mouse is lost on {pages}: {what}."),
    standard="WCAG 2.2, 2.4.7 Focus Visible and 2.4.11 Focus Not Obscured (Minimum), AA",
    threshold=0.0,
    threshold_unit="failures that a person found; no program can tell",
    effort_hours=(1, 4),
    evidence_sql=f"""
SELECT * FROM ({_SAID})
WHERE outcome = 'failed' OR checked_date >= $start_date
ORDER BY criterion, page_url""",  # noqa: S608 - every part is the house's own text
    measure_sql=f"""
SELECT CASE WHEN count(*) > 0 THEN count(*) FILTER (outcome = 'failed') END AS value, (
  SELECT count(*) FROM staging.site_day AS calendar
  WHERE calendar.site_id = $site_id AND calendar.day_date >= $start_date AND calendar.day_date < $end_date
    AND EXISTS (
      FROM raw.accessibility_assertion AS said
      WHERE said.site_id = $site_id AND said.criterion = $subject AND said.is_manual AND said.checked_date < $end_date
        AND calendar.day_date BETWEEN said.checked_date AND said.checked_date + {_HOLDS_DAYS})) AS known_days
FROM ({_SAID}) WHERE criterion = $subject""",  # noqa: S608 - as above
)
_WHAT = {
    "2.4.7": mark("nothing shows which link or field has the focus"),
    "2.4.11": mark("what has the focus is hidden behind other things"),
}


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Take what people found: a failure stands until somebody says otherwise."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("nobody looked in the quarter whether the focus can be seen"))]
    failed = [row for row in rows if row["outcome"] == "failed"]
    by_criterion = {number: [row for row in failed if row["criterion"] == number] for number in _WHAT}
    made = [
        _answer(scope, number, found) for number, found in by_criterion.items() if len(found) > scope.threshold(RULE)
    ]
    return made or [
        Silent(
            rule=RULE,
            reason=say(
                "a person looked on {day}",
                day=written.day(max(row["checked_date"] for row in rows)),
            ),
        )
    ]


def _answer(scope: Scope, criterion: str, rows: list[dict[str, Any]]) -> Answer:
    pages = [row["page_url"] for row in rows if row["page_url"]]
    first = rows[0]
    where = page_name(first["page_url"]) if first["page_url"] else say("the site")
    note = f": {first['note']}" if first["note"] else ""
    return recommend(
        RULE,
        scope,
        subject=criterion,
        rows=rows,
        value=len(rows),
        evidence=say(
            "{criterion} failed on {where}, by {who} on {day}",
            criterion=criterion,
            where=where,
            who=first["asserted_by"] or say("a manual audit"),
            day=written.date_short(first["checked_date"]),
        )
        + note,
        words={"pages": wording.pages(len(pages)) if pages else say("the site"), "what": say(_WHAT[criterion])},
        severity=4,
        likelihood=0.9,
        reach=0.5,
        floor="medium",
        closing_test=ClosingTest(
            operator="<=",
            value=scope.threshold(RULE),
            sustained_days=1,
            text=say("a person says that {criterion} is met wherever it failed", criterion=criterion),
        ),
        prediction=Prediction(
            metric="manual_failures", direction="down", size=len(rows), text=say("the site can be used without a mouse")
        ),
    )

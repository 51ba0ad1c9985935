"""A page that a core function needs has a fault that stops people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import written
from tasks.accessibility_rules import evidence as failures
from tasks.accessibility_rules import measure, page_name, place, unaudited
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import Plural, mark, say, say_many

_PATH = "coalesce(nullif(rtrim(regexp_extract({}, '^(?:https?://[^/?#]+)?(/[^?#]*)', 1), '/'), ''), '/')"
_BLOCKS = """(
  finding.level = 'A' AND finding.impact = 'critical'
  AND list_has_any(finding.success_criteria, ['2.1.1', '2.1.2', '3.3.2', '4.1.2']))"""
"""What can't be operated: a picture without a text leaves something out and stops nobody."""
_JOURNEYS = f"""
SELECT {_PATH.format("page")} AS path, min(journey_name) AS journey_name
FROM (
  SELECT run.journey_name, step.target AS page
  FROM staging.journey_run AS run JOIN raw.journey_step AS step USING (run_id)
  WHERE run.site_id = $site_id AND run.run_date >= $start_date AND run.run_date < $end_date AND step.action = 'goto'
  UNION ALL
  SELECT run.journey_name, ended.final_url
  FROM staging.journey_run AS run JOIN raw.journey_run AS ended USING (run_id)
  WHERE run.site_id = $site_id AND run.run_date >= $start_date AND run.run_date < $end_date
    AND ended.final_url IS NOT NULL
)
GROUP BY path"""  # noqa: S608 - every part is the house's own text
_AUDITED = f"""
SELECT count(*) AS page_count FROM staging.accessibility_run AS run
JOIN ({_JOURNEYS}) AS journey ON journey.path = {_PATH.format("run.page_url")}
WHERE run.site_id = $site_id AND run.run_date >= $start_date AND run.run_date < $end_date
  AND run.tested_criteria IS NOT NULL"""  # noqa: S608 - as above

RULE = Rule(
    id="accessibility.journey_blocked",
    area="accessibility",
    lane="maintenance",
    title=mark("Remove what stops people on {page}"),
    why=Plural(
        "“{journey}” leads over this page, and {elements} element of it can't be used with a screen reader or a "
        "keyboard.",
        "“{journey}” leads over this page, and {elements} elements of it can't be used with a screen reader or a "
        "keyboard.",
        by="elements",
    ),
    standard="WCAG 2.2, 2.1.1, 2.1.2, 3.3.2 and 4.1.2, A",
    threshold=0.0,
    threshold_unit="critical failures of level A, of keyboard, labels or names, on a page of a journey",
    effort_hours=(1, 6),
    evidence_sql=f"""
SELECT found.*, journey.journey_name
FROM ({failures(_BLOCKS)}) AS found
JOIN ({_JOURNEYS}) AS journey ON journey.path = {_PATH.format("found.page_url")}
ORDER BY found.page_url, found.element_count DESC, found.rule_id""",  # noqa: S608 - as above
    measure_sql=measure(_BLOCKS, runs="page_url = $subject"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look for critical failures on the pages that journeys lead over."""
    if missing := unaudited(RULE, scope):
        return missing
    if not scope.query(_JOURNEYS, scope.parameters):
        return [
            Unknown(rule=RULE, missing=say("no journey ran in the quarter, so nobody knows which pages count most"))
        ]
    if not scope.query(_AUDITED, scope.parameters)[0]["page_count"]:
        return [Unknown(rule=RULE, missing=say("no page of a journey was audited: add them to pages of audits_axe"))]
    by_page: dict[str, list[dict[str, Any]]] = {}
    for row in scope.query(RULE.evidence_sql, scope.parameters):
        by_page.setdefault(row["page_url"], []).append(row)
    limit = scope.threshold(RULE)
    made = [_answer(scope, rows) for rows in by_page.values() if sum(row["element_count"] for row in rows) > limit]
    return made or [Silent(rule=RULE, reason=say("no critical failure of level A on the pages of journeys"))]


def _answer(scope: Scope, rows: list[dict[str, Any]]) -> Answer:
    elements, page = sum(row["element_count"] for row in rows), rows[0]["page_url"]
    return recommend(
        RULE,
        scope,
        subject=page,
        rows=rows,
        value=elements,
        evidence=say_many(
            "{n} critical failure of level A, audit of {day}; {place}: {help}",
            "{n} critical failures of level A, audit of {day}; {place}: {help}",
            elements,
            day=written.day(rows[0]["audit_date"]),
            place=place(rows[0]),
            help=rows[0]["help"],
        ),
        words={
            "page": page_name(page),
            "journey": rows[0]["journey_name"],
            "elements": elements,
        },
        severity=5,
        likelihood=0.9,
        floor="high",
        closing_test=ClosingTest(
            operator="<=",
            value=scope.threshold(RULE),
            sustained_days=28,
            text=say("complete audits of four weeks find no critical failure of level A on the page"),
        ),
        prediction=Prediction(
            metric="failing_elements", direction="down", size=elements, text=say("everybody can take this step")
        ),
    )

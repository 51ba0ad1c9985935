"""What the rules on accessibility share: SQL over the newest audit of each page, and one kind of advice.

Where axe-core ever ran on a site only its findings count: what the HTML alone gives away never stands in for them. An
audit that was not complete may prove a fault and never that there is none: measures take complete ones only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Floor, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.wording import elements as elements_text
from tasks.wording import pages as pages_text
from tasks.words import say

AUDITOR = """(
  SELECT min(auditor) FROM staging.accessibility_run
  WHERE site_id = $site_id AND run_date < $end_date AND tested_criteria IS NOT NULL)"""
"""The auditor that counts: axe sorts before static."""

NEWEST = f"""
SELECT run_id, page_url, run_date FROM staging.accessibility_run
WHERE site_id = $site_id AND run_date >= $start_date AND run_date < $end_date
  AND tested_criteria IS NOT NULL AND auditor = {AUDITOR} AND {{condition}}
QUALIFY row_number() OVER (PARTITION BY page_url ORDER BY started_at DESC, run_id) = 1
  AND run_date >= max(run_date) OVER () - 35"""  # noqa: S608 - every part is the house's own text
"""The newest audit of each page that is still audited; `condition` is what its runs fulfil."""

AUDIT_DAYS = f"""(
  SELECT count(*) FROM staging.site_day AS calendar
  WHERE calendar.site_id = $site_id AND calendar.day_date >= $start_date AND calendar.day_date < $end_date
    AND EXISTS (
      FROM staging.accessibility_run AS seen
      WHERE seen.site_id = $site_id AND seen.run_date < $end_date AND seen.outcome = 'complete'
        AND seen.auditor = {AUDITOR} AND calendar.day_date BETWEEN seen.run_date AND seen.run_date + 7))"""  # noqa: S608 - as above
"""Days for which a complete audit speaks: it does for the week after it."""

PAGES = f"SELECT count(*) AS page_count FROM ({NEWEST.format(condition='true')})"  # noqa: S608 - as above


def evidence(condition: str) -> str:
    """Return the query for the failures that fulfil a condition on `finding`, by page and rule of the auditor."""
    return f"""
SELECT
  finding.page_url,
  finding.rule_id,
  any_value(finding.help) AS help,
  any_value(finding.impact) AS impact,
  any_value(finding.level) AS level,
  count(*) AS element_count,
  min(finding.selector) AS selector,
  arg_min(finding.snippet, finding.selector) AS snippet,
  max(newest.run_date) AS audit_date
FROM staging.accessibility_finding AS finding
JOIN ({NEWEST.format(condition="true")}) AS newest ON newest.run_id = finding.run_id
WHERE finding.is_failure AND {condition}
GROUP BY finding.page_url, finding.rule_id
ORDER BY element_count DESC, finding.page_url, finding.rule_id"""  # noqa: S608 - the condition is the rule's own word


def measure(condition: str, runs: str = "true") -> str:
    """Return the query for the number of such elements in the newest complete audit of each page.

    Args:
        condition: what a `finding` fulfils.
        runs: what the audits fulfil that are looked at.
    """
    return f"""
SELECT CASE WHEN count(newest.run_id) > 0 THEN coalesce(sum(counted.element_count), 0) END AS value,
  {AUDIT_DAYS} AS known_days
FROM ({NEWEST.format(condition=f"outcome = 'complete' AND {runs}")}) AS newest
LEFT JOIN (
  SELECT finding.run_id, count(*) AS element_count FROM staging.accessibility_finding AS finding
  WHERE finding.is_failure AND {condition}
  GROUP BY finding.run_id
) AS counted ON counted.run_id = newest.run_id"""  # noqa: S608 - as above


def criterion(number: str) -> str:
    """Return the condition that a finding is about a success criterion."""
    return f"list_contains(finding.success_criteria, '{number}')"


def audited_pages(scope: Scope) -> int:
    """Return how many pages were audited with a result."""
    return int(scope.query(PAGES, scope.parameters)[0]["page_count"])


def unaudited(rule: Rule, scope: Scope) -> list[Unknown]:
    """Return what is missing where no page was audited, else nothing."""
    if audited_pages(scope):
        return []
    return [Unknown(rule=rule, missing=say("no page was audited for accessibility in the quarter"))]


def answers(rule: Rule, scope: Scope, *, severity: int, floor: Floor = "none", what: str) -> Sequence[Answer]:
    """Judge the newest audits: one recommendation for all pages, as such faults are mended together.

    Args:
        rule: its words are filled with `elements` and `pages`.
        scope: site and quarter.
        severity: 1 to 5.
        floor: lowest band.
        what: elements with the fault, in the plural, for the sentences.
    """
    if missing := unaudited(rule, scope):
        return missing
    rows = scope.query(rule.evidence_sql, scope.parameters)
    audited = audited_pages(scope)
    elements = sum(row["element_count"] for row in rows)
    if elements <= scope.threshold(rule):
        found = (
            say(
                "the audit of {pages} found {n} of these: {what}", pages=pages_text(audited), n=elements, what=say(what)
            )
            if elements
            else say("the audit of {pages} found none of these: {what}", pages=pages_text(audited), what=say(what))
        )
        return [Silent(rule=rule, reason=found)]
    pages = len({row["page_url"] for row in rows})
    return [
        recommend(
            rule,
            scope,
            subject="site",
            rows=rows,
            value=elements,
            evidence=say(
                "{elements} on {pages} of {audited}, audit of {day}; most on {place}",
                elements=elements_text(elements),
                pages=pages,
                audited=pages_text(audited),
                day=written.day(max(row["audit_date"] for row in rows)),
                place=place(rows[0]),
            ),
            words={"elements": elements, "pages": pages_text(pages)},
            severity=severity,
            likelihood=0.9,
            reach=min(1.0, pages / audited),
            floor=floor,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(rule),
                sustained_days=28,
                text=say("complete audits of four weeks find none of these: {what}", what=say(what)),
            ),
            prediction=Prediction(
                metric="failing_elements",
                direction="down",
                size=elements,
                text=say("on the pages audited none of these: {what}", what=say(what)),
            ),
        )
    ]


def place(row: dict[str, Any]) -> str:
    """Say where a row of evidence was found: page, element and the auditor's rule."""
    return f"{page_name(row['page_url'])}: {row['selector'][:80]} ({row['rule_id']})"


def page_name(url: str) -> str:
    """Return what people call a page: its path, or the home page."""
    path = urlsplit(url).path
    return path if path not in ("", "/") else say("the home page")

"""The section on accessibility: what automation found, criterion by criterion, and all that it can't see.

It never says that a criterion is met: where no rule found a failure, none was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tasks import accessibility_rows as rows
from tasks import written
from tasks.accessibility_rows import Criterion
from tasks.accessibility_rules import AUDITOR, NEWEST, evidence
from tasks.quarter_data import WEEKS, QuarterData
from tasks.report_model import Action, Dial, Fact, NoData, Section, missing_dial, missing_fact, tone_of
from tasks.wording import pages as pages_text
from tasks.words import mark, say

PAGES = f"""
SELECT page_url, day_date, outcome, cause, message, failure_count, level_a_count, level_aa_count, review_count
FROM marts.accessibility_page_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  AND (auditor = {AUDITOR} OR {AUDITOR} IS NULL)
ORDER BY day_date, page_url"""  # noqa: S608 - every part is the house's own text

CRITERIA = f"""
SELECT day_date, criterion, criterion_name, level, reading_order, state, failing_element_count, failing_page_count,
  review_element_count, page_count, complete_page_count
FROM marts.accessibility_criterion_day
WHERE site_id = $site_id AND day_date < $end_date AND auditor = {AUDITOR} AND level <> 'AAA' AND complete_page_count > 0
ORDER BY day_date, reading_order"""  # noqa: S608 - as above

PRINCIPLES = f"""
SELECT wcag.principle, count(DISTINCT finding.finding_key) AS element_count
FROM (
  SELECT found.finding_key, unnest(found.success_criteria) AS criterion
  FROM staging.accessibility_finding AS found
  JOIN ({NEWEST.format(condition="true")}) AS newest ON newest.run_id = found.run_id
  WHERE found.is_failure
) AS finding
JOIN staging.wcag_criterion AS wcag ON wcag.criterion = finding.criterion AND wcag.level <> 'AAA'
GROUP BY wcag.principle"""  # noqa: S608 - as above

WORST = evidence("finding.level IN ('A', 'AA')")

CHANGES = f"""
SELECT change, count(*) AS element_count FROM marts.accessibility_change
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND auditor = {AUDITOR}
  AND level IN ('A', 'AA')
GROUP BY change"""  # noqa: S608 - as above

SAID = """
SELECT criterion, outcome, checked_date, asserted_by FROM raw.accessibility_assertion
WHERE site_id = $site_id AND is_manual AND outcome <> 'untested' AND checked_date < $end_date
QUALIFY row_number() OVER (
  PARTITION BY criterion, page_url ORDER BY checked_date DESC, assertion_key, batch_id
) = 1
ORDER BY criterion, checked_date"""

SECTION = Section(title="Accessibility", order=45, weight=35)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessibilityView:
    """The section on accessibility."""

    lead: str
    stats: Sequence[Fact]
    principles: Sequence[tuple[str, int]]
    week_labels: Sequence[str]
    weeks: Sequence[Sequence[float] | None]
    """Elements that fail level A and AA in the last audit of each week; None is not known."""
    changes: str
    criteria: Sequence[Criterion]
    criteria_note: str
    worst: Sequence[tuple[str, str, str, str]]
    """(what is wrong, elements, pages, one of them)"""
    worst_note: str
    unseen: str
    """What automation can't see, and what people looked at."""
    pages_note: str
    share: float | None
    """Pages of the newest audit without a known failure, 0 to 1; None where none was examined as a whole."""
    action: Action | None


def view(data: QuarterData) -> AccessibilityView | NoData:
    """Return the section, or what is missing for it."""
    pages = data.frame(PAGES)
    newest = rows.newest_pages(pages)
    known = newest[newest["failure_count"].notna()]
    if known.empty:
        return NoData(
            title="Accessibility",
            missing=say("none of {pages} could be audited", pages=pages_text(len(newest)))
            if len(newest)
            else say("whether everybody can use the site was not examined"),
            remedy=say("See why in raw.audit_run.") if len(newest) else say("Add an audits_axe source."),
            is_left_out=newest.empty,
        )
    criteria, before = rows.last_and_before(data.frame(CRITERIA), data.quarter.start_date)
    said, worst = data.frame(SAID), data.frame(WORST)
    failing, review = int(known["failure_count"].sum()), int(known["review_count"].sum())
    failed = criteria[criteria["state"] == "fails"]
    whole = known[known["outcome"] == "complete"]
    return AccessibilityView(
        lead=rows.lead(known, failed, failing),
        stats=[
            _fact(
                mark("elements that fail"), failing, "accessibility_page_day", say("level A and AA"), is_bad=failing > 0
            ),
            _fact(
                mark("criteria that fail"),
                len(failed),
                "accessibility_criterion_day",
                say("of {all} of A and AA", all=len(criteria)) if len(criteria) else say("no page examined as a whole"),
                is_bad=len(failed) > 0,
            ),
            _fact(
                mark("elements for a person to judge"), review, "accessibility_page_day", say("automation can’t tell")
            ),
            _fact(mark("pages audited"), len(known), "accessibility_page_day", say("of {all}", all=len(newest))),
        ],
        principles=rows.by_principle(data.frame(PRINCIPLES)),
        week_labels=[label if number % 4 == 0 else "" for number, label in enumerate(data.week_labels)],
        weeks=_weeks(pages, data),
        changes=rows.changes(data.frame(CHANGES)),
        criteria=rows.criteria(criteria, before),
        criteria_note=rows.criteria_note(criteria, before),
        worst=rows.worst(worst),
        worst_note=rows.worst_note(worst),
        unseen=rows.unseen(criteria, said, data.quarter.start_date),
        pages_note=rows.pages_note(newest),
        share=float((whole["failure_count"] == 0).mean()) if len(whole) else None,
        action=data.action(("accessibility",), f"{data.titles(('accessibility',))}."),
    )


def dial(_: QuarterData, view: AccessibilityView | NoData) -> Dial:
    """Return the share of pages on which no failure was found."""
    if isinstance(view, NoData) or view.share is None:
        return missing_dial(
            mark("Accessibility"), say("no data") if isinstance(view, NoData) else say("mostly not known")
        )
    score = round(100 * view.share)
    return Dial(
        name=mark("Accessibility"),
        score=score,
        note=say("of pages clean"),
        tone=tone_of(score),
        method=say("The share of audited pages on which no rule found a failure of A or AA; no proof of conformance."),
    )


def figures(_: QuarterData, view: AccessibilityView | NoData) -> list[Fact]:
    """Return what page one may say: the elements that fail."""
    if isinstance(view, NoData):
        return [missing_fact(mark("accessibility failures"), say("not examined"), "marts.accessibility_page_day")]
    return [view.stats[0]]


def _fact(label: str, count: int, mart: str, note: str, *, is_bad: bool = False) -> Fact:
    return Fact(
        label=label,
        text=written.number(count),
        value=count,
        unit="count",
        query=f"marts.{mart}",
        note=note,
        tone="bad" if is_bad else "neutral",
    )


def _weeks(pages: pd.DataFrame, data: QuarterData) -> list[list[float] | None]:
    """Return the failing elements of the last audit of each page in each week; a week without a result is a gap."""
    known = pages[pages["failure_count"].notna()]
    if known.empty:
        return [None] * WEEKS
    last = known.assign(week=data.week_of(known["day_date"])).groupby(["week", "page_url"], sort=True).last()
    sums = last.groupby(level="week")[["level_a_count", "level_aa_count"]].sum()
    by_week = {int(week): [float(a), float(aa)] for week, a, aa in sums.itertuples()}
    return [by_week.get(week) for week in range(WEEKS)]

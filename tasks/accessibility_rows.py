"""Sentences and rows of the section on accessibility: frames in, texts out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from tasks import written
from tasks.accessibility_rules import page_name
from tasks.quarter_data import rows_of
from tasks.render.text import cut
from tasks.wording import pages as pages_text
from tasks.words import mark, say, say_many

SHOWN, WORST_SHOWN = 14, 8
STATES = {
    "fails": mark("fails"),
    "needs_review": mark("a person must judge"),
    "no_failure_found": mark("no failure found"),
    "not_testable": mark("no rule"),
    "unknown": mark("not known"),
}
_ORDER = [*STATES]
_COUNTS = ["failing_element_count", "failing_page_count", "review_element_count", "page_count", "complete_page_count"]
PRINCIPLES = {
    "perceivable": mark("Perceivable"),
    "operable": mark("Operable"),
    "understandable": mark("Understandable"),
    "robust": mark("Robust"),
}
_PAGES_HOLD = timedelta(days=35)
"""A page that was not audited for so long is audited no more."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One line of the table of criteria. `tone` is bad, warn or neutral."""

    number: str
    name: str
    level: str
    state: str
    elements: str
    pages: str
    change: str
    tone: str


def newest_pages(pages: pd.DataFrame) -> pd.DataFrame:
    """Return the newest audit of each page that is still audited."""
    if pages.empty:
        return pages
    newest = pages.groupby("page_url", sort=True).tail(1)
    days = pd.to_datetime(newest["day_date"])
    return newest[days >= days.max() - _PAGES_HOLD]


def last_and_before(criteria: pd.DataFrame, start: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the criteria in the last audit of the quarter, and in the one to compare with.

    That is the last one before the quarter, or the first one of it; nothing where there is only one.
    """
    days = pd.to_datetime(criteria["day_date"])
    here, earlier = days[days >= pd.Timestamp(start)], days[days < pd.Timestamp(start)]
    if here.empty:
        return criteria.head(0), criteria.head(0)
    last = here.max()
    base = earlier.max() if len(earlier) else here.min()
    return _merged(criteria[days == last]), _merged(criteria[days == base]) if base != last else criteria.head(0)


def _merged(criteria: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each criterion: several sources of a site are audited together, the worst state counts."""
    ranked = criteria.assign(rank=criteria["state"].map(_ORDER.index)).sort_values(["rank"], kind="stable")
    counts = [
        "failing_element_count",
        "failing_page_count",
        "review_element_count",
        "page_count",
        "complete_page_count",
    ]
    first = ranked.groupby("criterion", sort=False).first()
    first[counts] = ranked.groupby("criterion", sort=False)[counts].sum()
    return first.reset_index().sort_values("reading_order")


def lead(known: pd.DataFrame, failed: pd.DataFrame, failing: int) -> str:
    """Return the conclusion in one sentence."""
    audited = pages_text(len(known))
    if not failing:
        return say(
            "No rule found a failure on {audited}; what only people can see is not known by that.", audited=audited
        )
    pages = int((known["failure_count"] > 0).sum())
    worst = failed.sort_values(["failing_element_count", "reading_order"], ascending=[False, True]).head(1)
    first = next(rows_of(worst), None)
    most = "" if first is None else say(", most of all {criterion}", criterion=say(first.criterion_name))
    return say_many(
        "{n} element on {pages} of {audited} fails WCAG 2.2{most}.",
        "{n} elements on {pages} of {audited} fail WCAG 2.2{most}.",
        failing,
        pages=pages,
        audited=audited,
        most=most,
    )


def by_principle(found: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the failing elements of each principle of WCAG, those without one too."""
    counts = dict(zip(found["principle"], found["element_count"], strict=True))
    return [(say(title), int(counts.get(name, 0))) for name, title in PRINCIPLES.items()]


def changes(found: pd.DataFrame) -> str:
    """Say what came and went within the quarter."""
    counts = dict(zip(found["change"], found["element_count"], strict=True))
    if not counts:
        return say("Nothing was fixed and nothing new came between two complete audits of the same page.")
    fixed, new, back = (int(counts.get(word, 0)) for word in ("fixed", "new", "regressed"))
    return say(
        "Within the quarter: {fixed} fixed, {new} new, {back} back again.",
        fixed=written.number(fixed),
        new=written.number(new),
        back=written.number(back),
    )


def criteria(last: pd.DataFrame, before: pd.DataFrame) -> list[Criterion]:
    """Return the criteria that fail or wait for a person, and those that no longer do; the worst first."""
    old = {row.criterion: row for row in rows_of(before)}
    wanted = [row for row in rows_of(last) if _is_told(row, old.get(row.criterion))]
    wanted.sort(key=lambda row: (_ORDER.index(row.state), -row.failing_element_count, row.reading_order))
    return [_criterion(row, old.get(row.criterion)) for row in wanted[:SHOWN]]


def _is_told(row: object, old: object) -> bool:
    return getattr(row, "state", "") in ("fails", "needs_review") or getattr(old, "state", "") == "fails"


def _criterion(row: object, old: object) -> Criterion:
    state, count = str(getattr(row, "state", "")), int(getattr(row, "failing_element_count", 0))
    review = int(getattr(row, "review_element_count", 0))
    return Criterion(
        number=str(getattr(row, "criterion", "")),
        name=say(str(getattr(row, "criterion_name", ""))),
        level=str(getattr(row, "level", "")),
        state=say(STATES[state]),
        elements=written.number(count or review) if count or review else "0",
        pages=written.number(getattr(row, "failing_page_count", 0)) if count else "",
        change=_change(state, count, old),
        tone="bad" if state == "fails" else "warn" if state == "needs_review" else "neutral",
    )


def _change(state: str, count: int, old: object) -> str:
    if old is None:
        return say("not compared")
    was, before = str(getattr(old, "state", "")), int(getattr(old, "failing_element_count", 0))
    if state == "fails" and was == "fails":
        return say("as before") if count == before else written.signed(count - before)
    if state == "fails":
        return say("new") if was in ("no_failure_found", "needs_review") else say("not compared")
    return say("no longer found") if was == "fails" and state == "no_failure_found" else ""


def criteria_note(last: pd.DataFrame, before: pd.DataFrame) -> str:
    """Say how the others stand, and what the table is compared with."""
    if last.empty:
        return say("No page could be examined as a whole, so no criterion is judged.")
    fails, review, clear, blind = (
        int((last["state"] == state).sum()) for state in ("fails", "needs_review", "no_failure_found", "not_testable")
    )
    cut_text = " " + say("The table shows the {shown} worst.", shown=SHOWN) if fails + review > SHOWN else ""
    compared = (
        " " + say("Compared with the audit of {day}.", day=_day(before["day_date"].iloc[0])) if len(before) else ""
    )
    return (
        say(
            "Of {all} criteria of level A and AA {fails} fail, {review} wait for a person, for {clear} no failure was "
            "found, {blind} no rule can test.",
            all=len(last),
            fails=fails,
            review=review,
            clear=clear,
            blind=blind,
        )
        + compared
        + cut_text
    )


def worst(found: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Return the faults by rule: what is wrong, elements, pages, one of them."""
    if found.empty:
        return []
    groups = found.groupby("rule_id", sort=True)
    table = groups.agg(elements=("element_count", "sum"), pages=("page_url", "nunique"), help=("help", "first"))
    table = table.assign(page=groups["page_url"].first(), selector=groups["selector"].first())
    ranked = table.sort_values(["elements"], ascending=False, kind="stable").head(WORST_SHOWN)
    return [
        (
            cut(row.help, 70),
            written.number(row.elements),
            written.number(row.pages),
            cut(f"{page_name(row.page)} {row.selector}", 60),
        )
        for row in rows_of(ranked)
    ]


def worst_note(found: pd.DataFrame) -> str:
    """Say how many kinds are left out."""
    kinds = found["rule_id"].nunique()
    return (
        say("The {shown} most frequent of {kinds} kinds of faults.", shown=WORST_SHOWN, kinds=kinds)
        if kinds > WORST_SHOWN
        else ""
    )


def unseen(last: pd.DataFrame, said: pd.DataFrame, start: date) -> str:
    """Say what automation can't see, and what people looked at."""
    blind = int((last["state"] == "not_testable").sum())
    text = (
        say("Programs have no rule for {blind} of {all} criteria of level A and AA.", blind=blind, all=len(last)) + " "
        if len(last)
        else ""
    )
    text += say(
        "Of the others they see a part: not whether a text says what a picture shows, whether the order of the focus "
        "makes sense, or whether captions are right. No finding is no proof, and this report claims no conformance."
    )
    if said.empty:
        return text + " " + say("Nobody has looked by hand yet.")
    fresh = said[pd.to_datetime(said["checked_date"]) >= pd.Timestamp(start)]
    if fresh.empty:
        return text + " " + say("The last look by hand was on {day}.", day=_day(said["checked_date"].max()))
    failed = fresh.loc[fresh["outcome"] == "failed", "criterion"].unique()
    people = ", ".join(sorted({cut(name, 40) for name in fresh["asserted_by"].dropna()})[:3]) or say("A person")
    count = int(fresh["criterion"].nunique())
    if len(failed):
        seen = say_many(
            "{people} looked at {n} criterion and found that {criteria} failed.",
            "{people} looked at {n} criteria and found that {criteria} failed.",
            count,
            people=people,
            criteria=", ".join(failed[:6]),
        )
    else:
        seen = say_many(
            "{people} looked at {n} criterion and found no failure.",
            "{people} looked at {n} criteria and found no failure.",
            count,
            people=people,
        )
    return f"{text} {seen}"


def pages_note(newest: pd.DataFrame) -> str:
    """Name the pages of which nothing or not all is known."""
    lost = [
        f"{cut(page_name(row.page_url), 40)} ({cut(row.message or say(row.cause), 60)})"
        for row in rows_of(newest[newest["outcome"] != "complete"])
    ]
    if not lost:
        return ""
    named = "; ".join(lost[:4])
    if len(lost) > 4:
        named = say("{names} and {rest} more", names=named, rest=len(lost) - 4)
    return say("Not examined, or not as a whole: {pages}.", pages=named)


def _day(value: Any) -> str:
    return written.date_long(pd.Timestamp(value)).replace(" ", "\u00a0")

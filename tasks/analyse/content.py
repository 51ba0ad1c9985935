"""The section on content: what crawls of the site found broken, missing or invalid, what is new and what was mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from tasks import written
from tasks.crawl_issues import KINDS, SHORT, detail_in_words
from tasks.performance_rules import NEWEST_RUNS, page_name
from tasks.quarter_data import QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Fact, NoData, Section
from tasks.wording import pages as pages_text
from tasks.words import mark, say, say_many

CRAWLS = """
SELECT day_date, page_count, address_count, unknown_count, broken_count, is_read, message
FROM marts.crawl
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
ORDER BY started_at"""

ISSUES = """
SELECT kind, page_url, target, detail, seen_date, fixed_date, is_back,
  fixed_date IS NULL OR fixed_date >= $end_date AS is_open,
  seen_date >= $start_date AND seen_date > (
    SELECT min(day_date) FROM marts.crawl WHERE site_id = $site_id AND is_read
  ) AS is_new
FROM marts.crawl_issue
WHERE site_id = $site_id AND seen_date < $end_date AND (fixed_date IS NULL OR fixed_date >= $start_date)
ORDER BY kind, seen_date, page_url, target"""

BROWSED = f"SELECT count(DISTINCT page_url) AS page_count FROM ({NEWEST_RUNS})"  # noqa: S608 - the house's own text

SAID = f"""
SELECT item ->> '$.text' AS message, item ->> '$.url' AS address,
  min(page_url) AS page_url, count(DISTINCT page_url) AS page_count
FROM (
  SELECT page_url, unnest(CAST(items AS JSON[])) AS item
  FROM marts.page_opportunity
  WHERE site_id = $site_id AND audit_id = 'errors-in-console' AND run_id IN (SELECT run_id FROM ({NEWEST_RUNS}))
)
GROUP BY message, address
ORDER BY page_count DESC, page_url, message, address"""  # noqa: S608 - as above

SECTION = Section(title=mark("Content and forms"), order=65, weight=80)
RULES = ("ux.broken_links", "ux.error_pages", "ux.forms_unlabelled", "ux.redirect_chains")
BROKEN = ("broken_link", "broken_image", "broken_file")
ERRORS = 8
"""Errors of the browser printed at most: those of the most pages first."""
SHOWN = 14
"""Open issues printed at most: those that turn visitors away first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentView:
    """The section on content."""

    lead: str
    stats: Sequence[Fact]
    kinds: Sequence[tuple[str, str, str, str]]
    """(kind in words, open, new, mended)"""
    issues: Sequence[tuple[str, str, str, str]]
    """(kind, where, what it is about and what was seen, since)"""
    issues_note: str
    errors: Sequence[tuple[str, str, str]]
    """(page, what the browser said, about which address)"""
    errors_note: str
    """On how many pages it was listened to; empty where on none."""
    action: Action | None


def view(data: QuarterData) -> ContentView | NoData:
    """Return the section, or what is missing for it."""
    crawls = data.frame(CRAWLS)
    read = crawls[crawls["is_read"].astype(bool)]
    if read.empty:
        return NoData(
            title="Content and forms",
            missing=say_many("no crawl could read the site", "none of {n} crawls could read the site", len(crawls))
            if len(crawls)
            else say("links, pages and forms were not crawled"),
            remedy=say("See what stopped them in marts.crawl.") if len(crawls) else say("Add an audits_crawl source."),
            is_left_out=crawls.empty,
        )
    last = list(rows_of(read))[-1]
    issues = data.frame(ISSUES)
    browsed, told = int(data.frame(BROWSED)["page_count"].iloc[0]), list(rows_of(data.frame(SAID)))
    is_open = issues["is_open"].astype(bool)
    still, mended = issues[is_open], issues[~is_open]
    return ContentView(
        lead=_lead(still, mended, last),
        stats=[
            _count(
                mark("pages read"),
                last.page_count,
                "marts.crawl",
                say("last crawl, {day}", day=written.day_long(pd.Timestamp(last.day_date))),
            ),
            _broken(still),
            _count(
                mark("issues mended"),
                len(mended),
                "marts.crawl_issue",
                say_many("{n} of those open is new", "{n} of those open are new", still["is_new"].sum()),
            ),
            _count(
                mark("addresses not known"),
                last.unknown_count,
                "marts.crawl",
                say("of {all}", all=last.address_count),
            ),
        ],
        kinds=_kinds(issues, is_open),
        issues=[_issue(row) for row in _worst(still)[:SHOWN]],
        issues_note=say("{shown} of {all}; the rest is in marts.crawl_issue.", shown=SHOWN, all=len(still))
        if len(still) > SHOWN
        else "",
        errors=[_error(row) for row in told[:ERRORS]],
        errors_note=_errors_note(browsed, len(told)),
        action=data.action(RULES, f"{data.titles(RULES)}."),
    )


def _count(label: str, value: float, query: str, note: str) -> Fact:
    return Fact(label=label, text=written.number(value), value=value, unit="count", query=query, note=note)


def _lead(still: pd.DataFrame, mended: pd.DataFrame, last: Any) -> str:
    done = (
        " " + say_many("{n} was mended in the quarter.", "{n} were mended in the quarter.", len(mended))
        if len(mended)
        else ""
    )
    if still.empty:
        return (
            say_many(
                "The last crawl of {n} page found nothing wrong.",
                "The last crawl of {n} pages found nothing wrong.",
                last.page_count,
            )
            + done
        )
    broken, count, pages = int(still["kind"].isin(BROKEN).sum()), len(still), pages_text(last.page_count)
    if not broken:
        text = say_many(
            "{n} issue is open on {pages} read.", "{n} issues are open on {pages} read.", count, pages=pages
        )
    elif broken == count:
        text = say_many(
            "{n} issue is open on {pages} read: a link or file that is not there.",
            "{n} issues are open on {pages} read, all of them links or files that are not there.",
            count,
            pages=pages,
        )
    else:
        text = say_many(
            "{n} issue is open on {pages} read, {broken} of them links or files that are not there.",
            "{n} issues are open on {pages} read, {broken} of them links or files that are not there.",
            count,
            pages=pages,
            broken=broken,
        )
    return text + done


def _broken(still: pd.DataFrame) -> Fact:
    broken = still[still["kind"].isin(BROKEN)]["target"].nunique()
    return Fact(
        label=mark("broken addresses"),
        text=written.number(broken),
        value=broken,
        unit="count",
        query="marts.crawl_issue",
        note=say("links, pictures, files"),
        tone="bad" if broken else "good",
    )


def _kinds(issues: pd.DataFrame, is_open: pd.Series[Any]) -> list[tuple[str, str, str, str]]:
    rows = []
    for kind, meaning in KINDS.items():
        own = issues["kind"] == kind
        if own.any():
            new = int((own & is_open & issues["is_new"].astype(bool)).sum())
            rows.append(
                (
                    written.capital(say(meaning)),
                    written.number(int((own & is_open).sum())),
                    written.number(new),
                    written.number(int((own & ~is_open).sum())),
                )
            )
    return rows


def _worst(still: pd.DataFrame) -> list[Any]:
    order = {kind: number for number, kind in enumerate(KINDS)}
    return sorted(rows_of(still), key=lambda row: (order.get(row.kind, 99), row.seen_date, row.page_url, row.target))


def _error(row: Any) -> tuple[str, str, str]:
    page = cut(page_name(row.page_url), 40)
    if row.page_count > 1:
        page = say_many("{page} and {n} more", "{page} and {n} more", row.page_count - 1, page=page)
    message, address = (value if isinstance(value, str) else "" for value in (row.message, row.address))
    is_own = urlsplit(address).hostname == urlsplit(row.page_url).hostname
    return page, cut(message, 90), cut(page_name(address) if is_own else address.split("//", 1)[-1], 60)


def _errors_note(browsed: int, count: int) -> str:
    if not browsed:
        return ""
    seen = say_many(
        "Told by the browser when {n} page was last measured, five of each page at most.",
        "Told by the browser when {n} pages were last measured, five of each page at most.",
        browsed,
    )
    return f"{seen} {say('{shown} of {all} are printed.', shown=ERRORS, all=count)}" if count > ERRORS else seen


def _issue(row: Any) -> tuple[str, str, str, str]:
    target = page_name(row.target) if str(row.target).startswith(("http:", "https:")) else str(row.target)
    told = ", ".join(part for part in (target, detail_in_words(str(row.detail))) if part)
    since = written.day(pd.Timestamp(row.seen_date))
    return (
        say(SHORT.get(row.kind, str(row.kind).replace("_", " "))),
        cut(page_name(row.page_url), 44),
        cut(told, 80),
        say("{day}, again", day=since) if row.is_back else since,
    )

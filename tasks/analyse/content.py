"""The section on content: what crawls of the site found broken, missing or invalid, what is new and what was mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks.crawl_issues import KINDS
from tasks.performance_rules import page_name
from tasks.quarter_data import QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Fact, NoData, Section

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

SECTION = Section(title="Content and forms", order=65, weight=80)
RULES = ("ux.broken_links", "ux.error_pages", "ux.forms_unlabelled", "ux.redirect_chains")
BROKEN = ("broken_link", "broken_image", "broken_file")
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
    action: Action | None


def view(data: QuarterData) -> ContentView | NoData:
    """Return the section, or what is missing for it."""
    crawls = data.frame(CRAWLS)
    read = crawls[crawls["is_read"].astype(bool)]
    if read.empty:
        return NoData(
            title="Content and forms",
            missing=f"none of {len(crawls)} crawls could read the site"
            if len(crawls)
            else "links, pages and forms were not crawled",
            remedy="See what stopped them in marts.crawl." if len(crawls) else "Add an audits_crawl source.",
            is_left_out=crawls.empty,
        )
    last = list(rows_of(read))[-1]
    issues = data.frame(ISSUES)
    is_open = issues["is_open"].astype(bool)
    still, mended = issues[is_open], issues[~is_open]
    return ContentView(
        lead=_lead(still, mended, last),
        stats=[
            _count("pages read", last.page_count, "marts.crawl", f"last crawl, {pd.Timestamp(last.day_date):%-d %B}"),
            _broken(still),
            _count(
                "issues mended",
                len(mended),
                "marts.crawl_issue",
                f"{int(still['is_new'].sum()):,} of those open are new",
            ),
            _count("addresses not known", last.unknown_count, "marts.crawl", f"of {last.address_count:,}"),
        ],
        kinds=_kinds(issues, is_open),
        issues=[_issue(row) for row in _worst(still)[:SHOWN]],
        issues_note=f"{SHOWN} of {len(still):,}; the rest is in marts.crawl_issue." if len(still) > SHOWN else "",
        action=data.action(RULES, f"{data.titles(RULES)}."),
    )


def _count(label: str, value: float, query: str, note: str) -> Fact:
    return Fact(label=label, text=f"{value:,.0f}", value=value, unit="count", query=query, note=note)


def _lead(still: pd.DataFrame, mended: pd.DataFrame, last: Any) -> str:
    done = f" {len(mended):,} {'was' if len(mended) == 1 else 'were'} mended in the quarter." if len(mended) else ""
    if still.empty:
        return f"The last crawl of {last.page_count:,} pages found nothing wrong.{done}"
    broken, count = int(still["kind"].isin(BROKEN).sum()), len(still)
    what = f"{count:,} {'issue is' if count == 1 else 'issues are'} open on the {last.page_count:,} pages read"
    share = "all" if broken == count else f"{broken:,}"
    return f"{what}{f', {share} of them links or files that are not there' if broken else ''}.{done}"


def _broken(still: pd.DataFrame) -> Fact:
    broken = still[still["kind"].isin(BROKEN)]["target"].nunique()
    return Fact(
        label="broken addresses",
        text=f"{broken:,}",
        value=broken,
        unit="count",
        query="marts.crawl_issue",
        note="links, pictures, files",
        tone="bad" if broken else "good",
    )


def _kinds(issues: pd.DataFrame, is_open: pd.Series[Any]) -> list[tuple[str, str, str, str]]:
    rows = []
    for kind, meaning in KINDS.items():
        own = issues["kind"] == kind
        if own.any():
            new = int((own & is_open & issues["is_new"].astype(bool)).sum())
            rows.append(
                (_sentence(meaning), f"{int((own & is_open).sum()):,}", f"{new:,}", f"{int((own & ~is_open).sum()):,}")
            )
    return rows


def _worst(still: pd.DataFrame) -> list[Any]:
    order = {kind: number for number, kind in enumerate(KINDS)}
    return sorted(rows_of(still), key=lambda row: (order.get(row.kind, 99), row.seen_date, row.page_url, row.target))


def _issue(row: Any) -> tuple[str, str, str, str]:
    target = page_name(row.target) if str(row.target).startswith(("http:", "https:")) else str(row.target)
    told = ", ".join(part for part in (target, str(row.detail)) if part)
    back = ", again" if row.is_back else ""
    return (
        str(row.kind).replace("_", " "),
        cut(page_name(row.page_url), 44),
        cut(told, 80),
        f"{pd.Timestamp(row.seen_date):%-d %b}{back}",
    )


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]

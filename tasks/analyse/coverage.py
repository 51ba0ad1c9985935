"""The section on what is known: how much of the quarter each source covers, gaps, rejects, rules that did not speak."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tasks import written
from tasks.quarter_data import QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, RecommendationView, Section, Series, missing_dial, tone_of
from tasks.words import mark, say, say_many

SOURCES = """
SELECT source_id, kind, fills FROM staging.source
WHERE site_id = $site_id AND fills <> 'accessibility_assertion'  -- what people say now and then covers no days
ORDER BY fills, source_id"""

DAYS = """
SELECT source_id, day_date, coverage_ratio FROM marts.source_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

REJECTS = """
SELECT source_id, reason, count(*) AS reject_count FROM raw.reject
WHERE site_id = $site_id GROUP BY source_id, reason ORDER BY reject_count DESC, source_id, reason LIMIT 8"""

SECTION = Section(title=mark("Data coverage and method"), order=90, weight=90)

WORDS = {
    "check_result": mark("uptime checks"),
    "component_observation": mark("installed versions"),
    "waf_event": mark("firewall events"),
    "http_request": mark("requests"),
    "journey_run": mark("journeys"),
    "audit_run": mark("audits of pages"),
    "page_performance": mark("page speed"),
    "server_metric": mark("server figures"),
    "backup": mark("backups"),
    "ticket": mark("tickets"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStrip:
    """How much of each day one source covers, 0 to 1 or None."""

    name: str
    kind: str
    days: Series
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One query that proves recommendations; `numbers` are theirs."""

    numbers: str
    rule_id: str
    sql: str
    sha256: str
    """Hash of the query, hexadecimal: tells whether two reports asked the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageView:
    """The section on what is known: sources, gaps, rejects, rules that did not speak."""

    lead: str
    stats: Sequence[Fact]
    strips: Sequence[SourceStrip]
    gaps: Sequence[tuple[str, str, str]]
    rejects: Sequence[tuple[str, str, str]]
    evidence: Sequence[Proof]
    action: Action | None


def view(data: QuarterData) -> CoverageView:
    """Return the section; it can always be written."""
    sources, days, rejects = data.frame(SOURCES), data.frame(DAYS), data.frame(REJECTS)
    strips = [_strip(source, days, data) for source in rows_of(sources)]
    mean = mean_coverage(strips)
    reject_count = int(rejects["reject_count"].sum()) if len(rejects) else 0
    gaps = [gap for strip in strips for gap in _gaps(strip, data)]
    blind = [strip for strip in strips if not any(strip.days)]
    lead = (
        say("No source is configured for this site: nothing in this report is known.")
        if mean is None
        else say_many(
            "The one source of this site covers {mean} of the quarter.",
            "The {n} sources of this site cover {mean} of the quarter.",
            len(strips),
            mean=written.percent(100 * mean),
        )
        if not blind
        else say_many(
            "The one source of this site covers {mean} of the quarter: it brought nothing at all.",
            "The {n} sources of this site cover {mean} of the quarter; {blind} of them brought nothing at all.",
            len(strips),
            mean=written.percent(100 * mean),
            blind=len(blind),
        )
    )
    return CoverageView(
        lead=lead,
        stats=[
            Fact(
                label=mark("of the quarter covered"),
                text=say("not known") if mean is None else written.percent(100 * mean),
                value=None if mean is None else 100 * mean,
                unit="percent",
                query="marts.source_day",
                tone="unknown" if mean is None else "neutral",
            ),
            Fact(
                label=mark("gaps of a day or more"),
                text=written.number(len(gaps)),
                value=len(gaps),
                unit="count",
                query="marts.source_day",
            ),
            Fact(
                label=mark("pieces of input rejected"),
                text=written.number(reject_count),
                value=reject_count,
                unit="count",
                query="raw.reject",
            ),
            Fact(label=mark("snapshot"), text=data.scope.snapshot_id[:8], value=None, unit="hash", query="raw.batch"),
        ],
        strips=strips,
        gaps=gaps[:10],
        rejects=[(row.source_id, cut(row.reason, 90), written.number(row.reject_count)) for row in rows_of(rejects)],
        evidence=_proofs(data.recommendations),
        action=data.action(("coverage",), f"{data.titles(('coverage',))}."),
    )


def dial(_: QuarterData, view: CoverageView) -> Dial:
    """Return the score of what is known."""
    share = view.stats[0].value
    if share is None:
        return missing_dial(mark("Data coverage"), say("no source"))
    return Dial(
        name=mark("Data coverage"),
        score=round(share),
        note=say("of the quarter"),
        tone=tone_of(round(share)),
        method=say("The mean share of the quarter that the sources cover."),
    )


def mean_coverage(strips: Sequence[SourceStrip]) -> float | None:
    """Return the mean share of the quarter that the sources cover, 0 to 1; None without sources."""
    values = [value or 0.0 for strip in strips for value in strip.days]
    return sum(values) / len(values) if values else None


def _proofs(recommendations: Sequence[RecommendationView]) -> list[Proof]:
    """Return each query once, with the numbers of all that it proves."""
    rules = {item.rule_id: item.sql for item in recommendations}
    return [
        Proof(
            numbers=", ".join(r.number for r in recommendations if r.rule_id == rule_id),
            rule_id=rule_id,
            sql=sql,
            sha256=hashlib.sha256(sql.encode()).hexdigest(),
        )
        for rule_id, sql in rules.items()
    ]


def _strip(source: object, days: pd.DataFrame, data: QuarterData) -> SourceStrip:
    source_id, fills = source.source_id, source.fills  # type: ignore[attr-defined]
    own = days[days["source_id"] == source_id]
    known = {pd.Timestamp(row.day_date).date(): float(row.coverage_ratio) for row in rows_of(own)}
    values = [known.get(day) for day in data.days]
    covered = sum(1 for value in values if value)
    return SourceStrip(
        name=source_id,
        kind=say(WORDS.get(fills, fills.replace("_", " "))),
        days=values,
        text=say("{some} of {all} days", some=covered, all=len(values)),
    )


def _gaps(strip: SourceStrip, data: QuarterData) -> list[tuple[str, str, str]]:
    """Return runs of days without data as (source, first day, last day)."""
    gaps, start = [], None
    for day, value in zip([*data.days, data.quarter.end_date], [*strip.days, 1.0], strict=True):
        if not value and start is None:
            start = day
        elif value and start is not None:
            last = max(known for known in data.days if known < day)
            gaps.append((strip.name, written.day(start), written.day(last)))
            start = None
    return gaps

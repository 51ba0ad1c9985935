"""The section on vulnerabilities: known flaws of what is installed, since when, and how soon they were mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from tasks import exposure, wording, written
from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.report_model import Action, Fact, NoData, Section, missing_fact
from tasks.vulnerability_rows import (
    BANDS,
    ENDED,
    SHOWN,
    band_of,
    days_open,
    ended_row,
    is_before,
    latency_note,
    longest,
    open_note,
    open_row,
    source_note,
)
from tasks.words import mark, say, say_many

FINDINGS = """
SELECT
  finding.ecosystem, finding.name, finding.flaw_id,
  string_agg(DISTINCT finding.version, ', ' ORDER BY finding.version) AS version,
  min(finding.fixed_version) AS fixed_version, max(finding.cvss_score) AS cvss_score,
  max(finding.epss_score) AS epss_score, min(finding.exploited_date) AS exploited_date,
  coalesce(arg_max(finding.severity, finding.cvss_score), min(finding.severity)) AS severity,
  timezone(site.time_zone, min(finding.opened_at))::DATE AS opened_date,
  CASE WHEN bool_and(finding.closed_at IS NOT NULL)
    THEN timezone(site.time_zone, max(finding.closed_at))::DATE END AS closed_date,
  arg_max(finding.closed_reason, finding.closed_at) AS closed_reason,
  max(finding.accepted_until_date) AS accepted_until_date,
  timezone(site.time_zone, max(finding.known_until_at))::DATE AS known_date,
  sum(finding.exposure_days) AS exposure_days, max(finding.fix_exposure_days) AS fix_days,
  any_value(site.security_patch_sla_days) AS sla_days
FROM marts.finding AS finding JOIN staging.site AS site USING (site_id)
WHERE finding.site_id = $site_id AND finding.outcome = 'affected'
  AND finding.opened_at < timezone(site.time_zone, $end_date::TIMESTAMP)
  AND (finding.closed_at IS NULL OR finding.closed_at >= timezone(site.time_zone, $start_date::TIMESTAMP))
GROUP BY finding.ecosystem, finding.name, finding.flaw_id, site.time_zone
ORDER BY min(finding.exploited_date) IS NULL, epss_score DESC NULLS LAST, cvss_score DESC NULLS LAST, name, flaw_id"""

LISTS = """
SELECT DISTINCT collected_date FROM marts.bundle
WHERE site_id = $site_id AND collected_date >= $start_date::DATE - 40 AND collected_date < $end_date"""

FEEDS = """
SELECT feed, format, succeeded_at FROM marts.feed
WHERE succeeded_at IS NOT NULL AND (len(ecosystems) > 0 OR format IN ('cisa-kev', 'epss')) ORDER BY feed"""

LATENCY = """
SELECT count(*) AS update_count, count(*) FILTER (is_within_sla) AS within_count,
  count(*) FILTER (is_within_sla IS NULL) AS unsure_count, count(*) FILTER (is_followed_by_incident) AS failed_count,
  any_value(sla_days) AS sla_days
FROM marts.security_update WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

SECTION = Section(title=mark("Vulnerabilities"), order=35, weight=55)

RULES = ("security.exploited_flaw", "security.probed_flaw", "security.grave_flaw")
_DAY = timedelta(days=1)
SPEAKS_DAYS = 8
"""Days for which a list speaks: from one weekly list to the next, and one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VulnerabilitiesView:
    """The section on vulnerabilities."""

    lead: str
    stats: Sequence[Fact]
    week_labels: Sequence[str]
    weeks: Sequence[Sequence[float] | None]
    """Open flaws at the end of each week: critical, high, others."""
    open: Sequence[tuple[str, str, str, str, str, str]]
    """(component, installed, mended by, flaw, how grave, days)"""
    open_note: str
    ended: Sequence[tuple[str, str, str, str, str]]
    """(component, flaw, how it ended, days exposed, days since a fix)"""
    ended_note: str
    latency_note: str
    source_note: str
    action: Action | None


def view(data: QuarterData) -> VulnerabilitiesView | NoData:
    """Return the section, or what is missing for it."""
    kinds, feeds = data.frame(exposure.COVERAGE), data.frame(FEEDS)
    if kinds.empty or feeds.empty:
        return NoData(
            title="Vulnerabilities",
            missing=say("no inventory of this site is in the warehouse")
            if kinds.empty
            else say("no feed of advisories was fetched"),
            remedy=say("Add a patches_bundle source.") if kinds.empty else say("Add feeds to agency.advisories."),
            is_left_out=True,
        )
    found = data.frame(FINDINGS)
    dated = {name: pd.to_datetime(found[f"{name}_date"]).dt.date for name in ("opened", "closed", "known")}
    found = found.assign(**{f"{name}_date": days for name, days in dated.items()})
    end = data.scope.end_date
    is_open = ~found["closed_date"].map(lambda day: is_before(day, end)).astype(bool)
    still, ended = found[is_open], found[~is_open]
    patched = ended[ended["closed_reason"] == "patched"]
    uncovered = kinds[kinds["is_uncovered"]]
    return VulnerabilitiesView(
        lead=_lead(still, uncovered, end),
        stats=[*_open_facts(still, end), _patched_fact(patched), _coverage_fact(kinds, uncovered)],
        week_labels=data.week_labels,
        weeks=_weeks(found, data),
        open=[open_row(row, end) for row in rows_of(still.head(SHOWN))],
        open_note=open_note(still, end),
        ended=[ended_row(row) for row in rows_of(longest(ended).head(ENDED))],
        ended_note=say(
            "The {shown} of {all} that were open longest; all are in marts.finding.", shown=ENDED, all=len(ended)
        )
        if len(ended) > ENDED
        else "",
        latency_note=latency_note(next(rows_of(data.frame(LATENCY)))),
        source_note=source_note(feeds),
        action=data.action(RULES, f"{data.titles(RULES)}."),
    )


def figures(_: QuarterData, view: VulnerabilitiesView | NoData) -> list[Fact]:
    """Return what page one may say: how many known flaws are open."""
    if isinstance(view, NoData):
        return [missing_fact(mark("known flaws open"), say("no feed or no inventory"), "marts.finding")]
    return [view.stats[0]]


def _lead(still: pd.DataFrame, uncovered: pd.DataFrame, end: date) -> str:
    if still.empty:
        text = say("No known flaw was open in what is installed when the quarter ended.")
    else:
        count, exploited = still["flaw_id"].nunique(), int(still["exploited_date"].notna().sum())
        where = wording.components(len(still[["ecosystem", "name"]].drop_duplicates()))
        oldest = wording.days(max(days_open(row, end) for row in rows_of(still)))
        text = say_many(
            "{n} known flaw is open in {components}, the oldest for {oldest}.",
            "{n} known flaws are open in {components}, the oldest for {oldest}.",
            count,
            components=where,
            oldest=oldest,
        )
        if exploited:
            text += " " + say_many(
                "{n} of them is known to be exploited.", "{n} of them are known to be exploited.", exploited
            )
    if uncovered.empty:
        return text
    return f"{text} " + say_many(
        "Of {n} component no current feed speaks: not known.",
        "Of {n} components no current feed speaks: not known.",
        uncovered["component_count"].sum(),
    )


def _open_facts(still: pd.DataFrame, end: date) -> list[Fact]:
    count, exploited = still["flaw_id"].nunique(), int(still["exploited_date"].notna().sum())
    oldest = max((days_open(row, end) for row in rows_of(still)), default=0)
    return [
        Fact(
            label=mark("known flaws open"),
            text=written.number(count),
            value=count,
            unit="count",
            query="marts.finding",
            note=say_many("{n} exploited", "{n} exploited", exploited)
            if exploited
            else say("none known to be exploited")
            if count
            else "",
            tone="bad" if exploited else "warn" if count else "good",
        ),
        Fact(
            label=mark("longest exposure"),
            text=wording.days(oldest) if count else say("none"),
            value=oldest if count else None,
            unit="days",
            query="marts.finding",
            note=say("agreed: {days}", days=wording.days(still["sla_days"].iloc[0])) if count else "",
            tone="bad" if count and oldest > int(still["sla_days"].iloc[0]) else "neutral",
        ),
    ]


def _patched_fact(patched: pd.DataFrame) -> Fact:
    days = patched["fix_days"].dropna()
    return Fact(
        label=mark("flaws patched"),
        text=written.number(patched["flaw_id"].nunique()),
        value=patched["flaw_id"].nunique(),
        unit="count",
        query="marts.finding",
        note=say("median after a fix: {days}", days=wording.days(round(days.median()))) if len(days) else "",
    )


def _coverage_fact(kinds: pd.DataFrame, uncovered: pd.DataFrame) -> Fact:
    count, total = int(uncovered["component_count"].sum()), int(kinds["component_count"].sum())
    return Fact(
        label=mark("components without a feed"),
        text=written.number(count),
        value=count,
        unit="count",
        query="marts.feed",
        note=say("of {all}", all=total),
        tone="unknown" if count else "neutral",
    )


def _weeks(found: pd.DataFrame, data: QuarterData) -> list[list[float] | None]:
    """Count what was open at the end of each week; a week that no list speaks for is not known."""
    lists = [pd.Timestamp(day).date() for day in data.frame(LISTS)["collected_date"]]
    rows = list(rows_of(found))
    counted: list[list[float] | None] = []
    for week in range(WEEKS):
        last = data.scope.end_date - timedelta(days=1)
        day = last if week == WEEKS - 1 else data.scope.start_date + timedelta(days=7 * week + 6)
        if not any(day - timedelta(days=SPEAKS_DAYS) <= listed <= day for listed in lists):
            counted.append(None)
            continue
        here = {
            (row.flaw_id, band_of(row))
            for row in rows
            if row.opened_date <= day and not is_before(row.closed_date, day + _DAY)
        }
        counted.append([float(sum(band == name for _, band in here)) for name in BANDS])
    return counted

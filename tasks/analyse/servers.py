"""The section on servers and backups: room on disks, load, restarts, errors, and whether backups can be relied on.

Its figures are those of the rules of the area `servers`: it asks the same queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from tasks import server_facts, wording, written
from tasks.quarter_data import QuarterData, rows_of
from tasks.recommend import (
    servers_backups_missing,
    servers_cpu_high,
    servers_disk_filling,
    servers_errors_high,
    servers_memory_high,
    servers_reboot_pending,
    servers_restore_untested,
)
from tasks.recommendation import Rule
from tasks.render.text import cut
from tasks.report_model import Action, BackupStrip, Dial, Fact, LimitBar, NoData, Section, missing_dial, tone_of
from tasks.saturation import LEAST_DAYS
from tasks.server_facts import AREA, TREND_DAYS, Known
from tasks.words import mark, say, say_many

SECTION = Section(title=mark("Servers and backups"), order=65, weight=55)

CONFIGURED = """
SELECT count(*) AS source_count FROM staging.source
WHERE site_id = $site_id AND fills IN ('server_metric', 'backup')"""

DISKS = """
SELECT server, device, max(day_date) AS last_date FROM marts.disk_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY server, device ORDER BY server, device"""

STARTS = """
SELECT server, max(boot_at) AS boot_at, max(day_date) AS last_date, count(DISTINCT day_date) AS day_count
FROM marts.server_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY server ORDER BY server"""

BACKUPS = """
SELECT source_id, day_date,
  coalesce(sum(succeeded_count) FILTER (kind = 'backup'), 0) AS made_count,
  coalesce(sum(failed_count) FILTER (kind = 'backup'), 0) AS failed_count,
  coalesce(sum(succeeded_count) FILTER (kind = 'restore_test'), 0) AS tested_count
FROM marts.backup_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY source_id, day_date ORDER BY source_id, day_date"""

ERRORS = """
SELECT day_date, sum(request_count) AS request_count,
  coalesce(sum(request_count) FILTER (status_class = 5), 0) AS error_count
FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND status_class IS NOT NULL
GROUP BY day_date ORDER BY day_date"""

SHOWN = 8
"""Bars, strips and rows printed at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServersView:
    """The section on servers and backups."""

    lead: str
    stats: Sequence[Fact]
    disks: Sequence[LimitBar]
    loads: Sequence[LimitBar]
    disk_limit: str
    load_limits: str
    bars_note: str
    backups: Sequence[BackupStrip]
    error_weeks: Sequence[Sequence[float] | None]
    """Requests that met an error of the server; empty where none did, or that is not known."""
    error_text: str
    week_labels: Sequence[str]
    restarts: Sequence[tuple[str, str, str]]
    """(server, last start, restart due since)"""
    action: Action | None


def view(data: QuarterData) -> ServersView | NoData:
    """Return the section, or what is missing for it."""
    known = _known(data)
    disks, starts, backups = data.frame(DISKS), data.frame(STARTS), data.frame(BACKUPS)
    if disks.empty and starts.empty and known.backups.empty:
        is_configured = bool(data.frame(CONFIGURED)["source_count"].iloc[0])
        return NoData(
            title=SECTION.title,
            missing=say("no figure of a server and no report of a backup is in the warehouse")
            if is_configured
            else say("servers and backups were not measured"),
            remedy=say("See the gaps under data coverage.")
            if is_configured
            else say("Add servers and backups to the sources."),
            is_left_out=not is_configured,
        )
    errors = data.frame(ERRORS)
    bars, loads = _disk_bars(disks, known, data), _load_bars(known, data)
    return ServersView(
        lead=server_facts.lead(known, data),
        stats=server_facts.facts(known, data),
        disks=bars[:SHOWN],
        loads=loads[:SHOWN],
        disk_limit=say("limit {days}", days=wording.days(known.limits["disks"])),
        load_limits=say(
            "limits: CPU {cpu}, memory {memory}",
            cpu=written.plain_percent(known.limits["cpu"]),
            memory=written.plain_percent(known.limits["memory"]),
        ),
        bars_note=_cut_note(bars, loads),
        backups=[_strip(row.source_id, row.first_date, backups, known, data) for row in rows_of(known.restores)][
            :SHOWN
        ],
        error_weeks=_error_weeks(errors, data),
        error_text=server_facts.errors_text(known),
        week_labels=[label if number % 4 == 0 else "" for number, label in enumerate(data.week_labels)],
        restarts=[_restart(row, known, data) for row in rows_of(starts)][:SHOWN],
        action=data.action((AREA,), f"{data.titles((AREA,))}."),
    )


def _known(data: QuarterData) -> Known:
    """Ask what the rules ask."""

    def rows(rule: Rule) -> pd.DataFrame:
        return data.frame(rule.evidence_sql)

    return Known(
        disks=rows(servers_disk_filling.RULE),
        cpu=rows(servers_cpu_high.RULE),
        memory=rows(servers_memory_high.RULE),
        restarts=rows(servers_reboot_pending.RULE),
        errors=rows(servers_errors_high.RULE),
        backups=rows(servers_backups_missing.RULE),
        restores=rows(servers_restore_untested.RULE),
        limits={
            name: data.scope.threshold(rule)
            for name, rule in (
                ("disks", servers_disk_filling.RULE),
                ("cpu", servers_cpu_high.RULE),
                ("memory", servers_memory_high.RULE),
                ("restarts", servers_reboot_pending.RULE),
                ("errors", servers_errors_high.RULE),
                ("backups", servers_backups_missing.RULE),
                ("restores", servers_restore_untested.RULE),
            )
        },
    )


def _disk_bars(disks: pd.DataFrame, known: Known, data: QuarterData) -> list[LimitBar]:
    """Return a bar for each disk seen in the quarter, the soonest full first, those that are not known last."""
    limit, fresh = known.limits["disks"], {(row.server, row.device): row for row in rows_of(known.disks)}
    bars = []
    for disk in rows_of(disks):
        row = fresh.get((disk.server, disk.device))
        days = None if row is None or row.trend_day_count < TREND_DAYS else server_facts.days_to_full(row)
        bars.append(
            LimitBar(
                name=f"{server_facts.short(disk.server, data)} {disk.device}",
                value=days,
                text=say("not known") if days is None else server_facts.days_text(days),
                limit=limit,
                is_beyond=days is not None and days < limit,
            )
        )
    return sorted(bars, key=lambda bar: (bar.value is None, bar.value or 0.0, bar.name))


def _load_bars(known: Known, data: QuarterData) -> list[LimitBar]:
    """Return a bar for CPU and one for memory of each server."""
    bars = []
    for word, name in (("CPU", "cpu"), (say("memory"), "memory")):
        limit = known.limits[name]
        for row in rows_of(getattr(known, name)):
            value = float(row.p95_pct) if row.day_count >= LEAST_DAYS else None
            bars.append(
                LimitBar(
                    name=f"{server_facts.short(row.server, data)} {word}",
                    value=value,
                    text=say("not known") if value is None else written.percent(value),
                    limit=limit,
                    is_beyond=value is not None and value > limit,
                )
            )
    return sorted(bars, key=lambda bar: bar.name)


def _cut_note(*charts: Sequence[LimitBar]) -> str:
    more = max(len(bars) for bars in charts) - SHOWN
    return (
        say_many(
            "{shown} of each are shown; {n} more is in the warehouse.",
            "{shown} of each are shown; up to {n} more are in the warehouse.",
            more,
            shown=SHOWN,
        )
        if more > 0
        else ""
    )


def _strip(source: str, first: date, days: pd.DataFrame, known: Known, data: QuarterData) -> BackupStrip:
    """Return the days of one backup job: made, failed, or nothing that proves a backup."""
    own = {pd.Timestamp(row.day_date).date(): row for row in rows_of(days[days["source_id"] == source])}
    states: list[str | None] = []
    for day in data.days:
        row = own.get(day)
        if row is not None and row.made_count:
            states.append("made")
        elif row is not None and row.failed_count:
            states.append("failed")
        else:
            states.append(None if day >= pd.Timestamp(first).date() else "before")
    missing = next((row for row in rows_of(known.backups) if row.source_id == source), None)
    return BackupStrip(
        name=cut(source, 40),
        days=states,
        tested=[number for number, day in enumerate(data.days) if day in own and own[day].tested_count],
        text=say("not known")
        if missing is None
        else say(
            "{some} of {all} days",
            some=written.number(missing.day_count - missing.missing_count),
            all=missing.day_count,
        ),
    )


def _error_weeks(errors: pd.DataFrame, data: QuarterData) -> list[list[float] | None]:
    if errors.empty or not errors["error_count"].sum():
        return []
    return [None if value is None else [value] for value in data.weekly(errors, "error_count")]


def _restart(row: object, known: Known, data: QuarterData) -> tuple[str, str, str]:
    server, boot = row.server, row.boot_at  # type: ignore[attr-defined]
    pending = next((item for item in rows_of(known.restarts) if item.server == server), None)
    due = say("not known") if pending is None else say("none due")
    if pending is not None and pending.pending_days:
        due = written.day_long(pd.Timestamp(pending.since_date))
    return (
        server_facts.short(server, data),
        say("not known") if pd.isna(boot) else written.day_long(pd.Timestamp(boot)),
        due,
    )


def dial(data: QuarterData, view: ServersView | NoData) -> Dial:
    """Return the score of what is open; not known where most facts are not."""
    if isinstance(view, NoData):
        return missing_dial(mark("Servers"))
    if sum(fact.value is None for fact in view.stats) * 2 >= len(view.stats):
        return missing_dial(mark("Servers"), say("mostly not known"))
    risks = sorted((item.risk for item in data.recommendations if item.area == AREA), reverse=True)
    score = round(max(100 - risks[0] / 2 - 5 * (len(risks) - 1), 0)) if risks else 100
    return Dial(
        name=mark("Servers"),
        score=score,
        note=say_many("{n} open", "{n} open", len(risks)) if risks else say("nothing open"),
        tone=tone_of(score),
        method=say(
            "100 less half of the highest risk that is open about servers and backups, and 5 for each other one."
        ),
    )


def figures(_: QuarterData, view: ServersView | NoData) -> list[Fact]:
    """Return what page one may say: what is worst first."""
    if isinstance(view, NoData):
        return []
    return sorted((fact for fact in view.stats if fact.value is not None), key=lambda fact: fact.tone != "bad")

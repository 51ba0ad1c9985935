"""What the report says of servers and backups in words: a conclusion, four facts, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks import wording, written
from tasks.quarter_data import QuarterData, rows_of
from tasks.report_model import Fact, missing_fact
from tasks.saturation import LEAST_DAYS
from tasks.words import listed, mark, say, say_many

AREA = "servers"
TREND_DAYS = 14
"""Days of the last 30 on which a disk must be measured: as in marts.disk_day."""
YEAR = 365
LEAST_REQUESTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the rules of the area found, each in the order of its own query, and their thresholds by the same names."""

    disks: pd.DataFrame
    cpu: pd.DataFrame
    memory: pd.DataFrame
    restarts: pd.DataFrame
    errors: pd.DataFrame
    backups: pd.DataFrame
    restores: pd.DataFrame
    limits: Mapping[str, float]


def short(server: str, data: QuarterData) -> str:
    """Return the name of a server without the host name of the site."""
    host = data.site.url.split("//", 1)[-1].strip("/")
    return server.split(":", 1)[0].removesuffix(f".{host}")


def days_to_full(row: Any) -> float:
    """Return the days until a disk is full; ten years for one that does not fill."""
    return 10.0 * YEAR if pd.isna(row.days_to_full) else float(row.days_to_full)


def days_text(days: float) -> str:
    """Say how long there is room."""
    return say("over a year") if days > YEAR else wording.days(round(days))


def _first_disk(known: Known) -> Any | None:
    """Return the disk that is full first; None where one of them is not known well enough."""
    rows = [row for row in rows_of(known.disks) if row.trend_day_count >= TREND_DAYS]
    if not rows:
        return None
    first = min(rows, key=days_to_full)
    is_complete = len(rows) == len(known.disks)
    return first if is_complete or days_to_full(first) < known.limits["disks"] else None


def _highest(frame: pd.DataFrame) -> Any | None:
    """Return the busiest of the servers that were measured for long enough."""
    return next((row for row in rows_of(frame) if row.day_count >= LEAST_DAYS), None)


def _worst(frame: pd.DataFrame, column: str) -> Any | None:
    return max(rows_of(frame), key=lambda row: getattr(row, column), default=None)


def _judged_errors(known: Known) -> Any | None:
    return next((row for row in rows_of(known.errors) if row.request_count >= LEAST_REQUESTS), None)


def facts(known: Known, data: QuarterData) -> list[Fact]:
    """Return the four facts of the section."""
    return [_disk_fact(known, data), _memory_fact(known, data), _backup_fact(known), _restore_fact(known)]


def _disk_fact(known: Known, data: QuarterData) -> Fact:
    label, query, row = mark("until the first disk is full"), "marts.disk_day", _first_disk(known)
    if row is None:
        return missing_fact(label, say("not measured of late"), query)
    days = days_to_full(row)
    return Fact(
        label=label,
        text=days_text(days),
        value=round(days, 1),
        unit="days",
        query=query,
        note=say("{device} of {server}", device=row.device, server=short(row.server, data))
        if days <= YEAR
        else _disks(len(known.disks)),
        tone="bad" if days < known.limits["disks"] else "good",
    )


def _disks(count: int) -> str:
    return say_many("{n} disk measured", "{n} disks measured", count)


def _memory_fact(known: Known, data: QuarterData) -> Fact:
    label, query, row = mark("memory at busy times"), "staging.server_metric", _highest(known.memory)
    if row is None:
        return missing_fact(label, say("measured on under {days}", days=wording.days(LEAST_DAYS)), query)
    limit = known.limits["memory"]
    return Fact(
        label=label,
        text=written.percent(row.p95_pct),
        value=float(row.p95_pct),
        unit="percent",
        query=query,
        note=say("{server}; limit {limit}", server=short(row.server, data), limit=written.percent(limit)),
        tone="bad" if row.p95_pct > limit else "good",
    )


def _backup_fact(known: Known) -> Fact:
    label, query, row = mark("days without a backup"), "marts.backup_day", _worst(known.backups, "missing_per_month")
    if row is None:
        return missing_fact(label, say("no backup job reports"), query)
    failed = say_many("{n} of them failed", "{n} of them failed", row.failed_count) if row.failed_count else ""
    return Fact(
        label=label,
        text=wording.part(written.number(row.missing_count), row.day_count) if row.missing_count else say("none"),
        value=float(row.missing_count),
        unit="days",
        query=query,
        note=failed or say("of {all}", all=row.day_count),
        tone="bad" if row.missing_per_month > known.limits["backups"] else "good",
    )


def _restore_fact(known: Known) -> Fact:
    label, query, row = mark("since a restore was tested"), "marts.backup_day", _worst(known.restores, "untested_days")
    if row is None:
        return missing_fact(label, say("no backup job reports"), query)
    is_late = row.untested_days > known.limits["restores"]
    is_never = pd.isna(row.last_tested_date)
    return Fact(
        label=mark("tested restore") if is_never else label,
        text=say("never") if is_never else wording.days(row.untested_days),
        value=float(row.untested_days),
        unit="days",
        query=query,
        note=say("since {day}", day=written.day_long(pd.Timestamp(row.first_date)))
        if is_never
        else written.day_long(pd.Timestamp(row.last_tested_date)),
        tone="bad" if is_late else "warn" if is_never else "good",
    )


def errors_text(known: Known) -> str:
    """Say what share of the requests met an error of the server."""
    row = _judged_errors(known)
    if row is None:
        return say("Not known: fewer than {least} answers of the server are.", least=LEAST_REQUESTS)
    if not row.error_count:
        return say("None of {all} requests was answered with an error of the server.", all=row.request_count)
    return say_many(
        "{n} of {all} requests, {share}.",
        "{n} of {all} requests, {share}.",
        row.error_count,
        all=row.request_count,
        share=written.percent(row.error_pct, 2),
    )


def lead(known: Known, data: QuarterData) -> str:
    """Say in a sentence what is wrong, else what is not known, else that all is well."""
    wrong = list(_wrong(known, data))
    if wrong:
        rest, text = len(wrong) - 2, listed(wrong[:2])
        if rest > 0:
            text = say_many(
                "{things}; {n} more thing needs a look", "{things}; {n} more things need a look", rest, things=text
            )
        return f"{written.capital(text)}."
    unknown = list(_unknown(known))
    good = not known.backups.empty and not known.backups["missing_count"].sum()
    if unknown:
        text = say("It is not known {things}.", things=listed(unknown, style="or"))
        return say("Every backup was made.") + f" {text}" if good else text
    if good:
        return say("The disks have room, CPU and memory stay below their limits, and a backup was made every day.")
    return say("The disks have room, CPU and memory stay below their limits, and backups were made as agreed.")


def _wrong(known: Known, data: QuarterData) -> Iterator[str]:
    """Yield what is beyond its limit, as clauses, the worst for the client first."""
    for row in _beyond(known, "backups", "missing_per_month"):
        yield say(
            "nothing proves a backup on {some} of {all} days",
            some=written.number(row.missing_count),
            all=row.day_count,
        )
    for row in rows_of(known.disks):
        if days_to_full(row) < known.limits["disks"]:
            yield say_many(
                "{device} of {server} is full in {n} day if it goes on so",
                "{device} of {server} is full in {n} days if it goes on so",
                round(row.days_to_full),
                device=row.device,
                server=short(row.server, data),
            )
    for text, name in (
        (mark("memory of {server} is {share} used at busy times"), "memory"),
        (mark("the CPU of {server} is {share} used at busy times"), "cpu"),
    ):
        for row in _beyond(known, name, "p95_pct"):
            if row.day_count >= LEAST_DAYS:
                yield say(text, server=short(row.server, data), share=written.percent(row.p95_pct))
    for row in _beyond(known, "errors", "error_pct"):
        if row.request_count >= LEAST_REQUESTS:
            yield say("{share} of requests met an error of the server", share=written.percent(row.error_pct, 1))
    for row in _beyond(known, "restarts", "pending_days"):
        yield say(
            "{server} has waited for a restart for {days}",
            server=short(row.server, data),
            days=wording.days(row.pending_days),
        )
    for row in _beyond(known, "restores", "untested_days"):
        never = pd.isna(row.last_tested_date)
        yield (
            say("no restore was ever tested")
            if never
            else say("no restore was tested for {days}", days=wording.days(row.untested_days))
        )


def _beyond(known: Known, name: str, column: str) -> list[Any]:
    return [row for row in rows_of(getattr(known, name)) if getattr(row, column) > known.limits[name]]


def _unknown(known: Known) -> Iterator[str]:
    """Yield what can't be said, as clauses after `It is not known`."""
    if known.disks.empty or (known.disks["trend_day_count"] < TREND_DAYS).any():
        yield say("whether the disks have room")
    if any(frame.empty or (frame["day_count"] < LEAST_DAYS).any() for frame in (known.cpu, known.memory)):
        yield say("how busy the servers are")
    if known.restarts.empty:
        yield say("whether a restart is due")
    if known.backups.empty:
        yield say("whether backups are made")

"""What the report says of servers and backups in words: a conclusion, four facts, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks.quarter_data import QuarterData, rows_of
from tasks.report_model import Fact, missing_fact
from tasks.saturation import LEAST_DAYS

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
    return "over a year" if days > YEAR else f"{days:.0f} days"


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
    label, query, row = "until the first disk is full", "marts.disk_day", _first_disk(known)
    if row is None:
        return missing_fact(label, "not measured of late", query)
    days = days_to_full(row)
    return Fact(
        label=label,
        text=days_text(days),
        value=round(days, 1),
        unit="days",
        query=query,
        note=f"{row.device} of {short(row.server, data)}" if days <= YEAR else _disks(len(known.disks)),
        tone="bad" if days < known.limits["disks"] else "good",
    )


def _disks(count: int) -> str:
    return f"{count} disk{'s' if count > 1 else ''} measured"


def _memory_fact(known: Known, data: QuarterData) -> Fact:
    label, query, row = "memory at busy times", "staging.server_metric", _highest(known.memory)
    if row is None:
        return missing_fact(label, f"measured on under {LEAST_DAYS} days", query)
    limit = known.limits["memory"]
    return Fact(
        label=label,
        text=f"{row.p95_pct:.0f}%",
        value=float(row.p95_pct),
        unit="percent",
        query=query,
        note=f"{short(row.server, data)}; limit {limit:.0f}%",
        tone="bad" if row.p95_pct > limit else "good",
    )


def _backup_fact(known: Known) -> Fact:
    label, query, row = "days without a backup", "marts.backup_day", _worst(known.backups, "missing_per_month")
    if row is None:
        return missing_fact(label, "no backup job reports", query)
    failed = f"{row.failed_count:.0f} of them failed" if row.failed_count else ""
    return Fact(
        label=label,
        text=f"{row.missing_count:.0f} of {row.day_count}" if row.missing_count else "none",
        value=float(row.missing_count),
        unit="days",
        query=query,
        note=failed or f"of {row.day_count}",
        tone="bad" if row.missing_per_month > known.limits["backups"] else "good",
    )


def _restore_fact(known: Known) -> Fact:
    label, query, row = "since a restore was tested", "marts.backup_day", _worst(known.restores, "untested_days")
    if row is None:
        return missing_fact(label, "no backup job reports", query)
    is_late = row.untested_days > known.limits["restores"]
    is_never = pd.isna(row.last_tested_date)
    return Fact(
        label="tested restore" if is_never else label,
        text="never" if is_never else f"{row.untested_days:.0f} days",
        value=float(row.untested_days),
        unit="days",
        query=query,
        note=f"since {pd.Timestamp(row.first_date):%-d %B}"
        if is_never
        else f"{pd.Timestamp(row.last_tested_date):%-d %B}",
        tone="bad" if is_late else "warn" if is_never else "good",
    )


def errors_text(known: Known) -> str:
    """Say what share of the requests met an error of the server."""
    row = _judged_errors(known)
    if row is None:
        return "Not known: fewer than 1,000 answers of the server are."
    if not row.error_count:
        return f"None of {row.request_count:,} requests was answered with an error of the server."
    return f"{row.error_count:,} of {row.request_count:,} requests, {row.error_pct:.2f}%."


def lead(known: Known, data: QuarterData) -> str:
    """Say in a sentence what is wrong, else what is not known, else that all is well."""
    wrong = list(_wrong(known, data))
    if wrong:
        rest = len(wrong) - 2
        more = f"; {rest} more {'things need' if rest > 1 else 'thing needs'} a look" if rest > 0 else ""
        return _sentence(" and ".join(wrong[:2]) + more)
    unknown = list(_unknown(known))
    good = "Every backup was made. " if not known.backups.empty and not known.backups["missing_count"].sum() else ""
    if unknown:
        joined = " or ".join(filter(None, [", ".join(unknown[:-1]), unknown[-1]]))
        return f"{good}It is not known {joined}."
    backups = "a backup was made every day" if good else "backups were made as agreed"
    return f"The disks have room, CPU and memory stay below their limits, and {backups}."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _wrong(known: Known, data: QuarterData) -> Iterator[str]:
    """Yield what is beyond its limit, as clauses, the worst for the client first."""
    for row in _beyond(known, "backups", "missing_per_month"):
        yield f"nothing proves a backup on {row.missing_count:.0f} of {row.day_count} days"
    for row in rows_of(known.disks):
        if days_to_full(row) < known.limits["disks"]:
            yield f"{row.device} of {short(row.server, data)} is full in {row.days_to_full:.0f} days if it goes on so"
    for word, name in (("memory", "memory"), ("the CPU", "cpu")):
        for row in _beyond(known, name, "p95_pct"):
            if row.day_count >= LEAST_DAYS:
                yield f"{word} of {short(row.server, data)} is {row.p95_pct:.0f}% used at busy times"
    for row in _beyond(known, "errors", "error_pct"):
        if row.request_count >= LEAST_REQUESTS:
            yield f"{row.error_pct:.1f}% of requests met an error of the server"
    for row in _beyond(known, "restarts", "pending_days"):
        yield f"{short(row.server, data)} has waited for a restart for {row.pending_days:.0f} days"
    for row in _beyond(known, "restores", "untested_days"):
        never = pd.isna(row.last_tested_date)
        yield "no restore was ever tested" if never else f"no restore was tested for {row.untested_days:.0f} days"


def _beyond(known: Known, name: str, column: str) -> list[Any]:
    return [row for row in rows_of(getattr(known, name)) if getattr(row, column) > known.limits[name]]


def _unknown(known: Known) -> Iterator[str]:
    """Yield what can't be said, as clauses after `It is not known`."""
    if known.disks.empty or (known.disks["trend_day_count"] < TREND_DAYS).any():
        yield "whether the disks have room"
    if any(frame.empty or (frame["day_count"] < LEAST_DAYS).any() for frame in (known.cpu, known.memory)):
        yield "how busy the servers are"
    if known.restarts.empty:
        yield "whether a restart is due"
    if known.backups.empty:
        yield "whether backups are made"

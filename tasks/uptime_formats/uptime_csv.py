"""Uptime history as CSV, one result a line, from any tool.

The first line names the columns; the usual names are known, others are told by options. A time without a zone is in
the zone of the source. In the hour that a clock repeats, rows that go on in order are taken as its second half.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tasks.contracts import Context, Parsed
from tasks.errors import SourceError
from tasks.uptime_history import Monitor, Series, Wanted, http_status, milliseconds, moment, number_of, read_bytes, unix

TITLE = "CSV with one uptime result a line"
FILLS = "check_result"
VERSION = 1
OPTIONS = {
    "monitor": "name or address of the monitor, where the file holds several",
    "every_seconds": "interval of the monitor; else the column interval, or the usual distance of the results",
    "time_column": "name of the column with the time",
    "outcome_column": "name of the column with up or down",
    "response_column": "name of the column with the response time, ms",
    "monitor_column": "name of the column with the monitor",
}
ROWS = 2_000_000
_NAMES = {
    "time": ("checked_at", "timestamp", "time", "datetime", "date_time", "date", "created_at"),
    "outcome": ("outcome", "up", "is_up", "state", "result", "status"),
    "response": ("total_ms", "response_time_ms", "response_ms", "response_time", "responsetime", "ping", "latency"),
    "monitor": ("monitor", "monitor_name", "url", "site", "check", "name"),
    "interval": ("interval_seconds", "interval"),
    "status": ("status_code", "http_status", "http_code", "code", "status"),
    "message": ("message", "reason", "error", "details", "msg", "cause"),
}  # fmt: skip
_UP = frozenset(("up", "1", "1.0", "true", "yes", "ok", "success", "online", "available"))
_DOWN = frozenset(
    ("down", "0", "0.0", "false", "no", "fail", "failed", "failure", "error", "offline", "critical", "timeout")
)
_UNKNOWN = frozenset(("unknown", "pending", "paused", "maintenance", "unconfirmed", "unconfirmed_down", "nan", ""))


def detect(head: bytes) -> bool:
    """Return whether the first line names a time and an outcome."""
    try:
        first = head.decode("utf-8-sig", "replace").splitlines()[0]
        names = [_plain(name) for name in next(csv.reader([first], delimiter=_delimiter(first)))]
    except (IndexError, StopIteration, csv.Error):
        return False
    return all(any(name in _NAMES[what] for name in names) for what in ("time", "outcome"))


def parse(payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
    """Turn the lines of one monitor into results.

    Raises:
        SourceError: it is no CSV, a column is missing, or several monitors match.
    """
    series = Series(context, wanted, str(payload) if isinstance(payload, Path) else "")
    data = read_bytes(payload).decode("utf-8-sig", "replace").replace("\0", "�")
    head = data.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(data), delimiter=_delimiter(head))
    try:
        columns = _columns(next(reader, []), wanted.options)
        rows = _rows(series, reader, columns)
    except csv.Error as error:
        raise SourceError(f"{series.file or 'The answer'} is no CSV: {error}.") from None
    monitors = {
        name: Monitor(id=name, url=name if "://" in name else "")
        for name in dict.fromkeys(r["monitor"] for _, r in rows)
    }
    for monitor in wanted.choose(monitors.values(), context):
        _take(series, monitor, [row for row in rows if row[1]["monitor"] == monitor.id], context.time_zone)
    return series.parsed()


def _plain(name: str) -> str:
    return name.strip().casefold().replace(" ", "_").replace("-", "_")


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _columns(header: Sequence[str], options: Mapping[str, str]) -> dict[str, int]:
    names = [_plain(name) for name in header]
    found = {}
    for what, usual in _NAMES.items():
        if told := options.get(f"{what}_column"):
            if _plain(told) not in names:
                raise SourceError(f"The CSV has no column {told!r}; its first line names: {', '.join(header)[:300]}.")
            found[what] = names.index(_plain(told))
        elif known := [name for name in usual if name in names]:
            found[what] = names.index(known[0])
    for what in ("time", "outcome"):
        if what not in found:
            raise SourceError(
                f"The CSV names no column with the {what}: name it with the option {what}_column. "
                f"Its first line is: {', '.join(header)[:300]!r}."
            )
    return found


def _rows(series: Series, reader: object, columns: Mapping[str, int]) -> list[tuple[int, dict[str, str]]]:
    rows: list[tuple[int, dict[str, str]]] = []
    assert isinstance(reader, type(csv.reader([])))  # noqa: S101 - the module names no type for it
    for cells in reader:
        if not any(cells):
            continue
        if len(rows) >= ROWS:
            raise SourceError(f"The CSV holds over {ROWS:,} lines: export a shorter time.")
        if max(columns["time"], columns["outcome"]) >= len(cells):
            series.reject("line: too few columns", ",".join(cells), reader.line_num)
            continue
        row = {what: cells[at].strip() for what, at in columns.items() if at < len(cells)}
        rows.append((reader.line_num, {"monitor": "", **row}))
    return rows


def _take(series: Series, monitor: Monitor, rows: list[tuple[int, dict[str, str]]], zone_name: str) -> None:
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError):
        raise SourceError(f"There is no time zone {zone_name!r}.") from None
    good: list[tuple[datetime, dict[str, str], str]] = []
    previous = None
    for line, row in rows:
        try:
            previous = _time(row["time"], zone, previous)
            good.append((previous, row, _outcome(row["outcome"])))
        except ValueError as error:
            series.reject(f"line: {error}", ",".join(row.values()), line)
    seconds = series.wanted.seconds(monitor, sorted(at for at, _, _ in good))
    for at, row, outcome in good:
        status = http_status(row.get("status"))
        told = number_of(row.get("interval"))
        series.add(
            monitor,
            at,
            told if told and 0 < told <= 86_400 and "every_seconds" not in series.wanted.options else seconds,
            outcome,
            status=status,
            total_ms=milliseconds(row.get("response")) if outcome == "up" else None,
            message=row.get("message"),
        )


def _outcome(word: str) -> str:
    plain = word.casefold()
    status = http_status(plain)
    if plain in _UP or (status is not None and status < 400):
        return "up"
    if plain in _DOWN or status is not None:
        return "down"
    if plain in _UNKNOWN:
        return "unknown"
    raise ValueError("the outcome is none that is known")


def _time(word: str, zone: ZoneInfo, previous: datetime | None) -> datetime:
    seconds = number_of(word)
    if seconds is not None:
        return unix(seconds / 1000 if seconds > 1e11 else seconds)
    try:
        found = datetime.fromisoformat(word)
    except ValueError:
        raise ValueError("the time can't be read") from None
    if found.tzinfo is not None:
        return moment(word)
    local = found.replace(tzinfo=zone)
    try:
        early, late = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    except OverflowError:
        raise ValueError("the time can't be read") from None
    # In a gap of the clock `late` is before `early`; a time that is not there is rather the one after it.
    chosen = late if previous is not None and early <= previous < late else early
    return moment(chosen.isoformat())

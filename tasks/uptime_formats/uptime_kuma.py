"""Uptime Kuma: its database `kuma.db`, version 1 or 2, or the JSON of a public status page.

https://github.com/louislam/uptime-kuma: db/knex_init_db.js, server/model/heartbeat.js, server/uptime-calculator.js and
server/routers/status-page-router.js. Its times are UTC without saying so.

Of the database named columns only are read, never the passwords that a monitor's row holds. A pending beat (failed and
not yet confirmed) and one in maintenance are unknown. Kuma deletes beats after its keep period; of the time before the
first kept one version 2 has counts by hour and by day. How much of an hour was down is then known, when is not: it is
put at the start of the hour, and the message says so.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.contracts import Context, Parsed
from tasks.errors import SourceError
from tasks.redact import excerpt
from tasks.uptime_history import (
    Monitor,
    Series,
    Wanted,
    check_type,
    http_status,
    milliseconds,
    moment,
    number_of,
    objects,
    read_json,
    text,
    unix,
)

TITLE = "Uptime Kuma: kuma.db (version 1 and 2), or the JSON of a public status page"
FILLS = "check_result"
VERSION = 1
OPTIONS = {
    "monitor": "id, name or address of the monitor",
    "every_seconds": "interval of the monitor, where the status page does not tell",
}
SECONDS = 120.0
"""Longest time that one database may be read."""
BEATS = 2_000_000
"""Beats read at once at most: nearly four years of one a minute."""
_OUTCOME = {0: ("down", None), 1: ("up", None), 2: ("unknown", "unconfirmed"), 3: ("unknown", "maintenance")}
_STATUS = re.compile(r"^([1-5]\d\d) - |status code ([1-5]\d\d)\b")
_SQLITE = b"SQLite format 3\x00"
_STATISTICS = (("stat_daily", 86_400), ("stat_hourly", 3_600))


def detect(head: bytes) -> bool:
    """Return whether it starts like kuma.db or like the answer of a status page."""
    return head.startswith(_SQLITE) or b'"heartbeatList"' in head


def parse(payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
    """Turn beats, and the counts of the time before them, into records.

    Raises:
        SourceError: it is neither, is damaged, or several monitors match.
    """
    if isinstance(payload, Path) and _is_database(payload):
        return _database(payload, context, wanted)
    return _page(payload, context, wanted)


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise SourceError(f"Can't read {path}: {error.strerror or error}.") from None


def _page(payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
    answer = read_json(payload, "Uptime Kuma")
    beats = answer.get("heartbeatList") if isinstance(answer, dict) else None
    if not isinstance(beats, dict):
        if isinstance(answer, dict) and "monitorList" in answer:
            raise SourceError("A backup of Uptime Kuma holds its settings and no results: read kuma.db instead.")
        raise SourceError("This is no answer of /api/status-page/heartbeat/SLUG of Uptime Kuma.")
    named = {
        text(m.get("id")): m for g in objects(answer.get("publicGroupList")) for m in objects(g.get("monitorList"))
    }
    series = Series(context, wanted, str(payload) if isinstance(payload, Path) else "")
    monitors = (_monitor_of(number, named.get(number, {})) for number in beats)
    for monitor in wanted.choose(monitors, context):
        _page_beats(series, monitor, beats[monitor.id])
    return series.parsed()


def _monitor_of(number: str, told: dict[str, Any]) -> Monitor:
    return Monitor(
        id=number, name=text(told.get("name")), url=text(told.get("url")), check_type=check_type(told.get("type"))
    )


def _page_beats(series: Series, monitor: Monitor, beats: object) -> None:
    moments = []
    for beat in objects(beats):
        try:
            moments.append(moment(beat.get("time")))
        except ValueError:
            continue
    seconds = series.wanted.seconds(monitor, sorted(moments))
    series.each(beats, lambda beat: _beat(series, monitor, seconds, beat), "beat")


def _beat(series: Series, monitor: Monitor, seconds: float, beat: Any) -> None:
    code = beat["status"]
    if isinstance(code, bool) or not isinstance(code, int) or code not in _OUTCOME:
        raise ValueError("the status is none that Uptime Kuma knows")
    outcome, why = _OUTCOME[code]
    message = beat["msg"] if isinstance(beat["msg"], str) else ""
    match = _STATUS.search(message)
    status = http_status(match[1] or match[2]) if match else None
    # A ping beside a failure is how long it took to fail.
    total_ms = milliseconds(beat["ping"]) if outcome == "up" else None
    at = moment(beat["time"])
    series.add(monitor, at, seconds, outcome, why=why, status=status, total_ms=total_ms, message=message)


def _database(path: Path, context: Context, wanted: Wanted) -> Parsed:
    series = Series(context, wanted, str(path))
    try:
        with closing(_open(path)) as con:
            tables = {str(row[0]) for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"monitor", "heartbeat"} <= tables:
                raise SourceError(f"{path} is no database of Uptime Kuma: it has no tables monitor and heartbeat.")
            for monitor in wanted.choose(_monitors(con), context):
                _beats(con, series, monitor)
                if tables >= {table for table, _ in _STATISTICS}:
                    _statistics(con, series, monitor)
    except sqlite3.Error as error:
        raise SourceError(
            f"{path} can't be read as the database of Uptime Kuma: {excerpt(str(error))}. Copy it with "
            "`sqlite3 kuma.db '.backup copy.db'` and read the copy."
        ) from None
    return series.parsed()


def _open(path: Path) -> sqlite3.Connection:
    con = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)
    con.execute("PRAGMA trusted_schema = OFF")
    con.execute("PRAGMA query_only = ON")
    con.text_factory = lambda data: data.decode("utf-8", "replace")
    ends = time.monotonic() + SECONDS
    con.set_progress_handler(lambda: time.monotonic() > ends, 100_000)
    return con


def _monitors(con: sqlite3.Connection) -> Iterator[Monitor]:
    for number, name, url, kind, seconds in con.execute("SELECT id, name, url, type, interval FROM monitor"):
        address = text(url)
        yield Monitor(
            id=text(number),
            name=text(name),
            # What is no website keeps the form's untouched "https://".
            url="" if address == "https://" else address,
            interval_seconds=number_of(seconds),
            check_type=check_type(kind),
        )


def _beats(con: sqlite3.Connection, series: Series, monitor: Monitor) -> None:
    wanted, seconds = series.wanted, series.wanted.seconds(monitor)
    since = wanted.since - timedelta(seconds=seconds) if wanted.since else None
    rows = con.execute(
        """
        SELECT time, status, msg, ping FROM heartbeat
        WHERE monitor_id = ? AND time >= ? AND time < ? ORDER BY time LIMIT ?
        """,
        (monitor.id, _written(since, "0000-01-01"), _written(wanted.until, "9999-12-31"), BEATS + 1),
    )
    for number, (at, status, message, ping) in enumerate(rows):
        if number == BEATS:
            raise SourceError(f"{series.file} holds over {BEATS:,} beats of this monitor: give --since and --until.")
        beat = {"time": at, "status": status, "msg": message, "ping": ping}
        series.each([beat], lambda told: _beat(series, monitor, seconds, told), "beat")


def _written(at: datetime | None, default: str) -> str:
    """Return a time as Uptime Kuma writes it, so that texts compare as times do."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if at else default


def _statistics(con: sqlite3.Connection, series: Series, monitor: Monitor) -> None:
    """Add the counts of days, then of hours, each where nothing finer is kept."""
    first = con.execute("SELECT min(time) FROM heartbeat WHERE monitor_id = ?", (monitor.id,)).fetchone()[0]
    try:
        ends = moment(first).timestamp() if first else 4e9
    except ValueError:
        return
    for table, length in reversed(_STATISTICS):
        rows = con.execute(
            f"SELECT timestamp, up, down, ping FROM {table} WHERE monitor_id = ? ORDER BY timestamp",  # noqa: S608 - ours
            (monitor.id,),
        ).fetchmany(BEATS)
        rows = [row for row in rows if (number_of(row[0]) or 5e9) + length <= ends]
        for at, up, down, ping in rows:
            bucket = {"timestamp": at, "up": up, "down": down, "ping": ping}
            series.each([bucket], lambda told, length=length: _bucket(series, monitor, length, told), table)  # type: ignore[misc]
        ends = min([ends, *(float(row[0]) for row in rows[:1])])


def _bucket(series: Series, monitor: Monitor, length: int, told: Any) -> None:
    at, up, down = unix(told["timestamp"]), number_of(told["up"]), number_of(told["down"])
    if up is None or down is None or up < 0 or down < 0:
        raise ValueError("the counts are no numbers")
    if not up + down:
        return
    # Failed checks are repeated sooner: their share of the checks is the best word on their share of the time.
    known = min(float(length), (up + down) * series.wanted.seconds(monitor))
    failed = known * down / (up + down)
    what = (
        f"{down:.0f} of {up + down:.0f} checks failed in this {'hour' if length == 3_600 else 'day'}; when is not known"
    )
    series.add(monitor, at, failed, "down", message=what)
    series.add(monitor, at + timedelta(seconds=failed), known - failed, "up")

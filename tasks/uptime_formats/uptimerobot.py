"""UptimeRobot: the answer of getMonitors with logs (API v2), or of /v3/monitors. Never run against the vendor.

https://uptimerobot.com/api/legacy/ and https://uptimerobot.com/api/v3/. The log is one of states: each entry says when
a state began and how long it held. `paused` and `started` are unknown. `response_times` are not taken: they are
averages beside the states and prove none. Version 3 has no log; of it the last incident of a monitor is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.contracts import Context, Parsed
from tasks.errors import SourceError
from tasks.redact import excerpt
from tasks.uptime_history import (
    Monitor,
    Series,
    Wanted,
    bounded,
    http_status,
    moment,
    number_of,
    objects,
    read_json,
    text,
    unix,
)

TITLE = "UptimeRobot: getMonitors with logs (v2), /v3/monitors"
FILLS = "check_result"
VERSION = 1
OPTIONS = {"monitor": "id, name or address of the monitor"}
_STATE = {1: ("down", None), 2: ("up", None), 98: ("unknown", "started"), 99: ("unknown", "paused")}
_TYPE = {1: "http", 2: "http", 3: "ping", 4: "tcp", 5: "heartbeat"}


def detect(head: bytes) -> bool:
    """Return whether it starts like a list of monitors of UptimeRobot."""
    return b'"friendly_name"' in head or b'"friendlyName"' in head


def parse(payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
    """Turn the log of one monitor into records, one a state.

    Raises:
        SourceError: an error of the API, another answer, or several monitors match.
    """
    answer = read_json(payload, "UptimeRobot")
    if isinstance(answer, dict) and answer.get("stat") == "fail":
        raise SourceError(f"UptimeRobot refused: {_problem(answer.get('error'))}.")
    is_v3 = isinstance(answer, dict) and "data" in answer
    told = answer.get("data" if is_v3 else "monitors") if isinstance(answer, dict) else None
    if not isinstance(told, list):
        raise SourceError("This is no answer of getMonitors or /v3/monitors of UptimeRobot.")
    series = Series(context, wanted, str(payload) if isinstance(payload, Path) else "")
    known = {monitor.id: (monitor, one) for one in objects(told) for monitor in [_monitor(one)]}
    for chosen in wanted.choose((monitor for monitor, _ in known.values()), context):
        monitor, one = known[chosen.id]
        if is_v3:
            series.each(
                [one["lastIncident"]] if one.get("lastIncident") else None, _incident(series, monitor), "incident"
            )
        else:
            _log(series, monitor, one.get("logs"))
    return series.parsed()


def _problem(error: object) -> str:
    return excerpt(str(error.get("message") or error.get("type")) if isinstance(error, dict) else str(error)).rstrip(
        "."
    )


def _monitor(told: Mapping[str, Any]) -> Monitor:
    kind = told.get("type")
    return Monitor(
        id=text(told.get("id")),
        name=text(told.get("friendly_name") or told.get("friendlyName")),
        url=text(told.get("url")),
        interval_seconds=number_of(told.get("interval")),
        check_type=_TYPE.get(kind, "http") if isinstance(kind, int) else "http",
    )


def _log(series: Series, monitor: Monitor, entries: object) -> None:
    spans: list[tuple[datetime, datetime | None, Mapping[str, Any]]] = []

    def take(entry: Mapping[str, Any]) -> None:
        if isinstance(entry["type"], bool) or entry["type"] not in _STATE:
            raise ValueError("the type is none that is known")
        start, seconds = unix(entry["datetime"]), number_of(entry.get("duration"))
        spans.append((start, start + timedelta(seconds=seconds) if seconds is not None else None, entry))

    # The newest comes first; of two that began in one second the later one holds.
    series.each(entries[::-1] if isinstance(entries, list) else entries, take, "log")
    for start, seconds, entry in bounded(spans):
        outcome, why = _STATE[entry["type"]]
        reason = entry.get("reason") if isinstance(entry.get("reason"), dict) else {}
        status = http_status(reason.get("code")) if reason and outcome == "down" else None
        series.add(
            monitor,
            start,
            _until_now(series, start, seconds),
            outcome,
            why=why,
            status=status,
            message=reason.get("detail") if reason else None,
        )


def _until_now(series: Series, start: datetime, seconds: float) -> float:
    """Return the length of a state that may not reach past the moment of the answer."""
    now = series.wanted.asked_at or series.context.collected_at
    return min(seconds, (now - start).total_seconds())


def _incident(series: Series, monitor: Monitor) -> Any:
    def take(incident: Mapping[str, Any]) -> None:
        start, seconds = moment(incident["startedAt"]), number_of(incident.get("duration"))
        if seconds is None and series.wanted.asked_at is None:
            raise ValueError("the duration is missing")
        status = http_status(incident.get("cause"))
        series.add(
            monitor,
            start,
            _until_now(series, start, seconds if seconds is not None else 4e9),
            "down",
            status=status,
            message=incident.get("reason"),
        )

    return take

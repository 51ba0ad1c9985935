"""Better Stack Uptime: incidents (API v2, v3), with the monitor for its known life. Never run against the vendor.

https://betterstack.com/docs/uptime/api/list-all-incidents/ and .../api/monitors/. Incidents tell outages only; that
nothing was reported proves nothing, unless the monitor is known to have been checking. So time is up only inside the
known life of a monitor that is not paused: from `created_at` to `last_checked_at`. That it was paused before and woken
again is told nowhere. What was never confirmed is unknown. After an incident without an end nothing is up; and where an
incident can't be read, or there are more on a page that is not here, nothing is: it may have been at any time.

The payload is the API's answer, or `{"monitors": [...], "incidents": [...]}` with the `data` of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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
    check_type,
    http_status,
    moment,
    number_of,
    read_json,
    text,
)

TITLE = "Better Stack Uptime: incidents, with the monitor for its known life"
FILLS = "check_result"
VERSION = 2
OPTIONS = {
    "monitor": "id, name or address of the monitor",
    "every_seconds": "interval of the monitor: how long an incident without an end surely held",
}
_LIVING = ("up", "down", "validating")


@dataclass(frozen=True, slots=True)
class _Span:
    start: datetime
    end: datetime
    is_confirmed: bool
    cause: object
    is_open: bool


def detect(head: bytes) -> bool:
    """Return whether it starts like incidents."""
    return (b'"incident"' in head and b'"started_at"' in head) or (b'"incidents"' in head and b'"attributes"' in head)


def parse(payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
    """Turn the incidents of one monitor, and the time between them inside its known life, into records.

    Raises:
        SourceError: an error of the API, another answer, or several monitors match.
    """
    answer = read_json(payload, "Better Stack")
    if isinstance(answer, dict) and "errors" in answer:
        raise SourceError(f"Better Stack refused: {excerpt(str(answer['errors'])).rstrip('.')}.")
    told = answer.get("incidents", answer.get("data")) if isinstance(answer, dict) else None
    if not isinstance(told, list):
        raise SourceError("This is no answer of the incidents of Better Stack.")
    series = Series(context, wanted, str(payload) if isinstance(payload, Path) else "")
    lives: dict[str, Mapping[str, Any]] = {}
    known: dict[str, Monitor] = {}
    incidents: dict[str, list[Mapping[str, Any]]] = {}

    def take(incident: Mapping[str, Any]) -> None:
        monitor = _monitor_of(incident, known.values())
        known.setdefault(monitor.id, monitor)
        incidents.setdefault(monitor.id, []).append(incident)

    def take_life(one: Mapping[str, Any]) -> None:
        monitor = _monitor(one)
        known[monitor.id], lives[monitor.id] = monitor, _attributes(one)

    series.each(answer.get("monitors"), take_life, "monitor")
    reject_count = len(series.rejects)
    series.each(told, take, "incident")
    pages = answer.get("pagination")
    is_whole = len(series.rejects) == reject_count and not (isinstance(pages, dict) and pages.get("next"))
    for monitor in wanted.choose(known.values(), context):
        reject_count = len(series.rejects)
        spans = _incidents(series, monitor, incidents.get(monitor.id, []))
        if monitor.id in lives and is_whole and len(series.rejects) == reject_count:
            _between(series, monitor, lives[monitor.id], spans)
    return series.parsed()


def _attributes(told: Mapping[str, Any]) -> Mapping[str, Any]:
    found = told.get("attributes")
    if not isinstance(found, dict):
        raise ValueError("it has no attributes")
    return found


def _monitor(told: Mapping[str, Any]) -> Monitor:
    attributes, number = _attributes(told), text(told.get("id"))
    if not number:
        raise ValueError("it has no id")
    return Monitor(
        id=number,
        name=text(attributes.get("pronounceable_name")),
        url=text(attributes.get("url")),
        interval_seconds=number_of(attributes.get("check_frequency")),
        check_type="http" if attributes.get("monitor_type") == "status" else check_type(attributes.get("monitor_type")),
    )


def _monitor_of(incident: Mapping[str, Any], known: Iterable[Monitor]) -> Monitor:
    """Return the monitor of an incident; where no id is told, the one of its name and address, which are an id else."""
    attributes, link = _attributes(incident), dict(incident)
    for name in ("relationships", "monitor", "data"):
        inner = link.get(name)
        link = inner if isinstance(inner, dict) else {}
    name, url = text(attributes.get("name")), text(attributes.get("url"))
    if number := text(link.get("id")):
        return Monitor(id=number, name=name, url=url)
    same = (monitor for monitor in known if (monitor.name, monitor.url) == (name, url))
    return next(same, Monitor(id=f"{name} {url}".strip(), name=name, url=url))


def _incidents(series: Series, monitor: Monitor, incidents: list[Mapping[str, Any]]) -> list[_Span]:
    spans: list[_Span] = []
    seconds = timedelta(seconds=series.wanted.seconds(monitor))

    def take(incident: Mapping[str, Any]) -> None:
        told = _attributes(incident)
        start = moment(told["started_at"])
        is_open = told.get("resolved_at") is None
        end = series.wanted.asked_at or start + seconds if is_open else moment(told["resolved_at"])
        if end < start:
            raise ValueError("it ends before it starts")
        is_confirmed = text(told.get("status")).casefold() != "unconfirmed"
        spans.append(_Span(start, end, is_confirmed, told.get("cause"), is_open))

    series.each(incidents, take, "incident")
    spans.sort(key=lambda span: span.start)
    held: datetime | None = None
    for span in spans:
        # Staging ends a record where the next one starts: what starts inside an outage must not cut it short.
        is_inside = held is not None and held > span.start
        is_down, end = span.is_confirmed or is_inside, span.end
        if held is not None and is_inside:
            end = max(held, span.end) if span.is_confirmed else held
        if span.is_confirmed:
            held = end
        status = _status(span.cause) if is_down else None
        series.add(
            monitor,
            span.start,
            (end - span.start).total_seconds(),
            "down" if is_down else "unknown",
            why="unconfirmed",
            status=status,
            message=span.cause,
        )
    return spans


def _status(cause: object) -> int | None:
    words = text(cause).split()
    return next((status for status in map(http_status, words) if status), None) if "Status" in words else None


def _between(series: Series, monitor: Monitor, attributes: Mapping[str, Any], spans: list[_Span]) -> None:
    """Add the time between incidents as up, inside the known life and the window."""
    if attributes.get("status") not in _LIVING:
        return
    try:
        start, end = moment(attributes.get("created_at")), moment(attributes.get("last_checked_at"))
    except ValueError:
        return
    wanted = series.wanted
    start, end = max(start, wanted.since or start), min(end, wanted.until or end)
    for span in spans:
        if start < span.start:
            series.add(monitor, start, (min(span.start, end) - start).total_seconds(), "up")
        if span.is_open:
            return
        start = max(start, span.end)
    series.add(monitor, start, (end - start).total_seconds(), "up")

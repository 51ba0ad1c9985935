"""Pingdom: the answer of /results/ID or /summary.outage/ID (API 3.1). Never run against the vendor.

https://docs.pingdom.com/api/. Results come from several probes in turn, the newest first. A failure of one probe is no
outage: it is down where the result before or after it, of another probe, is down too; else it is unknown, as are
`unconfirmed_down` and `unknown`. The states of `summary.outage` are Pingdom's own, confirmed ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.contracts import Context, Parsed
from tasks.errors import SourceError
from tasks.redact import excerpt
from tasks.uptime_history import Monitor, Series, Wanted, bounded, milliseconds, number_of, read_json, text, unix

TITLE = "Pingdom: /results/ID or /summary.outage/ID"
FILLS = "check_result"
VERSION = 1
OPTIONS = {"every_seconds": "interval of the check; else the usual distance of the results"}
_WORDS = ("up", "down", "unconfirmed_down", "unknown")


@dataclass(frozen=True, slots=True)
class _Result:
    at: datetime
    word: str
    probe: str
    told: Mapping[str, Any]


def detect(head: bytes) -> bool:
    """Return whether it starts like results or outages."""
    return b'"activeprobes"' in head or b'"probeid"' in head or (b'"states"' in head and b'"timefrom"' in head)


def parse(payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
    """Turn the results, or the states, of one check into records. An optional `check` beside them names it.

    Raises:
        SourceError: an error of the API, or another answer.
    """
    answer = read_json(payload, "Pingdom")
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        problem = answer["error"].get("errormessage") or answer["error"].get("statusdesc")
        raise SourceError(f"Pingdom refused: {excerpt(str(problem))}.")
    series = Series(context, wanted, str(payload) if isinstance(payload, Path) else "")
    told = answer if isinstance(answer, dict) else {}
    monitor = _monitor(told.get("check"))
    if isinstance(told.get("results"), list):
        _results(series, monitor, told["results"])
    elif isinstance(told.get("summary"), dict) and isinstance(told["summary"].get("states"), list):
        _states(series, monitor, told["summary"]["states"])
    else:
        raise SourceError("This is no answer of /results/ID or /summary.outage/ID of Pingdom.")
    return series.parsed()


def _monitor(check: object) -> Monitor:
    told = check if isinstance(check, dict) else {}
    minutes = number_of(told.get("resolution"))
    return Monitor(
        id=text(told.get("id")),
        name=text(told.get("name")),
        interval_seconds=minutes * 60 if minutes else None,
    )


def _results(series: Series, monitor: Monitor, results: list[Any]) -> None:
    found: list[_Result] = []

    def take(told: Mapping[str, Any]) -> None:
        if told["status"] not in _WORDS:
            raise ValueError("the status is none that is known")
        found.append(_Result(unix(told["time"]), told["status"], text(told.get("probeid")), told))

    series.each(results, take, "result")
    found.sort(key=lambda result: result.at)
    seconds = series.wanted.seconds(monitor, [result.at for result in found])
    for number, result in enumerate(found):
        neighbours = [found[i] for i in (number - 1, number + 1) if 0 <= i < len(found)]
        _add(series, monitor, result, seconds, is_confirmed=_is_confirmed(result, neighbours, seconds))


def _is_confirmed(result: _Result, neighbours: list[_Result], seconds: float) -> bool:
    return any(
        other.word == "down"
        and other.probe != result.probe
        and abs((other.at - result.at).total_seconds()) <= 2 * seconds
        for other in neighbours
    )


def _add(series: Series, monitor: Monitor, result: _Result, seconds: float, *, is_confirmed: bool) -> None:
    is_up, is_down = result.word == "up", result.word == "down" and is_confirmed
    series.add(
        monitor,
        result.at,
        seconds,
        "up" if is_up else "down" if is_down else "unknown",
        why="unconfirmed" if "down" in result.word else None,
        total_ms=milliseconds(result.told.get("responsetime")) if is_up else None,
        message=result.told.get("statusdesclong") or result.told.get("statusdesc"),
    )


def _states(series: Series, monitor: Monitor, states: list[Any]) -> None:
    spans: list[tuple[datetime, datetime | None, str]] = []

    def take(told: Mapping[str, Any]) -> None:
        if told["status"] not in ("up", "down", "unknown"):
            raise ValueError("the status is none that is known")
        start, end = unix(told["timefrom"]), unix(told["timeto"])
        if end <= start:
            raise ValueError("it ends before it starts")
        spans.append((start, end, told["status"]))

    series.each(states, take, "state")
    for start, seconds, word in bounded(spans):
        series.add(monitor, start, seconds, word)

"""What the parsers of uptime history share: which monitor is meant, and how a result or a state becomes a record.

A format is one module of `tasks/uptime_formats/`, found by discovery, with `TITLE`, `FILLS`, `VERSION`, `OPTIONS`,
`detect(head: bytes) -> bool` and `parse(payload: Path | bytes, context, wanted) -> Parsed`, which is pure.

There are two kinds of history. A **result** is one check; it speaks for its monitor's interval. A **state** is a span
told by the tool's own log: one record with `slot_at` at its start and its length as `interval_seconds`. What a tool
did not watch (paused), had not confirmed, or kept quiet about (maintenance) is `unknown`; time without any word of the
tool has no record, which is unknown too. A response time is only there where the tool gave it.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from tasks.contracts import Context, Parsed
from tasks.errors import SourceError
from tasks.redact import excerpt, redact
from warehouse.records import CheckResult, Reject

PAYLOAD_BYTES = 64 << 20
"""Largest answer or export that is read at once."""
REJECTS = 1000
"""Rejects kept of one payload; what comes after is bad for the same reason."""
USUAL_SECONDS = 60.0
"""Interval of a monitor where neither the tool, nor the options, nor the results tell."""
_DAY = 86_400.0
_YEARS = 10 * 366 * _DAY
_SPAN_SECONDS_MOST = _YEARS
_TYPES = {"http": "http", "https": "http", "keyword": "http", "json-query": "http", "ping": "ping", "port": "tcp"}
_CAUSES = tuple(
    (re.compile(pattern, re.IGNORECASE), cause)
    for pattern, cause in (
        (r"ENOTFOUND|EAI_AGAIN|getaddrinfo|\bDNS\b|could not resolve|name resolution", "dns"),
        (r"ECONNREFUSED|connection refused", "refused"),
        (r"EHOSTUNREACH|ENETUNREACH|no route to host|unreachable", "unreachable"),
        (r"certificate has expired|CERT_HAS_EXPIRED", "certificate_expired"),
        (r"ALTNAME_INVALID|altnames|wrong host", "certificate_wrong_host"),
        (r"self.signed|UNABLE_TO_(?:VERIFY|GET)|unable to (?:verify|get)", "certificate_untrusted"),
        (r"\b(?:SSL|TLS)\b|EPROTO", "tls"),
        (r"connection timeout|connect timed? ?out|ETIMEDOUT", "connect_timeout"),
        (r"time ?out|timed out|ECONNABORTED", "read_timeout"),
        (r"ECONNRESET|socket hang up|connection reset", "reset"),
        (r"keyword", "content"),
    )
)
"""How tools word a failure; the first that fits."""
_NUMBER = re.compile(r"^-?\d{1,16}(?:\.\d{1,9})?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Monitor:
    """One monitor of a tool. `interval_seconds` is None where the payload does not tell."""

    id: str = ""
    name: str = ""
    url: str = ""
    interval_seconds: float | None = None
    check_type: str = "http"

    @property
    def label(self) -> str:
        """Return what a message calls it."""
        return excerpt(" ".join(part for part in (self.id, self.name, self.url) if part), 80) or "without a name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which results are asked for. Times are aware; None leaves that end open."""

    monitor: str | None = None
    """Id, name or address of the monitor; the site's home page when left out."""
    is_every: bool = False
    """Take every monitor: to look at a file, never to store it."""
    since: datetime | None = None
    until: datetime | None = None
    asked_at: datetime | None = None
    """When the tool answered: what is still so now is so until then. None for a file, whose age nobody proves."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Options of the format, as its `OPTIONS` lists them."""

    def choose(self, monitors: Iterable[Monitor], context: Context) -> list[Monitor]:
        """Return the one monitor that is meant, or all with `is_every`; none where the payload has none.

        Raises:
            SourceError: several match, or none: two monitors are never mixed in one series.
        """
        known = list(monitors)
        if not known or (self.is_every and self.monitor is None):
            return known
        if self.monitor is not None:
            found = [m for m in known if self.monitor in (m.id, m.name) or _same(self.monitor, m.url)]
        else:
            # One monitor alone may tell no address, but not another site's.
            found = [m for m in known if _same(context.url, m.url) or (len(known) == 1 and not m.url)]
        if len(found) == 1:
            return found
        names = ", ".join(monitor.label for monitor in (found or known)[:5])
        what = f"monitor {self.monitor!r}" if self.monitor is not None else f"the site's address {context.url!r}"
        problem = "Several monitors match" if found else "No monitor matches"
        raise SourceError(f"{problem} {what}: choose one by its id with `monitor`. There are: {names}.")

    def covers(self, start: datetime, end: datetime) -> bool:
        """Return whether a span touches the window."""
        return (self.since is None or end > self.since) and (self.until is None or start < self.until)

    def seconds(self, monitor: Monitor, moments: Sequence[datetime] = ()) -> float:
        """Return the interval of a monitor: the option's, the tool's own, or the usual distance of its results."""
        told = number_of(self.options.get("every_seconds"))
        if told is None:
            told = monitor.interval_seconds
        if told is None and len(moments) > 2:
            told = median((after - before).total_seconds() for before, after in pairwise(moments))
        return min(told, _DAY) if told is not None and told > 0 else USUAL_SECONDS


def cause_of(outcome: str, status: int | None, words: str) -> str | None:
    """Return our cause of what is not up, as far as the status or the tool's words tell it; None where it is up."""
    if outcome != "down":
        return None if outcome == "up" else "no_data"
    if status is not None:
        return "status"
    return next((cause for pattern, cause in _CAUSES if pattern.search(words)), "no_answer")


def _same(one: str, other: str) -> bool:
    return bool(one) and bool(other) and one.rstrip("/").casefold() == other.rstrip("/").casefold()


@dataclass(slots=True)
class Series:
    """Gathers the records and rejects of one payload."""

    context: Context
    wanted: Wanted
    file: str = ""
    records: list[tuple[str, CheckResult]] = field(default_factory=list)
    """With the id of the monitor."""
    rejects: list[Reject] = field(default_factory=list)

    def add(
        self,
        monitor: Monitor,
        at: datetime,
        seconds: float,
        outcome: str,
        *,
        why: str | None = None,
        status: int | None = None,
        total_ms: float | None = None,
        message: object = None,
    ) -> None:
        """Add a result or a state that starts at `at` and speaks for `seconds`, where it touches the window.

        Args:
            monitor: what was checked.
            at: start.
            seconds: how long it speaks.
            outcome: up, down or unknown.
            why: the tool's word for a state that is unknown, as paused; the cause of a failure is in status or message.
            status: HTTP status.
            total_ms: response time, ms.
            message: the tool's own words on what is not up.
        """
        seconds = min(seconds, _SPAN_SECONDS_MOST)
        if seconds <= 0 or not self.wanted.covers(at, at + timedelta(seconds=seconds)):
            return
        is_up, words = outcome == "up", text(message)
        if outcome == "unknown":
            words = ": ".join(part for part in (why, words) if part)
        record = CheckResult(
            site_id=self.context.site_id,
            source_id=self.context.source_id,
            url=redact(monitor.url or self.context.url or monitor.name or monitor.id)[:2000],
            slot_at=at,
            checked_at=at,
            attempt=1,
            interval_seconds=seconds,
            outcome=outcome,
            cause=cause_of(outcome, status, words),
            status=status,
            dns_ms=None,
            connect_ms=None,
            tls_ms=None,
            first_byte_ms=None,
            total_ms=total_ms,
            certificate_not_after_at=None,
            is_certificate_valid=None,
            message=excerpt(words) if words and not is_up else None,
            check_type=monitor.check_type,
        )
        self.records.append((monitor.id, record))

    def reject(self, reason: str, piece: object, line: int | None = None) -> None:
        """Set one piece of the payload aside."""
        if len(self.rejects) < REJECTS:
            self.rejects.append(
                Reject(
                    site_id=self.context.site_id,
                    source_id=self.context.source_id,
                    file=self.file,
                    line_number=line,
                    reason=reason,
                    excerpt=excerpt(str(piece)),
                )
            )

    def each(self, pieces: object, take: Callable[[Mapping[str, Any]], None], what: str) -> None:
        """Call `take` with each piece of a list; what is no object, or can't be taken, is rejected alone."""
        if not isinstance(pieces, list):
            if pieces is not None:
                self.reject(f"{what}: not a list", pieces)
            return
        for piece in pieces:
            try:
                if not isinstance(piece, dict):
                    raise ValueError("not an object")
                take(piece)
            except (ValueError, KeyError, TypeError, OverflowError) as error:
                self.reject(f"{what}: {_reason(error)}", piece)

    def parsed(self) -> Parsed:
        """Return what was gathered, by time; two results of one monitor at one time that differ are unknown."""
        by_slot: dict[tuple[str, datetime], CheckResult] = {}
        for monitor_id, record in self.records:
            key = (monitor_id, record.slot_at)
            other = by_slot.get(key)
            if other and other.outcome != record.outcome:
                record = replace(record, outcome="unknown", cause="no_data", message="two results of one time differ")
            by_slot[key] = record
        records = [by_slot[key] for key in sorted(by_slot)]
        newest = max((r.slot_at + timedelta(seconds=r.interval_seconds) for r in records), default=None)
        return Parsed(records=records, rejects=self.rejects, fresh_as_of=newest)


def _reason(error: Exception) -> str:
    return f"{error.args[0]} is missing" if isinstance(error, KeyError) else excerpt(str(error), 100)


def read_bytes(payload: Path | bytes) -> bytes:
    """Return the payload.

    Raises:
        SourceError: it is too long, or can't be read.
    """
    if isinstance(payload, bytes):
        data, name = payload, "The answer"
    else:
        name = str(payload)
        try:
            with payload.open("rb") as file:
                data = file.read(PAYLOAD_BYTES + 1)
        except OSError as error:
            raise SourceError(f"Can't read {payload}: {error.strerror or error}.") from None
    if len(data) > PAYLOAD_BYTES:
        raise SourceError(f"{name} is longer than {PAYLOAD_BYTES >> 20} MB: export a shorter time.")
    return data


def read_json(payload: Path | bytes, tool: str) -> Any:
    """Return the value of a JSON payload.

    Raises:
        SourceError: it is no JSON, or too long.
    """
    name = "The answer" if isinstance(payload, bytes) else str(payload)
    try:
        return json.loads(read_bytes(payload))
    except (ValueError, RecursionError):
        raise SourceError(f"{name} is not the JSON of {tool}, or was cut off: fetch it again.") from None


def objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a list; nothing where it is none."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """Return a name or an id as text; empty where it is neither text nor a whole number."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:2000] if isinstance(value, str) or abs(value) < 1 << 63 else ""


def number_of(value: object) -> float | None:
    """Return a finite number, also from its text; None where it is none."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.match(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e16 or not math.isfinite(value):
        return None
    return float(value)


def milliseconds(value: object) -> float | None:
    """Return a response time, ms; None where there is none or it can't be."""
    found = number_of(value)
    return found if found is not None and 0 <= found <= _DAY * 1000 else None


def http_status(value: object) -> int | None:
    """Return an HTTP status, None where it is none."""
    found = number_of(value)
    return int(found) if found is not None and found.is_integer() and 100 <= found <= 599 else None


def unix(value: object) -> datetime:
    """Return the moment of a unix time in seconds, 2000 to 2100.

    Raises:
        ValueError: it is none.
    """
    seconds = number_of(value)
    if seconds is None or not 946_684_800 <= seconds < 4_102_444_800:
        raise ValueError("the time is no unix time in seconds")
    return datetime.fromtimestamp(seconds, UTC)


def moment(value: object) -> datetime:
    """Return the moment of a text in ISO 8601; UTC where it names no zone, as the tools document.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError("the time is missing")
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("the time can't be read") from None
    if not 2000 <= found.year < 2100:
        raise ValueError("the time is not in this century")
    return found


def check_type(value: object) -> str:
    """Return our word for what a monitor checks; the tool's own where we have none."""
    word = text(value).casefold()
    return _TYPES.get(word, word[:40] or "http")


def bounded(spans: Iterable[tuple[datetime, datetime | None, Any]]) -> Iterator[tuple[datetime, float, Any]]:
    """Yield (start, seconds, what) of the spans of a state log by time: a span ends where the next one starts.

    The last one, where it has no end, is left out: nobody knows how long it held.
    """
    ordered = sorted(spans, key=lambda span: span[0])
    for number, (start, told, what) in enumerate(ordered):
        following = ordered[number + 1][0] if number + 1 < len(ordered) else None
        ends = [end for end in (told, following) if end is not None]
        if ends and min(ends) > start:
            yield start, (min(ends) - start).total_seconds(), what

"""What there is to say about incidents and silent sources: pure functions over rows and the state of the last run.

**One message per incident.** An incident that is confirmed and still open is told once, and once more when it is
over; one that flaps is over after 30 quiet minutes. What lies inside announced maintenance is not told. A failure that
no check speaks of any more stays open: unknown is not over.

**Never lost, seldom twice.** A message waits in the state for each of its channels until it was sent, tried again ever
more seldom for a day. The state moves with the rows of the ledger in one step, so only a process that dies between
sending and that step sends a message again, under the same id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.probe_result import CAUSES

NEWEST = timedelta(hours=6)
"""An incident that was confirmed longer ago and was never told, as one that an import brings, is not news."""
QUIET = timedelta(minutes=30)
GIVE_UP = timedelta(days=1)
MANY = 5
"""So many messages of one run go out one by one; more go out as one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A source of a site, with what a message says of it."""

    site_id: str
    source_id: str
    site_name: str
    url: str
    time_zone: str

    @property
    def key(self) -> str:
        """Return its name in the state."""
        return f"{self.site_id}/{self.source_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An incident as marts.incident has it now."""

    place: Place
    started_at: datetime
    confirmed_at: datetime
    ended_at: datetime
    cause: str | None
    status: int | None
    check_count: int
    is_over: bool
    is_flapping: bool
    is_planned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """When a source last delivered; None for never. It is silent so many seconds after that, or after `known_since`."""

    place: Place
    delivered_at: datetime | None
    known_since: datetime
    silent_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message for every channel. Times in the texts are those of the site, with their offset."""

    alert_id: str
    kind: str
    site_id: str
    source_id: str
    subject: str
    text: str
    started_at: str
    ended_at: str | None = None
    cause: str | None = None


@dataclass(slots=True)
class Waiting:
    """A message on its way to one channel."""

    message: dict[str, Any]
    channel: str
    decided_at: str
    attempt_count: int = 0
    next_at: str = ""


@dataclass(slots=True)
class State:
    """What was told and is not over, by place, and what is still to be sent."""

    incidents: dict[str, str] = field(default_factory=dict)
    """Start of the incident, ISO 8601."""
    silent: dict[str, str] = field(default_factory=dict)
    waiting: list[Waiting] = field(default_factory=list)

    @classmethod
    def of(cls, value: Mapping[str, Any] | None) -> State:
        """Read the value of a cursor."""
        if not value:
            return cls()
        return cls(dict(value["incidents"]), dict(value["silent"]), [Waiting(**item) for item in value["waiting"]])

    def value(self) -> dict[str, Any]:
        """Return the value for the cursor."""
        return asdict(self)


def decide(state: State, incidents: Sequence[Incident], deliveries: Sequence[Delivery], now: datetime) -> list[Message]:
    """Return what is news and move the state. `incidents` in the order in which they started."""
    messages = []
    for incident in incidents:
        told = state.incidents.get(incident.place.key)
        if told is None and _is_news(incident, now):
            state.incidents[incident.place.key] = incident.started_at.isoformat()
            messages.append(_opened(incident))
        elif told is not None and _is_end_of(incident, told, now):
            del state.incidents[incident.place.key]
            messages.append(_closed(incident, datetime.fromisoformat(told)))
    for delivery in deliveries:
        since = delivery.delivered_at or delivery.known_since
        is_silent = (now - since).total_seconds() > delivery.silent_seconds
        told = state.silent.get(delivery.place.key)
        if is_silent and told is None:
            state.silent[delivery.place.key] = since.isoformat()
            messages.append(_silent(delivery, since))
        elif not is_silent and told is not None:
            del state.silent[delivery.place.key]
            messages.append(_back(delivery, datetime.fromisoformat(told)))
    return messages


def forget(state: State, known: Sequence[Place]) -> None:
    """Drop what is no longer in the configuration: nobody can say any more that it is over."""
    keys = {place.key for place in known}
    state.incidents = {key: value for key, value in state.incidents.items() if key in keys}
    state.silent = {key: value for key, value in state.silent.items() if key in keys}


def due(state: State, channel: str, now: datetime) -> list[Waiting]:
    """Return what waits for a channel and may be tried now, oldest first."""
    return [item for item in state.waiting if item.channel == channel and item.next_at <= now.isoformat()]


def delay(attempt_count: int) -> timedelta:
    """Return the pause after an attempt that failed: 1, 2, 4 minutes and so on to an hour."""
    return timedelta(minutes=min(60, 2 ** (attempt_count - 1)))


def joined(messages: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return many messages as one, for a channel that would drown in them."""
    if len(messages) == 1:
        return dict(messages[0])
    ids = "|".join(message["alert_id"] for message in messages)
    subjects = [message["subject"] for message in messages]
    return asdict(
        Message(
            alert_id=_hash(ids),
            kind="several",
            site_id="",
            source_id="",
            subject=f"{len(messages)} alerts: {subjects[0]}, and others",
            text="\n".join(subjects),
            started_at=min(message["started_at"] for message in messages),
        )
    )


def _is_news(incident: Incident, now: datetime) -> bool:
    return not (incident.is_over or incident.is_planned) and now - incident.confirmed_at <= NEWEST


def _is_end_of(incident: Incident, told: str, now: datetime) -> bool:
    is_the_one = incident.ended_at > datetime.fromisoformat(told)
    return is_the_one and incident.is_over and not (incident.is_flapping and now - incident.ended_at < QUIET)


def _opened(incident: Incident) -> Message:
    cause = CAUSES.get(incident.cause or "", incident.cause or "not known")
    if incident.cause == "status" and incident.status:
        cause = f"the site answered {incident.status}"
    place = incident.place
    return Message(
        alert_id=_hash("incident_opened", place.key, incident.started_at.isoformat()),
        kind="incident_opened",
        site_id=place.site_id,
        source_id=place.source_id,
        subject=line(f"{place.site_name} is down: {cause}"),
        text=line(
            f"Since {_local(incident.started_at, place)}, seen by {place.source_id}, "
            f"confirmed by {incident.check_count} checks. {place.url}"
        ),
        started_at=incident.started_at.isoformat(),
        cause=incident.cause,
    )


def _closed(incident: Incident, started_at: datetime) -> Message:
    place = incident.place
    return Message(
        alert_id=_hash("incident_closed", place.key, started_at.isoformat()),
        kind="incident_closed",
        site_id=place.site_id,
        source_id=place.source_id,
        subject=line(f"{place.site_name} is up again after {_length(incident.ended_at - started_at)}"),
        text=line(
            f"Down from {_local(started_at, place)} to {_local(incident.ended_at, place)}, "
            f"seen by {place.source_id}. {place.url}"
        ),
        started_at=started_at.isoformat(),
        ended_at=incident.ended_at.isoformat(),
        cause=incident.cause,
    )


def _silent(delivery: Delivery, since: datetime) -> Message:
    place, never = delivery.place, delivery.delivered_at is None
    last = f"configured {_local(since, place)}, never delivered" if never else f"last data {_local(since, place)}"
    return Message(
        alert_id=_hash("source_silent", place.key, since.isoformat()),
        kind="source_silent",
        site_id=place.site_id,
        source_id=place.source_id,
        subject=line(f"{place.site_name}: the source {place.source_id} fell silent"),
        text=line(f"{last[0].upper()}{last[1:]}. Until it delivers, what it watches is unknown."),
        started_at=since.isoformat(),
    )


def _back(delivery: Delivery, since: datetime) -> Message:
    place, now = delivery.place, delivery.delivered_at or delivery.known_since
    return Message(
        alert_id=_hash("source_back", place.key, since.isoformat()),
        kind="source_back",
        site_id=place.site_id,
        source_id=place.source_id,
        subject=line(f"{place.site_name}: the source {place.source_id} delivers again"),
        text=line(f"Silent from {_local(since, place)} to {_local(now, place)}."),
        started_at=since.isoformat(),
        ended_at=now.isoformat(),
    )


def line(text: str) -> str:
    """Return text from outside as one printable line."""
    return "".join(char if char.isprintable() else " " for char in text)[:500].strip()


def _local(moment: datetime, place: Place) -> str:
    local = moment.astimezone(ZoneInfo(place.time_zone))
    offset = local.isoformat()[-6:]
    return f"{local:%-d %B %Y, %H:%M} UTC{'' if offset == '+00:00' else offset}"


def _length(duration: timedelta) -> str:
    minutes = round(duration.total_seconds() / 60)
    return (
        f"{minutes // 60} h {minutes % 60:02} min"
        if minutes >= 100
        else f"{max(1, minutes)} minute{'s' * (minutes > 1)}"
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

"""What there is to say about incidents and silent sources: pure functions over rows and the state of the last run.

**One message per incident.** An incident that is confirmed and still open is told once, and once more when it is
over; one that flaps is over after 30 quiet minutes. What lies inside announced maintenance is not told. A failure that
no check speaks of any more stays open: unknown is not over.

**Never lost, seldom twice.** A message waits in the state for each of its channels until it was sent, tried again ever
more seldom for a day. What goes out is kept before it is sent, and that it was sent is kept with the ledger: a process
that dies between the two sends it again, the same under the same id.

**Blind is not down.** While our own connection is gone, that is told once, and no site is told as down.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tasks.probe_result import cause_in_words
from tasks.written import duration

NEWEST = timedelta(hours=6)
"""An incident that was confirmed longer ago and was never told, as one that an import brings, is not news."""
QUIET = timedelta(minutes=30)
GIVE_UP = timedelta(days=1)
MANY = 5
"""So many messages go out to a channel one by one; more go out as one."""
BLIND = 3
"""Slots in a row without our own connection that are told."""


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
    """Messages on their way to one channel, as one where there are several."""

    messages: list[dict[str, Any]]
    channel: str
    decided_at: str
    attempt_count: int = 0
    next_at: str = ""


@dataclass(slots=True)
class State:
    """What was told and is not over, by place, and what is still to be sent. Times are ISO 8601."""

    incidents: dict[str, str] = field(default_factory=dict)
    """Start of the incident."""
    silent: dict[str, str] = field(default_factory=dict)
    blind: str | None = None
    """Since when our own connection is gone."""
    waiting: list[Waiting] = field(default_factory=list)

    @classmethod
    def of(cls, value: Mapping[str, Any] | None) -> State:
        """Read the value of a cursor."""
        value = value or {}
        waiting = [Waiting(**item) for item in value.get("waiting", ())]
        return cls(dict(value.get("incidents", {})), dict(value.get("silent", {})), value.get("blind"), waiting)

    def value(self) -> dict[str, Any]:
        """Return the value for the cursor."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the warehouse knows now: incidents in the order in which they started, and since when we are blind."""

    incidents: Sequence[Incident] = ()
    deliveries: Sequence[Delivery] = ()
    blind_since: datetime | None = None


def decide(state: State, situation: Situation, now: datetime) -> list[Message]:
    """Return what is news and move the state."""
    messages = []
    for incident in situation.incidents:
        key = incident.place.key
        told = state.incidents.get(key)
        if told is not None and incident.started_at > datetime.fromisoformat(told):
            # The checks as they stand now know nothing of what was told: it must not hide this one.
            del state.incidents[key]
            told = None
        if told is None and _is_news(incident, now):
            state.incidents[key] = incident.started_at.isoformat()
            messages.append(_opened(incident))
        elif told is not None and _is_end_of(incident, told, now):
            del state.incidents[key]
            messages.append(_closed(incident, datetime.fromisoformat(told)))
    for delivery in situation.deliveries:
        since = delivery.delivered_at or delivery.known_since
        is_silent = (now - since).total_seconds() > delivery.silent_seconds
        told = state.silent.get(delivery.place.key)
        if is_silent and told is None:
            state.silent[delivery.place.key] = since.isoformat()
            messages.append(_silent(delivery, since))
        elif not is_silent and told is not None:
            del state.silent[delivery.place.key]
            messages.append(_back(delivery, datetime.fromisoformat(told)))
    if situation.blind_since and state.blind is None:
        state.blind = situation.blind_since.isoformat()
        messages.append(_blind(situation.blind_since))
    elif not situation.blind_since and state.blind is not None:
        messages.append(_sees_again(datetime.fromisoformat(state.blind), now))
        state.blind = None
    return messages


def blind_since(slots: Sequence[tuple[datetime, int, int]]) -> datetime | None:
    """Say since when our own connection is gone, None where it is not.

    Args:
        slots: newest first: start, checks that were lost for want of our own connection, checks that came to an answer.
    """
    lost = list(itertools.takewhile(lambda slot: slot[1] > slot[2], slots))
    return lost[-1][0] if len(lost) >= BLIND else None


def gather(state: State, now: datetime) -> None:
    """Make one of what waits for a channel and may be tried now, where it is so much that the channel would drown."""
    for channel in {item.channel for item in state.waiting}:
        items = due(state, channel, now)
        if len(items) > MANY:
            first = items[0]
            for item in items[1:]:
                first.messages += item.messages
                state.waiting.remove(item)


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
    """Return messages as one, for a channel that would drown in them; the same ones always give the same."""
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
    place, state = incident.place, "goes up and down" if incident.is_flapping else "is down"
    return _message(
        "incident_opened",
        place,
        incident.started_at,
        f"{place.site_name} {state}: {cause_in_words(incident.cause, incident.status)}",
        f"Since {_local(incident.started_at, place)}, seen by {place.source_id}, "
        f"confirmed by {incident.check_count} checks. {place.url}",
        cause=incident.cause,
        is_flapping=incident.is_flapping,
    )


def _closed(incident: Incident, started_at: datetime) -> Message:
    place, down = incident.place, (incident.ended_at - started_at).total_seconds()
    return _message(
        "incident_closed",
        place,
        started_at,
        f"{place.site_name} is up again after {duration(max(60, down))}",
        f"Down from {_local(started_at, place)} to {_local(incident.ended_at, place)}, "
        f"seen by {place.source_id}. {place.url}",
        ended_at=incident.ended_at,
        cause=incident.cause,
        is_flapping=incident.is_flapping,
    )


def _silent(delivery: Delivery, since: datetime) -> Message:
    place, never = delivery.place, delivery.delivered_at is None
    last = f"Configured {_local(since, place)}, never delivered" if never else f"Last data {_local(since, place)}"
    return _message(
        "source_silent",
        place,
        since,
        f"{place.site_name}: the source {place.source_id} fell silent",
        f"{last}. Until it delivers, what it watches is unknown.",
    )


def _back(delivery: Delivery, since: datetime) -> Message:
    place, now = delivery.place, delivery.delivered_at or delivery.known_since
    return _message(
        "source_back",
        place,
        since,
        f"{place.site_name}: the source {place.source_id} delivers again",
        f"Silent from {_local(since, place)} to {_local(now, place)}.",
        ended_at=now,
    )


_OURSELVES = Place(site_id="", source_id="", site_name="The monitoring", url="", time_zone="UTC")


def _blind(since: datetime) -> Message:
    return _message(
        "monitoring_blind",
        _OURSELVES,
        since,
        "The monitoring has lost its own connection",
        f"Since {_local(since, _OURSELVES)} its checks reach nothing. Until it is back, every site is unknown.",
    )


def _sees_again(since: datetime, now: datetime) -> Message:
    return _message(
        "monitoring_back",
        _OURSELVES,
        since,
        "The monitoring has its connection again",
        f"What was between {_local(since, _OURSELVES)} and {_local(now, _OURSELVES)} is unknown.",
        ended_at=now,
    )


def _message(
    kind: str,
    place: Place,
    started_at: datetime,
    subject: str,
    text: str,
    *,
    ended_at: datetime | None = None,
    cause: str | None = None,
    is_flapping: bool = False,
) -> Message:
    # What flaps began with an outage that was told as one: its message is another one.
    identity = (kind, place.key, started_at.isoformat(), *(["flapping"] if is_flapping else []))
    return Message(
        alert_id=_hash(*identity),
        kind=kind,
        site_id=place.site_id,
        source_id=place.source_id,
        subject=line(subject),
        text=line(text),
        started_at=started_at.isoformat(),
        ended_at=ended_at.isoformat() if ended_at else None,
        cause=cause,
    )


def line(text: str) -> str:
    """Return text from outside as one printable line."""
    return "".join(char if char.isprintable() else " " for char in text)[:500].strip()


def _local(moment: datetime, place: Place) -> str:
    local = moment.astimezone(ZoneInfo(place.time_zone))
    offset = local.isoformat()[-6:]
    return f"{local:%-d %B %Y, %H:%M} UTC{'' if offset == '+00:00' else offset}"


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]

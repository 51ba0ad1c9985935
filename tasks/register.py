"""The action register: what may become of a recommendation, decided from what people said and what data show.

Pure functions over the history of one recommendation. People accept, schedule, start, claim, decline; only data verify,
bring back, make unknown, supersede, or find that something no longer applies. History is never changed: a decision is
one more event.

A review looks at data up to a day, `as_of`. Run again for the same day it decides from the same history as before, so
that nothing comes twice; where the data were amended meanwhile it decides anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from tasks import written
from tasks.closing import Outcome
from tasks.errors import ConfigurationError
from tasks.words import mark, say

PersonState = Literal["accepted", "scheduled", "in_progress", "claimed_done", "declined", "risk_accepted"]
DataState = Literal["verified_done", "came_back", "unknown", "superseded", "no_longer_applies"]
State = Literal["proposed"] | PersonState | DataState

PERSON_STATES: tuple[str, ...] = get_args(PersonState)
DATA_STATES: tuple[str, ...] = get_args(DataState)
SILENCED = ("declined", "risk_accepted")
"""Not told again until their day has passed."""
ENDED = ("verified_done", "superseded", "no_longer_applies")
"""Closed by data; only data open them again."""
ENGINE = "engine"

WORDS: dict[str, str] = {
    "proposed": mark("Proposed"),
    "accepted": mark("Accepted"),
    "scheduled": mark("Scheduled"),
    "in_progress": mark("In progress"),
    "claimed_done": mark("Claimed done"),
    "declined": mark("Declined"),
    "risk_accepted": mark("Risk accepted"),
    "verified_done": mark("Verified done"),
    "came_back": mark("Came back"),
    "unknown": mark("Not known"),
    "superseded": mark("Superseded"),
    "no_longer_applies": mark("No longer applies"),
}
"""Each state for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One change of state."""

    at: datetime
    state: str
    set_by: str
    why: str
    until: date | None = None
    due: date | None = None
    as_of: date | None = None
    """The day after the data that were judged; None for what a person set."""
    value: float | None = None
    event_id: str = ""

    @property
    def is_engine(self) -> bool:
        """Tell whether data set it."""
        return self.as_of is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What data and rules say of one recommendation on the day of a review."""

    as_of: date
    outcome: Outcome | None = None
    """Its closing test; None for what was never stated before."""
    is_spoken: bool = False
    """Whether its rule speaks of it in the quarter that ends on that day."""
    is_rule_known: bool = True
    failed: Outcome | None = None
    """Its test where it failed at any time since it was verified last, though it may hold again."""


@dataclass(frozen=True, slots=True)
class _Decision:
    state: str
    why: str
    outcome: Outcome | None = None
    """Where it was not the outcome of the day."""


def decide(history: Sequence[Event], facts: Facts, now: datetime) -> Event | None:
    """Return the event with which a review goes on, or None where nothing changes.

    Args:
        history: every event of the recommendation, oldest first.
        facts: what the data say.
        now: when the review is made; a later event in the history puts the new one after it.
    """
    if any(event.as_of is not None and event.as_of > facts.as_of for event in history):
        return None  # A later review has spoken; the past is not rewritten.
    before = [event for event in history if event.as_of != facts.as_of]
    same_day = [event for event in history if event.as_of == facts.as_of]
    decision = _decision(before, facts)
    if decision is None or (history and decision.state == history[-1].state):
        return None
    if same_day and decision.state == same_day[-1].state:
        return None
    at = max(now, history[-1].at + timedelta(microseconds=1)) if history else now
    outcome = decision.outcome or facts.outcome
    return Event(
        at=at,
        state=decision.state,
        set_by=ENGINE,
        why=decision.why,
        as_of=facts.as_of,
        value=outcome.value if outcome else None,
    )


def _decision(before: Sequence[Event], facts: Facts) -> _Decision | None:
    """Return the state that follows from the history before the day of the review; None where there is none."""
    spoken = _Decision("proposed", say("the rule found it"))
    if not before:
        return spoken if facts.is_spoken else None
    last = before[-1]
    same = _Decision(last.state, last.why)
    if last.state in ("superseded", "no_longer_applies"):
        return spoken if facts.is_spoken else same
    if not facts.is_rule_known:
        return _Decision("superseded", say("the rule is no longer used"))
    if last.state in SILENCED and last.until is not None and last.until >= facts.as_of:
        return same
    if last.state == "verified_done":
        if facts.outcome is not None and facts.outcome.state == "fails":
            return _Decision("came_back", say("it was done, and the test fails again"))
        return _Decision("came_back", facts.failed.why, facts.failed) if facts.failed else same
    return _judged(before, facts)


def _judged(before: Sequence[Event], facts: Facts) -> _Decision:
    """Return what the closing test makes of something open, or silenced until a day that has passed."""
    last, outcome = before[-1], facts.outcome
    if outcome is None or outcome.state == "unknown":
        return _Decision("unknown", outcome.why if outcome else say("its test was never stated"))
    if outcome.state == "gone":
        return _Decision("no_longer_applies", outcome.why)
    if outcome.state == "holds":
        return _Decision("verified_done", outcome.why)
    if last.state in SILENCED:
        return _Decision(
            "proposed",
            say(
                "{state} until {day}, and still so",
                state=say(WORDS[last.state]),
                day=written.date_short(last.until) if last.until else "",
            ),
        )
    if last.state == "unknown":
        known = next((event.state for event in reversed(before) if event.state != "unknown"), "proposed")
        return _Decision("proposed" if known in (*ENDED, *SILENCED) else known, say("there are data again"))
    return _Decision(last.state, last.why)


def set_by_person(
    history: Sequence[Event],
    state: str,
    *,
    by: str,
    why: str,
    at: datetime,
    until: date | None = None,
    due: date | None = None,
) -> Event:
    """Return the event with which a person changes a recommendation.

    Raises:
        ConfigurationError: only data may set the state, data have closed it, or who, why or the day is missing.
    """
    if state not in PERSON_STATES:
        raise ConfigurationError(
            f"Only data may say that something is {WORDS.get(state, state).lower()}; people set: "
            f"{', '.join(PERSON_STATES)}."
        )
    if not history:
        raise ConfigurationError("It was never recommended; `upkeep recommendations list` shows what was.")
    if history[-1].state in ENDED:
        raise ConfigurationError(
            f"It is {WORDS[history[-1].state].lower()} by data since {history[-1].at:%Y-%m-%d}; "
            "only data that say otherwise open it again."
        )
    if by.casefold() == ENGINE:
        raise ConfigurationError(f"--by is to be a person; {ENGINE!r} stands for the data.")
    if state in SILENCED and (until is None or until <= at.date()):
        raise ConfigurationError("Say with --until, a day to come as 2027-03-31, when it is to be told again.")
    return Event(
        at=max(at, history[-1].at + timedelta(microseconds=1)), state=state, set_by=by, why=why, until=until, due=due
    )


def identify(site_id: str, rule_id: str, subject: str, event: Event, previous: str) -> str:
    """Return the id of an event: for the same decision on the same history always the same, whenever it is made."""
    moment = event.as_of if event.is_engine else event.at
    parts = (site_id, rule_id, subject, previous, event.state, event.set_by, moment)
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


def known_on(history: Sequence[Event], as_of: date) -> list[Event]:
    """Return the history as it was before the first review of a later day."""
    later = [event.at for event in history if event.as_of is not None and event.as_of > as_of]
    return [event for event in history if not later or event.at < min(later)]


def verified_since(history: Sequence[Event]) -> date | None:
    """Return the day of the review that verified it, where that is its state; None otherwise."""
    return history[-1].as_of if history and history[-1].state == "verified_done" else None

"""The register keeps its promises whatever people and data do, in whatever order."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import register
from tasks.closing import Outcome
from tasks.errors import ConfigurationError
from tasks.register import DATA_STATES, ENDED, PERSON_STATES, SILENCED, Event, Facts, decide, set_by_person

DAY = date(2026, 7, 1)
NOW = datetime(2026, 7, 2, tzinfo=UTC)
FAILED = Outcome(state="fails", value=2.0, why="w")

outcomes = st.builds(
    Outcome,
    state=st.sampled_from(["holds", "fails", "gone", "unknown"]),
    value=st.none() | st.just(1.0),
    why=st.just("w"),
)
reviews = st.fixed_dictionaries(
    {
        "outcome": st.none() | outcomes, "is_spoken": st.booleans(), "is_rule_known": st.sampled_from([True, True, True, False]),
        "failed": st.none() | st.just(FAILED), "days": st.integers(0, 40),
    }
)  # fmt: skip
acts = st.fixed_dictionaries(
    {
        "state": st.sampled_from([*PERSON_STATES, *DATA_STATES, "proposed"]),
        "until_days": st.none() | st.integers(-5, 200),
    }
)
steps = st.lists(st.one_of(reviews, acts), max_size=12)


def walk(given_steps: list[dict[str, Any]]) -> list[tuple[list[Event], Event | None, dict[str, Any], date, datetime]]:
    """Play the steps; return before each the history, then the event that came of it."""
    history: list[Event] = []
    played, as_of, now = [], DAY, NOW
    for step in given_steps:
        event: Event | None
        if "state" in step:
            until = None if step["until_days"] is None else now.date() + timedelta(days=step["until_days"])
            try:
                event = set_by_person(history, step["state"], by="Ada", why="w", at=now, until=until)
            except ConfigurationError:
                event = None
        else:
            as_of += timedelta(days=step["days"])
            now = max(now, datetime.combine(as_of, datetime.min.time(), UTC))
            event = decide(history, facts(step, as_of), now)
        played.append((list(history), event, step, as_of, now))
        history += [event] if event else []
    return played


def facts(step: dict[str, Any], as_of: date) -> Facts:
    return Facts(as_of=as_of, **{name: value for name, value in step.items() if name != "days"})


@given(steps)
def test_only_data_verify_bring_back_or_close(given_steps) -> None:
    for _, event, _, _, _ in walk(given_steps):
        if event and event.state in DATA_STATES:
            assert event.is_engine and event.set_by == "engine"
        if event and not event.is_engine:
            assert event.state in PERSON_STATES and event.set_by != "engine"


@given(steps)
def test_nothing_is_verified_without_a_test_that_holds(given_steps) -> None:
    for history, event, step, as_of, _ in walk(given_steps):
        # A review that is made again for the same day may bring back what stood before that day.
        stood = next((one.state for one in reversed(history) if one.as_of != as_of), None)
        for state, outcome in (("verified_done", "holds"), ("no_longer_applies", "gone")):
            if event and event.state == state and stood != state:
                assert step["outcome"].state == outcome


@given(steps)
def test_a_review_that_is_repeated_changes_nothing(given_steps) -> None:
    for history, event, step, as_of, now in walk(given_steps):
        if "state" not in step:
            after = [*history, *([event] if event else [])]
            assert decide(after, facts(step, as_of), now + timedelta(days=1)) is None


@given(steps)
def test_events_follow_one_another_and_begin_with_a_proposal(given_steps) -> None:
    events = [event for _, event, *_ in walk(given_steps) if event]
    assert all(one.at < two.at for one, two in itertools.pairwise(events))
    assert not events or events[0].state == "proposed"


@given(steps)
def test_what_is_declined_stays_silent_until_its_day(given_steps) -> None:
    for history, event, step, as_of, _ in walk(given_steps):
        if "state" in step or not history or history[-1].state not in SILENCED:
            continue
        until = history[-1].until
        if until >= as_of and step["is_rule_known"]:
            assert event is None
        elif event is None and step["is_rule_known"] and not any(e.as_of == as_of for e in history):
            raise AssertionError("it was to be told again, or closed")


@given(steps)
def test_what_came_back_was_verified_before(given_steps) -> None:
    for history, event, *_ in walk(given_steps):
        if event and event.state == "came_back":
            assert any(earlier.state == "verified_done" for earlier in history)


def history(*states: str) -> list[Event]:
    return [
        Event(at=NOW + timedelta(days=n), state=state, set_by="engine" if state in DATA_STATES else "Ada", why="w",
              as_of=DAY + timedelta(days=n) if state in (*DATA_STATES, "proposed") else None)
        for n, state in enumerate(states)
    ]  # fmt: skip


def after(outcome: str, *states: str, **more: Any) -> str | None:
    given_facts = Facts(as_of=DAY + timedelta(days=60), outcome=Outcome(state=outcome, value=1.0, why="w"), **more)  # type: ignore[arg-type]
    event = decide(history(*states), given_facts, NOW + timedelta(days=60))
    return event.state if event else None


def test_each_state_goes_where_data_lead_it() -> None:
    assert after("holds", "proposed") == "verified_done"
    assert after("holds", "proposed", "claimed_done") == "verified_done"
    assert after("fails", "proposed", "claimed_done") is None
    assert after("unknown", "proposed", "claimed_done") == "unknown"
    assert after("fails", "proposed", "accepted", "unknown") == "accepted"
    assert after("gone", "proposed") == "no_longer_applies"
    assert after("fails", "proposed", "verified_done") == "came_back"
    assert after("holds", "proposed", "verified_done", failed=FAILED) == "came_back"
    assert after("unknown", "proposed", "verified_done") is None
    assert after("holds", "proposed", "verified_done", "came_back") == "verified_done"
    assert after("fails", "proposed", "no_longer_applies", is_spoken=True) == "proposed"
    assert after("fails", "proposed", is_rule_known=False) == "superseded"


@pytest.mark.parametrize("state", DATA_STATES)
def test_a_person_can_not_say_what_only_data_may(state: str) -> None:
    with pytest.raises(ConfigurationError, match="Only data may say"):
        set_by_person(history("proposed"), state, by="Ada", why="w", at=NOW)


@pytest.mark.parametrize("state", ENDED)
def test_a_person_can_not_open_what_data_closed(state: str) -> None:
    with pytest.raises(ConfigurationError, match="by data since"):
        set_by_person(history("proposed", state), "accepted", by="Ada", why="w", at=NOW)


def test_a_person_can_not_pose_as_the_engine_nor_decline_for_ever() -> None:
    with pytest.raises(ConfigurationError, match="--by"):
        set_by_person(history("proposed"), "accepted", by="Engine", why="w", at=NOW)
    for until in (None, NOW.date()):
        with pytest.raises(ConfigurationError, match="--until"):
            set_by_person(history("proposed"), "declined", by="Ada", why="w", at=NOW, until=until)


def test_a_report_of_an_earlier_quarter_knows_nothing_of_later_reviews() -> None:
    events = history("proposed", "claimed_done", "verified_done")
    assert [event.state for event in register.known_on(events, DAY)] == ["proposed", "claimed_done"]
    assert decide(events, Facts(as_of=DAY, is_spoken=True), NOW) is None

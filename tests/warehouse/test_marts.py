"""What the marts say of uptime holds against a slow implementation of the same words, for any history."""

from __future__ import annotations

import contextlib
import functools
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from warehouse import migrate
from warehouse.connection import prepare

ZONES = ("Europe/London", "America/New_York", "Asia/Kathmandu", "UTC")
# Around the ends of summer time in Europe and America, so that days of 23 and 25 hours are met.
STARTS = (
    datetime(2026, 10, 24, 20, tzinfo=UTC),
    datetime(2026, 3, 28, 20, tzinfo=UTC),
    datetime(2026, 10, 31, 20, tzinfo=UTC),
)

histories = st.lists(
    st.tuples(st.integers(1, 9000), st.sampled_from(["up", "up", "up", "down", "unknown"])), min_size=1, max_size=40
)


policies = st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)).map(lambda p: (min(p[:2]), *p[1:]))


@functools.cache
def _migrated() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    prepare(con)
    migrate.apply(con)
    return con


@contextlib.contextmanager
def warehouse(
    zone: str, slots: list[tuple[datetime, str]], interval: float, policy: tuple[int, int, int] | None = None
):
    """Yield a warehouse of one site with checks; it is migrated once, and what a test puts into it is taken back."""
    with contextlib.closing(_migrated().cursor()) as con:
        prepare(con)
        con.begin()
        con.execute(
            "INSERT INTO raw.site BY NAME SELECT 'one' AS site_id, 'One' AS site_name, 'c' AS client_id, 'C' AS client_name,"
            " 'https://one.example/' AS url, 'other' AS platform, ? AS time_zone, 'en-GB' AS locale, 'O' AS owner_name, [] AS lanes,"
            " 99.9 AS availability_slo_pct, 7 AS security_patch_sla_days, 30 AS routine_patch_sla_days, now() AS configured_at,"
            " 't' AS parser_version, 'b' AS batch_id",
            [zone],
        )
        if policy:
            con.execute(
                "INSERT INTO raw.source BY NAME SELECT 'one' AS site_id, 'u' AS source_id, 'uptime_http' AS kind, 'check_result' AS fills,"
                " 60 AS expected_every_seconds, now() AS configured_at, ? AS confirm_down, ? AS confirm_of, ? AS confirm_up,"
                " 't' AS parser_version, 'b' AS batch_id",
                policy,
            )
        for at, outcome in slots:
            con.execute(
                "INSERT INTO raw.check_result BY NAME SELECT 'one' AS site_id, 'u' AS source_id, '' AS url, ?::TIMESTAMPTZ AS slot_at,"
                " ?::TIMESTAMPTZ AS checked_at, 1 AS attempt, ?::DOUBLE AS interval_seconds, ? AS outcome, 't' AS parser_version, 'b' AS batch_id",
                [at, at, interval, outcome],
            )
        yield con


def slots_of(start: datetime, history: list[tuple[int, str]]) -> list[tuple[datetime, str]]:
    slots, at = [], start
    for step, outcome in history:
        slots.append((at, outcome))
        at += timedelta(seconds=step)
    return slots


@settings(deadline=None, max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    start=st.sampled_from(STARTS),
    history=histories,
    interval=st.sampled_from([60.0, 300.0, 7200.0]),
)
def test_availability_by_day_is_what_counting_seconds_gives(zone, start, history, interval) -> None:
    slots = slots_of(start, history)
    expected: dict = defaultdict(lambda: {"up": 0, "down": 0})
    for number, (at, outcome) in enumerate(slots):
        following = slots[number + 1][0] if number + 1 < len(slots) else datetime.max.replace(tzinfo=UTC)
        end = min(following, at + timedelta(seconds=interval))
        moment = at
        while moment < end:  # one second at a time: slow, and hard to get wrong
            day = moment.astimezone(ZoneInfo(zone)).date()
            if outcome in ("up", "down"):
                expected[day][outcome] += 1
            else:
                expected[day]["up"] += 0
            moment += timedelta(seconds=1)
    with warehouse(zone, slots, interval) as con:
        found = con.execute(
            "SELECT day_date, up_seconds, down_seconds, day_seconds, unknown_seconds FROM marts.availability_day"
        ).fetchall()
    assert {day: {"up": up, "down": down} for day, up, down, _, _ in found} == dict(expected)
    for day, up, down, length, unknown in found:
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
        after = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
        assert length == (after.astimezone(UTC) - midnight.astimezone(UTC)).total_seconds()
        assert unknown == pytest.approx(length - up - down)


def confirmed(outcomes: list[str], policy: tuple[int, int, int]) -> list[list[int]]:
    """Walk through a history and return the slots that were down, incident by incident; unknown ones are left out."""
    down, of, up = policy
    incidents: list[list[int]] = []
    seen: list[int] = []
    is_open = False
    for number, outcome in enumerate(outcomes):
        if outcome == "unknown":
            continue
        seen.append(number)
        failed = [n for n in seen[-of:] if outcomes[n] == "down"]
        if outcome == "up":
            is_open = is_open and any(outcomes[n] == "down" for n in seen[-up:])
        elif is_open:
            incidents[-1].append(number)
        elif len(failed) >= down:
            is_open = True
            incidents.append([n for n in failed if not any(n in other for other in incidents)])
    return incidents


def told(slots: list[tuple[datetime, str]], incidents: list[list[int]], interval: float) -> list[tuple]:
    """Return (start, slots, flaps) of each incident, where three within half an hour of each other are one."""
    last = [slots[incident[-1]][0] for incident in incidents]
    following = {at: after for (at, _), (after, _) in pairwise(slots)}
    ends = [min([at + timedelta(seconds=interval), *([following[at]] if at in following else [])]) for at in last]
    chains: list[list[int]] = []
    for number, incident in enumerate(incidents):
        if number and slots[incident[0]][0] <= ends[number - 1] + timedelta(minutes=30):
            chains[-1].append(number)
        else:
            chains.append([number])
    rows = []
    for chain in chains:
        parts = [chain] if len(chain) >= 3 else [[number] for number in chain]
        for part in parts:
            count = sum(len(incidents[number]) for number in part)
            rows.append((slots[incidents[part[0]][0]][0], count, len(part) >= 3))
    return rows


@settings(deadline=None, max_examples=60)
@given(history=histories, policy=policies, interval=st.sampled_from([60.0, 3000.0]))
def test_incidents_are_what_walking_through_a_history_gives(history, policy, interval) -> None:
    slots = slots_of(STARTS[0], history)
    incidents = confirmed([outcome for _, outcome in slots], policy)
    with warehouse("UTC", slots, interval, policy) as con:
        found = con.execute(
            "SELECT started_at, check_count, is_flapping FROM marts.incident ORDER BY started_at"
        ).fetchall()
        states = con.execute("SELECT state FROM staging.check_state ORDER BY start_at").fetchall()
    assert [(at.astimezone(UTC), count, flaps) for at, count, flaps in found] == told(slots, incidents, interval)
    down = {number for incident in incidents for number in incident}
    assert [state for (state,) in states] == [
        outcome if outcome != "down" else "down" if number in down else "unconfirmed"
        for number, (_, outcome) in enumerate(slots)
    ]


def test_a_failure_that_is_not_confirmed_is_neither_up_nor_down() -> None:
    slots = [(STARTS[0] + timedelta(minutes=n), outcome) for n, outcome in enumerate(["up", "down", "up", "up"])]
    with warehouse("UTC", slots, 60.0, (2, 3, 2)) as con:
        assert con.execute("SELECT count(*) FROM marts.incident").fetchall() == [(0,)]
        assert con.execute(
            "SELECT up_seconds, down_seconds, unconfirmed_seconds FROM marts.availability_day"
        ).fetchall() == [(180.0, 0.0, 60.0)]


def test_an_incident_that_is_up_too_seldom_is_not_over() -> None:
    words = ["up", "down", "down", "up", "down", "up"]
    slots = [(STARTS[0] + timedelta(minutes=n), outcome) for n, outcome in enumerate(words)]
    with warehouse("UTC", slots, 60.0, (2, 3, 2)) as con:
        rows = con.execute(
            "SELECT check_count, down_seconds, is_end_seen, date_diff('second', started_at, confirmed_at) FROM marts.incident"
        ).fetchall()
    assert rows == [(3, 180.0, False, 60)]


def test_the_confirming_attempt_is_the_one_that_counts() -> None:
    at = STARTS[0]
    with warehouse("UTC", [(at, "down"), (at + timedelta(seconds=60), "up")], 60.0) as con:
        con.execute(
            "INSERT INTO raw.check_result BY NAME SELECT * REPLACE (2 AS attempt, 'up' AS outcome) FROM raw.check_result WHERE outcome = 'down'"
        )
        assert con.execute("SELECT count(*) FROM marts.incident").fetchall() == [(0,)]


def test_two_monitors_of_one_site_are_never_mixed() -> None:
    at = STARTS[0]
    with warehouse("UTC", [(at, "up"), (at + timedelta(seconds=60), "up")], 60.0) as con:
        con.execute(
            "INSERT INTO raw.check_result BY NAME SELECT * REPLACE ('v' AS source_id, 'down' AS outcome) FROM raw.check_result LIMIT 1"
        )
        rows = con.execute(
            "SELECT source_id, is_primary, down_seconds FROM marts.availability_day ORDER BY source_id"
        ).fetchall()
    assert rows == [("u", True, 0.0), ("v", False, 60.0)]


def bundle(con, day: int, version: str, state: str, latest: str | None = None) -> None:
    con.execute(
        "INSERT INTO raw.component_observation BY NAME SELECT 'one' AS site_id, 'p' AS source_id, ? AS bundle_id, ?::TIMESTAMPTZ AS collected_at,"
        " 'wordpress-plugin' AS ecosystem, 'forms' AS name, ? AS version, ? AS update_state, ? AS latest_version, 't' AS parser_version, 'b' AS batch_id",
        [str(day), datetime(2026, 7, day, tzinfo=UTC), version, state, latest],
    )


def test_an_outstanding_update_is_closed_by_a_new_version_or_a_fresh_list_and_never_by_silence() -> None:
    with warehouse("UTC", [], 60.0) as con:
        bundle(con, 1, "5.1", "none")
        bundle(con, 8, "5.1", "available", "5.2")
        bundle(con, 15, "5.1", "unknown")
        query = "SELECT seen_date, closed_date, due_date FROM marts.update_outstanding"
        ((seen, closed, due),) = con.execute(query).fetchall()
        assert (seen.day, closed) == (8, None)
        assert due == date(2026, 8, 7)
        bundle(con, 22, "5.2", "none")
        ((_, closed, _),) = con.execute(query).fetchall()
        assert closed.day == 22
        assert con.execute(
            "SELECT day_date, old_version, new_version, at_precision FROM marts.update_day"
        ).fetchall() == [(date(2026, 7, 22), "5.1", "5.2", "between")]


def test_inventories_that_arrive_out_of_order_give_the_same_answer() -> None:
    answers = []
    for order in ((1, 8, 22), (22, 1, 8)):
        with warehouse("UTC", [], 60.0) as con:
            for day in order:
                bundle(
                    con,
                    day,
                    "5.2" if day == 22 else "5.1",
                    "available" if day == 8 else "none",
                    "5.2" if day == 8 else None,
                )
            answers.append(con.execute("SELECT * FROM marts.update_outstanding").fetchall())
    assert answers[0] == answers[1]


def test_an_offer_on_an_old_list_does_not_make_the_list_current() -> None:
    with warehouse("UTC", [], 60.0) as con:
        bundle(con, 1, "5.1", "none")
        bundle(con, 8, "5.1", "available", "5.2")
        assert con.execute("SELECT collected_date, fresh_count FROM marts.bundle ORDER BY 1").fetchall() == [
            (date(2026, 7, 1), 1), (date(2026, 7, 8), 0),
        ]  # fmt: skip

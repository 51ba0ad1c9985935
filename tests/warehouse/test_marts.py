"""What the marts say of uptime holds against a slow implementation of the same words, for any history."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
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


@contextlib.contextmanager
def warehouse(zone: str, slots: list[tuple[datetime, str]], interval: float):
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        con.execute(
            "INSERT INTO raw.site BY NAME SELECT 'one' AS site_id, 'One' AS site_name, 'c' AS client_id, 'C' AS client_name,"
            " 'https://one.example/' AS url, 'other' AS platform, ? AS time_zone, 'en-GB' AS locale, 'O' AS owner_name, [] AS lanes,"
            " 99.9 AS availability_slo_pct, 7 AS security_patch_sla_days, 30 AS routine_patch_sla_days, now() AS configured_at,"
            " 't' AS parser_version, 'b' AS batch_id",
            [zone],
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


@settings(deadline=None, max_examples=60)
@given(history=histories)
def test_incidents_are_the_runs_of_down_between_ups(history) -> None:
    slots = slots_of(STARTS[0], history)
    runs, current = [], []
    for at, outcome in [*slots, (None, "up")]:
        if outcome == "down":
            current.append(at)
        elif outcome == "up" and current:
            runs.append((current[0], len(current)))
            current = []
    with warehouse("UTC", slots, 60.0) as con:
        found = con.execute("SELECT started_at, check_count FROM marts.incident ORDER BY started_at").fetchall()
    assert [(at.astimezone(UTC), count) for at, count in found] == runs


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

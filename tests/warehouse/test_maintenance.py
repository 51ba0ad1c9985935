"""Announced maintenance: what is agreed leaves it out, both figures stand beside each other, and nobody rewrites history."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import collecting
from tasks.errors import ConfigurationError
from tasks.settings import Settings
from tasks.sites import parse_sites
from tests.warehouse.test_marts import STARTS, ZONES, histories, slots_of, warehouse
from warehouse.connection import open_live

LONG_AGO = date(2020, 1, 1)


def declare(con, **given: Any) -> None:
    """Put one declaration into the configuration that there is."""
    row = {"reason": "Move", "source_ids": [], "start_at": None, "end_at": None, "weekdays": [], "local_time": None,
           "duration_minutes": None, "first_date": None, "last_date": None, "announced_date": LONG_AGO} | given  # fmt: skip
    con.execute(
        f"INSERT INTO raw.maintenance_window BY NAME SELECT 'one' AS site_id, {', '.join(f'${name} AS {name}' for name in row)},"
        " (SELECT max(configured_at) FROM raw.site) AS configured_at, 't' AS parser_version, 'b' AS batch_id",
        row,
    )


windows = st.lists(
    st.tuples(st.integers(-3600, 90_000), st.integers(1, 40_000)), max_size=4
)  # seconds after the start of the history, and length


@settings(deadline=None, max_examples=50)
@given(zone=st.sampled_from(ZONES), start=st.sampled_from(STARTS), history=histories, windows=windows)
def test_time_inside_maintenance_is_what_counting_seconds_gives(zone, start, history, windows) -> None:
    slots = slots_of(start, history)
    spans = [(start + timedelta(seconds=at), start + timedelta(seconds=at + length)) for at, length in windows]
    expected: Counter[tuple[date, str]] = Counter()
    for number, (at, outcome) in enumerate(slots):
        following = slots[number + 1][0] if number + 1 < len(slots) else datetime.max.replace(tzinfo=UTC)
        moment, end = at, min(following, at + timedelta(seconds=300))
        while moment < end:  # one second at a time: slow, and hard to get wrong
            if any(first <= moment < after for first, after in spans):
                expected[moment.astimezone(ZoneInfo(zone)).date(), outcome] += 1
            moment += timedelta(seconds=1)
    with warehouse(zone, slots, 300.0, (1, 1, 1)) as con:
        for first, after in spans:
            declare(con, start_at=first, end_at=after)
        days = con.execute(
            "SELECT day_date, up_seconds, down_seconds, maintenance_up_seconds, maintenance_down_seconds FROM marts.availability_day"
        ).fetchall()
        budget = con.execute("SELECT sum(known_seconds), sum(down_seconds) FROM marts.error_budget_day").fetchall()
        incidents = con.execute("SELECT started_at, ended_at, maintenance_seconds FROM marts.incident").fetchall()
    for day, _, _, up, down in days:
        assert (up, down) == (expected[day, "up"], expected[day, "down"])
    if budget != [(None, None)]:
        # The same figures a second way: all that was known less what was planned.
        known = (
            sum(up + down for _, up, down, _, _ in days) - expected_of(expected, "up") - expected_of(expected, "down")
        )
        assert budget == [(known, sum(down for _, _, down, _, _ in days) - expected_of(expected, "down"))]
    for started, ended, seconds in incidents:
        moments = (started + timedelta(seconds=n) for n in range(int((ended - started).total_seconds())))
        assert seconds == sum(any(first <= moment < after for first, after in spans) for moment in moments)


def expected_of(expected: Counter[tuple[date, str]], outcome: str) -> int:
    return sum(count for (_, word), count in expected.items() if word == outcome)


def test_what_comes_every_week_keeps_its_local_time_when_the_clocks_change() -> None:
    with warehouse("Europe/London", [], 60.0, (1, 1, 1)) as con:
        declare(
            con,
            weekdays=["sunday"],
            local_time="04:00",
            duration_minutes=90,
            first_date=date(2026, 10, 18),
            last_date=date(2026, 11, 1),
        )
        rows = con.execute("SELECT start_at, end_at FROM staging.maintenance_span ORDER BY start_at").fetchall()
    starts = [
        datetime(2026, 10, 18, 3, tzinfo=UTC),
        datetime(2026, 10, 25, 4, tzinfo=UTC),
        datetime(2026, 11, 1, 4, tzinfo=UTC),
    ]
    assert rows == [(start, start + timedelta(minutes=90)) for start in starts]


def test_a_source_that_is_not_named_is_not_concerned_and_a_gap_stays_a_gap() -> None:
    at = STARTS[0]
    with warehouse("UTC", [(at, "down"), (at + timedelta(minutes=1), "unknown")], 60.0, (1, 1, 1)) as con:
        declare(con, start_at=at, end_at=at + timedelta(hours=1), source_ids=["other"])
        assert con.execute(
            "SELECT maintenance_down_seconds, is_planned FROM marts.availability_day, marts.incident"
        ).fetchall() == [(0, False)]
        declare(con, start_at=at, end_at=at + timedelta(hours=1), source_ids=["u"])
        rows = con.execute(
            "SELECT maintenance_down_seconds, unknown_seconds, is_planned, maintenance_reason FROM marts.availability_day, marts.incident"
        ).fetchall()
    assert rows == [(60, 86_340, True, "Move")]


SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: Europe/Paris
    owner: {name: O, email: o@a.example}
    MAINTENANCE
    sources: [{kind: uptime_http, id: home}]
"""


def configured(settings: Settings, maintenance: str) -> list[tuple]:
    """Land and load the file and return the stretches of maintenance."""
    collecting.land_configuration(parse_sites(SITES.replace("MAINTENANCE", maintenance), "s"), settings)
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        return con.execute("SELECT start_at, end_at, reason FROM staging.maintenance_span ORDER BY start_at").fetchall()


def test_what_is_declared_afterwards_counts_only_where_it_was_announced_before(settings: Settings) -> None:
    once = "{reason: Move, start: 2026-07-05 02:00, end: 2026-07-05 04:00}"
    start = datetime(2026, 7, 5, 0, tzinfo=UTC)
    assert configured(settings, f"maintenance: [{once}]") == []
    announced = once.replace("}", ", announced: 2026-07-01}")
    assert configured(settings, f"maintenance: [{announced}]") == [(start, start + timedelta(hours=2), "Move")]
    # What was in force when it began stays, whatever the file says later.
    soon = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    later = f"{{reason: Later, start: {soon.isoformat()}, end: {(soon + timedelta(hours=1)).isoformat()}}}"
    assert [row[2] for row in configured(settings, f"maintenance: [{announced}, {later}]")] == ["Move", "Later"]
    assert [row[2] for row in configured(settings, f"maintenance: [{announced}]")] == ["Move"]


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("{reason: x}", "s:12: sites.0.maintenance.0: give start and end, or weekdays, at and minutes."),
        ("{reason: x, start: 2026-07-05, weekdays: [monday]}", "give start and end, or weekdays, at and minutes"),
        ("{reason: x, start: 2026-07-05, end: 2026-07-04}", "end is to be after start"),
        ("{reason: x, start: 2026-07-05T00:00:00Z, end: 2026-07-06}", "give start and end a zone both, or neither"),
        ("{reason: x, weekdays: [sonday], at: 02:00, minutes: 5}", "found 'sonday', did you mean 'sunday'?; allowed: monday"),
        ("{reason: x, weekdays: [sunday], at: 25:00, minutes: 5}", "at: found '25:00'; string should match pattern"),
        ("{reason: x, start: 2026-07-05, end: 2026-07-06, sources: [hone]}", "'hone' is no source of this site, did you mean 'home'?; sources: home"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_its_line(entry: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_sites(SITES.replace("MAINTENANCE", f"maintenance: [{entry}]"), "s")
    assert sentence in str(raised.value)


def test_a_time_without_quotes_is_taken_as_it_is_meant() -> None:
    found = parse_sites(
        SITES.replace("MAINTENANCE", "maintenance: [{reason: x, weekdays: [sunday], at: 22:30, minutes: 5}]"), "s"
    )
    assert found.sites[0].maintenance[0].at == "22:30"

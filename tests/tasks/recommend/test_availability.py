"""Each rule on availability speaks of what it should, and is silent or unknown otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import ask
from warehouse import migrate
from warehouse.connection import prepare
from warehouse.records import CheckResult, IncidentNote, MaintenanceWindow, PatchEvent, Site, Source, Ticket

NOON = datetime(2026, 8, 4, 12, tzinfo=UTC)
RULES = [
    "availability_certificate_renewed_late",
    "availability_told_by_client",
    "availability_budget_burn",
    "availability_domain_expiry",
    "availability_update_outage",
    "availability_repeated_cause",
    "availability_unexplained_outage",
]


@pytest.fixture(name="empty", scope="module")
def _empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        site = {
            "site_id": "one", "site_name": "One", "client_id": "c", "client_name": "C", "url": "https://one.example/",
            "platform": "other", "time_zone": "Europe/London", "locale": "en-GB", "owner_name": "O",
            "lanes": ["maintenance"], "availability_slo_pct": 99.9, "security_patch_sla_days": 7,
            "routine_patch_sla_days": 30, "configured_at": NOON, "trusted_networks": [],
        }  # fmt: skip
        add(con, Site, site)
        yield con


def add(con: duckdb.DuckDBPyConnection, record: Any, values: dict[str, Any]) -> None:
    row = dict.fromkeys(record.schema().names) | values | {"parser_version": "p", "batch_id": "b"}
    con.execute(f"INSERT INTO raw.{record.table} BY NAME SELECT {', '.join(f'${name} AS {name}' for name in row)}", row)


def check(con: duckdb.DuckDBPyConnection, at: datetime, outcome: str = "up", **values: Any) -> None:
    usual = {
        "site_id": "one", "source_id": "s", "url": "u", "slot_at": at, "checked_at": at, "attempt": 1,
        "interval_seconds": 600.0, "outcome": outcome, "check_type": "http",
        "cause": "status" if outcome == "down" else None, "status": 503 if outcome == "down" else 200,
    }  # fmt: skip
    add(con, CheckResult, usual | values)


def outage(con: duckdb.DuckDBPyConnection, at: datetime, **values: Any) -> None:
    """Ten minutes down between two checks that are up."""
    for minutes, outcome in ((-10, "up"), (0, "down"), (10, "up")):
        check(con, at + timedelta(minutes=minutes), outcome, **values)


def update(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    add(con, PatchEvent, {
        "site_id": "one", "source_id": "p", "event_id": str(at), "patched_at": at, "at_precision": "exact",
        "ecosystem": "deb", "name": "php8.2-fpm", "action": "upgrade", "old_version": "8.2.1", "new_version": "8.2.2",
    })  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_without_data_a_rule_says_what_is_missing(con, rule: str) -> None:
    (answer,) = ask(con, rule)
    assert isinstance(answer, Unknown) and answer.missing


@pytest.mark.parametrize(("days", "band"), [(12, "act now"), (45, "high"), (60, None), (400, None), (-3, "act now")])
def test_a_domain_is_renewed_in_time(con, days: int, band: str | None) -> None:
    expires = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(days=days)
    check(con, NOON, check_type="domain", source_id="domain", certificate_not_after_at=expires - timedelta(days=9))
    check(
        con, NOON + timedelta(days=9), check_type="domain", source_id="domain", certificate_not_after_at=expires
    )  # the later answer counts
    (answer,) = ask(con, "availability_domain_expiry")
    if band is None:
        assert isinstance(answer, Silent)
    else:
        assert isinstance(answer, Recommendation) and answer.band == band
        assert f"{expires:%-d %B %Y}" in answer.why
    (certificate,) = ask(con, "availability_certificate_expiry")
    assert isinstance(certificate, Unknown), "the end of a domain is no certificate's"


QUARTER_END = datetime(2026, 10, 1, tzinfo=UTC)


def certificates(con: duckdb.DuckDBPyConnection, *seen: tuple[int, int]) -> None:
    """One check for each (days before the quarter's end, days after it on which the certificate then seen runs out)."""
    for before, after in seen:
        expires = QUARTER_END + timedelta(days=after)
        check(con, QUARTER_END - timedelta(days=before), certificate_not_after_at=expires, is_certificate_valid=True)


@pytest.mark.parametrize(
    ("seen", "expires_soon"),
    [
        ([(30, 20)], True),
        ([(30, 21)], False),
        ([(9, 3), (6, -1), (3, 2)], False),  # lives six days, of which two are left when it is renewed
        ([(9, -4), (6, -1)], True),
        ([(3, 2)], True),  # may have been old when it was first seen
    ],
)
def test_a_certificate_is_renewed_when_a_third_of_its_life_is_left(con, seen: Any, expires_soon: bool) -> None:
    certificates(con, *seen)
    (answer,) = ask(con, "availability_certificate_expiry")
    assert isinstance(answer, Recommendation if expires_soon else Silent), answer


@pytest.mark.parametrize(
    ("seen", "speaks"),
    [
        ([(60, -20), (39, -20), (38, 60)], True),  # 18 days were left
        ([(60, -20), (45, -20), (44, 60)], False),
        ([(60, -20), (45, 60), (44, -20)], False),  # two servers by turns
        ([(9, -6), (6, -3), (3, 0)], False),  # short lives are renewed late by nature
        ([(60, 60)], False),
    ],
)
def test_a_renewal_with_less_than_21_days_left_was_not_automatic(con, seen: Any, speaks: bool) -> None:
    certificates(con, *seen)
    (answer,) = ask(con, "availability_certificate_renewed_late")
    assert isinstance(answer, Recommendation if speaks else Silent), answer
    if speaks:
        assert answer.evidence.value == 18 and "18 days before its end" in answer.why


@pytest.mark.parametrize(("minutes", "speaks"), [(1, True), (119, True), (121, False), (-5, False)])
def test_an_outage_within_two_hours_after_an_update_is_its_own(con, minutes: int, speaks: bool) -> None:
    outage(con, NOON)
    update(con, NOON - timedelta(minutes=minutes))
    (answer,) = ask(con, "availability_update_outage")
    assert isinstance(answer, Recommendation) is speaks, answer
    if speaks:
        assert "php8.2-fpm 8.2.2" in answer.why and "10 minutes of downtime" in answer.why
        assert f"{minutes} minute{'s' * (minutes > 1)} after the update" in answer.evidence.text
    else:
        assert isinstance(answer, Silent)


def test_two_updates_before_one_outage_count_its_downtime_once(con) -> None:
    outage(con, NOON)
    update(con, NOON - timedelta(minutes=30))
    update(con, NOON - timedelta(minutes=20))
    (answer,) = ask(con, "availability_update_outage")
    assert answer.evidence.value == 1 and "10 minutes" in answer.why


def test_a_part_that_is_down_is_not_the_site(con) -> None:
    outage(con, NOON, check_type="tcp", source_id="mail")
    update(con, NOON - timedelta(minutes=30))
    for day in range(4):
        outage(con, NOON + timedelta(days=day), check_type="tcp", source_id="mail")
        check(con, NOON + timedelta(days=day))
    assert isinstance(ask(con, "availability_update_outage")[0], Silent)
    assert isinstance(ask(con, "availability_repeated_cause")[0], Silent)
    assert con.execute(
        "SELECT bool_or(is_primary) FILTER (source_id = 'mail'), bool_and(is_primary) FILTER (source_id = 's')"
        " FROM marts.availability_day"
    ).fetchall() == [(False, True)]


def test_of_two_checks_that_know_as_much_the_home_page_counts(con) -> None:
    for minute in range(0, 600, 10):
        at = NOON + timedelta(minutes=minute)
        check(con, at, source_id="z-home", url="https://one.example/")
        check(con, at, source_id="a-health", url="https://one.example/health")
        check(con, at + timedelta(days=1), source_id="a-health", url="https://one.example/health")
    check(con, NOON + timedelta(days=1), source_id="z-home", url="https://one.example/")
    assert con.execute(
        "SELECT day_date, source_id FROM marts.availability_day WHERE is_primary ORDER BY day_date"
    ).fetchall() == [(date(2026, 8, 4), "z-home"), (date(2026, 8, 5), "a-health")]


def test_the_same_cause_twice_is_a_problem(con) -> None:
    outage(con, NOON)
    outage(con, NOON + timedelta(days=2), cause="refused", status=None)
    assert isinstance(ask(con, "availability_repeated_cause")[0], Silent)
    outage(con, NOON + timedelta(days=3))
    (answer,) = ask(con, "availability_repeated_cause")
    assert answer.title == "Find out why it comes back: the server answered 503"
    assert "down 2 times" in answer.why and "20 minutes" in answer.why and "7 August" in answer.why


def planned(con: duckdb.DuckDBPyConnection, start: datetime, end: datetime) -> None:
    """Announce maintenance of the source `s`."""
    add(con, Source, {
        "site_id": "one", "source_id": "s", "kind": "uptime_http", "fills": "check_result", "expected_every_seconds": 60,
        "configured_at": NOON, "confirm_down": 1, "confirm_of": 1, "confirm_up": 1,
    })  # fmt: skip
    add(con, MaintenanceWindow, {
        "site_id": "one", "reason": "Move", "source_ids": [], "weekdays": [], "start_at": start, "end_at": end,
        "announced_date": date(2026, 6, 1), "configured_at": NOON,
    })  # fmt: skip


def watched(con: duckdb.DuckDBPyConnection, days: int) -> None:
    """Days from noon of 4 August on of which every hour is known to be up."""
    check(con, NOON, interval_seconds=3600.0)
    con.execute(
        "INSERT INTO raw.check_result SELECT one.* REPLACE (slot_at + to_hours(n) AS slot_at, checked_at + to_hours(n) AS"
        " checked_at) FROM raw.check_result AS one, generate_series(1, $hours) AS t(n)",
        {"hours": 24 * days - 1},
    )


def test_a_burn_of_the_last_weeks_is_told_and_an_old_one_is_not(con) -> None:
    watched(con, 50)
    outage(con, NOON + timedelta(days=1, minutes=30))
    (answer,) = ask(con, "availability_budget_burn")
    assert isinstance(answer, Silent) and "at most 0.0 times" in answer.reason
    for number in range(9):
        outage(con, NOON + timedelta(days=48, hours=2 + number, minutes=30))
    (answer,) = ask(con, "availability_budget_burn")
    assert isinstance(answer, Recommendation)
    assert answer.evidence.value == pytest.approx(90 * 60 / (28 * 86_400 * 0.001))
    assert "times the downtime that was agreed" in answer.why


def test_a_site_of_few_days_is_not_blamed_for_what_four_weeks_allow(con) -> None:
    watched(con, 3)
    outage(con, NOON + timedelta(days=1, minutes=30))
    (answer,) = ask(con, "availability_budget_burn")
    assert isinstance(answer, Unknown), "ten minutes are over twice the budget of three days, not of 28"
    assert answer.missing == "the site was down, and only 3 of 28 days are known"
    for number in range(9):
        outage(con, NOON + timedelta(days=2, hours=2 + number, minutes=30))
    assert isinstance(ask(con, "availability_budget_burn")[0], Recommendation), "but 100 minutes are over that too"


@pytest.mark.parametrize("rule", ["availability_below_slo", "availability_repeated_cause", "availability_budget_burn"])
def test_what_is_down_in_announced_maintenance_is_no_outage(con, rule: str) -> None:
    for hour in range(9):
        outage(con, NOON + timedelta(hours=hour))
    assert isinstance(ask(con, rule)[0], Recommendation)
    planned(con, NOON - timedelta(minutes=30), NOON + timedelta(hours=9))
    assert not isinstance(ask(con, rule)[0], Recommendation)


def long_outage(con: duckdb.DuckDBPyConnection, at: datetime, slots: int, **values: Any) -> None:
    """Down for as many slots of ten minutes, between two checks that are up."""
    for slot in range(-1, slots + 1):
        check(con, at + timedelta(minutes=10 * slot), "down" if 0 <= slot < slots else "up", **values)


def noted(con: duckdb.DuckDBPyConnection, at: datetime) -> None:
    add(con, IncidentNote, {
        "site_id": "one", "source_id": "s", "incident_at": at, "cause": "Disk was full", "noted_by": "A", "noted_at": NOON,
    })  # fmt: skip


def test_a_long_outage_asks_for_its_cause_until_somebody_wrote_it_down(con) -> None:
    long_outage(con, NOON, 3)
    assert isinstance(ask(con, "availability_unexplained_outage")[0], Silent), "30 minutes are not more than 30"
    long_outage(con, NOON + timedelta(days=1), 4)
    (answer,) = ask(con, "availability_unexplained_outage")
    assert answer.title == "Find and write down the cause of the outage"
    assert "40 minutes on 5 August" in answer.why
    long_outage(con, NOON + timedelta(days=2), 13)
    (answer,) = ask(con, "availability_unexplained_outage")
    assert answer.title.endswith("2 long outages") and "130 minutes on 6 August" in answer.why
    noted(con, NOON + timedelta(days=2, minutes=70))
    (answer,) = ask(con, "availability_unexplained_outage")
    assert "40 minutes on 5 August" in answer.why and answer.evidence.value == 40
    noted(con, NOON + timedelta(days=1))
    assert isinstance(ask(con, "availability_unexplained_outage")[0], Silent)


def test_a_long_outage_of_a_part_or_in_announced_maintenance_needs_no_cause(con) -> None:
    long_outage(con, NOON, 6)
    long_outage(con, NOON + timedelta(days=1), 6, source_id="mail", check_type="tcp")
    planned(con, NOON - timedelta(minutes=30), NOON + timedelta(hours=5))
    assert isinstance(ask(con, "availability_unexplained_outage")[0], Silent)


@pytest.mark.parametrize(("causes", "reason"), [
    ([], "no outage took five minutes or more"),
    ([None], "no outage of five minutes or more has a cause that is known"),
    (["refused", None, None, None], "no cause took the site down more than once"),
])  # fmt: skip
def test_silence_on_causes_says_plainly_why(con, causes: list[str | None], reason: str) -> None:
    check(con, NOON - timedelta(days=1))
    for day, cause in enumerate(causes):
        outage(con, NOON + timedelta(days=day), cause=cause, status=None)
    (answer,) = ask(con, "availability_repeated_cause")
    assert isinstance(answer, Silent) and answer.reason == reason


def ticket(con: duckdb.DuckDBPyConnection, at: datetime, number: str = "1", **values: Any) -> None:
    add(con, Ticket, {
        "site_id": "one", "source_id": "desk", "ticket_id": number, "content_sha256": number, "created_at": at, "exported_at": at,
        "subject": "The site is down", "is_about_outage": True, "event_date": at.date(),
    } | values)  # fmt: skip


def watched_day(con: duckdb.DuckDBPyConnection, *down: int) -> None:
    """A day of checks every ten minutes, some of which fail: by minutes after noon."""
    for minutes in range(-780, 700, 10):
        check(con, NOON + timedelta(minutes=minutes), "down" if minutes in down else "up")


@pytest.mark.parametrize(("minutes", "speaks"), [(-5, True), (-40, None), (5, False), (60, False), (100, None)])
def test_a_ticket_that_came_before_the_outage_was_confirmed_is_told(con, minutes: int, speaks: bool | None) -> None:
    """Down from noon for 20 minutes; a ticket that fits no outage is one that the checks never saw."""
    desk = {"site_id": "one", "source_id": "desk", "kind": "tickets_files", "fills": "ticket", "configured_at": NOON}
    add(con, Source, desk | {"expected_every_seconds": 86400, "confirm_down": 1, "confirm_of": 1, "confirm_up": 1})
    watched_day(con, 0, 10)
    ticket(con, NOON + timedelta(minutes=minutes))
    (answer,) = ask(con, "availability_told_by_client")
    if speaks is False:
        assert isinstance(answer, Silent) and "none of 1 ticket" in answer.reason
    else:
        assert isinstance(answer, Recommendation)
        assert answer.why.startswith("Once a client wrote")
        assert ("which they never saw" in answer.why) is (speaks is None)


def test_a_ticket_on_a_day_that_nobody_watched_or_about_something_else_says_nothing(con) -> None:
    watched_day(con)
    ticket(con, NOON, "1", is_about_outage=False)
    ticket(con, NOON + timedelta(days=3), "2")
    assert con.execute("SELECT ticket_id, is_before_monitor FROM marts.ticket ORDER BY ALL").fetchall() == [
        ("1", None),
        ("2", None),
    ]


@pytest.mark.parametrize(("who", "speaks"), [("a client, by phone", True), ("our monitoring", False), (None, False)])
def test_a_note_that_a_client_noticed_counts_like_a_ticket(con, who: str | None, speaks: bool) -> None:
    watched_day(con, 0, 10)
    note = {"site_id": "one", "source_id": "s", "incident_at": NOON, "cause": "disk", "detected_by": who}
    add(con, IncidentNote, note | {"noted_by": "x", "noted_at": NOON})
    (answer,) = ask(con, "availability_told_by_client")
    assert isinstance(answer, Recommendation) is speaks

"""Rules on ends of life speak by what feeds say and servers run; what no feed knows, or a stale one, is unknown."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tasks import runtimes
from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import END
from tests.tasks.recommend.asking import ask as answers
from warehouse import migrate
from warehouse.connection import prepare
from warehouse.records import ComponentObservation, FeedRun, ProductLifecycle, Runtime, Site

MADE = datetime(2026, 9, 23, 3, tzinfo=UTC)
RULES = ["servers_php_ending", "servers_platform_ended"]


@pytest.fixture(name="empty", scope="module")
def _empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        site = {
            "site_id": "one", "site_name": "One", "client_id": "c", "client_name": "C", "url": "https://one.example/",
            "platform": "other", "time_zone": "UTC", "locale": "en-GB", "owner_name": "O", "lanes": ["maintenance"],
            "availability_slo_pct": 99.9, "security_patch_sla_days": 7, "routine_patch_sla_days": 30, "configured_at": MADE,
            "trusted_networks": [],
        }  # fmt: skip
        add(con, Site, **site)
        yield con


def add(con: duckdb.DuckDBPyConnection, record: Any, **values: Any) -> None:
    row = dict.fromkeys(record.schema().names) | values | {"parser_version": "p/1", "batch_id": "b"}
    con.execute(f"INSERT INTO raw.{record.table} BY NAME SELECT {', '.join(f'${name} AS {name}' for name in row)}", row)


def runs(con: duckdb.DuckDBPyConnection, kind: str, product: str, version: str, at: datetime = MADE) -> None:
    same = {"site_id": "one", "source_id": "inventory", "bundle_id": f"{at:%Y%m%d}", "collected_at": at}
    add(con, Runtime, **same, kind=kind, product=product, version=version)


def ends(
    con: duckdb.DuckDBPyConnection, product: str, cycle: str, eol: date | None, *, is_eol: bool | None = None,
    current: datetime = MADE, is_gone: bool = False,
) -> None:  # fmt: skip
    at = {"feed": product, "fetched_at": current}
    add(con, ProductLifecycle, **at, product=product, cycle=cycle, is_gone=is_gone, eol_date=eol, is_eol=is_eol)
    add(con, FeedRun, **at, format="endoflife", outcome="fetched", licence="MIT")


def ask(con: duckdb.DuckDBPyConnection, rule: str) -> Any:
    (answer,) = answers(con, rule)
    return answer


@pytest.mark.parametrize("rule", RULES)
def test_without_an_inventory_a_rule_says_what_is_missing(con, rule: str) -> None:
    assert "no inventory of the quarter says" in ask(con, rule).missing


@pytest.mark.parametrize(
    ("days", "speaks", "floor"), [(-1, True, "high"), (0, True, ""), (90, True, ""), (91, False, "")]
)
def test_php_is_told_when_it_ends_within_90_days(con, days: int, speaks: bool, floor: str) -> None:
    runs(con, "language", "php", "8.2.20")
    ends(con, "php", "8.2", END + timedelta(days=days))
    ends(con, "php", "8", date(2020, 1, 1))  # the longest branch counts
    answer = ask(con, "servers_php_ending")
    assert isinstance(answer, Recommendation if speaks else Silent)
    if speaks:
        assert answer.title == "Move from PHP 8.2 to a version that is supported"
        assert (answer.band in ("high", "act now")) is bool(floor)
        assert ("ended on" if days < 0 else "end on") in answer.why
    else:
        assert "PHP 8.2.20" in answer.reason


def test_php_of_the_distribution_lives_as_long_as_the_distribution(con) -> None:
    runs(con, "language", "php", "8.2.20")
    ends(con, "php", "8.2", date(2025, 12, 31))
    package = {
        "site_id": "one", "source_id": "inventory", "bundle_id": f"{MADE:%Y%m%d}", "collected_at": MADE, "ecosystem": "deb",
        "name": "php8.2-fpm", "update_state": "unknown",
    }  # fmt: skip
    add(con, ComponentObservation, **package, version="8.2.20-1+0~20240606.50+debian12~1.gbp1")
    assert isinstance(ask(con, "servers_php_ending"), Recommendation), "sury's packages end with PHP itself"
    con.execute("DELETE FROM raw.component_observation")
    add(con, ComponentObservation, **package, version="8.2.20-1~deb12u1")
    assert isinstance(ask(con, "servers_php_ending"), Silent)


@pytest.mark.parametrize(
    ("kind", "product", "version", "cycle"),
    [
        ("system", "debian", "11", "11"),
        ("system", "ubuntu", "20.04", "20.04"),
        ("database", "mariadb", "10.5.23", "10.5"),
    ],
)
def test_a_system_or_a_database_is_told_when_it_has_ended(
    con, kind: str, product: str, version: str, cycle: str
) -> None:
    runs(con, kind, product, version)
    ends(con, product, cycle, END + timedelta(days=1))
    assert isinstance(ask(con, "servers_platform_ended"), Silent)
    ends(con, product, cycle, END - timedelta(days=1), current=MADE + timedelta(hours=1))
    assert isinstance(ask(con, "servers_platform_ended"), Recommendation)
    assert "no inventory" in ask(con, "servers_php_ending").missing


def test_what_no_feed_knows_a_branch_that_is_gone_or_a_stale_feed_is_unknown(con) -> None:
    runs(con, "language", "php", "8.2.20")
    assert "no feed of ends of life knows PHP 8.2.20" in ask(con, "servers_php_ending").missing
    ends(con, "php", "8.2", END + timedelta(days=900), is_gone=True)
    assert isinstance(ask(con, "servers_php_ending"), Unknown)
    con.execute("DELETE FROM raw.product_lifecycle")
    con.execute("DELETE FROM raw.feed_run")
    ends(con, "php", "8.2", END + timedelta(days=900), current=datetime(2026, 8, 1, tzinfo=UTC))
    assert "was not current" in ask(con, "servers_php_ending").missing


@pytest.mark.parametrize(("is_eol", "answer"), [(True, Recommendation), (False, Silent), (None, Unknown)])
def test_a_branch_without_a_day_is_what_its_publisher_says(con, is_eol: bool | None, answer: type) -> None:
    runs(con, "database", "mysql", "8.0.36")
    ends(con, "mysql", "8.0", None, is_eol=is_eol)
    assert isinstance(ask(con, "servers_platform_ended"), answer)


def test_the_newest_inventory_of_the_quarter_counts(con) -> None:
    runs(con, "language", "php", "7.4.33", MADE - timedelta(days=30))
    runs(con, "language", "php", "8.4.1")
    runs(con, "language", "php", "7.4.33", MADE + timedelta(days=30))  # after the quarter
    ends(con, "php", "7.4", date(2022, 11, 28))
    ends(con, "php", "8.4", date(2028, 12, 31))
    assert isinstance(ask(con, "servers_php_ending"), Silent)


@pytest.mark.parametrize(
    ("text", "product", "version"),
    [
        ("5.5.5-10.11.6-MariaDB-0+deb12u1", "mariadb", "10.11.6"),
        ("11.4.2-MariaDB-ubu2404", "mariadb", "11.4.2"),
        ("8.0.36-28", "mysql", "8.0.36"),
        ("postgres (PostgreSQL) 16.3", "postgresql", "16.3"),
        ("8.0", None, None),
        ("unknown", None, None),
        ("", None, None),
    ],
)
def test_a_database_is_known_by_its_own_words(text: str, product: str | None, version: str | None) -> None:
    found = runtimes.database(text)
    assert (found and found.product, found and found.version) == (product, version)

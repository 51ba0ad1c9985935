"""Rules of servers and backups speak past their threshold, are silent below it, and never take silence for good."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import END, START
from tests.tasks.recommend.asking import ask as answers
from warehouse import migrate
from warehouse.connection import prepare

DAYS = (END - START).days
RULES = [
    "servers_errors_high",
    "servers_disk_filling", "servers_memory_high", "servers_cpu_high", "servers_reboot_pending",
    "servers_backups_missing", "servers_restore_untested",
]  # fmt: skip


@contextlib.contextmanager
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        con.execute("""
            INSERT INTO raw.site BY NAME SELECT 'one' AS site_id, 'One' AS site_name, 'c' AS client_id, 'C' AS client_name,
              'https://one.example/' AS url, 'other' AS platform, 'UTC' AS time_zone, 'en-GB' AS locale, 'O' AS owner_name,
              [] AS lanes, 99.9 AS availability_slo_pct, 7 AS security_patch_sla_days, 30 AS routine_patch_sla_days,
              TIMESTAMPTZ '2026-01-01 00:00:00Z' AS configured_at, 'p' AS parser_version, 'b' AS batch_id""")
        con.execute("""
            INSERT INTO raw.source BY NAME SELECT 'one' AS site_id, 'jobs' AS source_id, 'backups_reports' AS kind,
              'backup' AS fills, 93600 AS expected_every_seconds, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS configured_at,
              'p' AS parser_version, 'b' AS batch_id""")
        yield con


@pytest.fixture(name="empty", scope="module")
def _empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with warehouse() as con:
        yield con


def ask(con: duckdb.DuckDBPyConnection, rule: str) -> Any:
    (answer,) = answers(con, rule)
    return answer


def noon(day: int) -> datetime:
    return datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(days=day)


def measure(con: duckdb.DuckDBPyConnection, metric: str, values: dict[int, float], device: str | None = None) -> None:
    rows = [
        ("one", "s", "web-1", metric, device, noon(day), value, 300.0, noon(day).date(), "p", "b")
        for day, value in values.items()
    ]
    con.executemany(f"INSERT INTO raw.server_metric VALUES ({', '.join('?' * 11)})", rows)


def report(con: duckdb.DuckDBPyConnection, days: Any, kind: str = "backup", state: str = "succeeded") -> None:
    rows = [("one", "jobs", kind, noon(day), state, "s3", 1, None, noon(day).date(), "p", "b") for day in days]
    con.executemany(f"INSERT INTO raw.backup VALUES ({', '.join('?' * 11)})", rows)


@pytest.mark.parametrize("rule", RULES)
def test_without_data_a_rule_says_what_is_missing(con, rule: str) -> None:
    answer = ask(con, rule)
    assert isinstance(answer, Unknown)
    assert answer.missing


def test_a_disk_is_told_from_59_days_to_full_and_not_from_61(con) -> None:
    for daily, speaks in ((1.0, True), (0.9, False)):
        con.execute("DELETE FROM raw.server_metric")
        # On the last day 55 are left: 55 days to full at 1 a day, 61 at 0.9.
        measure(con, "disk_available_bytes", {day: 55 + daily * (DAYS - 1 - day) for day in range(DAYS)}, "/")
        answer = ask(con, "servers_disk_filling")
        assert isinstance(answer, Recommendation if speaks else Silent)
        if speaks:
            assert answer.subject == "web-1:/"
            assert answer.evidence.value == pytest.approx(55)


def test_a_disk_measured_on_13_days_is_unknown(con) -> None:
    measure(con, "disk_available_bytes", {DAYS - 1 - n: 10.0 + n for n in range(13)}, "/")
    assert isinstance(ask(con, "servers_disk_filling"), Unknown)


def test_a_disk_that_was_last_measured_weeks_ago_is_unknown(con) -> None:
    measure(con, "disk_available_bytes", {day: 100.0 - day for day in range(60)}, "/")
    assert isinstance(ask(con, "servers_disk_filling"), Unknown)


@given(st.dictionaries(st.integers(0, 45), st.integers(0, 10**13), min_size=1))
@examples(max_examples=15, deadline=None)
def test_days_to_full_is_what_a_slow_fit_of_the_last_30_days_says(values: dict[int, int]) -> None:
    with warehouse() as con:
        measure(con, "disk_available_bytes", {day: float(value) for day, value in values.items()}, "/")
        found = con.execute(
            "SELECT day_date, bytes_per_day, days_to_full FROM marts.disk_day ORDER BY day_date"
        ).fetchall()
    assert len(found) == len(values)
    for (_, slope, days_to_full), last in zip(found, sorted(values), strict=True):
        days = [day for day in sorted(values) if last - 30 < day <= last]
        if len(days) < 2:
            assert slope is None or slope != slope
            assert days_to_full is None
            continue
        middle, mean = np.mean(days), np.mean([values[day] for day in days])
        up = sum((day - middle) * (values[day] - mean) for day in days)
        expected = up / sum((day - middle) ** 2 for day in days)
        assert slope == pytest.approx(expected, rel=1e-6, abs=1)
        if expected < -1000 and len(days) >= 14:
            assert days_to_full == pytest.approx(values[last] / -expected, rel=1e-3)
        elif expected > 1000 or len(days) < 14:
            assert days_to_full is None


@pytest.mark.parametrize(
    ("rule", "metric", "limit"),
    [("servers_memory_high", "memory_used_ratio", 0.9), ("servers_cpu_high", "cpu_busy_ratio", 0.8)],
)
def test_load_is_judged_by_its_95th_percentile(con, rule: str, metric: str, limit: float) -> None:
    measure(con, metric, {day: 0.99 if day % 25 == 0 else limit - 0.1 for day in range(DAYS)})
    assert isinstance(ask(con, rule), Silent), "peaks on one day in 25 are under a twentieth"
    con.execute("DELETE FROM raw.server_metric")
    measure(con, metric, dict.fromkeys(range(29), limit + 0.05))
    assert isinstance(ask(con, rule), Unknown), "29 days do not speak for a quarter"
    measure(con, metric, {29: limit + 0.05})
    answer = ask(con, rule)
    assert isinstance(answer, Recommendation)
    assert answer.evidence.value == pytest.approx(100 * limit + 5)


def test_a_restart_due_for_15_days_is_told_and_one_done_between_starts_anew(con) -> None:
    pending = {DAYS - 1 - n: 1.0 for n in range(15)}
    measure(con, "is_reboot_required", {0: 0.0} | pending)
    answer = ask(con, "servers_reboot_pending")
    assert isinstance(answer, Recommendation)
    assert answer.evidence.value == 15
    con.execute("DELETE FROM raw.server_metric")
    measure(con, "is_reboot_required", pending | {DAYS - 5: 0.0})
    assert isinstance(ask(con, "servers_reboot_pending"), Silent)


def test_three_days_without_a_backup_are_borne_and_four_are_not(con) -> None:
    report(con, [day for day in range(DAYS) if day not in (10, 20, 30)])
    assert isinstance(ask(con, "servers_backups_missing"), Silent)
    con.execute("DELETE FROM raw.backup WHERE event_date = ?", [noon(40).date()])
    report(con, [40], state="failed")
    answer = ask(con, "servers_backups_missing")
    assert isinstance(answer, Recommendation)
    assert "4 of 92 days" in answer.evidence.text
    assert "1 failed" in answer.evidence.text


def test_a_weekly_backup_counts_for_its_week(con) -> None:
    con.execute("UPDATE raw.source SET expected_every_seconds = 7 * 86400 + 7200")
    report(con, range(0, DAYS, 7))
    assert isinstance(ask(con, "servers_backups_missing"), Silent)


def test_jobs_that_fell_silent_are_told(con) -> None:
    report(con, range(-60, -30))
    assert "92 of 92 days" in ask(con, "servers_backups_missing").evidence.text


def test_a_restore_is_due_91_days_after_the_last_that_succeeded(con) -> None:
    report(con, range(DAYS))
    report(con, [DAYS - 90], kind="restore_test")
    assert isinstance(ask(con, "servers_restore_untested"), Silent)
    con.execute("DELETE FROM raw.backup WHERE kind = 'restore_test'")
    report(con, [DAYS - 5], kind="restore_test", state="failed")
    answer = ask(con, "servers_restore_untested")
    assert isinstance(answer, Recommendation)
    assert answer.evidence.value == 92


def test_a_source_that_is_new_and_untested_is_unknown(con) -> None:
    report(con, range(60, DAYS))
    assert isinstance(ask(con, "servers_restore_untested"), Unknown)


def test_a_server_that_is_measured_too_seldom_is_a_source_that_fell_silent(con) -> None:
    con.execute("INSERT INTO raw.source SELECT * REPLACE ('s' AS source_id, 'server_metric' AS fills) FROM raw.source")
    measure(con, "cpu_busy_ratio", dict.fromkeys(range(70), 0.1))
    answer = ask(con, "coverage_source_silent")
    assert isinstance(answer, Recommendation) and answer.subject == "s"
    measure(con, "cpu_busy_ratio", dict.fromkeys(range(70, 80), 0.1))
    assert isinstance(ask(con, "coverage_source_silent"), Silent)


def test_a_backup_speaks_until_the_next_one_is_due(con) -> None:
    report(con, [3, 9])
    days = con.execute("SELECT day_date - DATE '2026-07-01', row_count FROM marts.source_day ORDER BY ALL").fetchall()
    assert days == [(3, 1), (4, 0), (9, 1), (10, 0)]


def requests(con: duckdb.DuckDBPyConnection, total: int, errors: int) -> None:
    con.execute(
        "INSERT INTO raw.http_request BY NAME SELECT 'one' AS site_id, 'log' AS source_id, 'f' AS format, false AS is_zone_assumed, 'f' AS file_id,"
        " $at AS event_at, $at::DATE AS event_date, CASE WHEN n < $errors THEN 503 ELSE 200 END AS status, 'p' AS parser_version,"
        " 'b' AS batch_id, n AS line_number FROM range($total) AS t(n)",
        {"at": noon(5), "errors": errors, "total": total},
    )


@pytest.mark.parametrize(("errors", "speaks"), [(10, False), (11, True)])
def test_errors_over_half_a_per_cent_of_the_access_log_are_told(con, errors: int, speaks: bool) -> None:
    requests(con, 2000, errors)
    answer = ask(con, "servers_errors_high")
    assert isinstance(answer, Recommendation if speaks else Silent)
    if speaks:
        assert "11 of 2,000 requests" in answer.why and "6 July" in answer.why


def test_counters_of_servers_speak_where_there_is_no_access_log(con) -> None:
    measure(con, "http_request_count", dict.fromkeys(range(9), 1000.0))
    measure(con, "http_5xx_count", dict.fromkeys(range(8), 6.0))
    answer = ask(con, "servers_errors_high")
    assert isinstance(answer, Recommendation) and answer.subject == "web-1"
    assert answer.evidence.value == pytest.approx(0.6), "a slot of which only the requests are known is left out"
    requests(con, 2000, 0)
    assert isinstance(ask(con, "servers_errors_high"), Silent)


def test_few_requests_say_nothing(con) -> None:
    requests(con, 999, 999)
    assert isinstance(ask(con, "servers_errors_high"), Unknown)

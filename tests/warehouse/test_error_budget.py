"""The error budget is that of the known time: a gap neither earns nor burns, and days add up to the quarter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.warehouse.test_marts import warehouse

START = datetime(2026, 7, 1, tzinfo=UTC)
ROWS = "SELECT day_date, known_seconds, down_seconds, unknown_seconds, budget_seconds, burn_rate, burn_rate_28_days"


def minutes(first: int, after: int, outcome: str) -> list[tuple[datetime, str]]:
    return [(START + timedelta(minutes=number), outcome) for number in range(first, after)]


def test_seven_minutes_without_a_check_are_a_gap_of_seven_minutes() -> None:
    with warehouse("UTC", minutes(0, 600, "up") + minutes(607, 1440, "up"), 60.0) as con:
        ((_, known, down, unknown, budget, rate, _),) = con.execute(f"{ROWS} FROM marts.error_budget_day").fetchall()
    assert (known, down, unknown, rate) == (1433 * 60, 0, 7 * 60, 0)
    assert budget == pytest.approx(1433 * 60 * 0.001)


def test_days_add_up_to_the_period_counted_from_the_checks() -> None:
    day = timedelta(days=1) // timedelta(minutes=1)
    slots = minutes(0, day, "up") + minutes(day, day + 3, "down") + minutes(day + 3, 2 * day, "up")
    slots += minutes(35 * day, 36 * day - 30, "up")
    with warehouse("UTC", slots, 60.0) as con:
        rows = con.execute(f"{ROWS} FROM marts.error_budget_day ORDER BY day_date").fetchall()
    down = 60 * sum(outcome == "down" for _, outcome in slots)
    budget = 60 * len(slots) * 0.001
    assert sum(row[2] for row in rows) / sum(row[4] for row in rows) == pytest.approx(down / budget)
    assert [row[5] for row in rows] == pytest.approx([0, 180 / 86.4, 0])
    assert [row[6] for row in rows] == pytest.approx([0, 180 / 172.8, 0]), "the outage is over 28 days before the last"


def test_what_four_weeks_burnt_at_least_takes_what_is_not_known_for_up() -> None:
    slots = [(START + timedelta(hours=hour), "up" if hour else "down") for hour in range(72)]
    with warehouse("UTC", slots, 3600.0) as con:
        rows = con.execute(
            "SELECT burn_rate_28_days, least_burn_rate_28_days, known_days_28 FROM marts.error_budget_day ORDER BY day_date"
        ).fetchall()
    assert [row[0] for row in rows] == pytest.approx([3600 / (days * 86.4) for days in (1, 2, 3)])
    assert [row[1] for row in rows] == pytest.approx([3600 / (28 * 86.4)] * 3)
    assert [row[2] for row in rows] == pytest.approx([1, 2, 3])

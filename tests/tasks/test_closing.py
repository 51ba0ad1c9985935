"""A closing test holds only on data: what is missing is unknown, what is gone is proved."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import closing
from tasks.closing import Measured, Outcome, Test
from tasks.recommendation import Rule
from tasks.recommending import rules
from tests.tasks.recommend.asking import scope
from tests.tasks.recommend.test_availability import add
from warehouse import migrate
from warehouse.connection import prepare
from warehouse.records import Source

END = date(2026, 10, 1)


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        yield con


def test_of(rule: Rule, days: int = 30) -> Test:
    return Test(sql=rule.measure_sql, operator="<", value=1, sustained_days=days, threshold=rule.threshold)


test_of.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.id)
def test_every_measure_can_be_run_and_is_unknown_on_an_empty_warehouse(con, rule: Rule) -> None:
    rows = scope(con).query(
        rule.measure_sql,
        {"site_id": "one", "subject": "x", "start_date": date(2026, 9, 1), "end_date": END, "threshold": 1.0},
    )
    assert len(rows) <= 1
    assert {"value", "known_days"} <= set(rows[0]) <= {"value", "known_days", "is_gone"} if rows else True
    outcome = closing.run(scope(con).query, test_of(rule), "one", "x", END)
    assert (outcome.state, outcome.value) == ("unknown", None)


def test_a_measure_that_no_longer_fits_the_warehouse_is_unknown(con) -> None:
    test = Test(sql="SELECT value FROM marts.removed", operator="<", value=1, sustained_days=30, threshold=1)
    assert closing.run(scope(con).query, test, "one", "x", END).state == "unknown"


@given(
    value=st.none() | st.floats(-10, 10),
    known_days=st.integers(0, 40),
    is_gone=st.booleans(),
    operator=st.sampled_from(["<", "<=", "=", ">=", ">"]),
)
def test_nothing_holds_without_a_value_on_nine_days_in_ten(value, known_days, is_gone, operator) -> None:
    test = Test(sql="", operator=operator, value=0, sustained_days=30, threshold=0)
    outcome: Outcome = closing.judge(test, Measured(value=value, known_days=known_days, is_gone=is_gone))
    if outcome.state == "holds":
        assert value is not None and known_days >= 27 and not is_gone
    if outcome.state == "fails":
        assert value is not None and known_days
    assert (outcome.state == "gone") == is_gone


def source(con: Any, source_id: str, configured_at: datetime) -> None:
    values: dict[str, Any] = {
        "site_id": "one", "source_id": source_id, "kind": "waf_logs", "fills": "waf_event",
        "expected_every_seconds": 3600, "configured_at": configured_at,
        "confirm_down": 2, "confirm_of": 2, "confirm_up": 1,
    }  # fmt: skip
    add(con, Source, values)


def test_a_source_is_gone_only_where_a_later_configuration_is_without_it() -> None:
    silent = next(rule for rule in rules() if rule.id == "coverage.source_silent")
    first = datetime(2026, 7, 1, tzinfo=UTC)
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        states = []
        for sources, configured_at in ((["a"], first), (["a", "edge"], first), (["a"], first + timedelta(days=9))):
            for source_id in sources:
                source(con, source_id, configured_at)
            states.append(closing.run(scope(con).query, test_of(silent), "one", "edge", END).state)
    assert states == ["unknown", "holds", "gone"]

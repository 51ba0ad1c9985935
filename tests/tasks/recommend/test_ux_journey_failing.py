"""The rule on journeys speaks of those that fail or become slow, and says where nobody can know."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tasks.answers import Answers
from tasks.quarter_data import QuarterData
from tasks.quarters import parse_quarter
from tasks.recommend.ux_journey_failing import evaluate
from tasks.recommendation import Recommendation, Silent, Unknown
from tasks.report_model import NoData
from tests.tasks.recommend.asking import measure, scope
from warehouse import migrate
from warehouse.connection import prepare
from warehouse.records import JourneyRun, JourneyStep

PICTURE = "journeys/one/2026-08-01/s-cart.png"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        yield con


def insert(con: duckdb.DuckDBPyConnection, record: Any, row: dict[str, Any]) -> None:
    row = {name: row.get(name) for name in record.schema().names} | {"parser_version": "p", "batch_id": "b"}
    con.execute(f"INSERT INTO raw.{record.table} BY NAME SELECT {', '.join(f'${n} AS {n}' for n in row)}", row)


def run(
    con: duckdb.DuckDBPyConnection, day: int, outcome: str = "passed", ms: float | None = 1000.0, **more: Any
) -> None:
    """Add one run of the journey `cart` on one day of the quarter, with its two steps."""
    at = datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(days=day)
    journey = more.get("journey_id", "cart")
    usual = {
        "run_id": f"{journey}{day}{outcome}", "site_id": "one", "source_id": "s", "journey_id": journey, "journey_name": journey.title(),
        "engine": "browser", "started_at": at, "interval_seconds": 3600.0, "attempt_count": 1, "outcome": outcome, "total_ms": ms,
    }  # fmt: skip
    if outcome != "passed":
        usual |= {"cause": "text_missing", "failed_step": 2, "message": "the page does not show 'Rye'"}
    if outcome == "failed":
        usual |= {"screenshot_file": PICTURE, "attempt_count": 2}
    insert(con, JourneyRun, usual | more)
    for number, action, target in ((1, "goto", "/product"), (2, "click", "Add to cart")):
        state = "passed" if number == 1 else outcome
        insert(
            con,
            JourneyStep,
            usual
            | {
                "number": number,
                "action": action,
                "target": target,
                "outcome": state,
                "duration_ms": (ms or 0) / 3 * number,
            },
        )


def test_without_a_run_nothing_is_known(con) -> None:
    (answer,) = evaluate(scope(con))
    assert isinstance(answer, Unknown)
    assert answer.missing == "no journey ran in the quarter"


def test_runs_that_could_not_be_made_are_unknown_and_not_failed(con) -> None:
    for day in range(5):
        run(con, day, "unknown", None)
    (answer,) = evaluate(scope(con))
    assert isinstance(answer, Unknown)
    assert answer.missing == "none of 5 runs of Cart could be made"


def test_a_journey_that_passes_is_silent_though_some_runs_are_unknown(con) -> None:
    for day in range(60):
        run(con, day)
    run(con, 61, "unknown", None)
    (answer,) = evaluate(scope(con))
    assert isinstance(answer, Silent)


def test_one_failure_in_a_hundred_is_allowed_and_two_are_not(con) -> None:
    for day in range(92):
        run(con, day)
    for number in range(7):
        run(con, 30, run_id=f"more{number}")
    run(con, 31, "failed")
    assert isinstance(evaluate(scope(con))[0], Silent)
    run(con, 40, "failed")
    (answer,) = evaluate(scope(con))
    assert isinstance(answer, Recommendation)
    assert answer.why == "It failed 2 times in 101 checks, from 1 Aug to 10 Aug: visitors who tried could not do it."
    assert answer.evidence.text == (
        "98.0% of 101 runs passed; step 2, click Add to cart, from 1 Aug to 10 Aug: "
        f"the page does not show 'Rye'; picture {PICTURE}"
    )
    assert (answer.subject, answer.band, answer.rule.lane) == ("cart", "medium", "maintenance")
    assert measure(con, answer) == pytest.approx(answer.evidence.value)


def test_a_journey_that_became_slow_is_named_with_its_slowest_step(con) -> None:
    for day in range(92):
        run(con, day, ms=1500.0 if day < 50 else 2100.0)
    (answer,) = evaluate(scope(con))
    assert isinstance(answer, Recommendation)
    assert answer.subject == "cart/slower"
    assert (
        answer.evidence.text
        == "median 1.5 s in the first four weeks, 2.1 s in the last; slowest step: click Add to cart"
    )
    assert measure(con, answer) == pytest.approx(1500)


def test_a_rise_that_nobody_feels_or_that_few_runs_show_is_silent(con) -> None:
    for day in range(92):
        run(con, day, ms=200.0 if day < 50 else 400.0)
        if day > 88 or day < 3:
            run(con, day, ms=9000.0 if day > 50 else 1000.0, journey_id="rare")
    assert isinstance(evaluate(scope(con))[0], Silent)


def view_of(con):
    from tasks.analyse.journeys import view

    return view(QuarterData(Answers(con, "snapshot"), None, parse_quarter("2026Q3"), scope(con)))  # type: ignore[arg-type]


def test_the_section_counts_what_is_known_and_leaves_gaps(con) -> None:
    missing = view_of(con)
    assert isinstance(missing, NoData)
    assert missing.missing == "whether log-in, search, forms or the cart work was not measured"
    run(con, 8, "unknown", None)
    assert isinstance(view_of(con), NoData)
    for day in range(14):
        run(con, day, "failed" if day < 2 else "passed")
        run(con, day, journey_id="login", ms=3000.0)
    seen = view_of(con)
    assert seen.lead == "1 of 2 core functions failed at times; “Cart” most, in 14.3% of its checks."
    assert [fact.text for fact in seen.stats] == ["92.8%", "2", "3.0 s", "1"]
    cart, login = seen.rows
    assert (cart.text, login.text) == ("85.7%", "100%")
    assert cart.weeks[:2] == [pytest.approx(500 / 7), 100.0]
    assert cart.weeks[2:] == [None] * 11
    assert seen.failures == [("Cart", "click Add to cart", "2", "2 Jul", "the page does not show 'Rye'")]

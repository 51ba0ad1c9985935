"""Judge by data whether advice is done: measure its subject over days, and hold the closing test against that."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import duckdb

from tasks.answers import AnswerError
from tasks.recommendation import Query
from tasks.words import say, say_many

LEAST_KNOWN = 0.9
"""Share of the days that must be known before a test holds; what fails on fewer fails all the same."""

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """A closing test as the register keeps it: it can be run long after the rule has changed."""

    __test__ = False
    sql: str
    """The measure of the rule when the advice was given."""
    operator: str
    value: float
    sustained_days: int
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The measure of a subject over some days; see `tasks.measures`."""

    value: float | None
    known_days: int
    is_gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a closing test gave, and in a few words why."""

    state: Literal["holds", "fails", "gone", "unknown"]
    value: float | None
    why: str


def measure(query: Query, test: Test, site_id: str, subject: str, start: date, end: date) -> Measured | None:
    """Run the measure over the days from `start` to `end` (exclusive); None where it no longer fits the warehouse."""
    parameters: dict[str, Any] = {
        "site_id": site_id, "subject": subject, "start_date": start, "end_date": end, "threshold": test.threshold,
    }  # fmt: skip
    try:
        rows = query(test.sql, parameters)
    except (duckdb.Error, AnswerError):
        return None
    row = rows[0] if rows else {}
    value = row.get("value")
    return Measured(
        value=None if value is None else float(value),
        known_days=int(row.get("known_days") or 0),
        is_gone=bool(row.get("is_gone")),
    )


def run(query: Query, test: Test, site_id: str, subject: str, end: date) -> Outcome:
    """Run a closing test on its sustained days before `end`."""
    start = end - timedelta(days=test.sustained_days)
    measured = measure(query, test, site_id, subject, start, end)
    if measured is None:
        return Outcome(
            state="unknown", value=None, why=say("its test is of an older version and can't be run any more")
        )
    return judge(test, measured)


def judge(test: Test, measured: Measured) -> Outcome:
    """Hold a measure of the sustained days against the test: it holds only where enough of them are known."""
    if measured.is_gone:
        return Outcome(state="gone", value=None, why=say("data prove that it is no longer there"))
    if measured.value is None or not measured.known_days:
        return Outcome(
            state="unknown",
            value=None,
            why=say_many("no data of the last day", "no data of the last {n} days", test.sustained_days),
        )
    if not _OPERATORS[test.operator](measured.value, test.value):
        return Outcome(state="fails", value=measured.value, why=say("the test does not hold"))
    if measured.known_days < int(LEAST_KNOWN * test.sustained_days):
        why = say_many(
            "only {known} of the last day is known",
            "only {known} of the last {n} days are known",
            test.sustained_days,
            known=measured.known_days,
        )
        return Outcome(state="unknown", value=measured.value, why=why)
    why = say_many("the test holds for a day", "the test holds for {n} days", test.sustained_days)
    return Outcome(state="holds", value=measured.value, why=why)

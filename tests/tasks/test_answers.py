"""What a snapshot answered comes back out of files: value by value, type by type, in the same order."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.answers import AnswerError, Answers, KeptAnswers
from warehouse.connection import prepare

TYPES = """
SELECT $site_id AS site_id, $start_date::DATE AS day_date, TIMESTAMPTZ '2026-01-02 03:04:05.123456+00' AS at, 0.1::DOUBLE + 0.2 AS share,
  sum(5) AS total, -3::BIGINT AS left_count, ['a', 'b''c,"d"', NULL] AS names, [] :: VARCHAR[] AS nobody, NULL::DOUBLE AS unknown,
  1.50::DECIMAL(9, 3) AS hours, true AS is_known, 'nan'::DOUBLE AS odd, 12::UTINYINT AS small"""
PARAMETERS = {"site_id": "one", "start_date": date(2026, 7, 1), "end_date": date(2026, 10, 1)}


@contextlib.contextmanager
def asked() -> Iterator[Answers]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        yield Answers(con, "snapshot")


def test_every_type_comes_back_as_it_was() -> None:
    with asked() as answers:
        frame, rows = answers.frame(TYPES, PARAMETERS), answers.dicts(TYPES, PARAMETERS)
        again = KeptAnswers(answers.kept(), "snapshot")
    pd.testing.assert_frame_equal(frame, again.frame(TYPES, PARAMETERS))
    assert repr(rows) == repr(again.dicts(TYPES, PARAMETERS))


@settings(max_examples=40)
@given(st.lists(st.none() | st.text(), max_size=6))
def test_any_text_comes_back_and_none_starts_a_formula(texts: list[str | None]) -> None:
    sql = "SELECT unnest($texts::VARCHAR[]) AS text, 1 AS number ORDER BY number"
    with asked() as answers:
        said = [row["text"] for row in answers.dicts(sql, {"texts": texts})]
        kept = answers.kept()
        again = KeptAnswers(kept, "snapshot")
    assert [row["text"] for row in again.dicts(sql, {"texts": texts})] == said
    cells = [row[0] for row in csv.reader(io.StringIO(kept[0].data.decode(), newline=""))][1:]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_each_question_is_asked_once_and_an_order_left_open_is_fixed() -> None:
    with asked() as answers:
        first = answers.dicts("SELECT random() AS number", {})
        assert answers.dicts("SELECT random() AS number", {"site_id": "not named by the query"}) == first
        assert [row["x"] for row in answers.dicts("SELECT unnest([3, 1, 2]) AS x", {})] == [1, 2, 3]
        assert [row["x"] for row in answers.dicts("SELECT unnest([1, 3, 2]) AS x ORDER BY x DESC", {})] == [3, 2, 1]
        assert len(answers.kept()) == 3


def test_what_was_never_asked_and_what_was_tampered_with_has_no_answer() -> None:
    with asked() as answers:
        answers.dicts("SELECT 1 AS number", {})
        (kept,) = answers.kept()
    with pytest.raises(AnswerError, match=r"no answer to a query .* SELECT 2"):
        KeptAnswers([kept], "snapshot").dicts("SELECT 2 AS number", {})
    for data, says in (
        (b"number\r\none\r\n", "another type than was written"),
        (b"other\r\n1\r\n", "other columns"),
        (b"", "other columns"),
    ):
        with pytest.raises(AnswerError, match=says):
            KeptAnswers([replace(kept, data=data)], "snapshot")

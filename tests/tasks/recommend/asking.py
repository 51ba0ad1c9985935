"""Asks one rule about the third quarter of 2026 of the site `one`, over a warehouse that the test filled."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from typing import Any

import duckdb

from tasks.recommendation import Recommendation, Scope
from warehouse.records import Record

START, END = date(2026, 7, 1), date(2026, 10, 1)


def scope(con: duckdb.DuckDBPyConnection, **more: Any) -> Scope:
    def query(sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        result = con.execute(sql, {k: v for k, v in parameters.items() if f"${k}" in sql})
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    return Scope(
        site_id="one", site_name="One", agency_name="A", lanes=("maintenance",), start_date=START, end_date=END,
        snapshot_id="x", query=query, **more,
    )  # fmt: skip


def ask(con: duckdb.DuckDBPyConnection, rule: str, **more: Any) -> list[Any]:
    return list(import_module(f"tasks.recommend.{rule}").evaluate(scope(con, **more)))


def measure(con: duckdb.DuckDBPyConnection, answer: Recommendation) -> float | None:
    """Return the measure of advice over its quarter."""
    parameters = scope(con).parameters_of(answer.rule) | {"subject": answer.subject}
    (row,) = scope(con).query(answer.rule.measure_sql, parameters)
    return None if row["value"] is None else float(row["value"])


def insert(con: duckdb.DuckDBPyConnection, record: type[Record], **row: Any) -> None:
    full = {name: row.get(name) for name in record.schema().names} | {"parser_version": "p", "batch_id": "b"}
    con.execute(f"INSERT INTO raw.{record.table} BY NAME SELECT {', '.join(f'${n} AS {n}' for n in full)}", full)


def at(day: int) -> datetime:
    return datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(days=day)

"""A warehouse with one site and nothing else, made once for a module; what a test puts into it is taken back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import duckdb
import pytest

from warehouse import migrate
from warehouse.connection import prepare


@pytest.fixture(name="empty", scope="module")
def _empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        con.execute("""
            INSERT INTO raw.site BY NAME SELECT 'one' AS site_id, 'One' AS site_name, 'c' AS client_id, 'C' AS client_name,
              'https://one.example/' AS url, 'other' AS platform, 'UTC' AS time_zone, 'en-GB' AS locale, 'O' AS owner_name,
              [] AS lanes, 99.9 AS availability_slo_pct, 7 AS security_patch_sla_days, 30 AS routine_patch_sla_days,
              TIMESTAMPTZ '2026-01-01 00:00:00Z' AS configured_at, 'p' AS parser_version, 'b' AS batch_id""")
        yield con


_FILLED = """
SELECT table_name FROM duckdb_tables()
WHERE schema_name = 'raw' AND table_name <> 'migration' AND estimated_size > 0"""


@pytest.fixture
def con(empty: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    # No transaction that is rolled back: what reads on other cursors would not see what the test puts in.
    before = {
        table: empty.execute(f"FROM raw.{table}").to_arrow_table() for (table,) in empty.execute(_FILLED).fetchall()
    }
    yield empty
    for (table,) in empty.execute(_FILLED).fetchall():
        empty.execute(f"DELETE FROM raw.{table}")
    for table, rows in before.items():
        empty.register("rows_before", rows).execute(f"INSERT INTO raw.{table} BY NAME FROM rows_before")

"""Answer SQL from the published snapshot: `upkeep sql`."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import duckdb

from tasks.by_hand import published
from tasks.errors import ConfigurationError, UpkeepError
from tasks.terminal import write_csv, write_json_lines, write_table

TABLE_ROWS = 200
"""Rows that a table on a terminal shows at most; the other formats give all."""


def run(snapshot: Path, sql: str, output: str, out: Path | None) -> int:
    """Run one query and write its rows as `output` (table, csv, json or parquet) to `out` or stdout.

    Raises:
        ConfigurationError: there is no snapshot, the SQL is wrong, or parquet has no file to go to.
    """
    with published(snapshot) as con:
        if output == "parquet" and out is None:
            raise ConfigurationError("Parquet goes to a file; name it with --out.")
        try:
            relation = con.sql(sql)
        except duckdb.Error as error:
            raise ConfigurationError(str(error).splitlines()[0]) from None
        if relation is None:
            return 0
        try:
            _write(relation, output, out)
        except duckdb.Error as error:
            raise UpkeepError(str(error).splitlines()[0]) from None
    return 0


def _write(relation: duckdb.DuckDBPyRelation, output: str, out: Path | None) -> None:
    if output == "parquet":
        relation.write_parquet(str(out))
        return
    columns = list(relation.columns)
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(out.open("w", encoding="utf-8")) if out else sys.stdout
        if output == "table":
            rows = relation.fetchmany(TABLE_ROWS + 1)
            write_table(columns, rows[:TABLE_ROWS])
            if len(rows) > TABLE_ROWS:
                sys.stderr.write(f"Only the first {TABLE_ROWS} rows are shown; --format csv gives all.\n")
            return
        while rows := relation.fetchmany(10_000):
            if output == "csv":
                write_csv(columns, rows, stream)
                columns = []
            else:
                write_json_lines((dict(zip(relation.columns, row, strict=True)) for row in rows), stream)

"""Read the published snapshot as if it held one site, in memory, with the costly views worked out once.

A report asks the same views dozens of times, and a view works everything out anew each time. Here the raw tables are
those of the snapshot cut down to one site, the views are made over them from their own files, and those that many
queries read are kept as tables. Every query gives what it gives on the snapshot itself for that site.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from warehouse import migrate
from warehouse.connection import prepare, quoted
from warehouse.errors import WarehouseError

KEPT = (
    "staging.check_span",
    "staging.check_state",
    "marts.availability_day",
    "marts.incident",
    "marts.error_budget_day",
    "marts.source_day",
    "marts.bundle",
    "staging.flaw_name",
    "marts.finding",
)
"""Views that are kept as tables, each after those that it reads."""


def open_site_snapshot(snapshot: Path, site_id: str) -> duckdb.DuckDBPyConnection:
    """Open one site's part of the snapshot: the same schemas, tables, views and columns; UTC is its session zone.

    Raises:
        WarehouseError: the snapshot was published by another version of this program.
    """
    con = duckdb.connect()
    try:
        prepare(con)
        con.execute(f"ATTACH {quoted(str(snapshot))} AS published (READ_ONLY)")
        views = migrate.views()
        _require_same_views(con, migrate.digest_of(views))
        con.execute("CREATE SCHEMA raw")
        for table, has_site in con.execute(_TABLES).fetchall():
            chosen = f" WHERE site_id = {quoted(site_id)}" if has_site else ""
            con.execute(f"CREATE VIEW raw.{table} AS FROM published.raw.{table}{chosen}")
        # Their comments are for analysts, and take as long to make as the views themselves.
        con.execute("".join(line for line in views.splitlines(keepends=True) if not line.startswith("COMMENT ON ")))
        for name in KEPT:
            con.execute(f"CREATE TABLE kept AS FROM {name}; DROP VIEW {name}")
            schema, _, table = name.partition(".")
            con.execute(f"CREATE TABLE {schema}.{table} AS FROM kept; DROP TABLE kept")
    except BaseException:
        con.close()
        raise
    return con


_TABLES = """
SELECT table_name, bool_or(column_name = 'site_id') FROM duckdb_columns()
WHERE database_name = 'published' AND schema_name = 'raw' GROUP BY ALL ORDER BY ALL"""


def _require_same_views(con: duckdb.DuckDBPyConnection, digest: str) -> None:
    rows = con.execute("SELECT sha256 FROM published.raw.migration WHERE name = 'views'").fetchall()
    if rows != [(digest,)]:
        raise WarehouseError("The snapshot is of another version of site-upkeep: run `upkeep publish` first.")

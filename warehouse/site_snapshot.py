"""Read the published snapshot as if it held one site, in memory, with the costly views worked out once.

A report asks the same views dozens of times, and a view works everything out anew each time. Here the raw tables are
those of the snapshot cut down to one site, the views are made over them from their own files, and those that many
queries read are made as tables. Every query gives what it gives on the snapshot itself for that site.
"""

from __future__ import annotations

import functools
from pathlib import Path

import duckdb

from warehouse import migrate
from warehouse.connection import prepare, quoted
from warehouse.errors import WarehouseError

KEPT = frozenset(
    {
        "staging.accessibility_finding",
        "staging.accessibility_run",
        "staging.site",
        "staging.site_day",
        "staging.source",
        "staging.check_span",
        "staging.check_state",
        "staging.component_listing",
        "staging.flaw_name",
        "marts.accessibility_criterion_day",
        "marts.availability_day",
        "marts.blocked_visitor_day",
        "marts.bundle",
        "marts.error_budget_day",
        "marts.finding",
        "marts.finding_probe_day",
        "marts.incident",
        "marts.journey_day",
        "marts.page_performance",
        "marts.request_day",
        "marts.source_day",
        "marts.update_day",
        "marts.update_outstanding",
        "marts.waf_day",
        "marts.waf_network_day",
    }
)
"""Views that are made as tables: what many questions read, or what is costly to work out."""


def open_site_snapshot(snapshot: Path, site_id: str) -> duckdb.DuckDBPyConnection:
    """Open one site's part of the snapshot: the same schemas, tables, views and columns; UTC is its session zone.

    Raises:
        WarehouseError: the snapshot was published by another version of this program.
    """
    con = duckdb.connect()
    try:
        prepare(con)
        con.execute(f"ATTACH {quoted(str(snapshot))} AS published (READ_ONLY)")
        # Reports are made side by side, one on each core.
        con.execute("SET threads = 1")
        _require_same_views(con, migrate.digest_of(migrate.views()))
        con.execute("CREATE SCHEMA raw")
        for table, has_site in con.execute(_TABLES).fetchall():
            chosen = f" WHERE site_id = {quoted(site_id)}" if has_site else ""
            con.execute(f"CREATE VIEW raw.{table} AS FROM published.raw.{table}{chosen}")
        con.execute(migrate.VIEW_SCHEMAS)
        for name, text in _bare_views().items():
            con.execute(text.replace("CREATE OR REPLACE VIEW", "CREATE TABLE", 1) if name in KEPT else text)
    except BaseException:
        con.close()
        raise
    return con


@functools.cache
def _bare_views() -> dict[str, str]:
    """Return the SQL of the views without comments: those are for analysts, and take as long to make as the views."""
    return {name: migrate.bare(text) for name, text in migrate.each_view().items()}


_TABLES = """
SELECT table_name, bool_or(column_name = 'site_id') FROM duckdb_columns()
WHERE database_name = 'published' AND schema_name = 'raw' GROUP BY ALL ORDER BY ALL"""


def _require_same_views(con: duckdb.DuckDBPyConnection, digest: str) -> None:
    rows = con.execute("SELECT sha256 FROM published.raw.migration WHERE name = 'views'").fetchall()
    if rows != [(digest,)]:
        raise WarehouseError("The snapshot is of another version of site-upkeep: run `upkeep publish` first.")

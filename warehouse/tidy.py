"""Store closed months in the order in which they are asked for: by site and time.

Rows arrive in the order of collection, all sites mixed, so that a query for one site and quarter would have to read
every block of the quarter. Once a month is over its rows are written anew, sorted; from then on DuckDB's block
statistics let such a query read a few blocks. Rows that come late are sorted in when there are enough of them.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from warehouse.connection import open_live

TABLES = {"waf_event": "event_at", "waf_rule_hit": "event_at", "http_request": "event_at", "check_result": "slot_at"}
"""Tables that grow with traffic or time, and the column that orders them within a site."""
KEEP_DAYS = 400
"""Days for which pictures and other files of evidence are kept: a year, and the report on its last quarter."""
LATE_RATIO = 0.01
"""Share of rows that came after a month was sorted, from which it is sorted again."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """One month of one table that was written anew."""

    table: str
    month: date
    row_count: int


def tidy(warehouse: Path, *, wait_seconds: float = 0.0, now: datetime | None = None) -> list[Sorted]:
    """Sort what is closed and not yet sorted, one month and table a transaction, and say what was done.

    Raises:
        WarehouseBusyError: another process holds the warehouse after `wait_seconds`.
    """
    first_open = (now or datetime.now(UTC)).date().replace(day=1)
    done = []
    with open_live(warehouse, wait_seconds=wait_seconds) as con:
        # Sorting a month spills to disk beyond the memory limit; the order of insertion is what this is about.
        con.execute("SET preserve_insertion_order = true")
        known = {(table, month): count for table, month, count in con.execute("FROM raw.sorted_month").fetchall()}
        for table, column in TABLES.items():
            for month, count in _months(con, table, column, first_open):
                if count - known.get((table, month), 0) > count * LATE_RATIO:
                    _sort(con, table, column, month, count)
                    done.append(Sorted(table, month, count))
        if done:
            con.execute("CHECKPOINT")
    return done


def remove_evidence(folder: Path, *, keep_days: float = KEEP_DAYS) -> int:
    """Remove the files of evidence that are older and the folders that are empty then; return how many files."""
    limit, count = time.time() - keep_days * 86400, 0
    for path in sorted(folder.rglob("*"), reverse=True):  # what a folder holds comes before it
        with contextlib.suppress(OSError):  # written or removed meanwhile
            if path.is_dir():
                path.rmdir()
            elif path.lstat().st_mtime < limit:
                path.unlink()
                count += 1
    return count


def _months(con: duckdb.DuckDBPyConnection, table: str, column: str, before: date) -> list[tuple[date, int]]:
    return con.execute(
        f"SELECT date_trunc('month', {column})::DATE AS month, count(*) FROM raw.{table}"  # noqa: S608 - our own names
        f" WHERE {column} < ?::DATE GROUP BY month ORDER BY month",
        [before],
    ).fetchall()


def _sort(con: duckdb.DuckDBPyConnection, table: str, column: str, month: date, count: int) -> None:
    inside = f"{column} >= $month::DATE AND {column} < $month::DATE + INTERVAL 1 MONTH"
    con.execute("BEGIN")
    try:
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE month_rows AS FROM raw.{table} WHERE {inside} ORDER BY site_id, {column}",
            {"month": month},
        )
        con.execute(f"DELETE FROM raw.{table} WHERE {inside}", {"month": month})  # noqa: S608 - our own names
        con.execute(f"INSERT INTO raw.{table} FROM month_rows")
        con.execute("DELETE FROM raw.sorted_month WHERE table_name = ? AND month_date = ?", [table, month])
        con.execute("INSERT INTO raw.sorted_month VALUES (?, ?, ?)", [table, month, count])
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    finally:
        con.execute("DROP TABLE IF EXISTS month_rows")

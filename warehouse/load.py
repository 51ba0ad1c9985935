"""Load landed batches into the warehouse: one writer, one transaction a batch, and a ledger.

The rows and the ledger row of a batch are committed together and the folder is removed after the commit, so a
process that is killed at any moment neither loses a batch nor doubles one.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import open_live
from warehouse.errors import BatchError
from warehouse.records import RECORD_CLASSES
from warehouse.spool import Batch, Spool

_RECORDS = {record.table: record for record in RECORD_CLASSES}
_FIRST = "row_number() OVER (PARTITION BY {} ORDER BY event_at) = 1"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What one call loaded. `set_aside` holds a sentence for each batch that could not be loaded."""

    batch_count: int = 0
    row_count: int = 0
    reject_count: int = 0
    set_aside: tuple[str, ...] = ()


def load(
    spool: Spool,
    warehouse: Path,
    *,
    wait_seconds: float = 0.0,
    on_batch: Callable[[int, int], None] | None = None,
) -> Loaded:
    """Load every landed batch that the ledger does not name and say what was loaded.

    Args:
        spool: where the batches are.
        warehouse: the live DuckDB file; made where it is missing.
        wait_seconds: how long to wait for another process that holds it.
        on_batch: called with (done, total) after each batch.

    Raises:
        WarehouseBusyError: another process holds the warehouse; everything landed stays landed.
    """
    total = Loaded()
    with open_live(warehouse, wait_seconds=wait_seconds) as con:
        spool.sweep()
        pending = spool.pending()
        ledger = {row[0] for row in con.execute("SELECT batch_id FROM raw.batch").fetchall()} if pending else set()
        for number, (batch, folder) in enumerate(pending, start=1):
            if batch.batch_id not in ledger:
                try:
                    _load_one(con, batch, folder)
                except duckdb.Error as error:
                    total = dataclasses.replace(total, set_aside=(*total.set_aside, _set_aside(batch, folder, error)))
                    continue
                total = dataclasses.replace(
                    total,
                    batch_count=total.batch_count + 1,
                    row_count=total.row_count + batch.row_count,
                    reject_count=total.reject_count + batch.reject_count,
                )
            shutil.rmtree(folder)
            if on_batch:
                on_batch(number, len(pending))
    return total


def _load_one(con: duckdb.DuckDBPyConnection, batch: Batch, folder: Path) -> None:
    con.execute("BEGIN")
    try:
        for file in sorted(folder.glob("*.parquet")):
            _insert(con, file)
        con.execute(
            "INSERT INTO raw.batch VALUES (?, ?, ?, ?::TIMESTAMPTZ, now(), ?, ?)",
            [
                batch.batch_id,
                batch.collector,
                batch.parser_version,
                batch.landed_at,
                batch.row_count,
                batch.reject_count,
            ],
        )
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def _insert(con: duckdb.DuckDBPyConnection, file: Path) -> None:
    """Insert the rows of one table; what overlapping sources brought before, or twice in one batch, is taken once."""
    table, identity, rows = file.stem, _RECORDS[file.stem].identity, "SELECT * FROM read_parquet($file)"
    values: dict[str, Any] = {"file": str(file)}
    if identity:
        bounds = ("first_date", "last_date", "first_site", "last_site")
        sql = "min(event_date), max(event_date), min(site_id), max(site_id)"
        (found,) = con.execute(f"SELECT {sql} FROM read_parquet($file)", values).fetchall()  # noqa: S608 - our own SQL
        values |= dict(zip(bounds, found, strict=True))
        same = " AND ".join(f"old.{name} IS NOT DISTINCT FROM new.{name}" for name in identity)
        # The dates and sites of the batch bound what is read of the table.
        rows = f"""
SELECT * FROM read_parquet($file) AS new
WHERE NOT EXISTS (
  SELECT 1 FROM raw.{table} AS old
  WHERE old.event_date BETWEEN $first_date AND $last_date AND old.site_id BETWEEN $first_site AND $last_site AND {same})
{"" if _are_distinct(con, file.with_name("waf_event.parquet")) else "QUALIFY " + _FIRST.format(", ".join(identity))}"""  # noqa: S608
    con.execute(f"INSERT INTO raw.{table} BY NAME {rows}", values)


def _are_distinct(con: duckdb.DuckDBPyConnection, events: Path) -> bool:
    sql = "SELECT count(*) = count(DISTINCT event_id) FROM read_parquet(?)"
    return bool(con.execute(sql, [str(events)]).fetchall()[0][0])


def _set_aside(batch: Batch, folder: Path, error: duckdb.Error) -> str:
    """Move a batch that can't be loaded out of the way, whole, and return the sentence about it."""
    target = folder.parent / ".set-aside" / batch.batch_id
    target.parent.mkdir(exist_ok=True)
    folder.rename(target)
    reason = str(error).splitlines()[0]
    return str(
        BatchError(
            f"Batch {batch.batch_id} of {batch.collector} can't be loaded and was set aside in {target}: {reason} "
            "Mend the cause, move the folder back into the spool and load again."
        )
    )

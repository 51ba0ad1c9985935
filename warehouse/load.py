"""Load landed batches into the warehouse: one writer, a ledger, and small batches in one transaction.

The rows and the ledger row of a batch are committed together and the folder is removed after the commit, so a
process that is killed at any moment neither loses a batch nor doubles one.
"""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.connection import open_live
from warehouse.errors import BatchError
from warehouse.records import RECORD_CLASSES, WAF_ACTIONS
from warehouse.spool import LONG, SHORT, Batch, Spool, read_short

_RECORDS = {record.table: record for record in RECORD_CLASSES}
GROUP_ROWS = 1_000_000
"""Rows that are committed as one at most, give or take a batch."""
_MANY = 64
"""Batches of a group from which on rows are stored as they come: to keep their order takes as long as to read them."""
_SHORT_FILES = 1000
"""Arrow files that are read at once: half a million rows at most."""
_REMOVERS = 4
"""Threads that remove folders: each waits for the disk, a thousand one after the other for seconds."""
_ROW = "* EXCLUDE (filename), split_part(filename, '/', -2) AS batch_id"
"""A landed row with the id of its batch, which is the name of its folder."""
_LEDGER = """
INSERT INTO raw.batch
SELECT batch_id, collector, parser_version, landed_at::TIMESTAMPTZ, now(), row_count, reject_count
FROM (SELECT
  unnest(?::VARCHAR[]) AS batch_id, unnest(?::VARCHAR[]) AS collector, unnest(?::VARCHAR[]) AS parser_version,
  unnest(?::VARCHAR[]) AS landed_at, unnest(?::BIGINT[]) AS row_count, unnest(?::BIGINT[]) AS reject_count)"""
"""One row for each batch of a group, in one statement: a thousand take a second."""
STRENGTH = f"list_position({list(WAF_ACTIONS)}, {{}}action)"
"""SQL for how strong an action is."""
_ENDED = ("action", "action_raw", "is_enforced", "would_block", "status", "attack_class", "attack_classes")
"""Columns of raw.waf_event that tell how the request ended."""


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
    with ThreadPoolExecutor(_REMOVERS) as removers, open_live(warehouse, wait_seconds=wait_seconds) as con:
        spool.sweep()
        pending = spool.pending()
        ledger = {row[0] for row in con.execute("SELECT batch_id FROM raw.batch").fetchall()} if pending else set()
        done = 0
        for group in _groups(pending):
            new = [(batch, folder) for batch, folder in group if batch.batch_id not in ledger]
            loaded, set_aside = _load_group(con, new)
            total = Loaded(
                total.batch_count + len(loaded),
                total.row_count + sum(batch.row_count for batch in loaded),
                total.reject_count + sum(batch.reject_count for batch in loaded),
                (*total.set_aside, *set_aside),
            )
            list(removers.map(shutil.rmtree, [folder for _, folder in group if folder.exists()]))
            done += len(group)
            if on_batch:
                on_batch(done, len(pending))
    return total


def _groups(pending: Sequence[tuple[Batch, Path]]) -> Iterator[list[tuple[Batch, Path]]]:
    """Put batches together that are committed as one: whole blocks of rows are then stored once, and not with each."""
    group: list[tuple[Batch, Path]] = []
    row_count = 0
    for batch, folder in pending:
        if group and row_count + batch.row_count > GROUP_ROWS:
            yield group
            group, row_count = [], 0
        group.append((batch, folder))
        row_count += batch.row_count
    if group:
        yield group


def _load_group(con: duckdb.DuckDBPyConnection, group: Sequence[tuple[Batch, Path]]) -> tuple[list[Batch], list[str]]:
    """Load batches in one transaction; where that fails one by one, and set aside what can't be loaded."""
    if not group:
        return [], []
    con.execute(f"SET preserve_insertion_order = {len(group) < _MANY}")
    con.execute("BEGIN")
    try:
        files: dict[str, defaultdict[str, list[Path]]] = {LONG: defaultdict(list), SHORT: defaultdict(list)}
        for _, folder in group:
            for file in sorted(folder.iterdir()):
                if file.suffix in files:
                    files[file.suffix][file.stem].append(file)
        events = [str(file) for file in files[LONG].get("waf_event", ())]
        for table, some in sorted(files[LONG].items()):
            _insert(con, table, [str(file) for file in some], events)
        for table, some in sorted(files[SHORT].items()):
            _insert_short(con, table, some)
        con.execute(_LEDGER, [list(column) for column in zip(*(_ledger_row(batch) for batch, _ in group), strict=True)])
        con.execute("COMMIT")
        return [batch for batch, _ in group], []
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        con.execute("ROLLBACK")
        if len(group) == 1:
            batch, folder = group[0]
            return [], [_set_aside(batch, folder, error)]
    except BaseException:
        con.execute("ROLLBACK")
        raise
    loaded, set_aside = [], []
    for item in group:
        right, wrong = _load_group(con, [item])
        loaded += right
        set_aside += wrong
    return loaded, set_aside


def _ledger_row(batch: Batch) -> list[Any]:
    return [batch.batch_id, batch.collector, batch.parser_version, batch.landed_at, batch.row_count, batch.reject_count]


def _insert_short(con: duckdb.DuckDBPyConnection, table: str, files: Sequence[Path]) -> None:
    """Insert the rows of one table from Arrow files, some at a time: all of a group could be a million."""
    for start in range(0, len(files), _SHORT_FILES):
        con.register("landed", read_short(files[start : start + _SHORT_FILES]))
        con.execute(f"INSERT INTO raw.{table} BY NAME FROM landed")
        con.unregister("landed")


def _insert(con: duckdb.DuckDBPyConnection, table: str, files: Sequence[str], events: Sequence[str]) -> None:
    """Insert the rows of one table; what overlapping sources brought before, or twice at once, is taken once."""
    identity, rows = _RECORDS[table].identity, f"SELECT {_ROW} FROM read_parquet($files, filename = true) AS new"  # noqa: S608
    values: dict[str, Any] = {"files": files}
    if identity:
        bounds = ("first_date", "last_date", "first_site", "last_site")
        sql = "min(event_date), max(event_date), min(site_id), max(site_id)"
        (found,) = con.execute(f"SELECT {sql} FROM read_parquet($files)", values).fetchall()  # noqa: S608 - our own SQL
        bounded = values | dict(zip(bounds, found, strict=True))
        same = " AND ".join(f"old.{name} IS NOT DISTINCT FROM new.{name}" for name in identity)
        # The dates and sites of what comes bound what is read of the table.
        known = f"""EXISTS (
  SELECT 1 FROM raw.{table} AS old
  WHERE old.event_date BETWEEN $first_date AND $last_date AND old.site_id BETWEEN $first_site AND $last_site
    AND {same})"""  # noqa: S608 - our own SQL
        # Mostly nothing of it is known: then the rows go in on every core, which a join in their way prevents.
        sql = f"SELECT 1 FROM read_parquet($files) AS new WHERE {known} LIMIT 1"  # noqa: S608
        if con.execute(sql, bounded).fetchall():
            if table == "waf_event":
                _strengthen(con, same, bounded)
            rows, values = f"{rows} WHERE NOT {known}", bounded
        if not _are_distinct(con, identity, files, events):
            rows += _first_of(table)
    con.execute(f"INSERT INTO raw.{table} BY NAME {rows}", values)


def _strengthen(con: duckdb.DuckDBPyConnection, same: str, values: dict[str, Any]) -> None:
    """Let a later event of a known request tell its end, where its action is the stronger one."""
    ended = ", ".join(f"{name} = new.{name}" for name in _ENDED)
    sql = f"""
UPDATE raw.waf_event AS old SET {ended} FROM (
  SELECT * FROM read_parquet($files)
  QUALIFY row_number() OVER (PARTITION BY event_id ORDER BY {STRENGTH.format("")} DESC) = 1
) AS new
WHERE old.event_date BETWEEN $first_date AND $last_date AND old.site_id BETWEEN $first_site AND $last_site AND {same}
  AND {STRENGTH.format("new.")} > {STRENGTH.format("old.")}"""  # noqa: S608 - our own SQL
    con.execute(sql, values)


def _are_distinct(
    con: duckdb.DuckDBPyConnection, identity: Sequence[str], files: Sequence[str], events: Sequence[str]
) -> bool:
    """Say whether no row comes twice; one of an event comes twice with its event, which may have two that are equal."""
    names, files = (("event_id",), events) if "event_id" in identity else (identity, files)
    if not files:
        return True
    sql = f"SELECT count(*) = count(DISTINCT ({', '.join(names)})) FROM read_parquet(?)"  # noqa: S608 - our own SQL
    return bool(con.execute(sql, [files]).fetchall()[0][0])


def _first_of(table: str) -> str:
    record = _RECORDS[table]
    order = "event_at" if "event_at" in record.schema().names else "batch_id"
    if table == "waf_event":
        order = f"{STRENGTH.format('')} DESC, {order}"
    return f" QUALIFY row_number() OVER (PARTITION BY {', '.join(record.identity)} ORDER BY {order}) = 1"


def _set_aside(batch: Batch, folder: Path, error: Exception) -> str:
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

"""Land what a collector fetched: one folder per batch, complete before anybody can see it.

A batch is a folder `<spool>/<batch_id>/` with one `<table>.parquet` per table and `batch.json`. It is written
under a temporary name and renamed, so it is there whole or not at all: a WAF event and its rule hits arrive
together. Landing never waits for the warehouse.

A source that is read incrementally keeps a **cursor**. `land` moves the cursor and the batch together: the next
cursor is written beside the finished temporary folder before the rename, and `recover` completes what a killed
process left between the two. So nothing is read twice and nothing is skipped, whenever the process dies.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.connection import exclusive
from warehouse.records import RECORD_CLASSES, Record

HEADER = "batch.json"
ROW_GROUP = 122_880
"""Rows of a Parquet row group: DuckDB's own number, so that every core loads a part of a batch."""
_TEMPORARY = ".landing-"
_TABLES = {record.table: record for record in RECORD_CLASSES}

Rows: TypeAlias = Sequence[Record] | pa.Table


@dataclass(frozen=True, slots=True)
class Batch:
    """The header of a landed batch. `row_count` leaves out the rejects."""

    batch_id: str
    collector: str
    parser_version: str
    landed_at: str
    row_count: int
    reject_count: int


@dataclass(frozen=True, slots=True)
class Spool:
    """The folders of one installation: `batches` for what is landed, `cursors` for how far each source was read."""

    batches: Path
    cursors: Path

    def land(
        self,
        batch_id: str,
        tables: Mapping[str, Rows],
        *,
        collector: str,
        parser_version: str,
        cursor: tuple[str, Any] | None = None,
    ) -> Batch:
        """Land one batch and, with `cursor=(name, value)`, move that cursor with it.

        Args:
            batch_id: safe as a file name; see `batch_id_of`.
            tables: rows by table of schema `raw`, as records or as an Arrow table of the record's schema.
            collector: name of the collector, for the ledger.
            parser_version: name/version of the parser, put into every row.
            cursor: name and JSON value; hold `hold_cursor` around reading and landing.
        """
        temporary, final = self.batches / f"{_TEMPORARY}{batch_id}", self.batches / batch_id
        if temporary.exists():
            shutil.rmtree(temporary)
        temporary.mkdir(parents=True)
        counts = {"reject": 0}
        for name, rows in tables.items():
            table = rows if isinstance(rows, pa.Table) else _to_arrow(name, rows)
            counts[name] = table.num_rows
            if table.num_rows:
                _write_parquet(temporary / f"{name}.parquet", _with_origin(name, table, batch_id, parser_version))
        batch = Batch(
            batch_id=batch_id,
            collector=collector,
            parser_version=parser_version,
            landed_at=datetime.now(UTC).isoformat(),
            row_count=sum(counts.values()) - counts["reject"],
            reject_count=counts["reject"],
        )
        _write_json(temporary / HEADER, dataclasses.asdict(batch))
        _sync_folder(temporary)
        if cursor is not None:
            name, value = cursor
            _write_json(self._next_cursor(name), {"batch_id": batch_id, "value": value})
        _rename_over(temporary, final)
        _sync_folder(self.batches)
        if cursor is not None:
            self._promote_cursor(cursor[0])
        return batch

    def pending(self) -> list[tuple[Batch, Path]]:
        """Return the landed batches that are not yet loaded, oldest first."""
        found = []
        for folder in self.batches.iterdir() if self.batches.is_dir() else ():
            if folder.name.startswith("."):
                continue
            with contextlib.suppress(FileNotFoundError):  # loaded and removed meanwhile
                found.append((Batch(**json.loads((folder / HEADER).read_text(encoding="utf-8"))), folder))
        return sorted(found, key=lambda item: (item[0].landed_at, item[0].batch_id))

    @contextlib.contextmanager
    def hold_cursor(self, name: str, *, wait_seconds: float = 0.0) -> Iterator[Any]:
        """Hold the cursor of one source and yield its value, None at first; nobody else may read that source meanwhile.

        Raises:
            WarehouseBusyError: another process is reading the same source.
        """
        with exclusive(self.cursors / f"{name}.lock", wait_seconds=wait_seconds, what=f"the source {name}"):
            self.recover(name)
            path = self.cursors / f"{name}.json"
            yield json.loads(path.read_text(encoding="utf-8"))["value"] if path.exists() else None

    def recover(self, name: str) -> None:
        """Complete a landing that was cut off: the next cursor exists, so its folder is whole."""
        path = self._next_cursor(name)
        if not path.exists():
            return
        batch_id = json.loads(path.read_text(encoding="utf-8"))["batch_id"]
        temporary = self.batches / f"{_TEMPORARY}{batch_id}"
        if temporary.exists():
            _rename_over(temporary, self.batches / batch_id)
        self._promote_cursor(name)

    def sweep(self, *, older_than_seconds: float = 3600.0) -> int:
        """Remove the half-written folders that killed collectors left, and return how many there were.

        A folder that a next cursor names is whole and belongs to `recover`.
        """
        named = {json.loads(path.read_text(encoding="utf-8"))["batch_id"] for path in self.cursors.glob("*.next.json")}
        limit, count = time.time() - older_than_seconds, 0
        for folder in self.batches.glob(f"{_TEMPORARY}*"):
            if folder.name.removeprefix(_TEMPORARY) not in named and folder.stat().st_mtime < limit:
                shutil.rmtree(folder)
                count += 1
        return count

    def _next_cursor(self, name: str) -> Path:
        return self.cursors / f"{name}.next.json"

    def _promote_cursor(self, name: str) -> None:
        self._next_cursor(name).replace(self.cursors / f"{name}.json")


def batch_id_of(*parts: object) -> str:
    """Return a batch id derived from what is read: the same parts always give the same id."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _to_arrow(name: str, rows: Sequence[Record]) -> pa.Table:
    schema = _TABLES[name].schema()
    columns = [pa.array([getattr(row, field.name) for row in rows], type=field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _with_origin(name: str, table: pa.Table, batch_id: str, parser_version: str) -> pa.Table:
    table = table.select(_TABLES[name].schema().names)
    for column, value in (("parser_version", parser_version), ("batch_id", batch_id)):
        table = table.append_column(column, pa.repeat(pa.scalar(value), table.num_rows))
    return table


def _write_parquet(path: Path, table: pa.Table) -> None:
    with path.open("wb") as handle:
        pq.write_table(table, handle, compression="zstd", compression_level=1, row_group_size=ROW_GROUP)
        handle.flush()
        os.fsync(handle.fileno())


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        json.dump(value, handle)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def _rename_over(temporary: Path, final: Path) -> None:
    """Rename a finished batch into place; the very same batch landed before is kept as it is."""
    if final.exists():
        shutil.rmtree(temporary)
        return
    temporary.rename(final)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Land what a collector fetched: one folder per batch, complete before anybody can see it.

A batch is a folder `<spool>/<batch_id>/` with one `<table>.parquet` per table and `batch.json`. Few rows are a file
`<table>.arrow` instead: Parquet spends more on its columns than on so few. The folder is written under a temporary name
and renamed, so it is there whole or not at all: a WAF event and its rule hits arrive together. Landing never waits for
the warehouse.

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
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.connection import exclusive
from warehouse.records import RECORD_CLASSES, Record

HEADER = "batch.json"
LONG, SHORT = ".parquet", ".arrow"
"""Suffixes of the files of a batch."""
ROW_GROUP = 122_880
"""Rows of a row group in DuckDB, and so of what is landed for it."""
_FEW = 500
"""Rows of a table up to which a batch has them as an Arrow file: a third of the time of Parquet, landed and loaded."""
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
            parser_version: name/version of the parser, put into every row. The batch's id is in the folder's name.
            cursor: name and JSON value; hold `hold_cursor` around reading and landing.
        """
        landing = self.start(collector=collector, parser_version=parser_version)
        landing.add(
            {name: rows if isinstance(rows, pa.Table) else _to_arrow(name, rows) for name, rows in tables.items()}
        )
        return landing.finish(batch_id, cursor)

    def start(self, *, collector: str, parser_version: str) -> Landing:
        """Start a batch whose rows come little by little; nothing of it is there before it is finished."""
        return Landing(self, collector, parser_version)

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
        named = set()
        for path in self.cursors.glob("*.next.json"):
            with contextlib.suppress(FileNotFoundError):  # its batch landed meanwhile
                named.add(json.loads(path.read_text(encoding="utf-8"))["batch_id"])
        limit, count = time.time() - older_than_seconds, 0
        for folder in self.batches.glob(f"{_TEMPORARY}*"):
            with contextlib.suppress(FileNotFoundError):  # finished meanwhile
                if folder.name.removeprefix(_TEMPORARY) not in named and folder.stat().st_mtime < limit:
                    shutil.rmtree(folder)
                    count += 1
        return count

    def _next_cursor(self, name: str) -> Path:
        return self.cursors / f"{name}.next.json"

    def _promote_cursor(self, name: str) -> None:
        self._next_cursor(name).replace(self.cursors / f"{name}.json")


class Landing:
    """A batch that is being written: few rows of it are held, whatever its size."""

    def __init__(self, spool: Spool, collector: str, parser_version: str) -> None:
        self._spool, self._collector, self._parser_version = spool, collector, parser_version
        self._folder = spool.batches / f"{_TEMPORARY}{uuid.uuid4().hex}"
        self._folder.mkdir(parents=True)
        self._files: dict[str, _File] = {}
        self.counts: Counter[str] = Counter()
        """Rows by table."""

    def add(self, tables: Mapping[str, pa.Table]) -> None:
        """Add rows by table of schema `raw`, each an Arrow table of the record's schema."""
        for name, table in tables.items():
            self.counts[name] += table.num_rows
            if table.num_rows:
                file = self._files.get(name) or self._files.setdefault(name, _File(self._folder, name))
                file.add(_with_parser(name, table, self._parser_version))

    def finish(self, batch_id: str, cursor: tuple[str, Any] | None = None) -> Batch:
        """Make the batch visible under its id and, with `cursor=(name, value)`, move that cursor with it."""
        for file in self._files.values():
            file.close()
        spool, rejects = self._spool, self.counts["reject"]
        batch = Batch(
            batch_id=batch_id,
            collector=self._collector,
            parser_version=self._parser_version,
            landed_at=datetime.now(UTC).isoformat(),
            row_count=self.counts.total() - rejects,
            reject_count=rejects,
        )
        _write_json(self._folder / HEADER, dataclasses.asdict(batch))
        _sync_folder(self._folder)
        temporary, final = spool.batches / f"{_TEMPORARY}{batch_id}", spool.batches / batch_id
        shutil.rmtree(temporary, ignore_errors=True)
        self._folder.rename(temporary)
        if cursor is not None:
            name, value = cursor
            _write_json(spool._next_cursor(name), {"batch_id": batch_id, "value": value})
        _rename_over(temporary, final)
        _sync_folder(spool.batches)
        if cursor is not None:
            spool._promote_cursor(cursor[0])
        return batch

    def discard(self) -> None:
        """Give the batch up, as far as it came; nothing of it is kept."""
        shutil.rmtree(self._folder, ignore_errors=True)
        for file in self._files.values():
            file.drop()


class _File:
    """The file of one table, which gets whole row groups: smaller ones would be stored twice when they are loaded."""

    def __init__(self, folder: Path, table: str) -> None:
        self._folder, self._table = folder, table
        self._handle: BinaryIO | None = None
        self._writer: pq.ParquetWriter | None = None
        self._held: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        self._held.append(table)
        if sum(held.num_rows for held in self._held) >= ROW_GROUP:
            rows = pa.concat_tables(self._held)
            whole = rows.num_rows - rows.num_rows % ROW_GROUP
            self._write(rows.slice(0, whole))
            self._held = [rows.slice(whole)]

    def close(self) -> None:
        if self._held:
            rows = pa.concat_tables(self._held)
            # What sources bring twice is looked for in the files, as SQL does in Parquet.
            if self._writer or rows.num_rows > _FEW or _TABLES[self._table].identity:
                self._write(rows)
            else:
                with pa.ipc.new_file(self._open(SHORT), rows.schema) as writer:
                    writer.write_table(rows)
        if self._writer:
            self._writer.close()
        if self._handle:
            self._handle.flush()
            os.fsync(self._handle.fileno())
            self._handle.close()

    def drop(self) -> None:
        """Close what is open of a file that nobody wants; it may be half written, or closed already."""
        with contextlib.suppress(OSError, ValueError):
            if self._writer:
                self._writer.close()
        with contextlib.suppress(OSError):
            if self._handle:
                self._handle.close()

    def _open(self, suffix: str) -> BinaryIO:
        self._handle = (self._folder / f"{self._table}{suffix}").open("wb")
        return self._handle

    def _write(self, rows: pa.Table) -> None:
        if self._writer is None:
            # Read once, soon and whole: nobody looks for statistics, and what hardly repeats needs no dictionary.
            texts = [field.name for field in rows.schema if field.name != "event_id" and not _is_plain(field.type)]
            self._writer = pq.ParquetWriter(
                self._open(LONG), rows.schema, compression="lz4", use_dictionary=texts, write_statistics=False
            )
        self._writer.write_table(rows, row_group_size=ROW_GROUP)
        os.utime(self._folder)  # nobody sweeps what is still being written


def read_short(files: Sequence[Path]) -> pa.Table:
    """Return the rows of Arrow files of one table, each with the id of its batch, which is the name of its folder.

    Raises:
        pyarrow.ArrowException: one can't be read.
    """
    tables = []
    for file in files:
        rows = pa.ipc.open_file(pa.py_buffer(file.read_bytes())).read_all()
        tables.append(rows.append_column("batch_id", pa.repeat(pa.scalar(file.parent.name), rows.num_rows)))
    # A batch that an older version landed lacks the newest columns.
    return pa.concat_tables(tables, promote_options="default").combine_chunks()


def batch_id_of(*parts: object) -> str:
    """Return a batch id derived from what is read: the same parts always give the same id."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _to_arrow(name: str, rows: Sequence[Record]) -> pa.Table:
    schema = _TABLES[name].schema()
    columns = [pa.array([getattr(row, field.name) for row in rows], type=field.type) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _with_parser(name: str, table: pa.Table, parser_version: str) -> pa.Table:
    table = table.select(_TABLES[name].schema().names)
    return table.append_column("parser_version", pa.repeat(pa.scalar(parser_version), table.num_rows))


def _is_plain(kind: pa.DataType) -> bool:
    return not (pa.types.is_string(kind) or pa.types.is_list(kind))


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

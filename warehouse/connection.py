"""Open the live warehouse file: one process at a time, said so by a lock of our own.

DuckDB lets one process write a file and nobody read it meanwhile. The lock file beside the warehouse makes
that wait explicit and bounded, and dies with its process, so a killed loader never blocks the next one.
"""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from warehouse import migrate
from warehouse.errors import WarehouseBusyError

STORAGE = "v1.3.0"
"""Oldest DuckDB that can read the files: from here on text is stored in a way that loads in two thirds of the time."""

MEMORY = "1200MB"
"""What DuckDB may hold of the live file; beyond it sorts and joins spill to the disk beside it."""


@contextlib.contextmanager
def exclusive(lock_file: Path, *, wait_seconds: float = 0.0, what: str) -> Iterator[None]:
    """Hold `lock_file` for the block.

    Raises:
        WarehouseBusyError: another process holds it after `wait_seconds`.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + wait_seconds
    with lock_file.open("a") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise WarehouseBusyError(
                        f"Another process is using {what}; try again when it is done (lock {lock_file})."
                    ) from None
                time.sleep(0.05)
        yield


@contextlib.contextmanager
def open_live(warehouse: Path, *, wait_seconds: float = 0.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the live warehouse for writing, migrated to the newest schema; UTC is its session zone.

    Raises:
        WarehouseBusyError: another process holds it after `wait_seconds`.
    """
    with contextlib.ExitStack() as stack:
        # The lock first: connecting without it would fail on DuckDB's own, in words that are no contract.
        stack.enter_context(exclusive(lock_of(warehouse), wait_seconds=wait_seconds, what="the warehouse"))
        con = stack.enter_context(contextlib.closing(connect(warehouse)))
        migrate.apply(con)
        yield con


def connect(warehouse: Path) -> duckdb.DuckDBPyConnection:
    """Open the live file, whose lock the caller holds; a new one is made in the format of `STORAGE`."""
    con = duckdb.connect(str(warehouse), config={"storage_compatibility_version": STORAGE, "memory_limit": MEMORY})
    prepare(con)
    return con


def open_snapshot(snapshot: Path) -> duckdb.DuckDBPyConnection:
    """Open the published snapshot read-only. Any number of processes may, for as long as they like."""
    con = duckdb.connect(str(snapshot), read_only=True)
    prepare(con)
    return con


def dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the rows of a query that ran, by the names of its columns."""
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def prepare(con: duckdb.DuckDBPyConnection) -> None:
    """Set what every session of ours relies on: UTC, and no download of extensions behind our back."""
    con.execute("SET GLOBAL TimeZone = 'UTC'")  # cursors of the connection have it too
    # DuckDB 1.5.5 dies of `QUALIFY row_number() OVER (...) = 1` over some of our views when it may rewrite that.
    con.execute("SET disabled_optimizers = 'top_n_window_elimination'")
    con.execute("SET autoinstall_known_extensions = false")


def quoted(text: str) -> str:
    """Return a text as a literal of SQL, for statements that take no parameters."""
    return "'" + text.replace("'", "''") + "'"


def lock_of(warehouse: Path) -> Path:
    """Return the lock file of a warehouse file."""
    return warehouse.with_suffix(".lock")

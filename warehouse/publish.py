"""Publish a read-only snapshot of the warehouse for analysts.

The snapshot is a checkpointed copy, written beside the published file and renamed over it: whoever has the old
one open keeps reading it, undisturbed, and blocks nobody.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from warehouse import checks, migrate
from warehouse.connection import connect, exclusive, lock_of
from warehouse.errors import WarehouseError


@dataclass(frozen=True, slots=True)
class Published:
    """What was published: `snapshot_id` names the data, the same for the same batches; `warnings` are sentences."""

    snapshot: Path
    snapshot_id: str
    byte_count: int
    warnings: tuple[str, ...]


def publish(warehouse: Path, snapshot: Path, *, wait_seconds: float = 0.0) -> Published:
    """Run the data checks and publish; where a fail-grade check finds rows the old snapshot stays.

    Raises:
        WarehouseBusyError: another process holds the warehouse after `wait_seconds`.
        WarehouseError: a fail-grade data check found rows.
    """
    with exclusive(lock_of(warehouse), wait_seconds=wait_seconds, what="the warehouse"):
        con = connect(warehouse)
        try:
            migrate.apply(con)
            findings = checks.run(con)
            failed = [finding.sentence for finding in findings if finding.grade == "fail"]
            if failed:
                raise WarehouseError(f"Not published, the last snapshot stays: {' '.join(failed)}")
            identity = snapshot_id(con)
            con.execute("CHECKPOINT")
        finally:
            con.close()
        # Only now: closing a second descriptor of an open file would drop DuckDB's own lock on it.
        temporary = snapshot.with_suffix(".publishing")
        shutil.copyfile(warehouse, temporary)
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(snapshot)
    return Published(
        snapshot, identity, snapshot.stat().st_size, tuple(f.sentence for f in findings if f.grade == "warn")
    )


def snapshot_id(con: duckdb.DuckDBPyConnection) -> str:
    """Return the identity of the data: a hash over the ledger and the schema, so equal data has an equal id.

    The records of attempts and of reports are left out: they say when somebody looked, which differs between two
    collections of the very same data.
    """
    (digest,) = con.execute(
        "SELECT sha256(coalesce(string_agg(batch_id, ',' ORDER BY batch_id), '') || '|' ||"
        " (SELECT string_agg(sha256, ',' ORDER BY name) FROM raw.migration))"
        " FROM raw.batch WHERE collector NOT IN ('collection_run', 'report')"
    ).fetchall()[0]
    return str(digest)[:16]

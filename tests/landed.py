"""What was landed, without loading it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.spool import LONG, SHORT, read_short


def landed(folder: Path) -> dict[str, pa.Table]:
    """Return the rows of every batch under the folder by table."""
    found: dict[str, list[pa.Table]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix == LONG:
            found.setdefault(path.stem, []).append(pq.read_table(path))
        elif path.suffix == SHORT:
            found.setdefault(path.stem, []).append(read_short([path]).drop_columns("batch_id"))
    return {table: pa.concat_tables(rows) for table, rows in found.items()}

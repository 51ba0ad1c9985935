"""What people write down by hand with a command: one line of text, about what the published snapshot knows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import duckdb

from tasks.errors import ConfigurationError
from warehouse.connection import open_snapshot

LONGEST = 300
"""Characters of one answer at most: it is printed in a table of the report."""


@contextlib.contextmanager
def published(snapshot: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published snapshot for the block.

    Raises:
        ConfigurationError: there is none yet.
    """
    if not snapshot.exists():
        raise ConfigurationError(f"There is no snapshot {snapshot} yet; `upkeep publish` makes one.")
    with contextlib.closing(open_snapshot(snapshot)) as con:
        yield con


def one_line(option: str, text: str, longest: int = LONGEST) -> str:
    """Return what an option says, as one line.

    Raises:
        ConfigurationError: it is empty or longer than `longest` characters.
    """
    line = " ".join(text.split())
    if not line or len(line) > longest:
        raise ConfigurationError(f"--{option} must have 1 to {longest} characters.")
    return line

"""Print rows for people and programs; text from outside can neither steer the terminal nor a spreadsheet."""

from __future__ import annotations

import csv
import json
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, TextIO


def plain(value: object) -> str:
    """Return the value as text in which control, escape and direction characters are visible instead of obeyed."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return rfc3339(value)
    text = value if isinstance(value, str) else str(value)
    if text.isprintable():
        return text
    return "".join(
        c
        if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        else c.encode("unicode_escape").decode()
        for c in text
    )


def rfc3339(moment: datetime) -> str:
    """Return an aware moment as RFC 3339 in UTC: 2026-11-23T05:00:09Z."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def cell(value: object) -> str:
    """Return the value for a CSV cell: what a spreadsheet would take for a formula gets a quote before it."""
    text = plain(value)
    is_text = isinstance(value, str)
    return f"'{text}" if is_text and text.lstrip()[:1] in ("=", "+", "-", "@") else text


def json_default(value: object) -> Any:
    """Turn what JSON lacks into text; for `json.dumps(default=)`."""
    if isinstance(value, datetime):
        return rfc3339(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def write_json_lines(rows: Iterable[dict[str, Any]], out: TextIO | None = None) -> None:
    """Write one JSON object a line; non-ASCII and control characters stay escaped."""
    for row in rows:
        (out or sys.stdout).write(json.dumps(row, default=json_default) + "\n")


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]], out: TextIO | None = None) -> None:
    """Write CSV rows, under a header line where there are columns."""
    writer = csv.writer(out or sys.stdout, lineterminator="\n")
    if columns:
        writer.writerow([cell(column) for column in columns])
    writer.writerows([cell(value) for value in row] for row in rows)


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print a table as wide as the terminal; nothing in it is taken for markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(Text(plain(column)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(value), justify="right" if _is_number(value) else "left") for value in row))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

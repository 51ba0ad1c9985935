"""The success criteria of WCAG 2.2, from the one table that queries read too: `staging.wcag_criterion`."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import duckdb

LEVELS = ("A", "AA", "AAA")
OBSOLETE = "4.1.1"
"""Parsing: removed in WCAG 2.2, https://www.w3.org/TR/WCAG22/#parsing."""
_TAG = re.compile(r"^wcag([1-4])(\d)(\d{1,2})$")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One success criterion, as 1.4.3 Contrast (Minimum), level AA."""

    number: str
    level: str
    name: str


@functools.cache
def criteria() -> dict[str, Criterion]:
    """Return the 86 criteria by number, in the order of the standard."""
    view = files("warehouse").joinpath("staging/wcag_criterion.sql").read_text(encoding="utf-8")
    with contextlib.closing(duckdb.connect()) as con:
        con.execute(f"CREATE SCHEMA staging; {view}")
        rows = con.execute(
            "SELECT criterion, level, criterion_name FROM staging.wcag_criterion ORDER BY reading_order"
        ).fetchall()
    return {row[0]: Criterion(*row) for row in rows}


def in_order(numbers: Iterable[str]) -> list[str]:
    """Return the numbers that are criteria of WCAG 2.2, each once, as the standard orders them."""
    wanted = set(numbers)
    return [number for number in criteria() if number in wanted]


def of_tags(tags: Iterable[str]) -> list[str]:
    """Return the numbers that the tags of an axe-core rule name, 4.1.1 too: `wcag143` is 1.4.3, `wcag1412` 1.4.12."""
    found = [".".join(match.groups()) for tag in tags if (match := _TAG.match(tag))]
    return [*in_order(found), *({OBSOLETE} & set(found))]


def level_of(numbers: Sequence[str]) -> str | None:
    """Return the lowest official level of the criteria, which is the one that fails first; None where none is known."""
    levels = {criteria()[number].level for number in numbers if number in criteria()}
    return next((level for level in LEVELS if level in levels), None)

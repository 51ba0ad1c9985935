"""JSON as stock commands print it: warnings before it, any of PowerShell's encodings, and values of any type in it."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from tasks.errors import SourceError

JSON_STARTS = 100
"""Lines at most that are tried as the start of the JSON: warnings can start with a bracket too."""
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PROBED = 512


def decode(data: bytes) -> str:
    """Return the text of a file that any shell wrote: UTF-8, or UTF-16 as PowerShell 5 writes with `>`.

    UTF-16 is known by its mark, or without one by the zero bytes of plain letters. What is no character becomes U+FFFD.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    head = data[:_PROBED]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 1 and not any(head[first::2]) and any(head[1 - first :: 2]):
            return data.decode(encoding, "replace")
    return data.decode("utf-8", "replace")


def read_json(text: str, expected: type[list[Any] | dict[str, Any]], *needed: str, command: str = "it") -> Any:
    """Return the first JSON value of the expected type that starts a line and has the keys that are needed.

    Raises:
        SourceError: there is none; the message asks to run `command` again.
    """
    opening = "[" if expected is list else "{"
    for start in _line_starts(text, opening):
        try:
            value, _ = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, expected) and all(key in value for key in needed):
            return value
    kind = "list" if expected is list else f"object{' with ' + ', '.join(needed) if needed else ''}"
    raise SourceError(f"no line starts a whole JSON {kind}; run {command} again")


def has_json(text: str, opening: str) -> bool:
    """Say whether a line starts with the opening bracket."""
    return any(True for _ in _line_starts(text, opening))


def word(item: object, key: str) -> str:
    """Return the text at the key without half characters, which UTF-8 can't hold; empty where there is no text."""
    value = item.get(key) if isinstance(item, Mapping) else None
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""


def part(item: object, key: str) -> Mapping[str, Any]:
    """Return the object at the key; empty where there is none. PHP writes an empty object as a list."""
    value = item.get(key) if isinstance(item, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(item: object, key: str) -> list[Any]:
    """Return the list at the key; empty where there is none, and with one entry where PowerShell unwrapped it."""
    value = item.get(key) if isinstance(item, Mapping) else None
    if isinstance(value, Mapping):
        return [value]
    return value if isinstance(value, list) else []


def score(value: object) -> float | None:
    """Return a CVSS score, also where it is written as text; None where it is none."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}(\.\d{1,4})?", value, re.ASCII):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value) if 0 < value <= 10 else None


def _line_starts(text: str, opening: str) -> Iterator[int]:
    """Yield where lines start with the opening bracket, the first `JSON_STARTS` of them.

    A plugin whose file was saved with a byte order mark prints that mark first. Blanks are not passed over: an inner
    list of an output that was cut short would be taken for the whole.
    """
    for match in islice(re.finditer(rf"^\ufeff*(\{opening})", text, re.MULTILINE), JSON_STARTS):
        yield match.start(1)


def _whole(text: str) -> int:
    """Return a whole number; one that no counter has becomes 0 instead of an error for the whole document."""
    return int(text) if len(text) < 20 else 0


_DECODER = json.JSONDecoder(parse_int=_whole)

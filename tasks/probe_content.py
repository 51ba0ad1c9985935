"""What an answer must hold: text, a pattern, a place of a JSON document, headers. Patterns run in RE2.

The pages of a site are outside text: RE2, which DuckDB brings, takes time in proportion to them whatever the pattern.
"""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb

from tasks.probe_connect import ProbeFailureError

_CHARSETS = re.compile(
    r"(?i)utf-?8|utf-?16(?:le|be)?|us-ascii|iso-8859-\d{1,2}|windows-125\d|koi8-[ru]"
    r"|shift_jis|euc-(?:jp|kr)|iso-2022-jp|gb2312|gbk|gb18030|big5"
)
_CHARSET = re.compile(rb"(?i)charset\s*=\s*[\"']?([\w.:-]{1,40})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What the body and the headers must hold; all of it. `header_patterns` are of the whole value, None for any."""

    text_present: tuple[str, ...] = ()
    text_absent: tuple[str, ...] = ()
    pattern: str | None = None
    json_path: str | None = None
    json_value: str | None = None
    """What stands at `json_path`, as text; None for anything but null."""
    header_patterns: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def needs_body(self) -> bool:
        """Tell whether the body is to be looked at."""
        return bool(self.text_present or self.text_absent or self.pattern or self.json_path)


def examine(expected: Expectation, headers: Sequence[tuple[bytes, bytes]], body: bytes, *, is_cut: bool) -> None:
    """Hold an answer against what is expected; `is_cut` where there is more of the body than was read.

    Raises:
        ProbeFailureError: header or content, with what is missing.
    """
    for name, pattern in expected.header_patterns.items():
        values = [value.decode("latin-1") for key, value in headers if key == name.lower().encode()]
        if not values:
            raise ProbeFailureError("header", f"there is no header {name}")
        if pattern is not None and not any(_matches(value, f"^(?:{pattern})$") for value in values):
            raise ProbeFailureError("header", f"{name} is {values[0]!r}")
    if not expected.needs_body:
        return
    text, where = decoded(headers, body), " in the part that was read" if is_cut else ""
    for wanted in expected.text_present:
        if wanted not in text:
            raise ProbeFailureError("content", f"the text {wanted!r} is not there{where}")
    for unwanted in expected.text_absent:
        if unwanted in text:
            raise ProbeFailureError("content", f"the text {unwanted!r} is there")
    if expected.pattern and not _matches(text, expected.pattern):
        raise ProbeFailureError("content", f"nothing matches the pattern{where}")
    if expected.json_path:
        _examine_json(expected, text)


def decoded(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> str:
    """Return the body as text: in the charset that its header names, where it is one of the web, else UTF-8."""
    content_type = next((value for key, value in headers if key == b"content-type"), b"")
    match = _CHARSET.search(content_type)
    charset = match[1].decode() if match and _CHARSETS.fullmatch(match[1].decode()) else "utf-8"
    with contextlib.suppress(LookupError):
        return body.decode(charset, "replace")
    return body.decode("utf-8", "replace")


def check_pattern(pattern: str) -> str:
    """Return the pattern; raises ValueError where RE2 can't read it."""
    try:
        _matches("", pattern)
    except duckdb.Error as error:
        raise ValueError(f"{pattern!r} is no pattern of RE2: {str(error).splitlines()[0]}") from None
    return pattern


def check_json_path(path: str) -> str:
    """Return the path; raises ValueError where it is none."""
    try:
        _json("{}", path)
    except duckdb.Error:
        raise ValueError(f"{path!r} is no JSONPath; write it as $.status or $.checks[0].state") from None
    if not path.startswith("$") or "*" in path:
        raise ValueError(f"{path!r} is to start with $ and lead to one place; write it as $.checks[0].state")
    return path


def _examine_json(expected: Expectation, text: str) -> None:
    # Asked first, because DuckDB's error would quote the document, cut in the middle of a character.
    if not _engine().execute("SELECT json_valid(?)", [text]).fetchall()[0][0]:
        raise ProbeFailureError("content", "the answer is no JSON document")
    found = _json(text, str(expected.json_path))
    if found is None:
        raise ProbeFailureError("content", f"there is nothing at {expected.json_path}")
    if expected.json_value is not None and found != expected.json_value:
        raise ProbeFailureError("content", f"{expected.json_path} is {found[:100]!r}, not {expected.json_value!r}")


def _matches(text: str, pattern: str) -> bool:
    # RE2 and DuckDB refuse lone surrogates, which a decoder never makes but a header may hold.
    return bool(_engine().execute("SELECT regexp_matches(?, ?)", [text, pattern]).fetchall()[0][0])


def _json(text: str, path: str) -> str | None:
    sql = "SELECT json_extract_string(?::JSON, ?)"
    value: str | None = _engine().execute(sql, [text, path]).fetchall()[0][0]
    return value


@functools.cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "memory_limit": "256MB"})

"""Wordfence's table `<prefix>wfHits`: a SQL dump (mysqldump, `wp db export`, phpMyAdmin), CSV or JSON rows.

Schema and words: `lib/wfSchema.php`, `lib/wfLog.php` and `lib/wordfenceClass.php` of
https://github.com/wp-plugins/wordfence. The address is 16 bytes, an IPv4 one mapped into IPv6: dump with `--hex-blob`,
because a dump with raw bytes is not text, and its lines are rejected as such. Times are unix time, UTC.
"""

from __future__ import annotations

import base64
import binascii
import csv
import ipaddress
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.waf_parse import BadLine

TITLE = "Wordfence, table wfHits: SQL dump, CSV or JSON"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "": "allow",
    "loginok": "allow",
    "logout": "allow",
    "user:passwordreset": "log",
    "loginfailvalidusername": "log",
    "loginfailinvalidusername": "log",
    "lockedout": "block",
    "throttled": "rate_limit",
    "blocked": "block",
    "blocked:waf": "block",
    "blocked:waf-always": "block",
    "blocked:wordfence": "block",
    "blocked:wfsn": "block",
    "blocked:wfsnrepeat": "block",
    "learned:waf": "log",
    "logged:waf": "log",
    "scan:detectproxy": "allow",
    "cbl:redirect": "redirect",
}
COLUMNS: tuple[str, ...] = (
    "id", "attackLogTime", "ctime", "IP", "jsRun", "statusCode", "isGoogle", "userID", "newVisit", "URL", "referer",
    "UA", "action", "actionDescription", "actionData",
)  # fmt: skip
HEADER = re.compile(rb'\A(?:\xef\xbb\xbf)?"?id"?[,;][^\n]*\n')

_INSERT = re.compile(r"INSERT (?:IGNORE )?INTO `?[A-Za-z0-9_]*wfHits`?\s*(?:\(([^)]*)\))?\s*VALUES\s*", re.IGNORECASE)
_VALUE = re.compile(
    r"\s*(?:_binary\s+)?(?:'((?:[^'\\]|\\.|'')*)'|(0x[0-9A-Fa-f]*|[xX]'[0-9A-Fa-f]*')|(NULL)"
    r"|(-?[0-9.]+(?:[eE][+-]?\d+)?))\s*",
    re.DOTALL,
)
_ESCAPES = {"0": "\0", "n": "\n", "r": "\r", "t": "\t", "Z": "\x1a", "b": "\b"}


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    if re.search(r"(?:INSERT INTO|CREATE TABLE|DROP TABLE IF EXISTS) `?[A-Za-z0-9_]*wfHits`?", head, re.IGNORECASE):
        return True
    first = next((line for line in head.splitlines() if line.strip()), "")
    return "attackLogTime" in first and "ctime" in first and "actionDescription" in first


def documents(
    lines: Iterable[tuple[int, str]], header: str, options: Mapping[str, str]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield a JSON object for each row."""
    names = next(csv.reader([header])) if header else []
    is_inside, columns = False, COLUMNS
    for number, line in lines:
        text = line.strip()
        if not text or (header and text == header.strip()):
            continue
        started = _INSERT.match(text)
        if started:
            columns = tuple(n.strip(" `") for n in started.group(1).split(",")) if started.group(1) else COLUMNS
            is_inside, text = True, text[started.end() :]
        if is_inside:
            yield from _rows(text, number, columns)
            is_inside = not text.endswith(";")
        elif text.startswith("{"):
            yield _json(text, number)
        elif names:
            yield _csv(text, number, names)
        elif not re.match(
            r"--|/\*|#|(?:DROP|CREATE|LOCK|UNLOCK|ALTER|SET|USE|START|COMMIT|BEGIN|\)|`|PRIMARY|KEY|UNIQUE)", text, re.I
        ):
            yield BadLine(number, "the line is neither SQL, CSV nor JSON of the table wfHits", line)


def _json(text: str, number: int) -> tuple[int, str] | BadLine:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return BadLine(number, "the line is not a JSON object of a row of wfHits", text)
    return (number, _document(row)) if isinstance(row, dict) and "ctime" in row else _no_row(number, text)


def _csv(text: str, number: int, names: list[str]) -> tuple[int, str] | BadLine:
    try:
        values = next(csv.reader([text]))
    except (csv.Error, StopIteration):
        return _no_row(number, text)
    return (
        (number, _document(dict(zip(names, values, strict=False))))
        if len(values) == len(names)
        else _no_row(number, text)
    )


def _no_row(number: int, text: str) -> BadLine:
    return BadLine(number, "the line has not the columns of a row of wfHits", text)


def _rows(text: str, number: int, columns: tuple[str, ...]) -> Iterator[tuple[int, str] | BadLine]:
    """Yield the rows of `(..),(..);`; after one that can't be read, go on at the next one."""
    at = 0
    while (start := text.find("(", at)) >= 0:
        values, end = _tuple(text, start + 1)
        if values is not None and len(values) == len(columns):
            yield number, _document(dict(zip(columns, values, strict=True)))
            at = end
            continue
        yield BadLine(
            number, f"a row of the INSERT is cut off or has not {len(columns)} values", text[start : start + 200]
        )
        following = re.compile(r"\),\s*\(\d+\s*,").search(text, start + 1)
        if following is None:
            return
        at = following.start() + 1


def _tuple(text: str, at: int) -> tuple[list[Any] | None, int]:
    values: list[Any] = []
    while match := _VALUE.match(text, at):
        quoted, hexadecimal, null, number = match.groups()
        if quoted is not None:
            values.append(
                re.sub(r"\\(.)", lambda m: _ESCAPES.get(m.group(1), m.group(1)), quoted, flags=re.DOTALL).replace(
                    "''", "'"
                )
            )
        elif hexadecimal is not None:
            values.append(hexadecimal.removeprefix("0x").strip("xX'"))
        else:
            values.append(None if null else number)
        at = match.end()
        if text[at : at + 1] != ",":
            return (values, at + 1) if text[at : at + 1] == ")" else (None, at)
        at += 1
    return None, at


def _document(row: Mapping[str, Any]) -> str:
    data = _data(row.get("actionData"))
    rules = data.get("failedRules")
    return json.dumps({
        "id": row.get("id"),
        "ctime": row.get("attackLogTime") if _number(row.get("attackLogTime")) else row.get("ctime"),
        "ip": _address(row.get("IP")),
        "status": row.get("statusCode"),
        "url": row.get("URL"),
        "ua": row.get("UA"),
        "action": row.get("action"),
        "description": row.get("actionDescription"),
        "rules": [str(rule)[:100] for rule in rules[:50]] if isinstance(rules, list) else [],
        "category": data.get("category") if isinstance(data.get("category"), str) else None,
        "param": _unpacked(data.get("paramKey")),
        "value": _unpacked(data.get("paramValue")),
    })  # fmt: skip


def _number(value: Any) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return 0.0


def _data(value: Any) -> dict[str, Any]:
    if isinstance(value, str) and re.fullmatch(r"(?:[0-9a-fA-F]{2})+", value):
        value = bytes.fromhex(value).decode("utf-8", "replace")
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _unpacked(value: Any) -> str | None:
    """Return what Wordfence packed as base64; anything else as it is."""
    if not isinstance(value, str) or not value:
        return None
    try:
        return base64.b64decode(value, validate=True).decode("utf-8", "replace")[:500]
    except (binascii.Error, ValueError):
        return value[:500]


def _address(value: Any) -> str | None:
    """Return an address out of 32 hexadecimal digits, base64 of 16 bytes, the bytes themselves, or its own text."""
    text = str(value or "").removeprefix("0x")
    packed = None
    if re.fullmatch(r"[0-9A-Fa-f]{32}", text):
        packed = bytes.fromhex(text)
    elif re.fullmatch(r"[A-Za-z0-9+/]{22}==", text):
        packed = base64.b64decode(text)
    elif len(text) == 16 and not re.fullmatch(r"[0-9a-fA-F.:]+", text) and all(ord(c) < 256 for c in text):
        packed = text.encode("latin-1")
    try:
        address = ipaddress.ip_address(packed or text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)

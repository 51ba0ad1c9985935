"""Audit trail of the Sucuri firewall: rows of its API, or the CSV export with a header. Never run against the vendor.

https://docs.sucuri.net/website-firewall/api/. The words of an action are a reason in prose ("SQL injection was
detected and blocked"): what they begin or end with decides. Date and time stand apart and name no zone.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.waf_parse import BadLine

TITLE = "Sucuri firewall audit trail, API or CSV"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "1": "block",
    "true": "block",
    "blocked": "block",
    "denied": "block",
    "0": "allow",
    "false": "allow",
    "allowed": "allow",
    "challenged": "challenge",
}
HEADER = re.compile(rb"\A[^\n{]*request_date[^\n]*\n")


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return "request_date" in head and "request_time" in head and ("sucuri" in head or "remote_addr" in head)


def documents(
    lines: Iterable[tuple[int, str]], header: str, options: Mapping[str, str]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield a JSON object for each row."""
    names = next(csv.reader([header])) if header else []
    for number, line in lines:
        text = line.strip()
        if not text or (header and text == header.strip()):
            continue
        rows = _json(text) if text.startswith(("{", "[")) else _csv(text, names)
        if not rows:
            yield BadLine(number, "the line is no row of the audit trail with request_date and request_time", line)
        for row in rows:
            yield number, json.dumps({k: v for k, v in row.items() if k not in ("http_cookie", "request_body")})


def _json(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if isinstance(found, dict) and "output" in found:
        found = found["output"]
    if isinstance(found, dict) and "access_logs" in found:
        found = found["access_logs"]
    if isinstance(found, dict) and "request_date" not in found:
        found = list(found.values())
    rows = found if isinstance(found, list) else [found]
    return [row for row in rows if isinstance(row, dict) and "request_date" in row]


def _csv(text: str, names: list[str]) -> list[dict[str, Any]]:
    try:
        values = next(csv.reader([text]))
    except (csv.Error, StopIteration):
        return []
    return [dict(zip(names, values, strict=True))] if names and len(values) == len(names) else []

"""Requests that F5 BIG-IP ASM / Advanced WAF logged: key="value" syslog, or JSON of telemetry streaming.

https://techdocs.f5.com/en-us/bigip-15-0-0/external-monitoring-of-big-ip-systems-implementations/ and
https://clouddocs.f5.com/products/extensions/f5-telemetry-streaming/latest/event-listener.html. Never run against the
vendor. The times are those of the device, without a zone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from tasks.waf_parse import BadLine

TITLE = "F5 BIG-IP ASM, syslog key=value or JSON"
FILLS = "waf_event"
VERSION = 1
ACTIONS = {
    "blocked": "block",
    "passed": "allow",
    "alerted": "log",
    "legal": "allow",
    "illegal": "log",
    "truncated": "unknown",
}

_PAIR = re.compile(r'([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.|"(?![,\s]|$))*)"')


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return re.search(r'"?\bsupport_id"?\s*[=:]\s*"', head) is not None and "request_status" in head


def documents(
    lines: Iterable[tuple[int, str]], header: str, options: Mapping[str, str]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield a JSON object for each request, whichever way it was written."""
    for number, line in lines:
        if not line.strip():
            continue
        start = line.find("{")
        row: dict[str, object] = {}
        if start >= 0 and '"support_id"' in line:
            try:
                found = json.loads(line[start:])
                row = found if isinstance(found, dict) else {}
            except (ValueError, RecursionError):
                row = {}
        else:
            row = {name: re.sub(r"\\(.)", r"\1", value) for name, value in _PAIR.findall(line)}
        if "support_id" in row and "request_status" in row:
            # Whole requests and answers are bodies: they are not kept.
            yield (
                number,
                json.dumps({k: v for k, v in row.items() if k not in ("request", "response", "violation_details")}),
            )
        else:
            yield BadLine(number, "the line has no support_id and request_status", line.split('request="')[0])

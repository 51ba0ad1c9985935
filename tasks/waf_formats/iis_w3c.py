"""W3C extended log of Microsoft IIS, with `#Fields` lines that may change within a file.

https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging

Times are UTC unless the site is set otherwise; `utc: "no"` then takes the configured zone. Blanks in values are `+`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from tasks.waf_parse import BadLine

TITLE = "Microsoft IIS log, W3C extended"
FILLS = "http_request"
VERSION = 1
OPTIONS = {"utc": "no where the server writes its local time"}
HEADER = re.compile(rb"^#(?:Fields):[^\n]*\n", re.MULTILINE)
NAMES = {
    "time": "time", "date": "date", "c-ip": "client_ip", "cs-host": "host", "cs-method": "method",
    "cs-uri-stem": "path",
    "cs-uri-query": "query", "cs-version": "protocol", "sc-status": "status", "sc-bytes": "bytes",
    "cs(Referer)": "referrer", "cs(User-Agent)": "user_agent", "X-Forwarded-For": "forwarded",
}  # fmt: skip


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    is_iis = "Microsoft Internet Information Services" in head or re.search(r"^#Fields:.*\bs-ip\b", head, re.MULTILINE)
    return is_iis is not None and bool(is_iis) and "x-edge-location" not in head


def documents(
    lines: Iterable[tuple[int, str]], header: str, options: Mapping[str, str]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield a JSON object for each request, by the fields that hold where it stands."""
    fields, day = header.removeprefix("#Fields:").split(), ""
    for number, line in lines:
        text = line.rstrip("\r")
        if text.startswith("#"):
            if text.startswith("#Fields:"):
                fields = text.removeprefix("#Fields:").split()
            elif text.startswith("#Date:"):
                day = text.removeprefix("#Date:").split()[0] if text.removeprefix("#Date:").split() else ""
            continue
        values = text.split(" ")
        if not text.strip("\0 "):
            if text.strip(" "):
                yield BadLine(number, "the line is empty space that the server kept free; nothing was logged there", "")
            continue
        if not fields:
            yield BadLine(number, "there is no #Fields line before this one: the file must be whole", text)
        elif len(values) != len(fields):
            yield BadLine(number, f"the line has {len(values)} fields, the #Fields line names {len(fields)}", text)
        else:
            row = {
                NAMES[name]: value for name, value in zip(fields, values, strict=True) if name in NAMES and value != "-"
            }
            yield number, json.dumps({"date": day} | row)

"""W3C extended log of Microsoft IIS.

https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging and
https://learn.microsoft.com/en-us/previous-versions/windows/it-pro/windows-server-2003/cc786596(v=ws.10)

The fields are those that the last `#Fields` before a line names; IIS writes a new one when it starts and when its
settings change. Where `date` is not among them, the day is that of `#Date`. Times are UTC, whatever the rollover is
set to: https://learn.microsoft.com/en-us/previous-versions/iis/6.0-sdk/ms525891(v=vs.90)

HTTP.sys writes "+" for every blank and control character within a field: in user agents they are turned back.
"""

from __future__ import annotations

import re

TITLE = "Microsoft IIS log, W3C extended"
FILLS = "http_request"
VERSION = 1
OPTIONS = {
    "utc": "no where the lines have the server's local time",
    "client_ip": "field of the client's address, as X-Forwarded-For, behind a proxy; of a list the last one counts",
}
HEADER = re.compile(rb"^(?:#Date:[^\n]*\n)?#Fields:[^\n]*\n", re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    fields = re.search(r"^#Fields:.*\bcs-(?:method|uri-stem)\b.*$", head, re.MULTILINE)
    is_iis = re.search(r"^#Software: Microsoft Internet Information Services", head, re.MULTILINE)
    return fields is not None and (
        is_iis is not None or re.search(r"\bs-ip\b|\bsc-win32-status\b", fields[0]) is not None
    )

"""The error log of nginx: what ModSecurity 3 says of each rule, and requests over a rate or connection limit.

https://nginx.org/en/docs/ngx_core_module.html#error_log (time, level, process#thread, *connection, text),
https://nginx.org/en/docs/http/ngx_http_limit_req_module.html, https://nginx.org/en/docs/http/ngx_http_limit_conn_module.html

The lines of one request have ModSecurity's unique_id in common. A denied request is written at level `error`, the rules
that led to it only at `info`. The time has no zone and the limits do not say the status that they answered with. All
other lines, as of files not found, are no events and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tasks import waf_modsecurity

TITLE = "nginx error log with ModSecurity 3 and request limits"
FILLS = "waf_event"
VERSION = 1
ACTIONS: Mapping[str, str] = {
    **waf_modsecurity.ACTIONS,
    "limiting requests": "rate_limit",
    "limiting connections": "rate_limit",
    "delaying request": "log",
    "limiting requests, dry run": "log",
    "limiting connections, dry run": "log",
    "delaying request, dry run": "log",
}
OPTIONS: Mapping[str, str] = {"limit_status": "the status that limit_req_status and limit_conn_status set, as 429"}
RECORD_END = waf_modsecurity.GroupEnds(r'\[unique_id "([^"\n]+)"\]')

_LINE = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[[a-z]+\] \d+#\d+: ", re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return _LINE.search(head) is not None

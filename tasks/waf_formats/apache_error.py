"""The error log of Apache with ModSecurity 2: a line for each rule that matched.

https://httpd.apache.org/docs/2.4/logs.html#errorlog and
https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats#alert-action-description

The lines of one request have ModSecurity's unique_id in common. They do not have its method, its query or its user
agent; the time has no zone. All other lines are no events and are left out.
"""

from __future__ import annotations

import re

from tasks import waf_modsecurity

TITLE = "Apache error log with ModSecurity"
FILLS = "waf_event"
VERSION = 1
ACTIONS = waf_modsecurity.ACTIONS
RECORD_END = waf_modsecurity.GroupEnds(r'\[unique_id "([^"\n]+)"\]')

_TIME = (
    r"(?:[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?)"
)
_LINE = re.compile(rf"^\[{_TIME}\] \[[a-z0-9_-]*:?[a-z0-9]+\] ", re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return _LINE.search(head) is not None

"""Coraza: what it tells Caddy's log of each rule, and its own JSON audit log; both may be in one file.

https://coraza.io/docs/seclang/directives/#secauditlogformat (JSON; `jsonlegacy` is the format modsecurity-v2-json),
https://github.com/corazawaf/coraza/blob/main/internal/corazarules/rule_match.go and .../internal/auditlog/auditlog.go,
https://caddyserver.com/docs/logging

In Caddy's log the lines of one request have a unique_id in common. They name no host and no status; Caddy's own line
about the interruption (logger `http.log.error`, level debug) does, and is used where it is there. Lines of other
loggers are no events and are left out.

Before version 3.1 Coraza said "Access denied" of every rule with a disruptive action, also of one that only passes:
where more than one rule of a request denied it, only the blocking evaluation is believed.
"""

from __future__ import annotations

import re

from tasks import waf_modsecurity

TITLE = "Coraza: Caddy log and JSON audit log"
FILLS = "waf_event"
VERSION = 1
ACTIONS = waf_modsecurity.ACTIONS
RECORD_END = waf_modsecurity.GroupEnds(r'(?:\[unique_id \\"|"err_id":")([^"\\\n]+)')

_LINE = re.compile(
    r'^.{0,100}\{"level":[^\n]*"logger":"http\.handlers\.waf"|^\{"transaction":\{"timestamp":"[^"]*","unix_timestamp":',
    re.MULTILINE,
)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return _LINE.search(head) is not None

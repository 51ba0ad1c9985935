"""The JSON audit log of ModSecurity 2.9 (`SecAuditLogFormat JSON`), serial: one transaction a line.

https://github.com/owasp-modsecurity/ModSecurity/wiki/Reference-Manual-(v2.x)#secauditlogformat

Coraza writes the same with `SecAuditLogFormat jsonlegacy`. `audit_data.action` is only there where a transaction was
intercepted; `audit_data.error_messages` says what `audit_data.messages` says.
"""

from __future__ import annotations

import re

from tasks import waf_modsecurity

TITLE = "ModSecurity 2 audit log, JSON"
FILLS = "waf_event"
VERSION = 1
ACTIONS = waf_modsecurity.ACTIONS

_LINE = re.compile(r'^\s*\{\s*"transaction"\s*:\s*\{\s*"time"\s*:', re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return _LINE.search(head) is not None

"""The JSON audit log of libModSecurity 3 (`SecAuditLogFormat JSON`, serial), one transaction a line.

https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-Reference-Manual-(v3.x)

The format has no word for what was done: it is derived from the engine's mode, the blocking evaluation (949110)
and the status. Its time stamp has no zone: the configured one is used and `is_zone_assumed` says so.
"""

from __future__ import annotations

from tasks import waf_modsecurity

TITLE = "ModSecurity 3 audit log, JSON"
FILLS = "waf_event"
VERSION = 2
ACTIONS = waf_modsecurity.ACTIONS


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    return first.startswith('{"transaction":{') and '"time_stamp"' in head and '"audit_data"' not in first

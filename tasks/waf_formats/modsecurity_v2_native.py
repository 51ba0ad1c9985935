"""The native audit log of ModSecurity 2 (Apache, also IIS and nginx), serial: one transaction after another.

https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tasks import waf_modsecurity
from tasks.waf_parse import BadLine

TITLE = "ModSecurity 2 audit log, native"
FILLS = "waf_event"
VERSION = 1
ACTIONS = waf_modsecurity.ACTIONS
_BOUNDARY = r"--([0-9a-f]{8})-([A-Z])--"
RECORD_END = waf_modsecurity.NativeEnds(_BOUNDARY)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return re.search(rf"^{_BOUNDARY}$", head, re.MULTILINE) is not None


def documents(
    lines: Iterable[tuple[int, str]], _header: str, _options: Mapping[str, object]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield one JSON object a transaction."""
    return waf_modsecurity.native_transactions(lines, _BOUNDARY)

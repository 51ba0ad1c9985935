"""The native audit log of libModSecurity 3 (nginx, also Apache), serial: one transaction after another.

https://github.com/owasp-modsecurity/ModSecurity/wiki/Reference-Manual-(v3.x)#secauditlogparts
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from tasks import waf_modsecurity
from tasks.waf_parse import BadLine

TITLE = "ModSecurity 3 audit log, native"
FILLS = "waf_event"
VERSION = 1
ACTIONS = waf_modsecurity.ACTIONS
_BOUNDARY = r"---([A-Za-z0-9]{8})---([A-Z])--"
RECORD_END = waf_modsecurity.NativeEnds(_BOUNDARY)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return re.search(rf"^{_BOUNDARY}$", head, re.MULTILINE) is not None


def documents(
    lines: Iterable[tuple[int, str]], _header: str, _options: Mapping[str, object]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield one JSON object a transaction."""
    return waf_modsecurity.native_transactions(lines, _BOUNDARY)

"""Security and access events of Imperva Cloud WAF (Incapsula) in CEF, with or without a syslog header before it.

Never run against the vendor.
https://docs.imperva.com/bundle/cloud-application-security/page/more/log-file-structure.htm
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from tasks.waf_parse import BadLine

TITLE = "Imperva Cloud WAF, CEF"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "req_passed": "allow",
    "req_cached": "allow",
    "req_cached_fresh": "allow",
    "req_cached_validated": "allow",
    "req_blocked": "block",
    "req_blocked_acl": "block",
    "req_blocked_rule": "block",
    "req_blocked_rules": "block",
    "req_blocked_security": "block",
    "req_blocked_session": "block",
    "req_blocked_visitor": "block",
    "req_blocked_ddos": "block",
    "req_challenge_cookie": "challenge",
    "req_challenge_javascript": "challenge",
    "req_challenge_captcha": "challenge",
    "req_bad_parse_error": "block",
    "req_bad_invalid": "block",
    "req_bad_timeout": "block",
    "req_bad_server_certificate": "unknown",
    "req_bad_connection": "unknown",
    "req_bad_client_certificate": "block",
    "req_unresolved_site_invalid_dns": "unknown",
    "req_redirected": "redirect",
}

_KEY = re.compile(r"(?:^| )([A-Za-z][A-Za-z0-9_.\[\]-]*)=")


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return re.search(r"CEF:\d+\|(?:Incapsula|Imperva)[^|]*\|", head) is not None


def documents(
    lines: Iterable[tuple[int, str]], header: str, options: Mapping[str, str]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield a JSON object for each event."""
    for number, line in lines:
        start = line.find("CEF:")
        if not line.strip() or line.startswith(
            ("accountId:", "configId:", "checksum:", "format:", "startTime:", "endTime:", "|==|")
        ):
            continue  # the head of a log file, before the events
        fields = re.split(r"(?<!\\)\|", line[start:], maxsplit=7) if start >= 0 else []
        if len(fields) < 8:
            yield BadLine(number, "the line has no CEF header with seven fields", line)
            continue
        named = _extension(fields[7])
        named["_name"], named["_class"] = _plain(fields[5]), _plain(fields[4])
        for name in list(named):
            if name.endswith("Label"):
                named[named[name]] = named.get(name.removesuffix("Label"), "")
        yield number, json.dumps(named)


def _extension(text: str) -> dict[str, str]:
    """Return the pairs of key=value, whose values may hold blanks and escaped equals signs."""
    keys = [m for m in _KEY.finditer(text) if text[m.end() - 2 : m.end() - 1] != "\\"]
    ends = [*(m.start() for m in keys[1:]), len(text)][: len(keys)]
    return {m.group(1): _plain(text[m.end() : end].strip()) for m, end in zip(keys, ends, strict=True)}


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m.group(1), m.group(1)), text)

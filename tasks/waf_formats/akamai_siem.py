"""Security events of Akamai's SIEM integration, one JSON object a line. Never run against the vendor.

https://techdocs.akamai.com/siem-integration/reference/get-configid and
https://techdocs.akamai.com/siem-integration/docs/siem-event-data

The lists of rules are URL-encoded, each item base64, with `;` between. The last line is where to go on, not an event.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from tasks.waf_parse import BadLine

TITLE = "Akamai SIEM, security events"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "alert": "log",
    "monitor": "log",
    "deny": "block",
    "deny_custom": "block",
    "abort": "block",
    "slow": "block",
    "tarpit": "block",
    "delay": "rate_limit",
    "none": "allow",
    "allow": "allow",
    "skip": "allow",
    "ignore": "allow",
    "challenge": "challenge",
    "serve_alternate": "redirect",
    "redirect": "redirect",
}
_STRENGTH = ("unknown", "allow", "log", "rate_limit", "redirect", "challenge", "block")


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return '"attackData"' in head and '"httpMessage"' in head


def documents(
    lines: Iterable[tuple[int, str]], header: str, options: Mapping[str, str]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield a JSON object for each event, its lists unpacked."""
    for number, line in lines:
        if not line.strip():
            continue
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            yield BadLine(number, "the line is not a JSON object of a security event", line)
            continue
        attack, message = (event.get(k) if isinstance(event, dict) else None for k in ("attackData", "httpMessage"))
        if isinstance(attack, dict) and isinstance(message, dict):
            yield number, json.dumps(_plain(event, attack, message))
        elif not (isinstance(event, dict) and "offset" in event):
            yield BadLine(number, "the line has no attackData and httpMessage", line)


def _plain(event: Mapping[str, Any], attack: Mapping[str, Any], message: Mapping[str, Any]) -> dict[str, Any]:
    names = ("rules", "ruleActions", "ruleMessages", "ruleTags", "ruleData", "ruleSelectors")
    lists = {name: _unpack(attack.get(name)) for name in names}
    rules = []
    for index, rule in enumerate(lists["rules"]):
        rules.append(
            {name: found[index] if index < len(found) else None for name, found in lists.items()} | {"rule": rule}
        )
    headers = unquote(str(message.get("requestHeaders") or ""))
    agent = next(
        (h.partition(":")[2].strip() for h in headers.splitlines() if h.lower().startswith("user-agent:")), None
    )
    geo = event.get("geo") if isinstance(event.get("geo"), dict) else {}
    return {
        "ip": attack.get("clientIP"),
        "action": attack.get("appliedAction") or _strongest([r["ruleActions"] for r in rules]),
        "has_applied": bool(attack.get("appliedAction")),
        "rules": rules,
        "agent": agent,
        "id": message.get("requestId"),
        "start": message.get("start"),
        "method": message.get("method"),
        "host": message.get("host"),
        "path": unquote(str(message.get("path") or "")) or None,
        "query": unquote(str(message.get("query") or "")) or None,
        "protocol": message.get("protocol"),
        "status": message.get("status"),
        "bytes": message.get("bytes"),
        "country": geo.get("country") if geo else None,
        "asn": geo.get("asn") if geo else None,
    }


def _strongest(actions: list[str | None]) -> str | None:
    def strength(action: str) -> int:
        meaning = ACTIONS.get("deny" if action.lower().startswith("deny_custom_") else action.lower(), "unknown")
        return _STRENGTH.index(meaning)

    return max((action for action in actions if action), key=strength, default=None)


def _unpack(value: Any) -> list[str]:
    """Return the items of a list, empty ones too: the lists go together by place. One that was cut is kept so far."""
    return [_decoded(item) for item in unquote(str(value)).replace(" ", "+").split(";")] if value else []


def _decoded(item: str) -> str:
    item = item.rstrip("=")
    for length in range(len(item), max(0, len(item) - 4), -1):
        try:
            padded = item[:length] + "=" * (-length % 4)
            return base64.b64decode(padded, validate=True).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            continue
    return item

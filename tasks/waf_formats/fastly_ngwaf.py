"""Requests that the Fastly Next-Gen WAF (Signal Sciences) tagged, as the feed of its API gives them.

Never run against the vendor.

https://www.fastly.com/documentation/reference/api/ngwaf/ and
https://docs.fastly.com/signalsciences/developer/extract-your-data/

A line is one request, or an answer with `data`. Older answers are in camelCase, newer ones in snake_case. The agent's
own code says what was done: 200 lets through, 406 and every custom code of 301, 302 and 400 to 599 stop, 429 is a rate
limit. A code below 1, and 499, says that the agent did not come to a decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.waf_parse import BadLine

TITLE = "Fastly Next-Gen WAF, request feed of the API"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "200": "log",
    "-2": "unknown",
    "-1": "unknown",
    "0": "unknown",
    "499": "unknown",
    "406": "block",
    "429": "rate_limit",
    "301": "redirect",
    "302": "redirect",
    "400": "block",
    "403": "block",
}


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return re.search(r'"agent_?[rR]esponse_?[cC]ode"', head) is not None


def documents(
    lines: Iterable[tuple[int, str]], header: str, options: Mapping[str, str]
) -> Iterator[tuple[int, str] | BadLine]:
    """Yield one JSON object a request, with names in snake_case."""
    for number, line in lines:
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            yield BadLine(number, "the line is not a JSON object of the request feed", line)
            continue
        rows = found.get("data", [found]) if isinstance(found, dict) else found
        for row in rows if isinstance(rows, list) else [rows]:
            if isinstance(row, dict) and ("timestamp" in row):
                yield number, json.dumps(_plain(row))
            else:
                yield BadLine(number, "the line has no request with a timestamp", line)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    named = {re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower(): value for name, value in row.items()}
    named["tags"] = [tag for tag in named.get("tags") or named.get("signals") or [] if isinstance(tag, dict)]
    for tag in named["tags"]:
        tag["type"] = tag.get("type") or tag.get("id")
    headers = named.get("headers_in") or named.get("request_headers") or []
    agents = [
        pair[1]
        for pair in headers
        if isinstance(pair, list) and len(pair) == 2 and str(pair[0]).lower() == "user-agent"
    ]
    named["user_agent"] = named.get("user_agent") or (agents[0] if agents else None)
    return {
        name: value for name, value in named.items() if name not in ("headers_in", "headers_out", "request_headers")
    }

"""Recorded responses of HTTP: as `curl -i` writes one, as `curl -iL` writes those of a redirect chain, or as JSON.

JSON is `{url, status, headers, body}` or a list of them, first to last; headers are an object, whose values may be
lists, or a list of `[name, value]` or `{name, value}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin

from tasks.errors import SourceError
from tasks.log_files import LineReject

RESPONSES = 50
"""Responses of one recording, at most."""
HEADERS = 1000
REDIRECTS = (301, 302, 303, 307, 308)
KEYS = {"url", "status", "headers", "body"}
_STATUS = re.compile(r"HTTP/\d(?:\.\d)? +(\d{3})(?: [^\r\n]*)?\r?(?:\n|\Z)")
_NEXT = re.compile(r"^HTTP/\d(?:\.\d)? +\d{3}(?: |\r?$)", re.MULTILINE)
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response. Names of headers are lower case; `url` and `body` are None where they were not recorded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    url: str | None = None
    body: str | None = None

    def all(self, name: str) -> list[str]:
        """Return every value of a header, by its lower-case name, in order."""
        return [value for key, value in self.headers if key == name]

    def first(self, name: str) -> str | None:
        """Return its first value; None where it is not there."""
        return next(iter(self.all(name)), None)

    @property
    def location(self) -> str | None:
        """Return where a redirect leads, as it says; None where it is none."""
        return self.first("location") if self.status in REDIRECTS else None

    @property
    def is_html(self) -> bool:
        """Tell whether it says that it is a page."""
        kind = (self.first("content-type") or "").split(";")[0].strip().lower()
        return kind in ("text/html", "application/xhtml+xml")


def read_responses(text: str, url: str | None, file: str) -> tuple[list[Response], list[LineReject]]:
    """Return the responses of a recording, first to last, and the lines of headers that are none.

    `url` is the address that was asked, where the recording does not name it; that of the next one follows from each
    redirect.

    Raises:
        SourceError: it is no recording.
    """
    rejects: list[LineReject] = []
    stripped = text.lstrip("\ufeff \t\r\n")
    if stripped.startswith(("{", "[")):
        found = list(_from_json(stripped, file))
    else:
        found = list(_from_text(text, file, rejects))
    if not found:
        raise SourceError(f"{file} holds no response: record one with curl -i, or curl -iL.")
    known: list[Response] = []
    for response in found:
        address = response.url or url
        known.append(replace(response, url=address))
        location = response.location
        url = urljoin(address, location) if address and location else None
    return known, rejects


def _from_text(text: str, file: str, rejects: list[LineReject]) -> Iterator[Response]:
    at = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    for _ in range(RESPONSES):
        line = _STATUS.match(text, at)
        if line is None:
            raise SourceError(f"{file} does not start with a status line, as HTTP/2 200: record it with curl -i.")
        headers, at = _headers(text, line.end(), rejects)
        response = Response(status=int(line[1]), headers=tuple(headers))
        following = _NEXT.search(text, at) if response.status in REDIRECTS else _NEXT.match(text, at)
        if following is None:
            body = text[at:]
            yield replace(response, body=body if body.strip() else None)
            return
        if headers and response.status >= 200:  # not an interim answer, nor that of a proxy to CONNECT
            yield response
        at = following.start()
    raise SourceError(f"{file} holds more than {RESPONSES} responses: record one redirect chain.")


def _headers(text: str, at: int, rejects: list[LineReject]) -> tuple[list[tuple[str, str]], int]:
    """Return the headers, and where the blank line after them ends."""
    headers: list[tuple[str, str]] = []
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line, start, at = text[at:end].rstrip("\r"), at, end + 1
        if not line:
            break
        name, colon, value = line.partition(":")
        if line[0] in " \t" and headers:  # folded, as RFC 9112 5.2 has it
            headers[-1] = (headers[-1][0], f"{headers[-1][1]} {line.strip()}")
        elif colon and _HEADER.match(name) and len(headers) < HEADERS:
            headers.append((name.lower(), value.strip()))
        else:
            reason = "it is no header" if len(headers) < HEADERS else f"there are more than {HEADERS} headers"
            rejects.append(LineReject(text.count("\n", 0, start) + 1, reason, name[:40]))
    return headers, at


def _from_json(text: str, file: str) -> Iterator[Response]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError(f"{file} is no whole JSON; write an object of {', '.join(sorted(KEYS))}.") from None
    for item in (value if isinstance(value, list) else [value])[:RESPONSES]:
        if not is_response(item):
            raise SourceError(f"{file} holds JSON that is no response: write an object of {', '.join(sorted(KEYS))}.")
        url, body = item.get("url"), item.get("body")
        yield Response(
            status=item["status"],
            headers=tuple(_pairs(item["headers"])),
            url=url if isinstance(url, str) and re.match(r"https?://[^/]", url) else None,
            body=body if isinstance(body, str) else None,
        )


def is_response(item: Any) -> bool:
    """Tell whether a JSON value is a response, and nothing more: lines of logs have status and headers too."""
    return (
        isinstance(item, Mapping)
        and item.keys() <= KEYS
        and isinstance(item.get("status"), int)
        and isinstance(item.get("headers"), Mapping | list)
    )


def _pairs(headers: Any) -> Iterator[tuple[str, str]]:
    items = headers.items() if isinstance(headers, Mapping) else headers
    for item in items:
        name, value = (item.get("name"), item.get("value")) if isinstance(item, Mapping) else (*item, None)[:2]
        for one in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and isinstance(one, str):
                yield name.strip().lower(), one.strip()

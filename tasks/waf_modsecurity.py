"""What the log formats of ModSecurity 2 and 3 and of Coraza have in common; the SQL half is `waf_modsecurity.sql`.

A native audit log writes one transaction in several parts, each after a boundary line with the same random id:
part A is the header, B the request's headers, F the response's, H what the rules said, C, E, G and I are bodies.
https://github.com/owasp-modsecurity/ModSecurity/wiki/ModSecurity-2-Data-Formats
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from tasks.waf_parse import BadLine

ACTIONS: Mapping[str, str] = {
    "warning": "log",
    "matched": "log",
    "access denied": "block",
    "access denied with connection close": "block",
    "access denied using proxy": "block",
    "access denied with redirection": "redirect",
    "access dropped": "block",
    "access redirected": "redirect",
    "access allowed": "allow",
    "access to phase allowed": "allow",
    "access to request allowed": "allow",
    "pausing transaction": "log",
    "custom disruptive action triggered": "unknown",
}
"""What a message begins with. ModSecurity: `perform_interception` in apache2/mod_security2.c and `RuleMessage::log` in
src/rule_message.cc; Coraza: `writeDisruptiveActionSpecificLog` in internal/corazarules/rule_match.go."""

_HEADER = re.compile(
    r"\[(\d\d/[A-Za-z]{3}/\d{4}:\d\d:\d\d:\d\d)(\.\d{1,6})? ([+-])[+-]?(\d{4})\] (\S+) (\S+) \d+ \S+ \d+"
)
_KEPT_HEADERS = {"host": "host", "user-agent": "user_agent"}
_STATUS = re.compile(r"HTTP/\S+ (\d{3})\b")
_SEVERED = "the transaction that starts here has no end (part Z): the log was cut or is damaged there"
_ORPHAN = "what stands here belongs to no transaction: its start (part A) is missing, cut off or damaged"
_NO_HEADER = "part A of the transaction is not as [23/Nov/2026:05:00:09 +0000] id client port server port"
_NO_TRAILER = "the transaction has no part H, so what was done with it is not known; add H to SecAuditLogParts"
_BODIES = "CEGI"
_SEVERED_BYTES = 4 << 20
"""An end that is farther away than this is not waited for."""
_LINE_END = re.compile(rb"\n")
_SPREAD_LINES = 256
"""Lines with the same id that are farther apart are taken for two transactions: a client can have sent the id."""

_Row: TypeAlias = tuple[int, str]


class NativeEnds:
    """Stands for a pattern in `RECORD_END`: matches the ends of the transactions of a native audit log.

    A transaction ends at the part Z with the id of its part A: what a client sends can look like a boundary, but does
    not have that id. So no body can end the transaction that it is in.
    """

    def __init__(self, boundary: str) -> None:
        """Take the pattern of a boundary line, whose groups are the id and the part's letter."""
        self._boundary = re.compile(rf"^{boundary}\r?\n".encode(), re.MULTILINE)

    def finditer(self, data: bytes) -> Iterator[re.Match[bytes]]:
        """Yield the last lines of whole transactions; stop where one may go on behind the data."""
        marks = list(self._boundary.finditer(data))
        for start, end in _spans([(mark[1].decode(), mark[2].decode()) for mark in marks]):
            if end is not None:
                yield marks[end]
            elif len(data) - marks[start].start() <= _SEVERED_BYTES:
                return

    def search(self, data: bytes, start: int = 0) -> re.Match[bytes] | None:
        """Return the next end of any transaction, where the start of the own one was skipped."""
        return next((mark for mark in self._boundary.finditer(data, start) if mark[2] == b"Z"), None)


class GroupEnds:
    """Stands for a pattern in `RECORD_END`: matches the ends of lines behind which none of their transactions goes on.

    The lines of a transaction have its id in common and stand close to each other, with others between them.
    """

    def __init__(self, name: str) -> None:
        """Take the pattern of a transaction's id in a line; its first group is the id."""
        self._name = re.compile(name.encode())

    def finditer(self, data: bytes) -> Iterator[re.Match[bytes]]:
        """Yield the line ends; the transaction of the very last line may go on behind the data."""
        ends = list(_LINE_END.finditer(data))
        first: dict[bytes, int] = {}
        reach = list(range(len(ends)))
        start = 0
        for index, end in enumerate(ends):
            if found := self._name.search(data, start, end.start()):
                known = first.setdefault(found[1], index)
                if index - known > _SPREAD_LINES:
                    first[found[1]] = known = index
                # The line before the data's end is joined to what is not there yet.
                reach[known] = index + (index == len(ends) - 1)
            start = end.end()
        far = -1
        for index, end in enumerate(ends):
            far = max(far, reach[index])
            if far == index:
                yield end

    def search(self, data: bytes, start: int = 0) -> re.Match[bytes] | None:
        """Return the next line end."""
        return _LINE_END.search(data, start)


def native_transactions(lines: Iterable[_Row], boundary: str) -> Iterator[_Row | BadLine]:
    """Put the parts of a native audit log together: one JSON object a transaction, at the line of its part A.

    Bodies are left out, and so are all headers but the host and the user agent. The object has `time` (as
    `23/Nov/2026:00:00:09.512582 -0500`), `id`, `client_ip`, `request_line`, `host`, `user_agent`, `status`, `engine`,
    `is_intercepted` and `messages`, the text of each from its verb on.

    Args:
        lines: number and text of each line.
        boundary: the pattern of a boundary line, whose groups are the id and the part's letter.
    """
    rows, pattern = list(lines), re.compile(boundary)
    matches = ((index, pattern.fullmatch(line)) for index, (_, line) in enumerate(rows) if line.startswith("--"))
    marks = [(index, match[1], match[2]) for index, match in matches if match]
    free_from: int | None = 0
    for start, end in _spans([(name, part) for _, name, part in marks]):
        index, name, _ = marks[start]
        if free_from is not None and (bad := _stray(rows, free_from, index)):
            yield bad
        if end is None:
            yield BadLine(rows[index][0], _SEVERED, rows[index][1])
            free_from = None
        else:
            own = [(at, part) for at, other, part in marks[start : end + 1] if other == name]
            yield _transaction(rows, own)
            free_from = marks[end][0] + 1
    if free_from is not None and (bad := _stray(rows, free_from, len(rows))):
        yield bad


def _spans(marks: Sequence[tuple[str, str]]) -> Iterator[tuple[int, int | None]]:
    """Yield the place of each part A, given (id, letter), and of the part Z that ends it; None where there is none.

    Ids come again, as the processes of Apache draw the same numbers: a second part A with the id of the first means
    that the first has no end, unless it stands in a body, where a client can have put it.
    """
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, mark in enumerate(marks):
        places[mark].append(place)
    behind = -1
    for place, (name, part) in enumerate(marks):
        if part == "A" and place > behind:
            end, again = _next(places[name, "Z"], place), _next(places[name, "A"], place)
            if end is not None and again is not None and again < end:
                before = next(part for other, part in reversed(marks[place:again]) if other == name)
                end = end if before in _BODIES else None
            yield place, end
            behind = place if end is None else end


def _next(places: Sequence[int], place: int) -> int | None:
    later = bisect_right(places, place)
    return places[later] if later < len(places) else None


def _stray(rows: Sequence[_Row], start: int, end: int) -> BadLine | None:
    """Return the first line with text between two transactions; its text may be of a body and is not kept."""
    first = next((number for number, line in rows[start:end] if line.strip()), None)
    return None if first is None else BadLine(first, _ORPHAN, "")


def _transaction(rows: Sequence[_Row], marks: Sequence[tuple[int, str]]) -> _Row | BadLine:
    parts: dict[str, list[str]] = {}
    for (index, part), (end, _) in pairwise(marks):
        if part in "ABFH":
            # What comes twice stands in a body the second time.
            parts.setdefault(part, [line for _, line in rows[index + 1 : end]])
    number, mark = rows[marks[0][0]]
    first = next(iter(parts.get("A", ())), "")
    header = _HEADER.fullmatch(first.rstrip())
    if not header:
        return BadLine(number, _NO_HEADER, f"{mark} {first}")
    if "H" not in parts:
        return BadLine(number, _NO_TRAILER, f"{mark} {first}")
    stamp, fraction, sign, offset, name, client = header.groups()
    request, response = parts.get("B", []), parts.get("F", [])
    status = _STATUS.match(response[0]) if response else None
    found: dict[str, Any] = {
        "time": f"{stamp}{fraction or '.0'} {sign}{offset}",
        "id": name,
        "client_ip": client,
        "request_line": request[0].rstrip() if request else None,
        "status": int(status[1]) if status else None,
    }
    for line in request[1:]:
        key, colon, value = line.partition(":")
        if colon and (kept := _KEPT_HEADERS.get(key.lower())):
            found.setdefault(kept, value.strip())
    return number, json.dumps(found | _trailer(parts["H"], name), ensure_ascii=False)


def _trailer(lines: Sequence[str], name: str) -> dict[str, Any]:
    """Read part H. The `Apache-Error:` lines of ModSecurity 2 say the same again."""
    messages: list[str] = []
    found: dict[str, Any] = {"messages": messages, "is_intercepted": None, "engine": None}
    last = f'[unique_id "{name}"]'
    is_open = False
    for line in lines:
        key, _, value = line.partition(": ")
        if is_open:
            # ModSecurity 3 logs the name of an argument as it came, with its line ends.
            messages[-1] += f"\n{line}"
            is_open = last not in line
        elif key == "ModSecurity":
            messages.append(value)
            is_open = last not in line
        elif key == "Message":
            messages.append(value)
        elif key == "Action":
            found["is_intercepted"] = value.startswith("Intercepted")
        elif key == "Engine-Mode":
            found["engine"] = value.strip(' "')
    return found

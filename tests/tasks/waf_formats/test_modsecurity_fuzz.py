"""Whatever happens to one transaction, the parser does not raise and its neighbours come out as they are."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks import waf_modsecurity
from tests.tasks.waf_formats.modsecurity import WAF, Parsed, capture, parse, transactions

FILES = {
    "modsecurity-v2-native": "apache-shop-audit.native.log.gz",
    "modsecurity-v3-native": "nginx-www-audit.native.log.gz",
    "modsecurity-v2-json": "apache-www-audit.json.log.gz",
    "nginx-error": "nginx-www-error.log.gz",
    "apache-error": "apache-www-error.log.gz",
    "coraza": "",
}
BOUNDARIES = {
    "modsecurity-v2-native": r"--([0-9a-f]{8})-([A-Z])--",
    "modsecurity-v3-native": r"---([A-Za-z0-9]{8})---([A-Z])--",
}
NATIVE = sorted(BOUNDARIES)
UNIQUE_ID = re.compile(rb'unique_id \\?"([^"\\]+)|"id":"([^"]+)"')


@functools.cache
def pieces(name: str) -> Sequence[bytes]:
    """Return the first transactions of a capture, each with all its lines."""
    data = capture(FILES[name]) if FILES[name] else (WAF / "coraza" / "caddy.log").read_bytes()
    if name in BOUNDARIES:
        # Ids come again in the log of Apache: a damaged transaction may end with the other one's end.
        own = {piece.split(b"\n")[0]: piece for piece in transactions(data, b"--") if len(piece) < 6000}
        return list(own.values())[:60]
    lines = data.splitlines(keepends=True)
    if name == "modsecurity-v2-json":
        return [line for line in lines if len(line) < 8000][:60]
    grouped: dict[bytes, bytes] = {}
    for line in lines:
        if found := UNIQUE_ID.search(line):
            key = found[1] or found[2]
            grouped[key] = grouped.get(key, b"") + line
    return list(grouped.values())[:60]


def rows(found: Parsed) -> dict[str, Any]:
    """Return event and hits by request id, without what depends on the place in the file."""
    return {
        event["request_id"]: (
            {k: v for k, v in event.items() if k not in ("line_number", "file_id")},
            found.hits[event["event_id"]],
        )
        for event in found.events
    }


@functools.cache
def sound(name: str, index: int) -> Any:
    return rows(parse(name, pieces(name)[index]))


@st.composite
def damaged(draw: st.DrawFn, piece: bytes) -> bytes:
    """Cut, flip, double, drop or move what a transaction is made of, or put a boundary into it."""
    lines = piece.splitlines(keepends=True)
    at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    # The last line end stays: without it the first line of the neighbour is damaged too.
    place = draw(st.integers(0, len(piece) - 2))
    match draw(st.sampled_from(["cut", "flip", "twice", "drop", "swap", "forge"])):
        case "cut":
            return piece[:place] + b"\n"
        case "flip":
            return piece[:place] + draw(st.binary(min_size=1, max_size=2)) + piece[place + 1 :]
        case "twice":
            lines[at] *= 2
        case "drop":
            del lines[at]
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case "forge":
            forged = [b"--00000000-%c--\n", b"---00000000---%c--\n"]
            lines.insert(at, draw(st.sampled_from(forged)) % draw(st.sampled_from(b"ABCHZ")))
    return b"".join(lines)


@pytest.mark.parametrize("name", sorted(FILES))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_transaction_costs_no_other_one(name: str, data: st.DataObject) -> None:
    indexes = data.draw(st.lists(st.integers(0, len(pieces(name)) - 1), min_size=3, max_size=5, unique=True))
    # The first is left alone: its first bytes tell how the file is compressed.
    hit = data.draw(st.sets(st.integers(1, len(indexes) - 1), min_size=1, max_size=2))
    chunks = [pieces(name)[index] for index in indexes]
    log = b"".join(data.draw(damaged(c)) if i in hit else c for i, c in enumerate(chunks))
    found = rows(parse(name, log))
    for place, index in enumerate(indexes):
        if place not in hit:
            for request_id, wanted in sound(name, index).items():
                assert found[request_id] == wanted


@pytest.mark.parametrize("name", NATIVE)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_a_transaction_is_never_cut_in_two(name: str, data: st.DataObject) -> None:
    """Wherever reading stops, what is handed over ends where a transaction ends, also with boundaries in a body."""
    body = data.draw(
        st.lists(
            st.sampled_from([b"--deadbeef-Z--", b"---zzzzzzzz---Z--", b"---zzzzzzzz---A--", b"--deadbeef-A--", b"a=1"])
        )
    )
    chunks = [
        re.sub(rb"(?m)^(-+\w{8}-+)F--$", b"\n".join([rb"\1C--", *body, b"", rb"\1F--"]), c, count=1)
        for c in pieces(name)[:8]
    ]
    whole = b"".join(chunks)
    # A transaction ends with its line of part Z, before the blank line.
    true_ends = {len(b"".join(chunks[: i + 1])) - 1 for i in range(len(chunks))}
    stop = data.draw(st.integers(0, len(whole)))
    ends = [match.end() for match in waf_modsecurity.NativeEnds(BOUNDARIES[name]).finditer(whole[:stop])]
    assert set(ends) <= true_ends
    assert len(ends) == sum(end <= stop for end in true_ends)


@pytest.mark.parametrize("name", ["nginx-error", "apache-error"])
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_the_lines_of_a_request_are_never_parted(name: str, data: st.DataObject) -> None:
    chunks = pieces(name)[:8]
    whole = b"".join(chunks)
    true_ends = {len(b"".join(chunks[: i + 1])) for i in range(len(chunks))}
    stop = data.draw(st.integers(0, len(whole)))
    ends = waf_modsecurity.GroupEnds(r'\[unique_id "([^"\n]+)"\]').finditer(whole[:stop])
    assert {match.end() for match in ends} <= true_ends

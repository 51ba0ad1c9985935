"""What the tests of the ModSecurity family share: logs in memory to rows, and records out of the captures."""

from __future__ import annotations

import functools
import gzip
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.contracts import Context
from tasks.log_files import read_all
from tasks.waf_parse import LogParser, format_named
from tests.conftest import CASES

WAF = CASES / "waf"


@dataclass(frozen=True, slots=True)
class Parsed:
    """The rows of a log: events, the hits of each by event_id, and (line, reason, excerpt) of the rejects."""

    events: list[dict[str, Any]]
    hits: dict[str, list[dict[str, Any]]]
    rejects: list[tuple[int | None, str, str]]

    def rules(self, event: dict[str, Any]) -> list[str]:
        return [hit["rule_id"] for hit in self.hits[event["event_id"]]]


@functools.cache
def parser(name: str, time_zone: str = "UTC", options: tuple[tuple[str, str], ...] = ()) -> LogParser:
    context = Context(
        site_id="s", source_id="s", time_zone=time_zone, host="", collected_at=datetime(2026, 11, 23, tzinfo=UTC)
    )
    return LogParser(format_named(name), context, dict(options))


def parse(name: str, data: bytes | str, time_zone: str = "UTC", **options: str) -> Parsed:
    text = data.encode() if isinstance(data, str) else data
    found = Parsed([], defaultdict(list), [])
    with tempfile.NamedTemporaryFile() as file:
        file.write(text)
        file.flush()
        for block in read_all(Path(file.name), format_named(name).cut):
            tables = parser(name, time_zone, tuple(options.items())).parse(block, "log")
            found.events.extend(tables["waf_event"].to_pylist())
            for hit in tables["waf_rule_hit"].to_pylist():
                found.hits[hit["event_id"]].append(hit)
            found.rejects.extend((r["line_number"], r["reason"], r["excerpt"]) for r in tables["reject"].to_pylist())
    return found


@functools.cache
def capture(file: str) -> bytes:
    return gzip.decompress((WAF / file).read_bytes())


def everything(found: Parsed) -> str:
    """Return all that would be stored, as one text."""
    return repr((found.events, dict(found.hits), found.rejects))


def transactions(data: bytes, boundary_start: bytes) -> Sequence[bytes]:
    """Cut a native audit log of good faith at its parts A."""
    lines = data.splitlines(keepends=True)
    starts = [i for i, line in enumerate(lines) if line.startswith(boundary_start) and line.rstrip().endswith(b"-A--")]
    return [b"".join(lines[a:b]) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]

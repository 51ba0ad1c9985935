"""Parse any supported file with the parser that the flows use, without storing anything: `upkeep try`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks.contracts import Context
from tasks.errors import ConfigurationError
from tasks.log_blocks import BLOCK_BYTES, Cut
from tasks.log_files import read_all
from tasks.waf_parse import LogFormat, LogParser, format_named, formats

COLUMNS = {
    "waf_event": (
        "event_at", "client_ip", "peer_ip", "asn", "country", "host", "method", "path", "query", "protocol", "status",
        "bytes", "action", "action_raw", "is_enforced", "would_block", "sample_weight", "score", "threshold",
        "paranoia", "attack_class", "attack_classes", "rule_ids", "user_agent", "bot_class", "bot_name",
        "bot_identity", "path_class", "request_id", "is_zone_assumed", "line_number",
    ),
    "http_request": (
        "event_at", "client_ip", "asn", "country", "host", "method", "path", "query", "protocol", "status", "bytes",
        "referrer", "user_agent", "bot_class", "bot_name", "bot_identity", "path_class", "is_zone_assumed",
        "line_number",
    ),
}  # fmt: skip
"""What is printed of a record, by the table that the format fills."""


HEAD_CHARACTERS = 1 << 16
"""How much of a file its format is told by."""
_ANY = Cut(line_bytes=BLOCK_BYTES, has_binary=True)


@dataclass(frozen=True, slots=True)
class Tried:
    """What one block of a file gave: `records` for people and programs, `rejects` as (line, reason, excerpt)."""

    records: list[dict[str, Any]]
    rejects: list[tuple[int | None, str, str]]


def detect(path: Path) -> LogFormat:
    """Return the format that a file looks like.

    Raises:
        ConfigurationError: none, or more than one.
    """
    block = next(iter(read_all(path, _ANY)), None)
    head = "\n".join(block.lines["line"].slice(0, 200).to_pylist())[:HEAD_CHARACTERS] if block else ""
    found = [log_format for log_format in formats().values() if head and log_format.module.detect(head)]
    if len(found) != 1:
        names = ", ".join(log_format.name for log_format in found) or "none of the known formats"
        raise ConfigurationError(f"{path} looks like {names}; name the format yourself. `upkeep formats` lists them.")
    return found[0]


def parse_file(
    name: str, path: Path, *, time_zone: str = "UTC", options: Mapping[str, str] | None = None
) -> Iterator[Tried]:
    """Yield what a file holds, block by block; `name` is a format or `auto`, `options` are the format's own.

    Raises:
        ConfigurationError: no such format or option, or `auto` found none.
        OSError: the file can't be read.
    """
    log_format = detect(path) if name == "auto" else format_named(name)
    context = Context(site_id="try", source_id="try", time_zone=time_zone, host="", collected_at=datetime.now(UTC))
    parser = LogParser(log_format, context, options)
    for block in read_all(path, log_format.cut):
        tables = parser.parse(block, str(path))
        records = tables[log_format.fills]
        if log_format.fills == "waf_event":
            records = records.append_column("rule_ids", _rule_ids(records, tables["waf_rule_hit"]))
        rejects = [(r["line_number"], r["reason"], r["excerpt"]) for r in tables["reject"].to_pylist()]
        yield Tried(records.select(COLUMNS[log_format.fills]).sort_by("line_number").to_pylist(), rejects)


def _rule_ids(events: pa.Table, hits: pa.Table) -> pa.Array:
    by_event: dict[str, list[str]] = {}
    for event_id, rule_id in zip(hits["event_id"].to_pylist(), hits["rule_id"].to_pylist(), strict=True):
        by_event.setdefault(event_id, []).append(rule_id)
    return pa.array([by_event.get(event_id, []) for event_id in events["event_id"].to_pylist()], pa.list_(pa.string()))

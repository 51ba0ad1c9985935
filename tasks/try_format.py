"""Parse any supported file with the parser that the flows use, without storing anything: `upkeep try`."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from tasks import server_metrics
from tasks.advisory_format import Advisory, AdvisoryFormat, Entry, Licence, Rejected, advisory_formats
from tasks.audit_format import FILE_BYTES as RESULT_BYTES
from tasks.audit_format import AuditFormat, audit_formats
from tasks.bundle import FILE_BYTES
from tasks.contracts import Context
from tasks.discovery import Format, formats_of
from tasks.errors import ConfigurationError, SourceError
from tasks.inventory_format import INVENTORY_OPTIONS, InventoryFormat, Source, inventory_formats
from tasks.json_text import decode
from tasks.log_blocks import BLOCK_BYTES, Cut
from tasks.log_files import read_all
from tasks.report_files import read
from tasks.uptime_history import Wanted
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
    "component_observation": (
        "ecosystem", "name", "version", "version_key", "latest_version", "update_state", "status", "purl",
    ),
    "scanner_finding": (
        "advisory_ids", "ecosystem", "name", "version", "fixed_version", "severity", "cvss_score",
    ),
    "server_metric": ("server", "metric", "device", "measured_at", "value", "interval_seconds"),
    "runtime": ("kind", "product", "version"),
    "patch_event": ("patched_at", "at_precision", "action", "name", "old_version", "new_version"),
    "advisory": (
        "advisory_id", "aliases", "ecosystem", "name", "from_version", "is_from_included", "to_version",
        "is_to_included", "fixed_version", "is_comparable", "severity", "cvss_score", "title", "published_at",
        "withdrawn_at",
    ),
    "check_result": (
        "checked_at", "outcome", "cause", "status", "total_ms", "url", "message", "slot_at", "interval_seconds",
    ),
}  # fmt: skip
"""What is printed of a record, by the table that the format fills."""


SERVER_METRICS = "server-metrics"
ENTRIES = 1000
"""Entries of a feed that are printed at a time."""
HEAD_CHARACTERS = 1 << 16
"""How much of a file its format is told by."""
_ANY = Cut(line_bytes=BLOCK_BYTES, has_binary=True)


@dataclass(frozen=True, slots=True)
class Tried:
    """What one block of a file gave: `records` for people and programs, `rejects` as (line, reason, excerpt)."""

    records: list[dict[str, Any]]
    rejects: list[tuple[int | None, str, str]]


class UptimeFormat(Format):
    """One format of uptime history."""


@functools.cache
def uptime_formats() -> dict[str, UptimeFormat]:
    """Return every format of uptime history by its name, which is its file's name in kebab case."""
    return formats_of("tasks.uptime_formats", UptimeFormat)


AnyFormat = LogFormat | UptimeFormat | InventoryFormat | AdvisoryFormat | AuditFormat


def detect(path: Path) -> AnyFormat:
    """Return the format that a file looks like.

    Raises:
        SourceError: it looks like none, or like more than one.
    """
    with path.open("rb") as file:
        start = file.read(HEAD_CHARACTERS)
    head = decode(start)
    found: list[AnyFormat] = [
        *(one for one in uptime_formats().values() if one.module.detect(start)),
        *(one for one in inventory_formats().values() if one.module.detect(head)),
        *(one for one in advisory_formats().values() if one.module.detect(head)),
        *(one for one in audit_formats().values() if one.module.detect(head)),
    ]
    found = found or [*_detect_log(path)]
    if len(found) != 1:
        names = ", ".join(one.name for one in found) or "none of the known formats"
        raise SourceError(f"it looks like {names}; name the format yourself: `upkeep formats` lists them.")
    return found[0]


def _detect_log(path: Path) -> list[LogFormat]:
    block = next(iter(read_all(path, _ANY)), None)
    head = "\n".join(block.lines["line"].slice(0, 200).to_pylist())[:HEAD_CHARACTERS] if block else ""
    return [log_format for log_format in formats().values() if head and log_format.module.detect(head)]


def parse_file(
    name: str, path: Path, *, time_zone: str = "UTC", options: Mapping[str, str] | None = None
) -> Iterator[Tried]:
    """Yield what a file holds, block by block; `name` is a format or `auto`, `options` are the format's own.

    Raises:
        ConfigurationError: no such format or option.
        SourceError: the file is not what the format says, as a whole, or `auto` found none.
        OSError: the file can't be read.
    """
    name = detect(path).name if name == "auto" else name
    if name in inventory_formats():
        yield _inventory(inventory_formats()[name], path, time_zone, options or {})
        return
    if name in advisory_formats():
        yield from _advisories(advisory_formats()[name], path, options or {})
        return
    if name in audit_formats():
        yield _audit(audit_formats()[name], path, options or {})
        return
    context = Context(site_id="try", source_id="try", time_zone=time_zone, host="", collected_at=datetime.now(UTC))
    if name == SERVER_METRICS:
        yield _server_metrics(path, context, dict(options or {}))
        return
    if name in uptime_formats():
        yield _uptime(name, path, context, dict(options or {}))
        return
    log_format = _format_named(name)
    parser = LogParser(log_format, context, options)
    for block in read_all(path, log_format.cut):
        tables = parser.parse(block, str(path))
        records = tables[log_format.fills]
        if log_format.fills == "waf_event":
            records = records.append_column("rule_ids", _rule_ids(records, tables["waf_rule_hit"]))
        rejects = [(r["line_number"], r["reason"], r["excerpt"]) for r in tables["reject"].to_pylist()]
        yield Tried(records.select(COLUMNS[log_format.fills]).sort_by("line_number").to_pylist(), rejects)


def _format_named(name: str) -> LogFormat:
    try:
        return format_named(name)
    except ConfigurationError:
        known = ", ".join(
            [*formats(), *uptime_formats(), *inventory_formats(), *advisory_formats(), *audit_formats(), SERVER_METRICS]
        )
        raise ConfigurationError(f"There is no format {name!r}; formats: {known}.") from None


def _inventory(found: InventoryFormat, path: Path, time_zone: str, options: Mapping[str, str]) -> Tried:
    """Parse an inventory, a scan or a patch log; what has no manifest proves nothing of updates."""
    for option in options.keys() - INVENTORY_OPTIONS.keys():
        raise ConfigurationError(
            f"The format {found.name} has no option {option!r}; options: {', '.join(INVENTORY_OPTIONS)}."
        )
    with path.open("rb") as file:
        data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise SourceError(f"it is larger than {FILE_BYTES >> 20} MiB.")
    source = Source(time_zone=time_zone, file=path.name, **options)
    inventory = found.read(decode(data), source)
    made = [
        {column: getattr(record, column) for column in COLUMNS[table]}
        for table, records in (
            ("component_observation", inventory.components),
            ("scanner_finding", inventory.findings),
            ("patch_event", inventory.changes),
            ("runtime", inventory.runtimes),
        )
        for record in records
    ]
    return Tried(made, [(reject.line_number, reject.reason, reject.excerpt) for reject in inventory.rejects])


def _advisories(found: AdvisoryFormat, path: Path, options: Mapping[str, str]) -> Iterator[Tried]:
    """Parse a feed; an advisory is a record for each interval of versions, and one without where it names none."""
    if options:
        raise ConfigurationError(f"The format {found.name} has no options.")
    entries = found.module.read(path)
    while some := list(islice(entries, ENTRIES)):
        rejects: list[tuple[int | None, str, str]] = [
            (None, f"{one.where} {one.reason}", one.excerpt) for one in some if isinstance(one, Rejected)
        ]
        yield Tried([record for one in some for record in _told(one)], rejects)


def _told(entry: Entry) -> Iterator[dict[str, Any]]:
    if isinstance(entry, Rejected | Licence):
        return
    if not isinstance(entry, Advisory):
        yield asdict(entry)
        return
    for one in entry.affected or (None,):
        yield {column: getattr(entry, column, getattr(one, column, None)) for column in COLUMNS["advisory"]}


def _audit(found: AuditFormat, path: Path, options: Mapping[str, str]) -> Tried:
    """Parse the results of an audit tool."""
    known = getattr(found.module, "OPTIONS", {})
    for option in options.keys() - known.keys():
        raise ConfigurationError(
            f"The format {found.name} has no option {option!r}; options: {', '.join(known) or 'none'}."
        )
    with path.open("rb") as file:
        data = file.read(RESULT_BYTES + 1)
    if len(data) > RESULT_BYTES:
        raise SourceError(f"it is larger than {RESULT_BYTES >> 20} MiB.")
    audited = found.module.read(decode(data), str(path), **options)
    records = [{column: getattr(record, column) for column in found.module.COLUMNS} for record in audited.records]
    return Tried(records, [(reject.line_number, reject.reason, reject.excerpt) for reject in audited.rejects])


def _server_metrics(path: Path, context: Context, options: Mapping[str, str]) -> Tried:
    """Parse figures that a server pushes."""
    if options:
        raise ConfigurationError(f"The format {SERVER_METRICS} has no options.")
    parsed = server_metrics.parse(read(path), path, context)
    records = [{column: getattr(record, column) for column in COLUMNS["server_metric"]} for record in parsed.records]
    return Tried(records, [(reject.line_number, reject.reason, reject.excerpt) for reject in parsed.rejects])


def _uptime(name: str, path: Path, context: Context, options: Mapping[str, str]) -> Tried:
    """Parse uptime history: of every monitor, unless the options choose one."""
    module = uptime_formats()[name].module
    for option in options.keys() - module.OPTIONS.keys():
        raise ConfigurationError(f"The format {name} has no option {option!r}; options: {', '.join(module.OPTIONS)}.")
    wanted = Wanted(monitor=options.get("monitor"), is_every=True, options=options)
    parsed = module.parse(path, context, wanted)
    records = [{column: getattr(record, column) for column in COLUMNS["check_result"]} for record in parsed.records]
    return Tried(records, [(reject.line_number, reject.reason, reject.excerpt) for reject in parsed.rejects])


def _rule_ids(events: pa.Table, hits: pa.Table) -> pa.Array:
    by_event: dict[str, list[str]] = {}
    for event_id, rule_id in zip(hits["event_id"].to_pylist(), hits["rule_id"].to_pylist(), strict=True):
        by_event.setdefault(event_id, []).append(rule_id)
    return pa.array([by_event.get(event_id, []) for event_id in events["event_id"].to_pylist()], pa.list_(pa.string()))

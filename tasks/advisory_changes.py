"""What changed in a feed since it was read last: an entry is known by a hash, so that only changes become rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.advisory_format import (
    Advisory,
    AdvisoryFormat,
    Entry,
    Exploited,
    Licence,
    Lifecycle,
    Prediction,
    Rejected,
)
from tasks.bundle import LINE_REJECTS, TEXT_LENGTH, text
from tasks.purl import registered_name
from tasks.redact import excerpt
from tasks.versions import sort_key
from warehouse.records import (
    AdvisoryChange,
    AdvisoryRange,
    ExploitedVulnerability,
    ExploitPrediction,
    ProductLifecycle,
    Record,
    Reject,
)


@dataclass(frozen=True, slots=True)
class Known:
    """What a feed said when it was read last, as a cursor keeps it."""

    entries: Mapping[str, str]
    """Hash of each entry by its key."""
    rejects: Collection[str] = ()
    """Hash of each entry that could not be read; they are told once."""


@dataclass(frozen=True, slots=True)
class Change:
    """What to store of a feed, and what is known of it from now on."""

    rows: dict[str, list[Record]]
    known: Known
    count: int
    ecosystems: list[str]
    """Ecosystems of which its advisories speak."""
    licences: list[str]
    """Licence texts that stand in it."""


def changes(form: AdvisoryFormat, feed: str, file: Path, before: Known, at: datetime) -> Change:
    """Compare a whole feed with what it said before.

    Raises:
        SourceError: the file as a whole is not what it should be.
    """
    rows: dict[str, list[Record]] = {}
    now_known: dict[str, str] = {}
    rejected: dict[str, Rejected] = {}
    ecosystems: set[str] = set()
    licences: dict[str, None] = {}
    count = 0
    for entry in form.module.read(file):
        if isinstance(entry, Licence):
            licences[entry.text] = None
            continue
        key, digest = _key(entry), _digest(entry)
        if isinstance(entry, Rejected):
            rejected[digest] = entry
            continue
        if isinstance(entry, Advisory):
            ecosystems.update(one.ecosystem for one in entry.affected)
        is_new = now_known.get(key, before.entries.get(key)) != digest
        now_known[key] = digest
        if is_new:
            count += 1
            for record in _records(entry, feed, at):
                rows.setdefault(record.table, []).append(record)
    unread = {entry.where for entry in rejected.values()}
    is_all_named = all(entry.is_key for entry in rejected.values())
    for key in before.entries.keys() - now_known.keys():
        # An entry that can't be read is not gone; where it can't be told which ones those are, none is.
        if key in unread or not is_all_named:
            now_known[key] = before.entries[key]
        else:
            count += 1
            gone = _gone(form, key, feed, at)
            rows.setdefault(gone.table, []).append(gone)
    new = [entry for digest, entry in rejected.items() if digest not in set(before.rejects)]
    if new:
        rows[Reject.table] = _rejects(new, feed, file)
    return Change(rows, Known(now_known, sorted(rejected)), count, sorted(ecosystems), list(licences))


def _rejects(entries: list[Rejected], feed: str, file: Path) -> list[Record]:
    """Return what could not be read: the first ones each, the others by their number."""

    def reject(reason: str, shown: str = "") -> Reject:
        reason = text(reason, 2 * TEXT_LENGTH)
        return Reject(
            site_id="",
            source_id=feed,
            file=text(file.name),
            line_number=None,
            reason=reason,
            excerpt=text(excerpt(shown)),
        )

    told: list[Record] = [
        reject(f"entry {one.where[:100]} {one.reason}", one.excerpt) for one in entries[:LINE_REJECTS]
    ]
    if len(entries) > LINE_REJECTS:
        told.append(reject(f"{len(entries) - LINE_REJECTS:,} more entries could not be read"))
    return told


def _key(entry: Entry) -> str:
    match entry:
        case Advisory():
            return entry.advisory_id
        case Lifecycle():
            return f"{entry.product} {entry.cycle}"
        case Exploited() | Prediction():
            return entry.cve_id
        case Rejected():
            return entry.where
        case Licence():
            return ""


def _digest(entry: Entry) -> str:
    told = asdict(entry)
    if isinstance(entry, Prediction):
        told = {"score": round(entry.epss_score, 3), "model": entry.model_version}
    return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()[:16]


def _records(entry: Entry, feed: str, at: datetime) -> Iterable[Record]:
    place: dict[str, Any] = {"feed": feed, "fetched_at": at}
    if isinstance(entry, Advisory):
        told = {field.name: getattr(entry, field.name) for field in fields(entry) if field.name != "affected"}
        yield AdvisoryChange(**place, **told | {"aliases": list(entry.aliases)}, is_gone=False)
        for one in entry.affected:
            yield AdvisoryRange(
                **place,
                advisory_id=entry.advisory_id,
                ecosystem=one.ecosystem,
                name=registered_name(one.ecosystem, one.name),
                from_version=one.from_version,
                from_key=one.from_key,
                is_from_included=one.is_from_included,
                to_version=one.to_version,
                to_key=one.to_key,
                is_to_included=one.is_to_included,
                fixed_version=one.fixed_version,
                fixed_key=sort_key(one.ecosystem, one.fixed_version) if one.fixed_version else None,
                is_comparable=one.is_comparable,
            )
    elif isinstance(entry, Exploited):
        yield ExploitedVulnerability(**place, **asdict(entry), is_gone=False)
    elif isinstance(entry, Prediction):
        yield ExploitPrediction(**place, **asdict(entry), is_gone=False)
    elif isinstance(entry, Lifecycle):
        yield ProductLifecycle(**place, **asdict(entry), is_gone=False)


def _gone(form: AdvisoryFormat, key: str, feed: str, at: datetime) -> Record:
    """Return the row that says that an entry is no longer there."""
    told: dict[str, Any] = {"feed": feed, "fetched_at": at, "is_gone": True}
    record: type[Any]
    match form.module.FILLS:
        case "advisory":
            record = AdvisoryChange
            told |= {"advisory_id": key, "aliases": [], "severity": "unknown", "is_informational": False}
        case "product_lifecycle":
            record = ProductLifecycle
            told |= dict(zip(("product", "cycle"), key.split(" ", 1), strict=True))
        case "exploited_vulnerability":
            record, told = ExploitedVulnerability, told | {"cve_id": key}
        case _:
            record, told = ExploitPrediction, told | {"cve_id": key}
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(record))
    gone: Record = record(**nothing | told)
    return gone

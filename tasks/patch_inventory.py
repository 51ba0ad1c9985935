"""What every other file of a bundle says: packages, findings of scanners and changes, by the formats of `inventory/`.

Files that are read together (WP-CLI, dpkg and apt) are in `tasks.patch_wordpress` and `tasks.patch_debian`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from tasks import inventory_format, purl, runtimes
from tasks.bundle import Files, text
from tasks.errors import SourceError
from tasks.inventory_format import AVAILABLE, NONE, UNKNOWN, Change, Component, Finding, Inventory, InventoryFormat
from tasks.runtimes import Runtime
from warehouse.records import ComponentObservation, InventoryFile, PatchEvent, Record, ScannerFinding, ScannerRun
from warehouse.records import Runtime as RuntimeRecord

OS_RELEASE = "os-release"
_OS_KEY = re.compile(r"(ID|VERSION_ID)=[\"']?([A-Za-z0-9._-]{1,60})[\"']?\s*")
_PURL_LENGTH = 500
_LISTS = {"plugin-list.json": "wordpress-plugin", "theme-list.json": "wordpress-theme", "dpkg-query.tsv": "deb"}
"""Files that are read together and list all that is installed, with the one ecosystem of which they speak."""
_RANK = {UNKNOWN: 0, NONE: 1, AVAILABLE: 2}
"""An offer is true whoever makes it; `none` is told only with proof."""


def format_of(name: str) -> InventoryFormat | None:
    """Return the format that reads a file of a bundle, compressed or not; None where none reads it by itself."""
    return inventory_format.format_of(name.removesuffix(".gz"))


def distribution(files: Files) -> str:
    """Return OSV's name of the server's distribution from its `/etc/os-release`, as Debian:12; empty if unknown."""
    return purl.distribution(*_os_release(files)) or ""


def _os_release(files: Files) -> tuple[str, str]:
    """Return ID and VERSION_ID, each empty where it is not there."""
    lines = files.texts.get(OS_RELEASE, "").split("\n")
    found = {match[1]: match[2] for line in lines if (match := _OS_KEY.fullmatch(line))}
    return found.get("ID", ""), found.get("VERSION_ID", "")


def records(files: Files) -> list[Record]:
    """Return what the files say that are read one by one; one that can't be parsed is rejected alone."""
    commands = {entry.name: entry.command for entry in files.origin.manifest.files}
    system = distribution(files)
    own = runtimes.system(*_os_release(files))
    seen = [own] if own else []
    made: list[Record] = []
    for name, content in files.texts.items():
        if name in _LISTS:
            made.append(_listing(files, name, [_LISTS[name]]))
        if (found := format_of(name)) is None:
            continue
        source = inventory_format.Source(
            time_zone=files.origin.manifest.time_zone, file=name, command=commands[name], distribution=system
        )
        try:
            inventory = found.read(content, source)
        except SourceError as error:
            files.refuse(name, str(error))
            continue
        files.refuse_lines(name, inventory.rejects)
        made += [_observation(files, item) for item in inventory.components]
        if found.is_whole_list:
            made.append(_listing(files, name, sorted({text(item.ecosystem) for item in inventory.components})))
        if inventory.is_scan:
            made += [_run(files, found, name, inventory), *_findings(files, found, name, inventory.findings)]
        made += _events(files, inventory.changes)
        seen += inventory.runtimes
    return [*made, *_runtimes(files, seen)]


def merged(seen: Iterable[ComponentObservation]) -> list[ComponentObservation]:
    """Return each component of a bundle once for each version, with what all files that list it know."""
    found: dict[tuple[str, str, str], ComponentObservation] = {}
    for item in seen:
        key = (item.ecosystem, item.name, item.version)
        found[key] = _both(found[key], item) if key in found else item
    return list(found.values())


def _both(one: ComponentObservation, other: ComponentObservation) -> ComponentObservation:
    first, second = (other, one) if _RANK[other.update_state] > _RANK[one.update_state] else (one, other)
    advised = second if first.advisory_ecosystem is None else first
    return replace(
        first,
        status=first.status or second.status,
        fresh_as_of_at=first.fresh_as_of_at or second.fresh_as_of_at,
        purl=first.purl or second.purl,
        advisory_ecosystem=advised.advisory_ecosystem,
        advisory_name=advised.advisory_name,
        advisory_key=advised.advisory_key,
        directory_state=first.directory_state or second.directory_state,
        directory_updated_date=first.directory_updated_date or second.directory_updated_date,
        is_abandoned=second.is_abandoned if first.is_abandoned is None else first.is_abandoned,
        replacement=first.replacement or second.replacement,
        is_held=second.is_held if first.is_held is None else first.is_held,
        hold_reason=first.hold_reason or second.hold_reason,
    )


def _observation(files: Files, item: Component) -> ComponentObservation:
    """Return the record of a component; `none` was proved when the bundle was made."""
    origin = files.origin
    return ComponentObservation(
        site_id=origin.site_id,
        source_id=origin.source_id,
        bundle_id=origin.bundle_id,
        collected_at=origin.manifest.collected_at,
        ecosystem=text(item.ecosystem),
        name=text(item.name),
        version=text(item.version),
        status=_text(item.status),
        update_state=item.update_state,
        latest_version=_text(item.latest_version),
        is_security_update=item.is_security_update,
        is_auto_update=item.is_auto_update,
        fresh_as_of_at=origin.manifest.collected_at if item.update_state == NONE else None,
        version_key=item.version_key,
        purl=_purl(item.purl),
        advisory_ecosystem=item.advisory_ecosystem,
        advisory_name=_advisory_name(item),
        advisory_key=item.advisory_key,
        is_abandoned=item.is_abandoned,
        replacement=_text(item.replacement),
        **origin.held(item.name, is_held=item.is_held),
    )


def _listing(files: Files, name: str, ecosystems: list[str]) -> InventoryFile:
    origin = files.origin
    return InventoryFile(
        site_id=origin.site_id,
        source_id=origin.source_id,
        bundle_id=origin.bundle_id,
        collected_at=origin.manifest.collected_at,
        file=text(name.removesuffix(".gz")),
        ecosystems=ecosystems,
    )


def _run(files: Files, found: InventoryFormat, name: str, inventory: Inventory) -> ScannerRun:
    origin = files.origin
    return ScannerRun(
        site_id=origin.site_id,
        source_id=origin.source_id,
        bundle_id=origin.bundle_id,
        collected_at=origin.manifest.collected_at,
        scanner=found.name,
        file=text(name),
        finding_count=len(inventory.findings),
        reject_count=len(inventory.rejects),
    )


def _findings(files: Files, found: InventoryFormat, name: str, findings: Sequence[Finding]) -> list[Record]:
    origin = files.origin
    return [
        ScannerFinding(
            site_id=origin.site_id,
            source_id=origin.source_id,
            bundle_id=origin.bundle_id,
            collected_at=origin.manifest.collected_at,
            scanner=found.name,
            file=text(name),
            advisory_ids=[text(one) for one in item.advisory_ids],
            ecosystem=text(item.ecosystem),
            name=text(item.name),
            version=_text(item.version),
            version_key=item.version_key,
            fixed_version=_text(item.fixed_version),
            severity=item.severity,
            cvss_score=item.cvss_score,
            purl=_purl(item.purl),
            location=_text(item.location),
            title=_text(item.title),
        )
        for item in findings
    ]


def _events(files: Files, changes: Sequence[Change]) -> list[PatchEvent]:
    origin = files.origin
    made: dict[str, PatchEvent] = {}
    for change in changes:
        identity = (
            origin.site_id,
            origin.manifest.host,
            change.patched_at.isoformat(),
            change.ecosystem,
            change.name,
            change.action,
            change.old_version or "",
            change.new_version or "",
        )
        event_id = hashlib.sha256("\x1f".join(identity).encode("utf-8", "replace")).hexdigest()[:32]
        made[event_id] = PatchEvent(
            site_id=origin.site_id,
            source_id=origin.source_id,
            event_id=event_id,
            patched_at=change.patched_at,
            at_precision=change.at_precision,
            ecosystem=change.ecosystem,
            name=text(change.name),
            action=change.action,
            old_version=_text(change.old_version),
            new_version=_text(change.new_version),
            method=change.method,
            requested_by=_text(change.requested_by),
        )
    return list(made.values())


def _runtimes(files: Files, seen: Sequence[Runtime]) -> list[RuntimeRecord]:
    """Return what the site runs on, each product once: what is said last is of the site itself, not of the shell."""
    origin = files.origin
    return [
        RuntimeRecord(
            site_id=origin.site_id,
            source_id=origin.source_id,
            bundle_id=origin.bundle_id,
            collected_at=origin.manifest.collected_at,
            kind=item.kind,
            product=text(item.product),
            version=text(item.version),
        )
        for item in {item.product: item for item in seen}.values()
    ]


def _text(value: str | None) -> str | None:
    return None if value is None else text(value)


def _advisory_name(item: Component) -> str | None:
    """Return what advisories call it, as its registry compares names; None where none can be matched."""
    if item.advisory_ecosystem is None or item.advisory_name is None:
        return None
    return text(purl.registered_name(item.advisory_ecosystem, item.advisory_name))


def _purl(value: str | None) -> str | None:
    """Return the package URL; one that is too long is left out, since a part of it names something else."""
    return value if value is not None and len(value) <= _PURL_LENGTH else None

"""What a bundle says of a Debian or Ubuntu server: installed packages, what apt would upgrade, and what was changed.

`none` is said only where apt's answer is whole and its lists are proved to be fresh. Events come from dpkg's own log;
apt's history only adds who asked for them.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tasks.bundle import Files, text
from tasks.errors import SourceError
from tasks.inventory import apt_history, apt_lists_mtime, apt_simulate, dpkg_log, dpkg_query
from tasks.inventory.apt_history import Transaction
from tasks.inventory.apt_simulate import Simulation
from tasks.inventory.dpkg_log import Change
from tasks.patch_inventory import distribution
from tasks.versions import is_newer
from warehouse.records import ComponentObservation, PatchEvent

DEB = "deb"
DPKG_LOG = re.compile(r"dpkg\.log(?:\.[0-9]+)?(?:\.gz)?")
APT_HISTORY = re.compile(r"apt-history\.log(?:\.[0-9]+)?(?:\.gz)?")


def observe(files: Files) -> list[ComponentObservation]:
    """Return the installed packages, with the offers where there are any."""
    try:
        packages, problems = dpkg_query.parse(files.texts["dpkg-query.tsv"])
    except KeyError:
        return []
    except SourceError as error:
        files.refuse("dpkg-query.tsv", str(error))
        return []
    files.refuse_lines("dpkg-query.tsv", problems)
    simulation = _simulation(files)
    fetched_at = _lists_fetched_at(files) if simulation else None
    system = distribution(files)
    return [_component(files, package, simulation, fetched_at, system) for package in packages]


def events(files: Files) -> list[PatchEvent]:
    """Return the changes in all of dpkg's logs, each once, oldest first."""
    zone = ZoneInfo(files.origin.manifest.time_zone)
    changes: list[Change] = []
    transactions: list[Transaction] = []
    for name, content in files.texts.items():
        if DPKG_LOG.fullmatch(name):
            found, problems = dpkg_log.parse(content, zone)
            changes += found
            files.refuse_lines(name, problems)
        elif APT_HISTORY.fullmatch(name):
            runs, problems = apt_history.parse(content, zone)
            transactions += runs
            files.refuse_lines(name, problems)
    by_package: dict[str, list[Transaction]] = defaultdict(list)
    for run in sorted(transactions, key=lambda run: run.started_at):
        for package in run.packages:
            by_package[package].append(run)
    made: dict[str, PatchEvent] = {}
    for change in sorted(changes, key=lambda change: change.at):
        event = _event(files, change, by_package.get(change.name, ()))
        made.setdefault(event.event_id, event)
    return list(made.values())


def _simulation(files: Files) -> Simulation | None:
    if "apt-simulate.txt" not in files.texts:
        return None
    try:
        return apt_simulate.parse(files.texts["apt-simulate.txt"])
    except SourceError as error:
        files.refuse("apt-simulate.txt", str(error))
        return None


def _lists_fetched_at(files: Files) -> datetime | None:
    if "apt-lists-mtime.txt" not in files.texts:
        return None
    try:
        return files.origin.proved_at(apt_lists_mtime.parse(files.texts["apt-lists-mtime.txt"]))
    except SourceError as error:
        files.refuse("apt-lists-mtime.txt", str(error))
        return None


def _component(
    files: Files, package: dpkg_query.Package, simulation: Simulation | None, fetched_at: datetime | None, system: str
) -> ComponentObservation:
    origin, state, offer = files.origin, "unknown", None
    described = dpkg_query.described(package, system)
    if simulation is not None:
        offer = simulation.offers.get(package.name)
        # A simulation that is older than the list of packages offers what is installed by now.
        offer = offer if offer and is_newer(DEB, offer.version, package.version) else None
        if offer:
            state = "available"
        elif simulation.is_current(package.name) and origin.is_fresh(fetched_at):
            state = "none"
    return ComponentObservation(
        site_id=origin.site_id,
        source_id=origin.source_id,
        bundle_id=origin.bundle_id,
        collected_at=origin.manifest.collected_at,
        ecosystem=DEB,
        name=text(package.name),
        version=text(package.version),
        status=package.status,
        update_state=state,
        latest_version=text(offer.version) if offer else None,
        is_security_update=offer.is_security if offer else None,
        is_auto_update=None,
        fresh_as_of_at=fetched_at,
        version_key=described.version_key,
        purl=described.purl,
        advisory_ecosystem=described.advisory_ecosystem,
        advisory_name=text(described.advisory_name or "") if system else None,
        advisory_key=described.advisory_key,
        **origin.held(package.name, is_held=described.is_held),
    )


def _event(files: Files, change: Change, runs: Sequence[Transaction]) -> PatchEvent:
    """Return the event of a change; `runs` are those of apt that hold the package, by their start.

    apt locks: runs don't overlap, so the last one that had started is the only one it can belong to.
    """
    origin = files.origin
    started_count = bisect_right(runs, change.at, key=lambda run: run.started_at)
    last = runs[started_count - 1] if started_count else None
    run = last if last and last.made(change.name, change.at) else None
    identity = (
        origin.site_id,
        origin.manifest.host,
        change.at.isoformat(),
        change.name,
        change.architecture,
        change.old_version or "",
        change.new_version or "",
    )
    return PatchEvent(
        site_id=origin.site_id,
        source_id=origin.source_id,
        event_id=hashlib.sha256("\x1f".join(identity).encode()).hexdigest()[:32],
        patched_at=change.at,
        at_precision="exact",
        ecosystem=DEB,
        name=text(change.name),
        action=change.action,
        old_version=None if change.old_version is None else text(change.old_version),
        new_version=None if change.new_version is None else text(change.new_version),
        method=run.method if run else None,
        requested_by=text(run.requested_by) if run and run.requested_by else None,
    )

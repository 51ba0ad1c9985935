"""Who asked apt for a change, from /var/log/apt/history.log: stanzas with a start, a command line and an end.

Times are the server's local time without a zone. https://manpages.debian.org/apt#FILES
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tasks.inventory_format import Change, Inventory, Source
from tasks.log_files import LineReject
from tasks.versions import is_newer

TITLE = "apt: the log /var/log/apt/history.log"
FILES: tuple[str, ...] = ()  # read together: see tasks.patch_debian
FILLS = "patch_event"
VERSION = 1

_PACKAGE = re.compile(r"([^\s:,()]+)(?::[^\s,()]+)? \(")
_VERSIONS = re.compile(r"([^\s:,()]+)(?::[^\s,()]+)? \(([^\s,()]+)(?:, ([^\s,()]+))?(?:, automatic)?\)")
_UNATTENDED = {"unattended-upgrade", "unattended-upgrades"}
_LISTS = ("Install", "Upgrade", "Downgrade", "Remove", "Purge", "Reinstall")


@dataclass(frozen=True, slots=True)
class Transaction:
    """One run of apt that came to its end; `method` is unattended or manual, None where no command line is kept."""

    started_at: datetime
    ended_at: datetime
    packages: frozenset[str]
    method: str | None
    requested_by: str | None
    changes: tuple[Change, ...] = ()

    def made(self, name: str, at: datetime) -> bool:
        """Say whether a change of the package at that time belongs to this run."""
        return self.started_at <= at <= self.ended_at and name in self.packages


def detect(head: str) -> bool:
    """Say whether the text starts like apt's history."""
    return bool(re.search(r"^Start-Date: ", head, re.MULTILINE))


def read(text: str, source: Source) -> Inventory:
    """Return the changes; each has the time at which its run ended."""
    runs, rejects = parse(text, ZoneInfo(source.time_zone))
    return Inventory(changes=[change for run in runs for change in run.changes], rejects=rejects)


def parse(text: str, zone: ZoneInfo) -> tuple[list[Transaction], list[LineReject]]:
    """Return the finished runs, and those that never ended or are no stanza."""
    transactions, rejects = [], []
    stanza: dict[str, str] = {}
    first = 1
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        if line.strip():
            first = first if stanza else number
            key, _, value = line.partition(":")
            stanza[key] = value.strip()
        elif stanza:
            made = _transaction(stanza, zone)
            if isinstance(made, Transaction):
                transactions.append(made)
            else:
                rejects.append(LineReject(first, made, "; ".join(f"{key}: {stanza[key]}" for key in stanza)))
            stanza = {}
    return transactions, rejects


def _transaction(stanza: dict[str, str], zone: ZoneInfo) -> Transaction | str:
    """Return the run, or why the stanza is none."""
    if "Start-Date" not in stanza:
        return "the stanza has no Start-Date"
    if "End-Date" not in stanza:
        return "the run of apt has no End-Date: it was interrupted, or was not done yet"
    started_at, ended_at = _utc(stanza["Start-Date"], zone), _utc(stanza["End-Date"], zone)
    if started_at is None or ended_at is None:
        return "Start-Date or End-Date is no time"
    # The program itself, or behind its interpreter: `apt-get install unattended-upgrades` is a person's doing.
    programs = [word.rpartition("/")[2] for word in stanza.get("Commandline", "").split()[:2]]
    method = None if not programs else "unattended" if _UNATTENDED & set(programs) else "manual"
    packages = frozenset(name for key in _LISTS for name in _PACKAGE.findall(stanza.get(key, "")))
    requested_by = stanza.get("Requested-By", "").partition(" (")[0] or None
    changes = _changes(stanza, ended_at, method, requested_by)
    return Transaction(started_at, ended_at, packages, method, requested_by, tuple(changes))


def _changes(stanza: dict[str, str], at: datetime, method: str | None, requested_by: str | None) -> Iterator[Change]:
    """Yield what a run changed: one time for all, that of its end."""
    for key in _LISTS:
        for name, first, second in _VERSIONS.findall(stanza.get(key, "")):
            is_removal = key in ("Remove", "Purge")
            new = None if is_removal else first if key in ("Install", "Reinstall") else second or None
            old = None if key in ("Install", "Reinstall") else first
            if key == "Reinstall" or (old and not new and not is_removal):
                continue  # the same version again, or versions that are not both told
            action = "remove" if is_removal else "install" if old is None else "upgrade"
            if old and new and is_newer("deb", old, new):
                action = "downgrade"
            yield Change(
                patched_at=at,
                at_precision="exact",
                ecosystem="deb",
                name=name,
                action=action,
                old_version=old,
                new_version=new,
                method=method,
                requested_by=requested_by,
            )


def _utc(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

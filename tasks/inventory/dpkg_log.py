"""Every change that dpkg made, from /var/log/dpkg.log: the truth about patches, whoever asked for them.

`2026-11-23 04:50:06 upgrade curl:amd64 7.88.1-10+deb12u14 7.88.1-10+deb12u15`, in the server's local time, which the
line does not name; `<none>` where there is no version. https://manpages.debian.org/dpkg#FILES
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from tasks import inventory_format
from tasks.inventory_format import Inventory, Source
from tasks.log_files import LineReject
from tasks.versions import is_newer

TITLE = "dpkg: the log /var/log/dpkg.log"
FILES: tuple[str, ...] = ()  # read together: see tasks.patch_debian
FILLS = "patch_event"
VERSION = 1

_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (\S+)(.*)", re.ASCII)
_CHANGE = re.compile(r" ([^\s:]+)(?::(\S+))? (\S+) (\S+)")
_CHANGES = ("install", "upgrade", "remove", "purge")
_NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: `action` is install, upgrade, downgrade or remove; versions are None where there is none."""

    at: datetime
    name: str
    architecture: str
    action: str
    old_version: str | None
    new_version: str | None


def detect(head: str) -> bool:
    """Say whether the text starts like dpkg's log."""
    match = _LINE.match(head)
    return match is not None and match[2] in (*_CHANGES, "startup", "status", "configure", "trigproc")


def read(text: str, source: Source) -> Inventory:
    """Return the changes."""
    changes, rejects = parse(text, ZoneInfo(source.time_zone))
    made = [
        inventory_format.Change(
            patched_at=change.at,
            at_precision="exact",
            ecosystem="deb",
            name=change.name,
            action=change.action,
            old_version=change.old_version,
            new_version=change.new_version,
        )
        for change in changes
    ]
    return Inventory(changes=made, rejects=rejects)


def parse(text: str, zone: ZoneInfo) -> tuple[list[Change], list[LineReject]]:
    """Return the changes, in the order of the log, and the lines that are none of dpkg's.

    A package that is installed again in the same version is no change. Purging what was just removed removes nothing
    more. A local time that the end of summer time repeats is taken as the first of the two.
    """
    changes, rejects = [], []
    removed: set[tuple[str, str]] = set()
    for number, line in enumerate(text.split("\n"), start=1):
        match = _LINE.match(line)
        if not match:
            if line.strip():
                rejects.append(LineReject(number, "the line does not start as dpkg's do: date, time, action", line))
            continue
        if match[2] not in _CHANGES:
            continue
        found, at = _CHANGE.fullmatch(match[3].rstrip()), _utc(match[1], zone)
        if not found or at is None:
            rejects.append(LineReject(number, f"the {match[2]} names no package with two versions, or no time", line))
            continue
        change = _change(at, match[2], found[1], found[2] or "", found[3], found[4])
        key = (change.name, change.architecture)
        if change.old_version == change.new_version or (match[2] == "purge" and key in removed):
            continue
        (removed.add if change.action == "remove" else removed.discard)(key)
        changes.append(change)
    return changes, rejects


def _change(at: datetime, word: str, name: str, architecture: str, old: str, new: str) -> Change:
    if word == "install":  # an old version is that of configuration files left behind
        return Change(at, name, architecture, "install", None, None if new == _NONE else new)
    if word != "upgrade":
        return Change(at, name, architecture, "remove", None if old == _NONE else old, None)
    action = "downgrade" if is_newer("deb", old, new) else "upgrade"
    return Change(at, name, architecture, action, old, new)


def _utc(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

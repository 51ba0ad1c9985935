"""Updates that Windows says it installed: `Get-HotFix | ConvertTo-Json`, or the history of Windows Update.

PowerShell 5 writes UTF-16, one object instead of a list of one, and times as `/Date(ms)/`; `InstalledOn` is a day, and
often null. Of the history only what was installed with success counts: Operation 1, ResultCode 2.
https://learn.microsoft.com/en-us/powershell/module/microsoft.powershell.management/get-hotfix
https://learn.microsoft.com/en-us/windows/win32/api/wuapi/nn-wuapi-iupdatehistoryentry
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Change, Component, Inventory, Rejects, Source, component, moment
from tasks.json_text import read_json, word

TITLE = "Windows: Get-HotFix | ConvertTo-Json, also Microsoft.Update.Session's QueryHistory"
FILES = ("windows-hotfixes.json", "windows-update-history.json")
FILLS = "component_observation"
VERSION = 2
ECOSYSTEM = "windows-hotfix"
_KB = re.compile(r"\bKB\d{6,8}\b", re.IGNORECASE | re.ASCII)
_MS_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTALL, _SUCCEEDED = 1, 2


def detect(head: str) -> bool:
    """Say whether the text starts like either list."""
    return '"HotFixID"' in head or ('"ResultCode"' in head and '"Operation"' in head)


def read(text: str, source: Source) -> Inventory:
    """Return the updates, and when each was installed where that is told; they have no versions.

    Raises:
        SourceError: it is not what PowerShell writes.
    """
    found: dict[str, Component] = {}
    changes: dict[tuple[str, datetime], Change] = {}
    rejects = Rejects()
    for number, item in enumerate(_entries(text), start=1):
        is_history = isinstance(item, Mapping) and "ResultCode" in item
        names = _KB.findall(word(item, "Title" if is_history else "HotFixID"))
        if not names:
            # Drivers and definitions of Defender have no number; they are no patches of the system.
            if not (is_history and word(item, "Title")):
                rejects.add(number, "names no update (KB and digits)", item)
            continue
        if is_history:
            codes = (item.get("Operation"), item["ResultCode"])
            if any(type(code) is not int for code in codes):
                rejects.add(number, "has no number as Operation or ResultCode", item)
            if codes != (_INSTALL, _SUCCEEDED):
                continue
        name = names[-1].upper()
        status = None if is_history else word(item, "Description") or None
        found.setdefault(name, component(ECOSYSTEM, name, "", status=status, advisory_ecosystem=None))
        told = item.get("Date" if is_history else "InstalledOn")
        at = _time(told)
        if at is not None:
            precision = "exact" if is_history else "day"
            changes[name, at] = Change(
                patched_at=at, at_precision=precision, ecosystem=ECOSYSTEM, name=name, action="install"
            )
        elif told not in (None, "", {}):
            rejects.add(number, "has a time that can be read in several ways, or in none", told)
    return Inventory(list(found.values()), changes=list(changes.values()), rejects=rejects.found)


def _entries(text: str) -> list[Any]:
    """Return the list, or what PowerShell left of a list of one."""
    command = "`Get-HotFix | Select-Object HotFixID,Description,InstalledOn | ConvertTo-Json`"
    if re.search(r"^\ufeff*\[", text, re.MULTILINE):
        try:
            listed: list[Any] = read_json(text, list, command=command)
        except SourceError:
            listed = []
        if listed:
            return listed
    one = read_json(text, dict, command=command)
    if "HotFixID" not in one and "ResultCode" not in one:
        raise SourceError(f"it lists no update; run {command} again")
    return [one]


def _time(value: object) -> datetime | None:
    """Return the time of any of PowerShell's forms; None for those of one country, as 11/12/2026."""
    if isinstance(value, Mapping):
        value = value.get("value") or value.get("DateTime")
    if not isinstance(value, str):
        return None
    if match := _MS_DATE.fullmatch(value):
        try:
            return _EPOCH + timedelta(milliseconds=int(match[1]))
        except OverflowError:
            return None
    return moment(value)

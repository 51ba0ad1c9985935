"""What every file of `tasks/inventory/` shares: formats by discovery, and what a format gives.

A format is one module with

- `TITLE`: one line, with the command that writes it;
- `FILES`: names in a bundle; a project's name and a dot may stand before, as `theme.package-lock.json`;
- `FILLS`: the table that most of it fills: component_observation, scanner_finding, patch_event or runtime;
- `VERSION`: raised when the same file gives other rows;
- `detect(head) -> bool`: whether the start of a file looks like it, for `upkeep try auto`;
- `read(text, source) -> Inventory`: pure; it raises SourceError where the file is not what it should be;
- `IS_WHOLE_LIST = True` where a file lists all that is installed of its kind, so that an empty one says: nothing;
- `IS_JUDGED_BY_TEXT = True` where the exit status says what was found: then the text alone tells whether it worked.

Some modules also have functions of their own for the outputs that are read together (WP-CLI, apt).

**Unknown is not fine.** `none` is said of an update only where `Source` proves that the answer came from the update
server; `Offer` sees to that. A scanner's list is empty only where the file says so itself.
"""

from __future__ import annotations

import fnmatch
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from tasks import json_text
from tasks.discovery import units
from tasks.log_files import LineReject
from tasks.purl import identify
from tasks.runtimes import Runtime
from tasks.versions import is_newer, sort_key

INVENTORY_OPTIONS = {
    "distribution": "Ecosystem of the server's own packages, as Debian:12; unknown when left out.",
    "command": "The command that wrote the file, where that proves something.",
}
"""What `upkeep try` may be told of a file that has no manifest."""

AVAILABLE, NONE, UNKNOWN = "available", "none", "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a parser must know besides the text: zone of local times, command and system that the file came from."""

    time_zone: str = "UTC"
    file: str = ""
    command: str = ""
    distribution: str = ""
    """Ecosystem of the server's own packages, as `Debian:12`; empty where it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """One installed component.

    `version` is empty where it states none. `advisory_ecosystem`, `advisory_name` and `advisory_version` are what
    advisories call it: Debian's name the source package. The first is None where no advisory can be matched.
    """

    ecosystem: str
    name: str
    version: str
    status: str | None = None
    update_state: str = UNKNOWN
    latest_version: str | None = None
    is_security_update: bool | None = None
    is_auto_update: bool | None = None
    purl: str | None = None
    advisory_ecosystem: str | None = None
    advisory_name: str | None = None
    advisory_version: str | None = None
    is_abandoned: bool | None = None
    """Whether its publisher says so, or says that it is deprecated."""
    replacement: str | None = None
    """What its publisher names to take its place."""
    is_held: bool | None = None
    """Whether it is held at its version; None where that is not said."""

    @property
    def version_key(self) -> str | None:
        """Return the text that sorts as the version does; None where it has no order."""
        return sort_key(self.ecosystem, self.version)

    @property
    def advisory_key(self) -> str | None:
        """Return the key of the version that advisories speak of."""
        if self.advisory_ecosystem is None or self.advisory_version is None:
            return None
        return sort_key(self.advisory_ecosystem, self.advisory_version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One flaw that a scanner found in one component; `version` is None where the scanner does not say it.

    `severity` is critical, high, medium, low, none or unknown.
    """

    advisory_ids: tuple[str, ...]
    ecosystem: str
    name: str
    version: str | None = None
    fixed_version: str | None = None
    severity: str = UNKNOWN
    cvss_score: float | None = None
    purl: str | None = None
    location: str | None = None
    title: str | None = None

    @property
    def version_key(self) -> str | None:
        """Return the text that sorts as the version does; None where it is not known or has no order."""
        return None if self.version is None else sort_key(self.ecosystem, self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change that a log tells of. `at_precision` is exact or day."""

    patched_at: datetime
    at_precision: str
    ecosystem: str
    name: str
    action: str
    old_version: str | None = None
    new_version: str | None = None
    method: str | None = None
    requested_by: str | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one file says, and what in it could not be read."""

    components: Sequence[Component] = ()
    findings: Sequence[Finding] = ()
    changes: Sequence[Change] = ()
    runtimes: Sequence[Runtime] = ()
    rejects: Sequence[LineReject] = ()
    is_scan: bool = False
    """Whether somebody looked for flaws: without findings, and rejects, it is proof that none was found."""


@dataclass(frozen=True, slots=True)
class InventoryFormat:
    """One format of inventories, scans or patch logs."""

    name: str
    title: str
    files: tuple[str, ...]
    fills: str
    parser: str
    module: ModuleType

    @property
    def read(self) -> Callable[[str, Source], Inventory]:
        """Return its parser."""
        read: Callable[[str, Source], Inventory] = self.module.read
        return read

    @property
    def is_judged_by_text(self) -> bool:
        """Say whether its command may end with any exit status."""
        return bool(getattr(self.module, "IS_JUDGED_BY_TEXT", False))

    @property
    def is_whole_list(self) -> bool:
        """Say whether a file lists all that is installed of its kind."""
        return bool(getattr(self.module, "IS_WHOLE_LIST", False))

    def takes(self, file: str) -> bool:
        """Say whether a file of a bundle is of this format, by its name."""
        return any(fnmatch.fnmatchcase(file, known) or fnmatch.fnmatchcase(file, f"*.{known}") for known in self.files)


@functools.cache
def inventory_formats() -> dict[str, InventoryFormat]:
    """Return every format by its name, which is its file's name in kebab case."""
    made = {}
    for stem, module in units("tasks.inventory").items():
        if hasattr(module, "TITLE"):
            name = stem.replace("_", "-")
            made[name] = InventoryFormat(
                name, module.TITLE, module.FILES, module.FILLS, f"{stem}/{module.VERSION}", module
            )
    return made


def format_of(file: str) -> InventoryFormat | None:
    """Return the format of a file of a bundle; None where its name is not known."""
    return next((found for found in inventory_formats().values() if found.takes(file)), None)


def component(
    ecosystem: str,
    name: str,
    version: str,
    *,
    offer: str = "",
    is_proved: bool = False,
    abandoned: object = None,
    **more: object,
) -> Component:
    """Return a component with its update state: `offer` counts only where it is newer, by comparing.

    `none` needs `is_proved`: an answer about this very component, which says that nothing newer is there. `abandoned`
    is what the publisher says: None is nothing, true or false, or the name of what takes its place.
    """
    is_offer_newer = is_newer(ecosystem, offer, version) if offer else False
    state = AVAILABLE if is_offer_newer else NONE if is_proved and is_offer_newer is False and version else UNKNOWN
    made = {"advisory_ecosystem": ecosystem, "advisory_name": name, "advisory_version": version or None, **more}
    return Component(
        ecosystem=ecosystem,
        name=name,
        version=version,
        update_state=state,
        latest_version=offer if is_offer_newer else None,
        is_abandoned=None if abandoned is None else bool(abandoned),
        replacement=abandoned if isinstance(abandoned, str) and abandoned else None,
        **made,  # type: ignore[arg-type]
    )


def from_purl(purl: str, *, status: str | None = None) -> Component | None:
    """Return the component that a package URL names; None where it is none, or one of a kind that nobody knows."""
    found = identify(purl)
    if found is None:
        return None
    return component(
        found.ecosystem,
        found.name,
        found.version,
        status=status,
        purl=purl,
        advisory_ecosystem=found.advisory_ecosystem,
        advisory_name=found.advisory_name,
        advisory_version=found.advisory_version or None,
    )


SEVERITIES = {
    "critical": "critical",
    "high": "high",
    "important": "high",
    "moderate": "medium",
    "medium": "medium",
    "low": "low",
    "minor": "low",
    "negligible": "low",
    "info": "none",
    "none": "none",
}
"""Our word by that of a scanner, in lower case."""


def severity(text: str) -> str:
    """Return our word for a severity; unknown where the scanner says nothing that is known."""
    return SEVERITIES.get(text.strip().lower(), UNKNOWN)


def distinct(values: Iterable[str]) -> tuple[str, ...]:
    """Return the values that are not empty, each once, in their order."""
    return tuple(dict.fromkeys(value for value in values if value))


def smallest_fix(ecosystem: str, version: str | None, candidates: Sequence[str]) -> str | None:
    """Return the smallest of the fixed versions above the installed one; None where that can't be told.

    With one candidate and no order that one is returned: a scanner's word is all there is.
    """
    above = sorted(
        (key, fix)
        for fix in candidates
        if version is not None and is_newer(ecosystem, fix, version) and (key := sort_key(ecosystem, fix))
    )
    if above:
        return above[0][1]
    is_ordered = version is not None and sort_key(ecosystem, version) is not None
    return candidates[0] if len(candidates) == 1 and not is_ordered else None


def moment(text: str) -> datetime | None:
    """Return an aware time from ISO 8601; None where it is no time or names no zone."""
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


@dataclass(slots=True)
class Rejects:
    """What of a file could not be read, entry by entry."""

    found: list[LineReject] = field(default_factory=list)

    def add(self, number: int, reason: str, shown: object) -> None:
        """Reject one entry of a list, counted from 1."""
        self.found.append(LineReject(None, f"entry {number} {reason}", str(shown)[:1000]))

    def items(self, item: object, key: str) -> list[Any]:
        """Return the list at the key, as `json_text.items` does; what is no list is rejected instead of passed over."""
        value = item.get(key) if isinstance(item, Mapping) else item
        if not isinstance(value, list | Mapping | None) or not isinstance(item, Mapping):
            self.found.append(LineReject(None, f"{key} is no list", str(value)[:1000]))
        return json_text.items(item, key)

"""Debian's security tracker: for each source package and flaw, its state in each release. Some 60 MB.

`fixed_version` "0" is not affected; `open` has no fix yet, `undetermined` is not known to be affected or not.
https://security-tracker.debian.org/tracker/data/json
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.advisory_format import Advisory, Affected, Entry, Rejected, entries, excerpt
from tasks.json_text import part, word

TITLE = "Debian security tracker: data/json"
FILLS = "advisory"
VERSION = 1
URL = "https://security-tracker.debian.org/tracker/data/json"
LICENCE = "Debian security team; the data may be used freely. https://security-tracker.debian.org"
RELEASES = {
    "stretch": "9", "buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14", "duke": "15",
}  # fmt: skip
"""Releases by the names that the tracker uses; sid is nobody's server."""
_URGENCY = {"high": "high", "medium": "medium", "low": "low", "unimportant": "none"}


def detect(head: str) -> bool:
    """Say whether the text starts like the tracker's JSON."""
    return '"releases"' in head and '"repositories"' in head and '"urgency"' in head


def read(path: Path) -> Iterator[Entry]:
    """Yield one advisory for each flaw of a source package; its id holds both, as CVE-2026-1234/nginx.

    Raises:
        SourceError: it is no JSON object, or cut short.
    """
    with path.open("rb") as file:
        for package, flaws in entries(file, "", "JSON of Debian's security tracker"):
            if not isinstance(flaws, Mapping):
                yield Rejected(package, "is no object of flaws", excerpt(flaws))
                continue
            for flaw, told in flaws.items():
                yield _advisory(package, flaw, told)


def _advisory(package: str, flaw: str, told: Any) -> Advisory | Rejected:
    releases = part(told, "releases")
    if not releases:
        return Rejected(f"{flaw}/{package}", "names no releases", excerpt(told), is_key=True)
    affected = [one for name, state in releases.items() if name in RELEASES for one in _affected(package, name, state)]
    grades = [
        _URGENCY[grade] for state in releases.values() if (grade := word(state, "urgency").rstrip("*")) in _URGENCY
    ]
    return Advisory(
        advisory_id=f"{flaw}/{package}",
        aliases=(flaw,),
        title=word(told, "description")[:200] or None,
        severity=min(grades, key=("high", "medium", "low", "none").index) if grades else "unknown",
        url=f"https://security-tracker.debian.org/tracker/{flaw}",
        affected=tuple(affected),
    )


def _affected(package: str, release: str, state: Any) -> Iterator[Affected]:
    ecosystem, status, fixed = f"Debian:{RELEASES[release]}", word(state, "status"), word(state, "fixed_version")
    if status == "resolved" and fixed == "0":
        return
    if status == "resolved" and fixed:
        yield Affected(ecosystem=ecosystem, name=package, to_version=fixed, fixed_version=fixed)
    elif status == "open":
        yield Affected(ecosystem=ecosystem, name=package)
    else:
        # Undetermined, or a word of tomorrow: neither affected nor safe.
        yield Affected(ecosystem=ecosystem, name=package, is_said=False)

"""FriendsOfPHP's security advisories: one YAML file each, or the zip of the repository.

`branches` hold constraints, as `['>=5.0.0', '<5.2.3']`. https://github.com/FriendsOfPHP/security-advisories
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tasks.advisory_format import Advisory, Affected, Entry, Rejected, excerpt, is_cve, moment, unzipped
from tasks.json_text import part, word
from tasks.purl import advisory_ecosystem

TITLE = "FriendsOfPHP security advisories: one YAML file, or the zip of all"
FILLS = "advisory"
VERSION = 1
URL = "https://github.com/FriendsOfPHP/security-advisories/archive/refs/heads/master.zip"
LICENCE = "Public domain (Unlicense). https://github.com/FriendsOfPHP/security-advisories"
FILE_BYTES = 1 << 20


def detect(head: str) -> bool:
    """Say whether the text starts like one of its files."""
    return re.search(r"^reference:\s*composer://", head, re.MULTILINE) is not None


def read(path: Path) -> Iterator[Entry]:
    """Yield each advisory.

    Raises:
        SourceError: it is no whole zip.
    """
    with path.open("rb") as file:
        start = file.read(FILE_BYTES + 1)
    if not start.startswith(b"PK"):
        yield _advisory(path.stem, start)
        return
    for name, data in unzipped(path, (".yaml", ".yml"), FILE_BYTES):
        # <repository>/<vendor>/<package>/<advisory>.yaml; what lies above describes the repository itself.
        parts = Path(name).parts
        if len(parts) >= 3 and data is not None:
            yield _advisory("/".join(parts[-3:]), data)


def _advisory(where: str, data: bytes) -> Advisory | Rejected:
    try:
        told = yaml.safe_load(data.decode("utf-8", "replace"))
    except (yaml.YAMLError, ValueError, RecursionError):
        return Rejected(where, "is no YAML", data[:200].decode("utf-8", "replace"))
    name = word(told, "reference").removeprefix("composer://")
    branches = part(told, "branches")
    if not name or not branches:
        return Rejected(where, "has no reference to a package or no branches", excerpt(told))
    cve = word(told, "cve")
    times = [found for branch in branches.values() if (found := moment(str(_time(branch))))]
    return Advisory(
        advisory_id=f"FriendsOfPHP/{where if '/' in where else f'{name}/{where}'}",
        aliases=(cve,) if is_cve(cve) else (),
        title=word(told, "title") or None,
        published_at=min(times, default=None),
        url=word(told, "link") or None,
        affected=tuple(_affected(name, branch) for branch in branches.values()),
    )


def _time(branch: Any) -> object:
    return branch.get("time") if isinstance(branch, Mapping) else None


def _affected(name: str, branch: Any) -> Affected:
    """Return the interval that the constraints of a branch describe; one that can't be read has no order."""
    bounds: dict[str, tuple[str, bool]] = {}
    ecosystem = advisory_ecosystem("Packagist", name)
    told = branch.get("versions") if isinstance(branch, Mapping) else None
    unknown = Affected(ecosystem=ecosystem, name=name, is_said=False)
    if not isinstance(told, list) or not told:
        return unknown
    for constraint in told:
        found = re.fullmatch(r"\s*(>=|>|<=|<|==?|)\s*v?([0-9][^\s,|]*)\s*", str(constraint))
        if not found:
            return unknown
        sign, version = found[1], found[2]
        for side in ("from" if ">" in sign else "to",) if sign in (">", ">=", "<", "<=") else ("from", "to"):
            bounds[side] = (version, sign not in (">", "<"))
    first, last = bounds.get("from"), bounds.get("to")
    return Affected(
        ecosystem=ecosystem,
        name=name,
        from_version=first[0] if first else None,
        is_from_included=first[1] if first else True,
        to_version=last[0] if last else None,
        is_to_included=last[1] if last else False,
        fixed_version=last[0] if last and not last[1] else None,
    )

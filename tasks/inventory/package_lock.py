"""What a project that npm installs holds, from package-lock.json, versions 1 to 3; it says nothing of updates.

https://docs.npmjs.com/cli/v11/configuring-npm/package-lock-json
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Component, Inventory, Rejects, Source, component
from tasks.json_text import part, read_json, word

TITLE = "npm: the file package-lock.json, also npm-shrinkwrap.json"
FILES = ("package-lock.json", "npm-shrinkwrap.json")
FILLS = "component_observation"
IS_WHOLE_LIST = True
VERSION = 3
_FOLDER = "node_modules/"


def detect(head: str) -> bool:
    """Say whether the text starts like package-lock.json."""
    return '"lockfileVersion"' in head


def read(text: str, source: Source) -> Inventory:
    """Return the packages, each version once; dev, optional and peer stand as status.

    Raises:
        SourceError: it is no package-lock.json.
    """
    command = "`npm install` and copy package-lock.json"
    lock = read_json(text, dict, "lockfileVersion", command=command)
    rejects = Rejects()
    if isinstance(lock.get("packages"), Mapping):
        entries = _packages(lock)
    elif isinstance(lock.get("dependencies", {} if lock["lockfileVersion"] == 1 else None), Mapping):
        entries = _dependencies(lock)  # version 1 leaves out an empty one
    else:
        raise SourceError(f"it has neither packages nor dependencies; run {command} again")
    found: dict[tuple[str, str], Component] = {}
    for number, (name, item) in enumerate(entries, start=1):
        version = word(item, "version")
        if not name or not version:
            rejects.add(number, "has no name or no version", item)
            continue
        status = next((key for key in ("dev", "devOptional", "optional", "peer") if item.get(key) is True), None)
        is_deprecated = bool(item.get("deprecated")) or None  # a lock file from before npm 7 says it of none
        made = component(
            "npm", name, version, status=status, purl=purl.write("npm", name, version), abandoned=is_deprecated
        )
        # Installed in several places: that which the site itself needs says the status.
        if status is None or (name, version) not in found:
            found[name, version] = made
    return Inventory(list(found.values()), rejects=rejects.found)


def _packages(lock: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path, item in part(lock, "packages").items():
        # The project itself, its own workspaces, and links to them.
        if _FOLDER not in path or (isinstance(item, Mapping) and item.get("link") is True):
            continue
        entry = item if isinstance(item, Mapping) else {}
        yield word(entry, "name") or word({"": path.rpartition(_FOLDER)[2]}, ""), entry


def _dependencies(lock: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    left = [part(lock, "dependencies")]
    while left:
        for name, item in left.pop().items():
            entry = item if isinstance(item, Mapping) else {}
            yield _real(word({"": name}, ""), entry)
            if nested := part(entry, "dependencies"):
                left.append(nested)


def _real(name: str, item: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Return what is installed under an alias, as `npm:lodash@4.17.21`."""
    alias = word(item, "version")
    if not alias.startswith("npm:"):
        return name, item
    real, _, version = alias.removeprefix("npm:").rpartition("@")
    return real, {**item, "version": version}

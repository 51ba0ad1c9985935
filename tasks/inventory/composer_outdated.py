"""Which packages of Composer have newer versions: `composer outdated --all --locked --format=json`.

Composer answers from its cache when a repository is not reached, says so only on the other stream, and ends with exit
status 0. So `up-to-date` proves something only with `COMPOSER_CACHE_DIR=/dev/null` before the command: then there is
no cache to answer from. https://getcomposer.org/doc/03-cli.md#outdated
"""

from __future__ import annotations

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Rejects, Source, component
from tasks.json_text import items, read_json, word

TITLE = "Composer: composer outdated --all --locked --format=json"
FILES = ("composer-outdated.json",)
FILLS = "component_observation"
VERSION = 3
_NO_CACHE = "COMPOSER_CACHE_DIR=/dev/null "


def detect(head: str) -> bool:
    """Say whether the text starts like the answer of `composer outdated`."""
    return '"latest-status"' in head or ('"direct-dependency"' in head and '"latest"' in head)


def read(text: str, source: Source) -> Inventory:
    """Return the packages with their newest versions.

    Raises:
        SourceError: it is not what Composer writes.
    """
    command = "`composer outdated --all --locked --format=json`"
    answer = read_json(text, dict, command=command)
    key = "locked" if "locked" in answer else "installed"
    if not isinstance(answer.get(key), list):
        answer = read_json(text, dict, "installed", command=command)
        if not isinstance(answer["installed"], list):
            raise SourceError(f"installed is no list; run {command} again")
    components = []
    rejects = Rejects()
    is_asked = _NO_CACHE in source.command
    for number, item in enumerate(items(answer, key), start=1):
        name, version, latest = word(item, "name").lower(), word(item, "version"), word(item, "latest")
        if not name or not version:
            rejects.add(number, "has no name or no version", item)
            continue
        components.append(
            component(
                "Packagist",
                name,
                version,
                offer=latest,
                is_proved=is_asked and bool(latest) and word(item, "latest-status") == "up-to-date",
                status="abandoned" if item.get("abandoned") else None,
                purl=purl.write("composer", name, version),
                advisory_ecosystem=purl.advisory_ecosystem("Packagist", name),
                abandoned=item.get("abandoned"),
            )
        )
    return Inventory(components, rejects=rejects.found)

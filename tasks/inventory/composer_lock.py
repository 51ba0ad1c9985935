"""What a project that Composer installs holds, from composer.lock; it says nothing of updates.

https://getcomposer.org/doc/01-basic-usage.md#commit-your-composer-lock-file-to-version-control
"""

from __future__ import annotations

from tasks import purl
from tasks.inventory_format import Component, Inventory, Rejects, Source, component
from tasks.json_text import items, read_json, word

TITLE = "Composer: the file composer.lock"
FILES = ("composer.lock",)
FILLS = "component_observation"
IS_WHOLE_LIST = True
VERSION = 2


def detect(head: str) -> bool:
    """Say whether the text starts like composer.lock."""
    return '"content-hash"' in head and '"packages"' in head


def read(text: str, source: Source) -> Inventory:
    """Return the packages; those that only developers need have the status dev.

    Raises:
        SourceError: it is no composer.lock.
    """
    lock = read_json(text, dict, "packages", "content-hash", command="`composer install` and copy composer.lock")
    components: list[Component] = []
    rejects = Rejects()
    for key, status in (("packages", None), ("packages-dev", "dev")):
        if not isinstance(lock.get(key, []), list):
            rejects.add(1, f"of {key}: it is no list", lock[key])
        for number, item in enumerate(items(lock, key), start=1):
            name, version = word(item, "name").lower(), word(item, "version")
            if not name or not version:
                rejects.add(number, f"of {key} has no name or no version", item)
                continue
            components.append(
                component(
                    "Packagist",
                    name,
                    version,
                    status=status,
                    purl=purl.write("composer", name, version),
                    advisory_ecosystem=purl.advisory_ecosystem("Packagist", name),
                    abandoned=item.get("abandoned"),
                )
            )
    return Inventory(components, rejects=rejects.found)

"""Which packages of npm have newer versions: `npm outdated --json`, also with `--all`.

It lists only what is outdated, so that it proves nothing of the others. The exit status is 1 when anything is listed,
and when the registry was not reached; then the answer is an `error`. A package that is installed at several places has
a list. https://docs.npmjs.com/cli/v11/commands/npm-outdated
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Rejects, Source, component
from tasks.json_text import read_json, word

TITLE = "npm: npm outdated --json"
FILES = ("npm-outdated.json",)
FILLS = "component_observation"
VERSION = 1
IS_JUDGED_BY_TEXT = True


def detect(head: str) -> bool:
    """Say whether the text starts like the answer of `npm outdated`."""
    return all(f'"{key}"' in head for key in ("wanted", "latest", "dependent"))


def read(text: str, source: Source) -> Inventory:
    """Return the packages that are installed and have a newer version.

    Raises:
        SourceError: it is not what npm writes, or the registry was not reached.
    """
    answer = read_json(text, dict, command="`npm outdated --json`")
    if isinstance(answer.get("error"), Mapping) and "latest" not in answer["error"]:
        raise SourceError("npm answers with an error; run `npm outdated --json` again where the registry is reached")
    components = []
    rejects = Rejects()
    for number, (key, value) in enumerate(answer.items(), start=1):
        name = word({"": key}, "")
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping) and item.get("current") is None and word(item, "wanted"):
                continue  # asked for, and not installed
            version, latest = word(item, "current"), word(item, "latest")
            if not name or not version or not latest:
                rejects.add(number, "has no name, no current or no latest version", item)
                continue
            components.append(component("npm", name, version, offer=latest, purl=purl.write("npm", name, version)))
    return Inventory(list(dict.fromkeys(components)), rejects=rejects.found)

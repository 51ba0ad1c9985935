"""Modules and themes that Drupal knows: `drush pm:list --format=json --fields=project,name,type,status,version`.

Advisories speak of projects, and a project can hold several modules: without the field `project` it is not known which
advisories could be about a module, so none is matched. https://www.drush.org/latest/commands/pm_list/
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Rejects, Source, component
from tasks.json_text import read_json, word

TITLE = "Drupal: drush pm:list --format=json --fields=project,name,type,status,version"
FILES = ("drush-pm-list.json",)
FILLS = "component_observation"
IS_WHOLE_LIST = True
VERSION = 1
_CORE = ("drupal", "core")


def detect(head: str) -> bool:
    """Say whether the text starts like the answer of `drush pm:list`."""
    return all(f'"{key}"' in head for key in ("status", "version", "type")) and (
        'Enabled"' in head or 'Disabled"' in head
    )


def read(text: str, source: Source) -> Inventory:
    """Return the modules and themes, each project of several modules once for each of them.

    Raises:
        SourceError: it is not what drush writes.
    """
    command = "`drush pm:list --format=json --fields=project,name,type,status,version`"
    listed = read_json(text, dict, command=command)
    if not any(isinstance(item, Mapping) and "status" in item for item in listed.values()):
        raise SourceError(f"no entry has a status; run {command} again")
    components = []
    rejects = Rejects()
    for number, (key, item) in enumerate(listed.items(), start=1):
        machine_name = word({"": key}, "")
        if not isinstance(item, Mapping) or not machine_name:
            rejects.add(number, "is no module", item)
            continue
        project, version = word(item, "project"), word(item, "version")
        is_core = project in _CORE or word(item, "package") == "Core"
        name = "drupal/core" if is_core else f"drupal/{project or machine_name}"
        components.append(
            component(
                "Packagist",
                name,
                version,
                status=word(item, "status").lower() or None,
                purl=purl.write("composer", name, version),
                advisory_ecosystem=purl.advisory_ecosystem("Packagist", name) if is_core or project else None,
            )
        )
    return Inventory(list(dict.fromkeys(components)), rejects=rejects.found)

"""Plugins and themes as the REST API of a WordPress lists them: `/wp-json/wp/v2/plugins` and `/wp-json/wp/v2/themes`.

It needs an application password of an administrator. It says nothing of updates, of WordPress itself, of must-use
plugins and drop-ins. No password and a wrong one get the same answer.
https://developer.wordpress.org/rest-api/reference/plugins/
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Component, Inventory, Rejects, Source, component
from tasks.json_text import read_json, word

TITLE = "WordPress REST: /wp-json/wp/v2/plugins or /wp-json/wp/v2/themes"
FILES = ("wordpress-rest-plugins.json", "wordpress-rest-themes.json")
FILLS = "component_observation"
IS_WHOLE_LIST = True
VERSION = 2


def detect(head: str) -> bool:
    """Say whether the text starts like either list."""
    return ('"requires_wp"' in head and '"plugin"' in head) or re.search(r'"stylesheet"\s*:', head) is not None


def read(text: str, source: Source) -> Inventory:
    """Return the plugins or themes.

    Raises:
        SourceError: it is no list, as when the password was refused.
    """
    try:
        listed = read_json(text, list, command="the request")
    except SourceError:
        raise SourceError(_refusal(text)) from None
    components: list[Component] = []
    rejects = Rejects()
    parents = {word(item, "template") for item in listed if word(item, "status") == "active"}
    for number, item in enumerate(listed, start=1):
        made = _component(item, parents) if isinstance(item, Mapping) else None
        if made:
            components.append(made)
        else:
            rejects.add(number, "is neither a plugin nor a theme", item)
    return Inventory(components, rejects=rejects.found)


def _component(item: Mapping[str, Any], parents: set[str]) -> Component | None:
    status = word(item, "status") or None
    if plugin := word(item, "plugin"):
        ecosystem, name = "wordpress-plugin", plugin.partition("/")[0]
    else:
        ecosystem, name = "wordpress-theme", word(item, "stylesheet")
        # As WP-CLI says it: a theme that another one is built on is in use.
        status = "parent" if status == "inactive" and name in parents else status
    if not name:
        return None
    return component(ecosystem, name, word(item, "version"), status=status)


def _refusal(text: str) -> str:
    try:
        code = word(read_json(text, dict, "code"), "code")
    except SourceError:
        return "it is no JSON list; the address is not that of a WordPress with its REST API"
    return (
        f"WordPress refuses ({code[:80]}): the user may not see plugins, the application password is wrong, or the "
        "host strips the Authorization header"
    )

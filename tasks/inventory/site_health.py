"""What Site Health of a WordPress says: its copied information, or the answer of one test of its REST API.

The information (Tools, Site Health, Info, Copy) has the versions of WordPress, of PHP, of the database and of themes,
and names plugins by their titles only: no advisory can be matched to those. The tests
(`/wp-json/wp-site-health/v1/tests/...`) have a status: good, recommended or critical.
https://wordpress.org/documentation/article/site-health-screen/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks import runtimes
from tasks.errors import SourceError
from tasks.inventory_format import Component, Inventory, Rejects, Source, component
from tasks.json_text import read_json, word
from tasks.runtimes import Runtime

TITLE = "WordPress Site Health: the copied information, or a test of its REST API"
FILES = ("site-health.txt",)  # a test is no component: it is only for upkeep try
FILLS = "component_observation"
VERSION = 2
_SECTION = re.compile(r"### ([a-z-]+)(?: \(\d{1,5}\))? ###")
_VERSION = re.compile(r"([0-9][\w.+-]{0,60})(?:.*?\(latest version: ([\w.+-]{1,60})\))?", re.IGNORECASE)
_SLUG = re.compile(r"(.*) \(([\w.-]+)\)")
_ENGINE = re.compile(r"^(php_version|server_version): (.{1,200})$", re.MULTILINE)
_STATUSES = ("good", "recommended", "critical")
_PLUGINS = {"wp-plugins-active": "active", "wp-plugins-inactive": "inactive", "wp-mu-plugins": "must-use"}


def detect(head: str) -> bool:
    """Say whether the text starts like either form."""
    return "### wp-core ###" in head or ('"badge"' in head and '"test"' in head)


def read(text: str, source: Source) -> Inventory:
    """Return the components, or the one test with its status.

    Raises:
        SourceError: it is neither form.
    """
    if "### wp-core ###" not in text:
        return Inventory([_test(text)])
    rejects = Rejects()
    found = list(_components(text, rejects))
    if not any(made.ecosystem == "wordpress-core" for made in found):
        raise SourceError("the section wp-core has no version; copy the whole information again")
    return Inventory(list(dict.fromkeys(found)), runtimes=_runtimes(text), rejects=rejects.found)


def _runtimes(text: str) -> list[Runtime]:
    """Return the PHP and the database that the site itself sees."""
    said = dict(_ENGINE.findall(text))
    made = (runtimes.php(said.get("php_version", "")), runtimes.database(said.get("server_version", "")))
    return [item for item in made if item]


def _test(text: str) -> Component:
    answer = read_json(text, dict, "status", "test", command="the test of Site Health")
    name, status = word(answer, "test"), word(answer, "status")
    if not name or status not in _STATUSES:
        raise SourceError(f"it is no test of Site Health with one of the statuses {', '.join(_STATUSES)}")
    return component("wordpress-health", name, "", status=status, advisory_ecosystem=None)


def _components(text: str, rejects: Rejects) -> Iterator[Component]:
    section, theme = "", ""
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.strip("\r` ")
        if heading := _SECTION.fullmatch(line):
            section, theme = heading[1], ""
            continue
        # Titles hold colons: "Akismet Anti-spam: Spam Protection: version: 5.3, author: ..."
        key, _, value = line.partition(": version: ") if ": version: " in line else line.partition(": ")
        version = _VERSION.match(value)
        if section == "wp-core" and key == "version" and version:
            yield component("wordpress-core", "wordpress", version[1])
        elif section == "wp-active-theme" and key == "name":
            slug = _SLUG.fullmatch(value)
            theme = slug[2] if slug else ""
        elif section == "wp-active-theme" and key == "version" and version and theme:
            yield component("wordpress-theme", theme, version[1], offer=version[2] or "", status="active")
        elif section == "wp-themes-inactive" and version and (slug := _SLUG.fullmatch(key)):
            yield component("wordpress-theme", slug[2], version[1], offer=version[2] or "", status="inactive")
        elif section in _PLUGINS and version:
            status, offer = _PLUGINS[section], version[2] or ""
            yield component("wordpress-plugin", key, version[1], offer=offer, status=status, advisory_ecosystem=None)
        elif line and (section in _PLUGINS or section == "wp-themes-inactive"):
            rejects.add(number, "names no version", line)

"""Which packages apt would upgrade: `LC_ALL=C apt list --upgradable`.

It lists only what has an update, and apt itself warns that its form may change; `apt-get -s dist-upgrade` says more,
and proves more. `name/suite[,suite2] new arch [upgradable from: old]`. https://manpages.debian.org/apt
"""

from __future__ import annotations

import re

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Source, component
from tasks.log_files import LineReject

TITLE = "apt: LC_ALL=C apt list --upgradable"
FILES = ("apt-list-upgradable.txt",)
FILLS = "component_observation"
VERSION = 1
_LINE = re.compile(r"([^\s/]+)/(\S+) (\S+) (\S+) \[upgradable from: (\S+)\]")
_HEADING = "Listing..."
_PROGRESS = re.compile(r"(?:Listing\.\.\.|WARNING: apt |N: |W: |Done)")


def detect(head: str) -> bool:
    """Say whether the text starts like a list of apt."""
    return head.startswith(_HEADING)


def read(text: str, source: Source) -> Inventory:
    """Return the packages that have an update, with the installed version.

    Raises:
        SourceError: the heading is missing, so that it may be the end of a list.
    """
    if _HEADING not in text:
        raise SourceError("`Listing...` is missing; run `LC_ALL=C apt list --upgradable` again")
    components, rejects = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _LINE.fullmatch(line.rstrip()):
            name, suites, new, architecture, old = match.groups()
            components.append(
                component(
                    "deb",
                    name,
                    old,
                    offer=new,
                    is_security_update="security" in suites,
                    purl=purl.write("deb", f"debian/{name}", old, arch=architecture)
                    if source.distribution.startswith("Debian:")
                    else None,
                    advisory_ecosystem=None,  # advisories name the source package, which is not told
                )
            )
        elif line.strip() and not _PROGRESS.match(line):
            rejects.append(LineReject(number, "the line is no package with two versions", line))
    return Inventory(list(dict.fromkeys(components)), rejects=rejects)

"""Which packages apt would upgrade: `LC_ALL=C apt-get -s dist-upgrade`, or `-s upgrade`.

`Inst name [old] (new Origin:release/suite, Origin2:... [arch]) [...]`, one line for each package; without `[old]` it is
newly installed. It is the only stock output that names the security origin.
https://manpages.debian.org/apt-get
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Source, component

TITLE = "apt: LC_ALL=C apt-get -s dist-upgrade, also -s upgrade"
FILES: tuple[str, ...] = ()  # read together: see tasks.patch_debian
FILLS = "component_observation"
VERSION = 1

_INST = re.compile(
    r"Inst (?P<name>[^\s:\[\]()]+)(?::\S+)? (?:\[(?P<old>[^\s\]]+)\] )?\((?P<new>\S+)(?P<origins>[^()]*)\)"
)
_SUMMARY = re.compile(r"(\d{1,6}) upgraded, \d{1,6} newly installed,.* (\d{1,6}) not upgraded\.")

_HELD = (
    "The following packages have been kept back:",
    "The following upgrades have been deferred due to phasing:",
)


@dataclass(frozen=True, slots=True)
class Offer:
    """A newer version of an installed package, and whether a security archive has it."""

    version: str
    is_security: bool
    installed: str = ""


@dataclass(frozen=True, slots=True)
class Simulation:
    """The offers by package, and the packages that have one which apt holds back and whose version it does not say.

    `is_complete` says whether the summary proves that every other package is current.
    """

    offers: Mapping[str, Offer]
    held: frozenset[str]
    is_complete: bool

    def is_current(self, name: str) -> bool:
        """Say whether it is proved that nothing newer is there for the package."""
        return self.is_complete and name not in self.offers and name not in self.held


def detect(head: str) -> bool:
    """Say whether the text starts like a simulation of apt-get."""
    return "Reading package lists..." in head or bool(re.search(r"^Inst \S+ ", head, re.MULTILINE))


def read(text: str, source: Source) -> Inventory:
    """Return the packages that have an update, with the installed version.

    Raises:
        SourceError: it is not whole.
    """
    offers = parse(text).offers
    components = [
        component(
            "deb",
            name,
            offer.installed,
            offer=offer.version,
            is_security_update=offer.is_security,
            advisory_ecosystem=None,  # advisories name the source package, which is not told
        )
        for name, offer in offers.items()
    ]
    return Inventory(components)


def parse(text: str) -> Simulation:
    """Return what apt would upgrade.

    Raises:
        SourceError: a line of a package is in another form, or fewer packages are listed than the summary counts.
    """
    offers: dict[str, Offer] = {}
    held: set[str] = set()
    upgraded, summary, heading = 0, None, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if line.startswith(" "):
            held.update(name.partition(":")[0] for name in line.split() if heading in _HELD)
        elif line.startswith("Inst "):
            match = _INST.match(line)
            if not match:
                raise SourceError(f"line {number} is not as apt-get -s writes it; run it with LC_ALL=C")
            if match["old"]:
                upgraded += 1
                offers[match["name"]] = Offer(match["new"], "security" in match["origins"].lower(), match["old"])
        elif found := _SUMMARY.match(line):
            summary = int(found[1]), int(found[2])
        heading = heading if line.startswith(" ") else line.strip()
    if summary is None:
        raise SourceError("the summary (`N upgraded, ...`) is missing: cut short, or not run with LC_ALL=C apt-get -s")
    if summary[0] != upgraded:
        raise SourceError(
            f"the summary counts {summary[0]} upgrades and {upgraded} are listed: the output is cut short"
        )
    return Simulation(offers, frozenset(held), is_complete=summary[1] == len(held))

r"""What is installed on Debian and Ubuntu, as dpkg-query prints it, one package a line, five fields between tabs.

`dpkg-query -W -f '${binary:Package}\t${Version}\t${source:Package}\t${source:Version}\t${db:Status-Abbrev}\n'`
https://manpages.debian.org/dpkg-query
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Component, Inventory, Source, component
from tasks.log_files import LineReject

TITLE = "dpkg: dpkg-query -W with five fields, see tasks/inventory/dpkg_query.py"
FILES: tuple[str, ...] = ()  # read together: see tasks.patch_debian
FILLS = "component_observation"
VERSION = 2

_FIELDS = 5
_THERE = frozenset("iUFWt")
"""Second letters whose version is on the disk: installed, or unpacked and not (wholly) configured."""
_HALF = "H"
"""Half installed: nobody knows which files are there. Other letters left configuration files at most."""


@dataclass(frozen=True, slots=True)
class Package:
    """One installed binary package; `name` without the architecture, `status` as dpkg abbreviates it: ii, hi, iF.

    Advisories speak of the source package and its version, which can be others.
    """

    name: str
    version: str
    status: str
    source_name: str = ""
    source_version: str = ""


def detect(head: str) -> bool:
    """Say whether the text starts like the five fields."""
    return bool(re.match(r"[^\t\n]+\t[^\t\n]*\t[^\t\n]+\t[^\t\n]*\t[a-zA-Z ]{2,3}(?:\n|$)", head))


def read(text: str, source: Source) -> Inventory:
    """Return the installed packages; their updates are in other outputs.

    Raises:
        SourceError: no line is a package.
    """
    packages, rejects = parse(text)
    return Inventory([described(package, source.distribution) for package in packages], rejects=rejects)


def described(package: Package, distribution: str) -> Component:
    """Return the component; `distribution` is `Debian:12` or so, empty where it is not known."""
    word = distribution.partition(":")[0].lower()
    release = distribution.partition(":")[2].removesuffix(":LTS")
    upstream = "" if package.source_name == package.name else package.source_name
    return component(
        "deb",
        package.name,
        package.version,
        status=package.status,
        is_held=package.status.startswith("h"),
        purl=purl.write("deb", f"{word}/{package.name}", package.version, distro=f"{word}-{release}", upstream=upstream)
        if word
        else None,
        advisory_ecosystem=distribution or None,
        advisory_name=package.source_name or package.name,
        advisory_version=package.source_version or package.version,
    )


def parse(text: str) -> tuple[list[Package], list[LineReject]]:
    """Return the installed packages, each name once, and the lines that are none.

    A package that is installed for two architectures has the same version in both: dpkg sees to that.

    Raises:
        SourceError: no line is a package.
    """
    packages: dict[str, Package] = {}
    rejects, is_listed = [], False
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split("\t")
        if len(fields) == _FIELDS and fields[0] and fields[1] and not fields[4][:1].isspace():
            is_listed = True
            name, status = fields[0].partition(":")[0], fields[4].strip()
            if status[1:2] == _HALF:
                rejects.append(
                    LineReject(number, "the package is half installed: which version is there, nobody knows", line)
                )
            elif status[1:2] in _THERE:
                packages.setdefault(name, Package(name, fields[1], status, fields[2], fields[3]))
        elif len(fields) == _FIELDS and fields[0] and not fields[1]:
            is_listed = True  # known to dpkg and not installed: it has no version
        elif line:
            rejects.append(LineReject(number, "the line has not the five fields of dpkg-query", line))
    if not is_listed:
        raise SourceError("no line is a package with its five fields; see tasks.inventory.dpkg_query for the command")
    return list(packages.values()), rejects

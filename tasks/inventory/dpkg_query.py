r"""What is installed on Debian and Ubuntu, as dpkg-query prints it, one package a line, five fields between tabs.

`dpkg-query -W -f '${binary:Package}\t${Version}\t${source:Package}\t${source:Version}\t${db:Status-Abbrev}\n'`
https://manpages.debian.org/dpkg-query
"""

from __future__ import annotations

from dataclasses import dataclass

from tasks.errors import SourceError
from tasks.log_files import LineReject

_FIELDS = 5
_INSTALLED = ("ii", "hi")
"""Installed, and installed but held back; all others are half done or left configuration files."""


@dataclass(frozen=True, slots=True)
class Package:
    """One installed binary package; `name` without the architecture, `status` is ii or hi."""

    name: str
    version: str
    status: str


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
            if status in _INSTALLED:
                packages.setdefault(name, Package(name, fields[1], status))
        elif len(fields) == _FIELDS and fields[0] and not fields[1]:
            is_listed = True  # known to dpkg and not installed: it has no version
        elif line:
            rejects.append(LineReject(number, "the line has not the five fields of dpkg-query", line))
    if not is_listed:
        raise SourceError("no line is a package with its five fields; see tasks.inventory.dpkg_query for the command")
    return list(packages.values()), rejects

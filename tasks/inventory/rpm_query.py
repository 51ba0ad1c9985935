r"""What is installed on Red Hat, AlmaLinux, Rocky and other servers of rpm, one package a line, six fields.

`rpm -qa --qf '%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}|%{INSTALLTIME}\n'`
https://rpm-software-management.github.io/rpm/man/rpm.8
"""

from __future__ import annotations

import re

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Component, Inventory, Source, component
from tasks.log_files import LineReject

TITLE = r"rpm: rpm -qa --qf '%{NAME}|%{EPOCHNUM}|%{VERSION}|%{RELEASE}|%{ARCH}|%{INSTALLTIME}\n'"
FILES = ("rpm-query.txt",)
FILLS = "component_observation"
IS_WHOLE_LIST = True
VERSION = 1
_LINE = re.compile(r"([^|\s]+)\|(\d{1,9}|\(none\))\|([^|\s]+)\|([^|\s]+)\|([^|\s]+)\|\d{1,12}", re.ASCII)
_KEYS = "gpg-pubkey"
"""Keys that are kept as if they were packages."""


def detect(head: str) -> bool:
    """Say whether the text starts like the six fields."""
    return bool(_LINE.match(head))


def read(text: str, source: Source) -> Inventory:
    """Return the packages; a kernel is there once for each version that is installed.

    Raises:
        SourceError: no line is a package.
    """
    found: dict[Component, None] = {}
    rejects = []
    for number, line in enumerate(text.split("\n"), start=1):
        match = _LINE.fullmatch(line.rstrip("\r"))
        if not match:
            rejects += [LineReject(number, "the line has not the six fields of rpm -qa", line)] if line.strip() else []
            continue
        name, epoch = match[1], "" if match[2] in ("0", "(none)") else match[2]
        if name == _KEYS:
            continue
        version = f"{match[3]}-{match[4]}"
        made = component(
            "rpm",
            name,
            f"{epoch}:{version}" if epoch else version,
            purl=purl.write("rpm", name, version, arch=match[5], epoch=epoch),
            advisory_ecosystem=source.distribution or None,
        )
        found[made] = None
    if not found:
        raise SourceError("no line is a package with its six fields; see tasks.inventory.rpm_query for the command")
    return Inventory(list(found), rejects=rejects)

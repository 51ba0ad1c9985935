"""What a site runs on, as PHP, databases and systems say themselves; products have the names of endoflife.date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SYSTEMS: Mapping[str, str] = {
    "almalinux": "almalinux",
    "alpine": "alpine",
    "amzn": "amazon-linux",
    "centos": "centos",
    "debian": "debian",
    "fedora": "fedora",
    "ol": "oracle-linux",
    "opensuse-leap": "opensuse",
    "rhel": "rhel",
    "rocky": "rocky-linux",
    "sles": "sles",
    "ubuntu": "ubuntu",
}
"""Product by ID of os-release."""
# Warnings about its modules stand before what `php -v` says.
_PHP = re.compile(r"(?:\A|^PHP )([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9])", re.MULTILINE)
# MariaDB calls itself 5.5.5-10.11.6-MariaDB where old programs ask.
_MARIADB = re.compile(r"([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})-MariaDB")
_POSTGRESQL = re.compile(r"PostgreSQL\)? ([0-9]{1,3}(?:\.[0-9]{1,3}){0,2})(?![0-9])")
_MYSQL = re.compile(r"(?:\S{0,60}mysqld? +Ver |^)([0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3})(?![0-9])")
_VERSION = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6}){0,3}")


@dataclass(frozen=True, slots=True)
class Runtime:
    """One thing that a site runs on; `kind` is system, language or database."""

    kind: str
    product: str
    version: str


def php(text: str) -> Runtime | None:
    """Return the PHP of `php -v` or PHP_VERSION; None where it is none."""
    found = _PHP.search(text.strip())
    return Runtime("language", "php", found[1]) if found else None


def database(text: str) -> Runtime | None:
    """Return the database of `mariadbd --version`, `mysqld --version`, `postgres --version` or SELECT VERSION()."""
    line = text.strip().split("\n")[0][:500]
    for product, pattern in (("mariadb", _MARIADB), ("postgresql", _POSTGRESQL), ("mysql", _MYSQL)):
        if found := pattern.search(line):
            return Runtime("database", product, found[1])
    return None


def system(word: str, release: str) -> Runtime | None:
    """Return the system of ID and VERSION_ID of os-release; None where it names no version, as testing releases."""
    return Runtime("system", SYSTEMS.get(word, word), release) if word and _VERSION.fullmatch(release) else None

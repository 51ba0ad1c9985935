"""A Debian server of the demo: its packages, what apt would upgrade, and the logs of what was upgraded."""

from __future__ import annotations

import functools
import textwrap
import zoneinfo
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from demo.scenario import Site

REFRESHED = time(3, 40)
"""When apt fetches its lists, and so sees what was published until the day before."""


@dataclass(frozen=True, slots=True)
class Package:
    """One installed binary package."""

    binary: str
    version: str
    source: str
    source_version: str
    architecture: str

    @property
    def name(self) -> str:
        """Return the name without the architecture."""
        return self.binary.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Update:
    """A new version of a source package."""

    published: date
    source: str
    version: str
    is_security: bool


@functools.cache
def _data() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "debian.yaml").read_text(encoding="utf-8"))
    return content


def packages(site: Site) -> list[Package]:
    """Return what the server had installed on 1 June."""
    roles = {"", site.server, "wordpress" if site.is_wordpress else ""}
    return [Package(*row[:5]) for row in _data()["packages"] if row[5] in roles]


def updates() -> list[Update]:
    """Return everything published, oldest first."""
    return [Update(date.fromisoformat(day), *rest) for day, *rest in _data()["updates"]]


def applied_at(site: Site, update: Update) -> datetime | None:
    """Return when an update was applied: security by itself the next morning, others by a person on Thursday."""
    if update.published.isoformat() >= site.patched_until:
        return None
    zone = zoneinfo.ZoneInfo(site.log_zone)
    if update.is_security:
        return datetime.combine(update.published + timedelta(days=1), time(6, 40, 12), zone)
    return datetime.combine(
        update.published + timedelta(days=(2 - update.published.weekday()) % 7 + 1), time(9, 10, 3), zone
    )


def installed(site: Site, at: datetime) -> list[Package]:
    """Return what is installed at a time, after the updates applied until then."""
    versions = {u.source: u.version for u in updates() if (done := applied_at(site, u)) is not None and done <= at}
    return [
        Package(p.binary, versions[p.source], p.source, versions[p.source], p.architecture)
        if p.source in versions
        else p
        for p in packages(site)
    ]


def lists_fetched_at(site: Site, at: datetime) -> datetime:
    """Return when apt's lists were fetched for the last time before `at`."""
    day = at.astimezone(zoneinfo.ZoneInfo(site.log_zone)).date()
    if site.lists_stuck_on:
        day = min(day, date.fromisoformat(site.lists_stuck_on))
    return datetime.combine(day, REFRESHED, zoneinfo.ZoneInfo(site.log_zone))


def outstanding(site: Site, at: datetime) -> list[tuple[Package, Update]]:
    """Return the packages that apt would upgrade, each with the newest update that its lists know."""
    known = {u.source: u for u in updates() if u.published < lists_fetched_at(site, at).date()}
    return [
        (package, known[package.source])
        for package in installed(site, at)
        if package.source in known and known[package.source].version != package.version
    ]


def files(site: Site, at: datetime) -> dict[str, tuple[str, str]]:
    """Return the Debian files of an inventory: (command, content) by name."""
    listing = "".join(f"{p.binary}\t{p.version}\t{p.source}\t{p.source_version}\tii \n" for p in installed(site, at))
    fields = r"${binary:Package}\t${Version}\t${source:Package}\t${source:Version}\t${db:Status-Abbrev}\n"
    fetched = int(lists_fetched_at(site, at).timestamp())
    return {
        "os-release": (
            "cat /etc/os-release",
            'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n',
        ),
        "dpkg-query.tsv": (f"dpkg-query -W -f '{fields}'", listing),
        "apt-simulate.txt": ("LC_ALL=C apt-get -s dist-upgrade", _simulation(outstanding(site, at))),
        "apt-lists-mtime.txt": ("stat -c %Y /var/lib/apt/lists", f"{fetched}\n"),
        "dpkg.log": ("cat /var/log/dpkg.log", "".join(_dpkg_run(*run) for run in runs(site, at))),
        "apt-history.log": ("cat /var/log/apt/history.log", "".join(_history_run(*run) for run in runs(site, at))),
    }


def _simulation(offers: list[tuple[Package, Update]]) -> str:
    head = (
        "Reading package lists...\nBuilding dependency tree...\nReading state information...\nCalculating upgrade...\n"
    )
    if offers:
        names = textwrap.wrap(" ".join(package.name for package, _ in offers), 76)
        head += "The following packages will be upgraded:\n" + "".join(f"  {line}\n" for line in names)
    described = [(p.name, p.version, _offer(p, u)) for p, u in offers]
    summary = f"{len(offers)} upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n"
    inst = "".join(f"Inst {name} [{old}] ({new})\n" for name, old, new in described)
    return head + summary + inst + "".join(f"Conf {name} ({new})\n" for name, _, new in described)


def _offer(package: Package, update: Update) -> str:
    origin = "Debian-Security:12/oldstable-security" if update.is_security else "Debian:12.15/oldstable"
    return f"{update.version} {origin} [{package.architecture}]"


Run = tuple[datetime, bool, list[tuple[Package, str]]]
"""Start of a run of apt in the server's time, whether it was unattended, the packages with their new versions."""


def runs(site: Site, until: datetime) -> list[Run]:
    """Return every run of apt from June until a time."""
    versions = {p.source: p.version for p in packages(site)}
    made: dict[datetime, Run] = {}
    done = [(when, update) for update in updates() if (when := applied_at(site, update)) is not None and when <= until]
    for when, update in sorted(done, key=lambda item: (item[0], item[1].source)):
        if update.source not in versions:
            continue
        run = made.setdefault(when, (when, update.is_security, []))
        for package in installed(site, when - timedelta(seconds=1)):
            if package.source == update.source:
                run[2].append((package, update.version))
    return list(made.values())


def _architecture(package: Package, new: str) -> tuple[str, str, str]:
    return f"{package.name}:{package.architecture}", package.version, new


def _dpkg_run(start: datetime, is_unattended: bool, changes: list[tuple[Package, str]]) -> str:  # noqa: FBT001 - fields of Run
    lines = [(start, "startup archives unpack")]
    for second, (package, version) in enumerate(changes, start=1):
        at = start + timedelta(seconds=second)
        name, old, new = _architecture(package, version)
        words = (
            f"upgrade {name} {old} {new}", f"status half-configured {name} {old}", f"status unpacked {name} {old}",
            f"status half-installed {name} {old}", f"status unpacked {name} {new}",
        )  # fmt: skip
        lines += [(at, word) for word in words]
    end = start + timedelta(seconds=len(changes) + 1)
    lines.append((end, "startup packages configure"))
    for package, version in changes:
        name, _, new = _architecture(package, version)
        lines += [
            (end, f"configure {name} {new} <none>"), (end, f"status unpacked {name} {new}"),
            (end, f"status half-configured {name} {new}"), (end, f"status installed {name} {new}"),
        ]  # fmt: skip
    return "".join(f"{at:%Y-%m-%d %H:%M:%S} {word}\n" for at, word in lines)


def _history_run(start: datetime, is_unattended: bool, changes: list[tuple[Package, str]]) -> str:  # noqa: FBT001 - fields of Run
    who = "Commandline: /usr/bin/unattended-upgrade\n"
    if not is_unattended:
        who = "Commandline: apt-get -y upgrade\nRequested-By: deploy (1000)\n"
    items = ", ".join("{} ({}, {})".format(*_architecture(package, new)) for package, new in changes)
    end = start + timedelta(seconds=len(changes) + 2)
    return f"\nStart-Date: {start:%Y-%m-%d  %H:%M:%S}\n{who}Upgrade: {items}\nEnd-Date: {end:%Y-%m-%d  %H:%M:%S}\n"

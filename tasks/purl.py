"""Package URLs and what they name: https://github.com/package-url/purl-spec, ecosystems as OSV names them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packageurl import PackageURL

DRUPAL = "Packagist:https://packages.drupal.org/8"
"""Where Drupal's own modules come from: its advisories name them there, and those of Drupal itself on Packagist."""

_ECOSYSTEMS = {
    "npm": "npm",
    "composer": "Packagist",
    "pypi": "PyPI",
    "nuget": "NuGet",
    "cargo": "crates.io",
    "golang": "Go",
    "gem": "RubyGems",
    "maven": "Maven",
    "hex": "Hex",
    "pub": "Pub",
    "deb": "deb",
    "rpm": "rpm",
    "apk": "apk",
}
_LONGEST = 4096


@dataclass(frozen=True, slots=True)
class Identity:
    """What a package URL names; the last three are what advisories call it, None where that can't be told."""

    ecosystem: str
    name: str
    version: str
    advisory_ecosystem: str | None
    advisory_name: str
    advisory_version: str


def write(kind: str, name: str, version: str, **qualifiers: str) -> str | None:
    """Return the package URL; a namespace stands before the last slash of the name. None where it can't be written."""
    namespace, _, last = name.rpartition("/")
    try:
        given = {key: value for key, value in qualifiers.items() if value}
        return str(PackageURL(kind, namespace or None, last, version or None, given or None).to_string())
    except ValueError:
        return None


def identify(purl: str) -> Identity | None:
    """Return what a package URL names; None where it is none, or of a kind that is not known."""
    try:
        found = PackageURL.from_string(purl) if len(purl) <= _LONGEST else None
    except ValueError:
        return None
    if found is None or found.type not in _ECOSYSTEMS or not found.name:
        return None
    ecosystem, version = _ECOSYSTEMS[found.type], found.version or ""
    qualifiers = found.qualifiers if isinstance(found.qualifiers, dict) else {}
    if found.type in ("deb", "rpm", "apk"):
        return _system(found.type, ecosystem, found.namespace or "", found.name, version, qualifiers)
    joined = ":" if found.type == "maven" else "/"
    name = f"{found.namespace}{joined}{found.name}" if found.namespace else found.name
    if ecosystem == "PyPI":
        name = registered_name(ecosystem, name)
    return Identity(ecosystem, name, version, advisory_ecosystem(ecosystem, name), name, version)


def _system(kind: str, ecosystem: str, namespace: str, name: str, version: str, qualifiers: dict[str, str]) -> Identity:
    epoch = qualifiers.get("epoch", "")
    if kind == "rpm" and epoch and epoch != "0":
        version = f"{epoch}:{version}"
    upstream, _, upstream_version = qualifiers.get("upstream", "").partition("@")
    is_source = kind == "deb" and upstream
    # distro is `debian-12` or `alpine-3.20.1`; the word is often also the namespace.
    word, _, release = qualifiers.get("distro", "").rpartition("-")
    return Identity(
        ecosystem,
        name,
        version,
        distribution(word or namespace, release),
        upstream if is_source else name,
        (upstream_version or version) if is_source else version,
    )


def registered_name(ecosystem: str, name: str) -> str:
    """Return the name of a package as its registry compares it: what is installed and advisories are joined by it."""
    if ecosystem == "PyPI":
        return re.sub(r"[-_.]+", "-", name).lower()
    return name.lower() if ecosystem.startswith(("wordpress-", "Packagist", "NuGet")) else name


def advisory_ecosystem(ecosystem: str, name: str) -> str:
    """Return the ecosystem under which advisories name a package."""
    is_module = ecosystem == "Packagist" and name.startswith("drupal/") and not is_drupal_core(name)
    return DRUPAL if is_module else ecosystem


def is_drupal_core(name: str) -> bool:
    """Say whether a Composer package is Drupal itself or a part of it."""
    return name == "drupal/core" or name.startswith("drupal/core-")


def distribution(word: str, release: str) -> str | None:
    """Return OSV's name of a distribution, as `Debian:12`; None where it or its release is not known to OSV.

    `word` is ID of os-release, `release` its VERSION_ID.
    """
    numbers = re.fullmatch(r"(\d{1,4})(?:\.(\d{1,4}))?(?:\.\d{1,4})*", release, re.ASCII)
    if not numbers:
        return None
    major, minor = numbers[1], numbers[2]
    if word == "alpine":
        return f"Alpine:v{major}.{minor}" if minor else None
    if word == "ubuntu":
        if not minor:
            return None
        is_long = int(major) % 2 == 0 and minor == "04"
        return f"Ubuntu:{major}.{minor}{':LTS' if is_long else ''}"
    named = {"debian": "Debian", "almalinux": "AlmaLinux", "rocky": "Rocky Linux"}.get(word)
    return f"{named}:{major}" if named else None

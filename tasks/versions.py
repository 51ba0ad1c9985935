"""Order versions as the software that carries them does.

`sort_key` turns a version into text whose byte order is the version order, so that Python and SQL compare versions
without knowing them. A version without a key can't be compared: whether it is old or affected is unknown, never no.
"""

from __future__ import annotations

from collections.abc import Callable

from tasks.version_orders import (
    apk_key,
    composer_key,
    deb_key,
    nuget_key,
    pep440_key,
    php_key,
    rpm_key,
    semver_key,
)

LONGEST = 200
"""Characters of a version at most: longer ones are no versions."""

ORDERS: dict[str, Callable[[str], str | None]] = {
    "wordpress-core": php_key,
    "wordpress-plugin": php_key,
    "wordpress-theme": php_key,
    "Packagist": composer_key,
    **dict.fromkeys(("deb", "Debian", "Ubuntu", "Echo"), deb_key),
    **dict.fromkeys(
        ("rpm", "Red Hat", "AlmaLinux", "Rocky Linux", "openSUSE", "SUSE", "Mageia", "openEuler", "Photon OS"), rpm_key
    ),
    **dict.fromkeys(("apk", "Alpine", "Alpaquita", "Chainguard", "Wolfi", "MinimOS"), apk_key),
    **dict.fromkeys(("npm", "crates.io", "Go", "Hex", "Pub", "SwiftURL"), semver_key),
    "PyPI": pep440_key,
    "NuGet": nuget_key,
}
"""Order by ecosystem, named as OSV names it where it does, without what follows the colon: `Debian` for `Debian:12`.

`deb`, `rpm` and `apk` are packages whose distribution is not known. https://ossf.github.io/osv-schema/#defined-ecosystems
"""


def sort_key(ecosystem: str, version: str) -> str | None:
    """Return text that sorts as the version does among those of its ecosystem; None where its order is not defined.

    The ecosystem may carry a release or a registry after a colon, as `Debian:12` and
    `Packagist:https://packages.drupal.org/8`. Equal versions have equal keys: `1.0` and `1.00`, or for dpkg `1.0` and
    `1.0-0`.
    """
    order = ORDERS.get(ecosystem.partition(":")[0])
    return order(version) if order and len(version) <= LONGEST else None


def is_newer(ecosystem: str, version: str, than: str) -> bool | None:
    """Say whether `version` comes after `than`; None where either has no order."""
    left, right = sort_key(ecosystem, version), sort_key(ecosystem, than)
    return None if left is None or right is None else left > right

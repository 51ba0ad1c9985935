"""Which version to update to, so that the fewest known flaws are left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tasks.recommendation import Scope
from tasks.versions import sort_key

Row = dict[str, Any]

_RANGES = """
SELECT DISTINCT affected.feed || ':' || affected.advisory_id AS teller, affected.from_key, affected.is_from_included,
  affected.to_key, affected.is_to_included, affected.fixed_version, affected.fixed_key
FROM staging.component_listing AS listing
JOIN marts.advisory_range AS affected
  ON affected.ecosystem = listing.advisory_ecosystem AND affected.name = listing.advisory_name
WHERE listing.site_id = $site_id AND listing.ecosystem = $ecosystem AND listing.name = $name
  AND listing.version = $version AND affected.is_comparable AND listing.advisory_key IS NOT NULL"""


def update_for(scope: Scope, rows: Sequence[Row]) -> tuple[str, int]:
    """Return the version to update to and how many of the flaws it mends; ("", 0) where no version mends any.

    It is the one that leaves the fewest known flaws; of those the smallest of the installed branch, else the smallest.
    A version that is not above the installed one is never named.
    """
    installed = {(row["ecosystem"], row["name"], row["version"]) for row in rows}
    newest = max(sort_key(ecosystem, version) or "" for ecosystem, _, version in installed)
    branches = {_branch(version) for _, _, version in installed}
    ranges: list[Row] = []
    for ecosystem, name, version in sorted(installed):
        asked = {"site_id": scope.site_id, "ecosystem": ecosystem, "name": name, "version": version}
        ranges += scope.query(_RANGES, asked)
    fixes = {one["fixed_key"]: one["fixed_version"] for one in ranges}
    # What only a scanner tells has no ranges, at most a version that mends it.
    fixes |= {sort_key(row["ecosystem"], row["fixed_version"] or ""): row["fixed_version"] for row in rows}
    left = {
        key: {one["teller"] for one in ranges if _holds(one, key)} for key in fixes if newest and key and key > newest
    }
    tellers = {one["teller"] for one in ranges}

    def mended(key: str) -> set[str]:
        return {
            row["flaw_id"]
            for row in rows
            if not left[key] & set(row["advisories"])
            and (
                tellers & set(row["advisories"])
                or "" < (sort_key(row["ecosystem"], row["fixed_version"] or "") or "") <= key
            )
        }

    best = min(
        left,
        key=lambda key: (-len(mended(key)), len(left[key]), _branch(fixes[key] or "") not in branches, key),
        default=None,
    )
    return (str(fixes[best]), len(mended(best))) if best and mended(best) else ("", 0)


def _branch(version: str) -> str:
    """Return the first two numbers: 5.1.9 mends 5.1.2 without a new branch."""
    return ".".join(version.split(".")[:2])


def _holds(one: Mapping[str, Any], key: str) -> bool:
    low, high = one["from_key"], one["to_key"]
    return (low is None or key > low or (key == low and one["is_from_included"])) and (
        high is None or key < high or (key == high and one["is_to_included"])
    )

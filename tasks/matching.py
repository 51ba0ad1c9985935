"""Say which advisories hit a version of a component, and why: `upkeep match`."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks.errors import ConfigurationError
from tasks.purl import advisory_ecosystem, registered_name
from tasks.versions import sort_key
from warehouse.connection import dicts, open_snapshot

STALE = timedelta(days=3)
"""A feed that was not current for longer says nothing of what was disclosed since."""

_MATCH = r"""
SELECT
  feed, advisory_id, flaw_id, aliases, title, severity, cvss_score, published_at, url, exploited_date, epss_score,
  from_version, is_from_included, to_version, is_to_included, fixed_version, fixed_key,
  CASE
    WHEN is_informational THEN 'informational'
    WHEN NOT is_comparable OR $key IS NULL THEN 'unknown'
    -- 5.1 and 5.1.0 are one version to whoever writes an advisory, and two to WordPress.
    WHEN starts_with(ecosystem, 'wordpress-') AND NOT list_contains([from_version, to_version], $version)
      AND list_contains(
        [regexp_replace(from_version, '(\.0)+$', ''), regexp_replace(to_version, '(\.0)+$', '')],
        regexp_replace($version, '(\.0)+$', '')) THEN 'probable'
    ELSE 'affected'
  END AS outcome
FROM marts.advisory_range JOIN marts.advisory USING (feed, advisory_id)
WHERE ecosystem = $ecosystem AND name = $name AND (
  NOT is_comparable OR $key IS NULL
  OR ((from_key IS NULL OR $key > from_key OR ($key = from_key AND is_from_included))
    AND (to_key IS NULL OR $key < to_key OR ($key = to_key AND is_to_included))))
ORDER BY
  list_position(['affected', 'probable', 'unknown', 'informational'], outcome),
  exploited_date IS NULL, cvss_score DESC NULLS LAST, flaw_id, feed, advisory_id"""

_FEEDS = """
SELECT feed, succeeded_at, detail, reject_count FROM marts.feed
WHERE list_contains(ecosystems, $ecosystem) ORDER BY feed"""

_SEVERITIES = ("unknown", "none", "low", "medium", "high", "critical")

COLUMNS = ("outcome", "flaw", "advisories", "severity", "cvss", "exploited", "epss", "affected", "fixed", "title")


@dataclass(frozen=True, slots=True)
class Match:
    """What is known: `flaws` that hit or may hit, and `doubts`, sentences on why the answer may be incomplete.

    `feeds` are those that were asked, each with the number of its entries that could not be read.

    A flaw is affected, probable (the version is a bound but for zeros at its end, as 5.1.0 for 5.1), unknown, or
    informational: its publishers say that it is no flaw to mend, and no finding is made of it.
    """

    flaws: Sequence[dict[str, Any]]
    doubts: Sequence[str]
    feeds: Sequence[str]


def match(snapshot: Path, ecosystem: str, name: str, version: str, now: datetime | None = None) -> Match:
    """Look a component up in the published snapshot; one flaw for all advisories that tell of it.

    Raises:
        ConfigurationError: there is no snapshot.
    """
    if not snapshot.exists():
        raise ConfigurationError(f"There is no snapshot {snapshot} yet; run `upkeep publish` first.")
    key = sort_key(ecosystem, version)
    searched = registered_name(ecosystem, name)
    ecosystem = advisory_ecosystem(ecosystem, searched)
    with contextlib.closing(open_snapshot(snapshot)) as con:
        found = dicts(con.execute(_MATCH, {"ecosystem": ecosystem, "name": searched, "version": version, "key": key}))
        feeds = dicts(con.execute(_FEEDS, {"ecosystem": ecosystem}))
    doubts = [] if key else [f"The version {version!r} has no order in {ecosystem}: what hits it can't be told."]
    if not feeds:
        doubts.append(f"No feed covers {ecosystem}: nothing is known of {name}.")
    limit = (now or datetime.now(UTC)) - STALE
    for feed in feeds:
        if feed["succeeded_at"] is None or feed["succeeded_at"] < limit:
            since = f"{feed['succeeded_at']:%Y-%m-%d %H:%M} UTC" if feed["succeeded_at"] else "ever"
            doubts.append(f"The feed {feed['feed']} is stale: not current since {since}. {feed['detail']}".strip())
    flaws: dict[str, list[dict[str, Any]]] = {}
    for row in found:
        flaws.setdefault(row["flaw_id"], []).append(row)
    asked = [
        f"{feed['feed']} ({feed['reject_count']:,} entries could not be read)" if feed["reject_count"] else feed["feed"]
        for feed in feeds
    ]
    return Match([_flaw(rows, key) for rows in flaws.values()], doubts, asked)


def shown(flaw: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a flaw as a row of `COLUMNS`."""
    return (
        flaw["outcome"],
        flaw["flaw_id"],
        ", ".join(flaw["advisories"]),
        flaw["severity"],
        flaw["cvss_score"],
        flaw["exploited_date"],
        flaw["epss_score"],
        "; ".join(flaw["why"]),
        flaw["fixed_version"],
        flaw["title"],
    )


def _flaw(rows: Sequence[Mapping[str, Any]], key: str | None) -> dict[str, Any]:
    """Make one flaw of the advisories that tell of it: those that are sure speak before those that are not."""
    outcome = rows[0]["outcome"]
    told = [row for row in rows if row["outcome"] == outcome]
    first = told[0]
    fixes = [(row["fixed_key"], row["fixed_version"]) for row in told if key and (row["fixed_key"] or "") > key]
    return {
        "outcome": outcome,
        "flaw_id": first["flaw_id"],
        "advisories": sorted({f"{row['feed']}:{row['advisory_id']}" for row in told}),
        "aliases": sorted({alias for row in told for alias in row["aliases"]}),
        "severity": max((row["severity"] for row in told), key=_SEVERITIES.index),
        "cvss_score": next((row["cvss_score"] for row in told if row["cvss_score"] is not None), None),
        "exploited_date": first["exploited_date"],
        "epss_score": first["epss_score"],
        "why": sorted({_interval(row) for row in told}),
        "fixed_version": min(fixes)[1] if fixes else None,
        "published_at": min((row["published_at"] for row in told if row["published_at"]), default=None),
        "title": next((row["title"] for row in told if row["title"]), None),
        "url": next((row["url"] for row in told if row["url"]), None),
    }


def _interval(row: Mapping[str, Any]) -> str:
    first, last = row["from_version"], row["to_version"]
    if row["outcome"] == "unknown":
        return "the versions can't be compared"
    parts = [f"{'from' if row['is_from_included'] else 'after'} {first}"] if first else []
    parts += [f"{'up to and with' if row['is_to_included'] else 'before'} {last}"] if last else []
    return " ".join(parts) or "every version"

"""What is open, and what people accept of it: `upkeep findings`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from tasks.by_hand import one_line, published
from tasks.errors import ConfigurationError
from tasks.settings import Settings
from warehouse.connection import dicts
from warehouse.records import FindingDecision

COLUMNS = ("site", "component", "version", "flaw", "severity", "exploited", "epss", "fixed", "since", "state")

_LIST = """
WITH accepted AS (
  FROM marts.finding_decision WHERE decided_at <= $now AND ends_at > $now
)
SELECT
  finding.site_id, finding.source_id, finding.ecosystem, finding.name, finding.version, finding.flaw_id,
  CASE
    WHEN accepted.flaw_id IS NOT NULL THEN 'accepted'
    WHEN finding.known_until_at < $now THEN 'unknown since'
    WHEN finding.outcome = 'unknown' THEN 'unknown'
    WHEN finding.is_probable THEN 'probable'
    ELSE 'open'
  END AS state,
  finding.advisories, finding.title, finding.severity, finding.cvss_score, finding.exploited_date, finding.epss_score,
  finding.fixed_version, finding.opened_at, finding.last_seen_at, finding.known_until_at, finding.exposure_days,
  finding.fix_exposure_days, accepted.accepted_until_date, accepted.decided_by AS accepted_by,
  accepted.reason AS accepted_reason
FROM marts.finding AS finding LEFT JOIN accepted USING (site_id, ecosystem, name, flaw_id)
WHERE ($site_id IS NULL OR finding.site_id = $site_id) AND finding.opened_at <= $now AND (
  finding.closed_at IS NULL OR finding.closed_at > $now
  OR (finding.closed_reason = 'accepted' AND accepted.flaw_id IS NOT NULL))
QUALIFY row_number() OVER (
  PARTITION BY finding.site_id, finding.source_id, finding.ecosystem, finding.name, finding.version, finding.flaw_id
  ORDER BY finding.opened_at DESC
) = 1
ORDER BY site_id, accepted.flaw_id IS NOT NULL, exploited_date IS NULL, epss_score DESC NULLS LAST,
  cvss_score DESC NULLS LAST, finding.name, finding.ecosystem, finding.flaw_id, version"""

_FIND = """
SELECT DISTINCT ecosystem, flaw_id
FROM marts.finding
WHERE site_id = $site_id AND name = $name AND closed_at IS NULL AND ($ecosystem IS NULL OR ecosystem = $ecosystem)
  AND flaw_id = coalesce((SELECT min(flaw_id) FROM staging.flaw_name WHERE name = $flaw), $flaw)
ORDER BY ecosystem"""

_HELD = """
SELECT DISTINCT ecosystem, flaw_id
FROM marts.finding_decision
WHERE site_id = $site_id AND name = $name AND decided_at <= $now AND ends_at > $now
  AND ($ecosystem IS NULL OR ecosystem = $ecosystem)
  AND flaw_id = coalesce((SELECT min(flaw_id) FROM staging.flaw_name WHERE name = $flaw), $flaw)
ORDER BY ecosystem"""

_TODAY = "SELECT timezone(time_zone, $now)::DATE FROM staging.site WHERE site_id = $site_id"


def listed(settings: Settings, site_id: str | None, now: datetime | None = None) -> list[dict[str, Any]]:
    """Return the findings of the published snapshot that are open or accepted now, the exploited ones first."""
    return _query(settings, _LIST, {"site_id": site_id, "now": now or datetime.now(UTC)})


def shown(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a finding as a row of `COLUMNS`."""
    state = finding["state"]
    if state == "accepted":
        state = (
            f"accepted until {finding['accepted_until_date']} by {finding['accepted_by']}: {finding['accepted_reason']}"
        )
    elif state == "unknown since":
        state = f"unknown since {finding['known_until_at']:%Y-%m-%d}: no list after that"
    return (
        finding["site_id"],
        finding["name"],
        finding["version"],
        finding["flaw_id"],
        finding["severity"],
        finding["exploited_date"],
        finding["epss_score"],
        finding["fixed_version"],
        f"{finding['opened_at']:%Y-%m-%d}",
        state,
    )


def accept(
    settings: Settings,
    site_id: str,
    name: str,
    flaw: str,
    *,
    until: date,
    reason: str,
    decided_by: str,
    ecosystem: str | None = None,
    now: datetime | None = None,
) -> FindingDecision:
    """Land the decision to accept an open finding through the day `until` of the site, and return it.

    `flaw` may be any name of it. A later decision on the same replaces an earlier one.

    Raises:
        ConfigurationError: nothing such is open, the day is over, or an answer is empty or too long.
    """
    at = now or datetime.now(UTC)
    words = {"reason": one_line("reason", reason), "by": one_line("by", decided_by)}
    today = _query(settings, _TODAY, {"site_id": site_id, "now": at})
    if not today:
        raise ConfigurationError(f"The snapshot knows no site {site_id}.")
    (day,) = today[0].values()
    if until < day:
        raise ConfigurationError(f"--until {until} is over: today is {day} there; name the last day of the acceptance.")
    asked = {"site_id": site_id, "name": name, "flaw": flaw, "ecosystem": ecosystem}
    found = _query(settings, _FIND, asked)
    if not found:
        raise ConfigurationError(
            f"The snapshot knows no open finding of {flaw} in {name} of {site_id}; "
            f"`upkeep findings list --site {site_id}` shows all."
        )
    return _decide(settings, asked, found, until=until, words=words, at=at)


def reopen(
    settings: Settings,
    site_id: str,
    name: str,
    flaw: str,
    *,
    reason: str,
    decided_by: str,
    ecosystem: str | None = None,
    now: datetime | None = None,
) -> FindingDecision:
    """Land the decision to take back an acceptance that holds, and return it: from now on the finding is open again.

    That it was accepted, by whom and why, is kept.

    Raises:
        ConfigurationError: nothing such is accepted now, or an answer is empty or too long.
    """
    at = now or datetime.now(UTC)
    words = {"reason": one_line("reason", reason), "by": one_line("by", decided_by)}
    asked = {"site_id": site_id, "name": name, "flaw": flaw, "ecosystem": ecosystem}
    found = _query(settings, _HELD, asked | {"now": at})
    if not found:
        raise ConfigurationError(
            f"The snapshot knows no acceptance of {flaw} in {name} of {site_id} that holds now; "
            f"`upkeep findings list --site {site_id}` shows all."
        )
    return _decide(settings, asked, found, until=None, words=words, at=at)


def _decide(
    settings: Settings,
    asked: Mapping[str, str | None],
    found: Sequence[Mapping[str, Any]],
    *,
    until: date | None,
    words: Mapping[str, str],
    at: datetime,
) -> FindingDecision:
    """Land the decision on the one flaw that was found.

    Raises:
        ConfigurationError: several ecosystems have it.
    """
    if len(found) > 1:
        names = ", ".join(row["ecosystem"] for row in found)
        raise ConfigurationError(
            f"Several ecosystems have a {asked['name']} with {asked['flaw']} ({names}): say --ecosystem."
        )
    written = FindingDecision(
        site_id=str(asked["site_id"]),
        ecosystem=found[0]["ecosystem"],
        name=str(asked["name"]),
        flaw=found[0]["flaw_id"],
        accepted_until_date=until,
        reason=words["reason"],
        decided_by=words["by"],
        decided_at=at,
    )
    settings.spool.land(
        uuid.uuid4().hex, {written.table: [written]}, collector="finding_decision", parser_version="finding_decision/1"
    )
    return written


def _query(settings: Settings, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with published(settings.snapshot) as con:
        return dicts(con.execute(sql, parameters))

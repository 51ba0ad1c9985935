"""What the three rules on known flaws share: the open ones by component, and the update that mends them.

Each component is spoken of by one rule: what is known to be exploited comes first, then what attackers were seen to
try, then what is grave and past its date. So one update is one line, with all the flaws that it fixes. The packages of
a server are one component: they are updated together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from tasks import measures, wording, written
from tasks.mending import Row, update_for
from tasks.recommendation import (
    Answer,
    ClosingTest,
    Floor,
    Prediction,
    Recommendation,
    Rule,
    Scope,
    Silent,
    Unknown,
    recommend,
)
from tasks.words import say, say_many

PACKAGES = "server packages"

_OPEN = """
WITH site AS (
  SELECT *, timezone(time_zone, $end_date::TIMESTAMP) AS end_at FROM staging.site WHERE site_id = $site_id
), probe AS (
  SELECT ecosystem, name, flaw_id, sum(event_count)::BIGINT AS event_count, sum(named_count)::BIGINT AS named_count
  FROM marts.finding_probe_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date GROUP BY ALL
), open AS (
  SELECT
    CASE WHEN finding.ecosystem IN ('deb', 'rpm', 'apk') THEN 'server packages'
      ELSE finding.ecosystem || '/' || finding.name END AS subject,
    finding.ecosystem, finding.name, finding.version, finding.flaw_id, finding.title, finding.severity,
    finding.cvss_score, finding.epss_score, finding.exploited_date, finding.due_date, finding.fixed_version,
    finding.advisories,
    finding.exploited_date < $end_date AS is_exploited,
    date_diff('day', timezone(site.time_zone, finding.opened_at)::DATE, $end_date::DATE) AS open_days,
    CASE WHEN finding.fixed_version IS NOT NULL THEN date_diff('day',
      timezone(site.time_zone, greatest(finding.opened_at, finding.fix_known_at))::DATE, $end_date::DATE)
    END AS waiting_days,
    site.security_patch_sla_days AS sla_days,
    finding.known_until_at >= site.end_at AS is_current,
    timezone(site.time_zone, finding.last_seen_at)::DATE AS listed_date,
    coalesce(probe.event_count, 0) AS probe_count,
    coalesce(probe.named_count, 0) AS named_count
  FROM marts.finding AS finding JOIN site USING (site_id)
  LEFT JOIN probe USING (ecosystem, name, flaw_id)
  WHERE finding.outcome = 'affected' AND finding.opened_at < site.end_at
    AND (finding.closed_at IS NULL OR finding.closed_at >= site.end_at)
), claimed AS (
  SELECT *,
    coalesce(bool_or(is_exploited) OVER component, false) AS has_exploited,
    max(probe_count) OVER component > 0 AS has_probed,
    coalesce(bool_or((cvss_score >= 9 OR epss_score >= 0.5) AND coalesce(waiting_days, open_days) > sla_days)
      OVER component, false) AS has_grave
  FROM open
  WINDOW component AS (PARTITION BY subject)
)"""
GRAVE = "(cvss_score >= 9 OR epss_score >= 0.5)"
"""Critical by CVSS, or as likely as not to be exploited within 30 days."""

_CLAIMS = {
    "exploited": "has_exploited",
    "probed": "NOT has_exploited AND has_probed",
    "grave": "NOT has_exploited AND NOT has_probed AND has_grave",
}
Claim = Literal["exploited", "probed", "grave"]

COVERAGE = """
WITH site AS (
  SELECT *, timezone(time_zone, $end_date::TIMESTAMP) AS end_at FROM staging.site WHERE site_id = $site_id
), newest AS (
  SELECT bundle.source_id, bundle.ecosystem, arg_max(bundle.bundle_id, bundle.collected_at) AS bundle_id,
    max(bundle.collected_at) AS collected_at, max(bundle.collected_date) AS collected_date
  FROM marts.bundle AS bundle JOIN site USING (site_id) WHERE bundle.collected_at < site.end_at GROUP BY ALL
), covered AS (
  SELECT DISTINCT unnest(feed.ecosystems) AS ecosystem
  FROM marts.feed AS feed CROSS JOIN site WHERE feed.succeeded_at >= site.end_at - INTERVAL 3 DAY
)
SELECT
  coalesce(listing.advisory_ecosystem, listing.ecosystem) AS ecosystem,
  count(DISTINCT listing.name) AS component_count,
  any_value(newest.collected_date) AS collected_date,
  bool_or(newest.collected_at + to_seconds(coalesce(source.expected_every_seconds, 0)) < site.end_at) AS is_stale,
  NOT coalesce(bool_or(covered.ecosystem IS NOT NULL), false) AS is_uncovered
FROM newest
-- Of what is proved to be gone nobody has to know any more.
ANTI JOIN (
  FROM staging.empty_inventory AS empty JOIN site USING (site_id) WHERE empty.collected_at < site.end_at
) AS gone
  ON gone.source_id = newest.source_id AND gone.ecosystem = newest.ecosystem AND gone.collected_at > newest.collected_at
JOIN staging.component_listing AS listing USING (source_id, ecosystem, bundle_id)
JOIN site USING (site_id)
LEFT JOIN staging.source AS source ON source.site_id = listing.site_id AND source.source_id = listing.source_id
LEFT JOIN covered ON covered.ecosystem = listing.advisory_ecosystem
GROUP BY ALL
ORDER BY ALL"""
"""What is installed by ecosystem: how old the list is, and whether a current feed speaks of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a rule says of the open flaws of one component."""

    value: float
    """In the unit of the rule's threshold."""
    evidence: str
    floor: Floor


def evidence_sql(claim: Claim) -> str:
    """Return the query for the open flaws of the components that a rule speaks of; the gravest first."""
    return f"""{_OPEN}
SELECT * EXCLUDE (has_exploited, has_probed, has_grave) FROM claimed WHERE {_CLAIMS[claim]}
ORDER BY subject, is_exploited DESC NULLS LAST, epss_score DESC NULLS LAST, cvss_score DESC NULLS LAST,
  flaw_id, version"""  # noqa: S608 - our own text


def measure_sql(condition: str) -> str:
    """Return the measure: how many such flaws of the component were open in the window."""
    return f"""
SELECT count(DISTINCT flaw_id) AS value, {measures.LISTED_DAYS} AS known_days
FROM marts.finding AS finding JOIN staging.site AS site USING (site_id)
WHERE finding.site_id = $site_id AND outcome = 'affected' AND {condition}
  AND CASE WHEN ecosystem IN ('deb', 'rpm', 'apk') THEN 'server packages' ELSE ecosystem || '/' || name END = $subject
  AND opened_at < timezone(site.time_zone, $end_date::TIMESTAMP)
  AND (closed_at IS NULL OR closed_at > timezone(site.time_zone, $start_date::TIMESTAMP))"""  # noqa: S608 - the rules' own text


def evaluate(
    rule: Rule, scope: Scope, *, missing: str, tell: Callable[[Sequence[Row]], Said], severity: int
) -> Sequence[Answer]:
    """Answer for one rule: a recommendation for each component, and what is not known beside it.

    Args:
        rule: its evidence is of `evidence_sql`.
        scope: site and quarter.
        missing: what the rule itself lacks; empty where it lacks nothing.
        tell: says of the flaws of a component, the gravest first.
        severity: 1 to 5.
    """
    doubts = [missing] if missing else []
    answers: list[Answer] = []
    rows = scope.query(rule.evidence_sql, scope.parameters_of(rule))
    for subject, some in groupby(rows, key=lambda row: str(row["subject"])):
        found = list(some)
        if any(row["is_current"] for row in found):
            answers.append(_advice(rule, scope, subject, found, tell(found), severity))
        else:
            listed = max(row["listed_date"] for row in found)
            doubts.append(
                say(
                    "{subject} was last listed on {listed}, with a known flaw",
                    subject=_name(subject, found),
                    listed=written.day_long(listed),
                )
            )
    doubts += _doubts(scope)
    if doubts:
        answers.append(Unknown(rule=rule, missing="; ".join(doubts)))
    return answers or [Silent(rule=rule, reason=say("no such flaw is known of what is installed"))]


def _doubts(scope: Scope) -> list[str]:
    """Return what keeps anybody from calling the site free of known flaws."""
    kinds = scope.query(COVERAGE, scope.parameters)
    if not kinds:
        return [say("no inventory has come")]
    uncovered = [f"{kind['ecosystem']} ({kind['component_count']})" for kind in kinds if kind["is_uncovered"]]
    stale = [
        say("{ecosystem} on {day}", ecosystem=kind["ecosystem"], day=written.day_long(kind["collected_date"]))
        for kind in kinds
        if kind["is_stale"]
    ]
    doubts = [say("no current feed of advisories covers {kinds}", kinds=", ".join(uncovered))] if uncovered else []
    return doubts + ([say("last listed: {kinds}", kinds=", ".join(stale))] if stale else [])


def _advice(rule: Rule, scope: Scope, subject: str, rows: Sequence[Row], said: Said, severity: int) -> Recommendation:
    flaws = len({row["flaw_id"] for row in rows})
    version, mended = "", len({row["flaw_id"] for row in rows if row["fixed_version"]})
    if subject != PACKAGES:
        version, mended = update_for(scope, rows)
    probes = max(row["probe_count"] for row in rows)
    # Of what nobody scored it is not known how likely it is: as likely as not.
    odds = max(0.9 if row["is_exploited"] else row["epss_score"] or 0.5 for row in rows)
    words = {
        "what": _what(_name(subject, rows), version, is_mended=bool(mended)),
        "fixes": _fixes(flaws, mended),
        "evidence": said.evidence,
        "probes": _probes(rows),
    }
    return recommend(
        rule,
        scope,
        subject=subject,
        rows=rows,
        value=said.value,
        evidence=said.evidence,
        words=words,
        severity=severity,
        likelihood=min(1.0, odds + (0.15 if probes else 0)),
        floor=said.floor,
        closing_test=ClosingTest(
            operator="=", value=0, sustained_days=14, text=say("no such flaw of it open for 14 days")
        ),
        prediction=Prediction(metric="open_flaws", direction="down", size=flaws, text=say("none open next quarter")),
    )


def told(row: Row) -> str:
    """Return the flaw with the component that has it."""
    return say("{flaw} in {name} {version}", flaw=row["flaw_id"], name=row["name"][:60], version=row["version"][:40])


def _name(subject: str, rows: Sequence[Row]) -> str:
    if subject != PACKAGES:
        return str(rows[0]["name"])[:60]
    names = sorted({str(row["name"])[:40] for row in rows})
    return say("the server’s packages ({names})", names=wording.and_more(names[:3], len(names)))


def _what(name: str, version: str, *, is_mended: bool) -> str:
    """Say what to do with a component, with the version to update to where one is known."""
    if not is_mended:
        return say("Replace or disable {name}", name=name)
    return (
        say("Update {name} to {version}", name=name, version=version[:40])
        if version
        else say("Update {name}", name=name)
    )


def _fixes(flaws: int, mended: int) -> str:
    many = wording.known_flaws(flaws)
    if not mended:
        return say("{flaws} without a fix", flaws=many)
    if mended == flaws:
        return say("fixes {flaws}", flaws=many)
    return say_many("fixes {n} of {flaws}", "fixes {n} of {flaws}", mended, flaws=many)


def _probes(rows: Sequence[Row]) -> str:
    probes, named = (max(row[name] for row in rows) for name in ("probe_count", "named_count"))
    if not probes:
        return ""
    if named:
        return " " + say_many(
            "Attackers tried a flaw of it by its name {n} time while it was open.",
            "Attackers tried a flaw of it by its name {n} times while it was open.",
            named,
        )
    return " " + say_many(
        "Attackers went for its files {n} time while a flaw was open.",
        "Attackers went for its files {n} times while a flaw was open.",
        probes,
    )

"""Security updates are outstanding for longer than agreed; how grave that is, the flaws that they mend tell.

An update mends the flaws that are open in what is installed and have a fix that is not above the version on offer. It
is critical where one of them is: by CVSS 9 or the word of an advisory, known to be exploited, or with EPSS 0.5. Others
weigh less for 30 days, as NIST SP 800-40 has it. Where nobody tells of a flaw that it mends, or how grave it is, that
is not known, and never taken for harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from tasks import overdue, written
from tasks.overdue import Row, Weight
from tasks.recommendation import Answer, Rule, Scope
from tasks.versions import sort_key
from tasks.words import Plural, mark, say, say_many

_SECURITY = "coalesce(is_security_update, false)"
OTHERS_DAYS = 30
"""Days from the first sight of an update after which flaws that are not critical weigh as much."""

RULE = Rule(
    id="updates.security_overdue",
    area="updates",
    lane="maintenance",
    title=mark("Apply the outstanding security updates"),
    why=Plural(
        "{count} security update is past the agreed {agreed}, by {late}: {names}. {flaws}",
        "{count} security updates are past the agreed {agreed}, the oldest by {late}: {names}. {flaws}",
        by="count",
    ),
    standard="NIST SP 800-40r4, patch management",
    threshold=0.0,
    threshold_unit="days past the agreed date",
    effort_hours=(1, 3),
    evidence_sql=f"""
WITH site AS (
  SELECT site_id, timezone(time_zone, $end_date::TIMESTAMP) AS end_at FROM staging.site WHERE site_id = $site_id
), flaw AS (
  SELECT DISTINCT finding.ecosystem, finding.name, finding.version, finding.flaw_id, finding.severity,
    finding.cvss_score, finding.epss_score, finding.exploited_date < $end_date AS is_exploited, finding.fixed_version
  FROM marts.finding AS finding JOIN site USING (site_id)
  WHERE finding.outcome = 'affected' AND finding.fixed_version IS NOT NULL AND finding.opened_at < site.end_at
    AND (finding.closed_at IS NULL OR finding.closed_at >= site.end_at)
), late AS ({overdue.evidence_sql(_SECURITY)})
SELECT * FROM late LEFT JOIN flaw USING (ecosystem, name, version)
ORDER BY late_days DESC, ecosystem, name, version, cvss_score DESC NULLS LAST, flaw_id""",  # noqa: S608 - our own text
    measure_sql=overdue.measure_sql(_SECURITY),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List the updates that were still outstanding when the quarter ended, past their agreed date."""
    return overdue.evaluate(RULE, scope, subject="security", weigh=_weigh)


def _weigh(rows: Sequence[Row]) -> Weight:
    critical: list[Row] = []
    mended: list[Row] = []
    count, unknown, is_old = 0, 0, False
    for _, some in groupby(rows, key=overdue.update_of):
        found, count = list(some), count + 1
        flaws = [row for row in found if _mends(row)]
        mended += flaws
        worst = max((row for row in flaws if _is_critical(row)), key=_order, default=None)
        if worst is not None:
            critical.append(worst)
        elif not flaws or any(row["severity"] == "unknown" and row["cvss_score"] is None for row in flaws):
            unknown += 1
        elif found[0]["late_days"] + found[0]["sla_days"] > OTHERS_DAYS:
            is_old = True
    # Of what nobody scored it is not known how likely it is: as likely as not.
    odds = [0.9 if row["is_exploited"] else row["epss_score"] or 0.5 for row in mended] + [0.5] * bool(unknown)
    return Weight(
        severity=5 if critical else 4,
        floor="high" if critical or unknown or is_old else "medium",
        likelihood=max(odds),
        first=[str(row["name"])[:60] for row in sorted(critical, key=_order, reverse=True)],
        words={"flaws": _told(critical, unknown, count)},
    )


def _mends(row: Row) -> bool:
    """Say whether the version on offer mends the flaw; what has no order is taken for a fix, as the graver answer."""
    if row["flaw_id"] is None:
        return False
    fixed, offered = (sort_key(row["ecosystem"], row[name] or "") for name in ("fixed_version", "latest_version"))
    return not fixed or not offered or fixed <= offered


def _is_critical(row: Row) -> bool:
    return (
        bool(row["is_exploited"])
        or row["severity"] == "critical"
        or (row["cvss_score"] or 0) >= 9
        or (row["epss_score"] or 0) >= 0.5
    )


def _order(row: Row) -> tuple[bool, float, float, str]:
    return bool(row["is_exploited"]), row["epss_score"] or 0, row["cvss_score"] or 0, str(row["flaw_id"])


def _told(critical: Sequence[Row], unknown: int, count: int) -> str:
    """Return the sentence about the flaws."""
    if critical:
        worst = max(critical, key=_order)
        told = [
            say("known to be exploited") if worst["is_exploited"] else "",
            f"CVSS {written.number(worst['cvss_score'], 1)}" if worst["cvss_score"] is not None else "",
            f"EPSS {written.percent(100 * worst['epss_score'])}" if worst["epss_score"] is not None else "",
        ]
        known = ", ".join(filter(None, told)) or say("critical by its advisory")
        flaw = {"flaw": worst["flaw_id"], "name": str(worst["name"])[:60], "known": known}
        if count == 1:
            return say("It mends a critical flaw: {flaw} in {name} ({known}).", **flaw)
        return say_many(
            "{n} of them mends a critical flaw: {flaw} in {name} ({known}).",
            "{n} of them mend a critical flaw: {flaw} in {name} ({known}).",
            len(critical),
            **flaw,
        )
    if not unknown:
        return say("No flaw that is mended by that is known to be critical.")
    if count == 1:
        return say("How grave the flaws are that it mends is not known.")
    return say_many(
        "How grave the flaws are that {n} of them mends is not known.",
        "How grave the flaws are that {n} of them mend is not known.",
        unknown,
    )

"""Half of the updates took longer than agreed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, wording
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

LEAST = 5
"""Updates from which a median is worth saying."""

_UPDATES = """
WITH site AS (
  SELECT *, timezone(time_zone, $end_date::TIMESTAMP) AS end_at FROM staging.site WHERE site_id = $site_id
), applied AS (
  -- Between two lists nobody knows when: it took at least so long.
  SELECT ecosystem, name, old_version AS version, least_days AS patch_days, day_date
  FROM marts.security_update WHERE site_id = $site_id
), waiting AS (
  -- What is known to mend a flaw is a security update, and so is what a package manager announces as one.
  SELECT ecosystem, name, version, min(since_date) AS since_date, max(until_date) AS until_date
  FROM (
    SELECT ecosystem, name, version, due_date - sla_days::INTEGER AS since_date, $end_date::DATE AS until_date
    FROM marts.update_outstanding
    WHERE site_id = $site_id AND is_security_update AND seen_date < $end_date
      AND (closed_date IS NULL OR closed_date >= $end_date)
    UNION ALL
    SELECT finding.ecosystem, finding.name, finding.version,
      timezone(site.time_zone, greatest(finding.opened_at, finding.fix_known_at))::DATE,
      least(timezone(site.time_zone, finding.last_seen_at)::DATE, $end_date::DATE)
    FROM marts.finding AS finding JOIN site USING (site_id)
    WHERE finding.outcome = 'affected' AND finding.fix_known_at < site.end_at AND finding.opened_at < site.end_at
      AND (finding.closed_at IS NULL OR finding.closed_at >= site.end_at)
  )
  GROUP BY ALL
), patched AS (
  SELECT 'security' AS subject, site.security_patch_sla_days AS sla_days, patch_days, false AS is_open
  FROM applied CROSS JOIN site WHERE day_date >= $start_date AND day_date < $end_date
  UNION ALL
  -- One that is not due yet and not done says nothing of how long it takes; a later one at least how long it waited.
  SELECT 'security', site.security_patch_sla_days, date_diff('day', since_date, until_date), true
  FROM waiting CROSS JOIN site WHERE date_diff('day', since_date, until_date) > site.security_patch_sla_days
  UNION ALL
  SELECT 'routine', sla_days,
    date_diff('day', seen_date, least(coalesce(closed_date, $end_date::DATE), $end_date::DATE)),
    closed_date IS NULL OR closed_date >= $end_date
  FROM marts.update_outstanding
  ANTI JOIN (
    SELECT ecosystem, name, version FROM applied UNION ALL SELECT ecosystem, name, version FROM waiting
  ) AS security USING (ecosystem, name, version)
  WHERE site_id = $site_id AND NOT coalesce(is_security_update, false) AND seen_date < $end_date
    AND (closed_date IS NULL OR closed_date >= $start_date)
    -- What was removed was never updated.
    AND NOT (is_removed AND closed_date < $end_date)
    AND (closed_date < $end_date OR date_diff('day', seen_date, $end_date::DATE) > sla_days)
)"""
"""How many days updates took, or wait: security updates as marts.security_update knows them, and others as lists do."""

RULE = Rule(
    id="updates.patched_late",
    area="updates",
    lane="maintenance",
    title=mark("Apply updates sooner ({kind})"),
    why=mark("Half of {count} updates ({kind}) took {days} or longer; agreed: {agreed}."),
    standard="NIST SP 800-40r4, maintenance metrics",
    threshold=0.0,
    threshold_unit="days beyond the agreed ones, median",
    effort_hours=(1, 4),
    evidence_sql=f"""{_UPDATES}
SELECT subject, count(*) AS update_count, median(patch_days) AS median_days, any_value(sla_days) AS sla_days,
  count(*) FILTER (is_open) AS open_count
FROM patched GROUP BY subject ORDER BY subject""",  # noqa: S608 - our own text
    measure_sql=f"""{_UPDATES}
SELECT
  CASE WHEN count(*) > 0 THEN median(patch_days) - any_value(sla_days) ELSE 0 END AS value,
  {measures.LISTED_DAYS} AS known_days
FROM patched WHERE subject = $subject""",  # noqa: S608 - our own text
)
_LISTS = """
SELECT count(*) AS bundle_count FROM marts.bundle
WHERE site_id = $site_id AND collected_date >= $start_date AND collected_date < $end_date AND fresh_count > 0"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Hold the median of days from when an update could be applied until it was against what was agreed."""
    (lists,) = scope.query(_LISTS, scope.parameters)
    if not lists["bundle_count"]:
        return [Unknown(rule=RULE, missing=say("no inventory with a current update list in the quarter"))]
    answers: list[Answer] = []
    for row in scope.query(RULE.evidence_sql, scope.parameters_of(RULE)):
        beyond = row["median_days"] - row["sla_days"]
        if row["update_count"] < LEAST or beyond <= scope.threshold(RULE):
            continue
        words = {
            "kind": say("security") if row["subject"] == "security" else say("routine"),
            "count": row["update_count"],
            "days": wording.days(row["median_days"]),
            "agreed": wording.days(row["sla_days"]),
        }
        answers.append(
            recommend(
                RULE,
                scope,
                subject=row["subject"],
                rows=[row],
                value=beyond,
                evidence=say(
                    "median of {count} updates ({kind}): {days}, agreed: {agreed}; {open} still outstanding",
                    open=row["open_count"],
                    **words,
                ),
                words=words,
                severity=4 if row["subject"] == "security" else 2,
                closing_test=ClosingTest(
                    operator="<=",
                    value=scope.threshold(RULE),
                    sustained_days=60,
                    text=say("median within what was agreed for 60 days"),
                ),
                prediction=Prediction(
                    metric="days_beyond", direction="down", size=beyond, text=say("median within what was agreed")
                ),
            )
        )
    return answers or [
        Silent(rule=RULE, reason=say("half of the updates, or more, were applied within what was agreed"))
    ]

"""Backups failed, or nothing proves that they were made, on more days than can be borne."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

_DAYS = """
WITH source AS (
  -- A source speaks from its first report on; a backup counts for as many days as lie between two.
  SELECT
    source_id,
    min(day_date) AS first_date,
    greatest(1, round(any_value(expected_every_seconds) / 86400))::INTEGER AS every_days
  FROM marts.backup_day
  JOIN staging.source USING (site_id, source_id)
  WHERE site_id = $site_id
  GROUP BY source_id
), day AS (
  SELECT source.*, calendar.day_date
  FROM source
  JOIN staging.site_day AS calendar ON calendar.site_id = $site_id AND calendar.day_date >= source.first_date
  WHERE calendar.day_date >= $start_date AND calendar.day_date < $end_date
)
SELECT
  source_id,
  count(*) AS day_count,
  count(*) FILTER (NOT is_proved) AS missing_count,
  sum(failed_count) AS failed_count,
  30.0 * count(*) FILTER (NOT is_proved) / count(*) AS missing_per_month
FROM (
  SELECT
    day.source_id,
    day.day_date,
    coalesce(sum(backup.succeeded_count), 0) > 0 AS is_proved,
    coalesce(sum(backup.failed_count) FILTER (backup.day_date = day.day_date), 0) AS failed_count
  FROM day
  LEFT JOIN marts.backup_day AS backup
    ON backup.site_id = $site_id AND backup.source_id = day.source_id AND backup.kind = 'backup'
    AND backup.day_date > day.day_date - day.every_days AND backup.day_date <= day.day_date
  GROUP BY day.source_id, day.day_date
)
GROUP BY source_id
ORDER BY source_id"""

RULE = Rule(
    id="servers.backups_missing",
    area="servers",
    lane="maintenance",
    title=mark("Make the backups complete again: {source}"),
    why=mark(
        "On {missing} of {total} days no successful backup is proved; what is newer than the last one would be lost."
    ),
    standard="CIS Controls 11.2, automated backups",
    threshold=1.0,
    threshold_unit="days in 30 without a successful backup",
    effort_hours=(1, 4),
    evidence_sql=_DAYS,
    measure_sql=f"""
SELECT
  any_value(missing_per_month) AS value, coalesce(any_value(day_count), 0) AS known_days,
  {measures.SOURCE_GONE} AS is_gone
FROM ({_DAYS}) WHERE source_id = $subject""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count the days of the quarter that no successful backup speaks for, from a source's first report on."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no backup job reported anything"))]
    late = [row for row in rows if row["missing_per_month"] > scope.threshold(RULE)]
    if not late:
        missing, total = (sum(row[name] for row in rows) for name in ("missing_count", "day_count"))
        return [Silent(rule=RULE, reason=say("no successful backup on {some} of {all} days", some=missing, all=total))]
    return [
        recommend(
            RULE,
            scope,
            subject=row["source_id"],
            rows=[row],
            value=row["missing_per_month"],
            evidence=say(
                "{some} of {all} days without one; {failed} failed",
                some=row["missing_count"],
                all=row["day_count"],
                failed=int(row["failed_count"]),
            ),
            words={"source": row["source_id"], "missing": row["missing_count"], "total": row["day_count"]},
            severity=4,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say("at most one day in 30 without a successful backup"),
            ),
            prediction=Prediction(
                metric="missing_per_month",
                direction="down",
                size=row["missing_per_month"],
                text=say("a backup for every day"),
            ),
        )
        for row in late
    ]

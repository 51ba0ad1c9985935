"""A source that is configured delivered nothing for a part of the quarter."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

RULE = Rule(
    id="coverage.source_silent",
    area="coverage",
    lane="maintenance",
    title=mark("Bring the source {source} back"),
    why=mark("It delivered on {days} of {total} days; what it would have shown on the others is unknown."),
    standard="NIST SP 800-137, continuous monitoring",
    threshold=80.0,
    threshold_unit="% of days with data",
    effort_hours=(0.5, 2),
    evidence_sql="""
SELECT
  source.source_id,
  source.fills,
  date_diff('day', greatest($start_date::DATE, least(any_value(first.first_date), $end_date - 1)), $end_date::DATE)
    AS day_count,
  count(DISTINCT day.day_date) FILTER (coverage_ratio > 0) AS covered_count,
  max(day.day_date) AS last_date
FROM staging.source AS source
-- A source speaks from its first day on; one that never delivered was to speak all the time.
LEFT JOIN (
  SELECT source_id, min(day_date) AS first_date FROM marts.source_day
  WHERE site_id = $site_id AND coverage_ratio > 0 GROUP BY source_id
) AS first ON first.source_id = source.source_id
LEFT JOIN marts.source_day AS day
  ON day.site_id = source.site_id AND day.source_id = source.source_id
  AND day.day_date >= $start_date AND day.day_date < $end_date
WHERE source.site_id = $site_id
GROUP BY source.source_id, source.fills
ORDER BY source.source_id""",
    measure_sql=f"""
SELECT
  100 * count(DISTINCT day_date) FILTER (day_date >= $start_date)
    / date_diff('day', greatest($start_date::DATE, least(min(day_date), $end_date::DATE - 1)), $end_date::DATE)
    AS value,
  CASE WHEN EXISTS (FROM staging.source WHERE site_id = $site_id AND source_id = $subject)
    THEN {measures.ALL_DAYS} ELSE 0 END AS known_days,
  {measures.SOURCE_GONE} AS is_gone
FROM marts.source_day
WHERE site_id = $site_id AND source_id = $subject AND coverage_ratio > 0 AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)


_JUDGED = ("waf_event", "http_request", "server_metric")


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count the days on which each source delivered; uptime, update lists and backups have rules of their own."""
    rows = [row for row in scope.query(RULE.evidence_sql, scope.parameters) if row["fills"] in _JUDGED]
    if not rows:
        return [Unknown(rule=RULE, missing=say("no source of logs or of server figures is configured"))]
    answers: list[Answer] = [
        recommend(
            RULE,
            scope,
            subject=row["source_id"],
            rows=[row],
            value=100 * row["covered_count"] / row["day_count"],
            evidence=say(
                "{some} of {all} days with data, the last on {day}",
                some=row["covered_count"],
                all=row["day_count"],
                day=written.day_long(row["last_date"]),
            )
            if row["last_date"]
            else say("{some} of {all} days with data", some=row["covered_count"], all=row["day_count"]),
            words={"source": row["source_id"], "days": row["covered_count"], "total": row["day_count"]},
            severity=3,
            floor="medium",
            closing_test=ClosingTest(
                operator=">=",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say("data on {limit} of days for 30 days", limit=written.plain_percent(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="covered_pct",
                direction="up",
                size=100 - 100 * row["covered_count"] / row["day_count"],
                text=say("no silent day"),
            ),
        )
        for row in rows
        if 100 * row["covered_count"] / row["day_count"] < scope.threshold(RULE)
    ]
    return answers or [
        Silent(
            rule=RULE,
            reason=say(
                "every log source delivered on {limit} of days or more",
                limit=written.plain_percent(scope.threshold(RULE)),
            ),
        )
    ]

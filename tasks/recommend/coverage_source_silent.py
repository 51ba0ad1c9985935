"""A source that is configured delivered nothing for a part of the quarter."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

RULE = Rule(
    id="coverage.source_silent",
    area="coverage",
    lane="maintenance",
    title="Bring the source {source} back",
    why="It delivered on {days} of {total} days; what it would have shown on the others is unknown.",
    standard="NIST SP 800-137, continuous monitoring",
    threshold=80.0,
    threshold_unit="% of days with data",
    effort_hours=(0.5, 2),
    evidence_sql="""
SELECT
  source.source_id,
  source.fills,
  date_diff('day', $start_date::DATE, $end_date::DATE) AS day_count,
  count(DISTINCT day.day_date) FILTER (coverage_ratio > 0) AS covered_count,
  max(day.day_date) AS last_date
FROM staging.source AS source
LEFT JOIN marts.source_day AS day
  ON day.site_id = source.site_id AND day.source_id = source.source_id
  AND day.day_date >= $start_date AND day.day_date < $end_date
WHERE source.site_id = $site_id
GROUP BY source.source_id, source.fills
ORDER BY source.source_id""",
)


_JUDGED = ("waf_event", "http_request", "server_metric")


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count the days on which each source delivered; uptime, update lists and backups have rules of their own."""
    rows = [row for row in scope.query(RULE.evidence_sql, scope.parameters) if row["fills"] in _JUDGED]
    if not rows:
        return [Unknown(rule=RULE, missing="no source of logs or of server figures is configured")]
    answers: list[Answer] = [
        recommend(
            RULE,
            scope,
            subject=row["source_id"],
            rows=[row],
            value=100 * row["covered_count"] / row["day_count"],
            evidence=f"{row['covered_count']} of {row['day_count']} days with data"
            + (f", the last on {row['last_date']:%-d %B}" if row["last_date"] else ""),
            words={"source": row["source_id"], "days": row["covered_count"], "total": row["day_count"]},
            severity=3,
            floor="medium",
            closing_test=ClosingTest(
                query=RULE.evidence_sql,
                operator=">=",
                value=RULE.threshold,
                sustained_days=30,
                text="data on 80% of days for 30 days",
            ),
            prediction=Prediction(
                metric="covered_count",
                direction="up",
                size=row["day_count"] - row["covered_count"],
                text="no silent day",
            ),
        )
        for row in rows
        if 100 * row["covered_count"] / row["day_count"] < RULE.threshold
    ]
    return answers or [Silent(rule=RULE, reason="every log source delivered on 80% of days or more")]

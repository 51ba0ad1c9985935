"""For a part of the quarter nobody knows whether the site was up."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="availability.monitoring_gap",
    area="coverage",
    lane="maintenance",
    title=mark("Close the gap in uptime monitoring"),
    why=mark(
        "For {gap} of the quarter nobody can say whether the site was up; an outage then would not have been seen."
    ),
    standard="NIST SP 800-137, continuous monitoring",
    threshold=95.0,
    threshold_unit="% of the quarter covered by checks",
    effort_hours=(1, 3),
    evidence_sql="""
SELECT
  date_diff('day', $start_date::DATE, $end_date::DATE) AS day_count,
  count(*) FILTER (coalesce(up_seconds + down_seconds, 0) = 0) AS blind_day_count,
  coalesce(sum(up_seconds + down_seconds), 0) AS known_seconds,
  (SELECT count(*) FROM staging.source WHERE site_id = $site_id AND fills = 'check_result') AS source_count
FROM (
  SELECT unnest(generate_series($start_date::DATE, $end_date::DATE - INTERVAL 1 DAY, INTERVAL 1 DAY))::DATE AS day_date
) AS calendar
LEFT JOIN (SELECT * FROM marts.availability_day WHERE site_id = $site_id AND is_primary) AS day USING (day_date)""",
    measure_sql=f"""
SELECT
  100 * coalesce(sum(up_seconds + down_seconds), 0) / ({measures.ALL_DAYS} * 86400) AS value,
  CASE WHEN EXISTS (FROM staging.source WHERE site_id = $site_id AND fills = 'check_result')
    THEN {measures.ALL_DAYS} ELSE count(*) END AS known_days
FROM marts.availability_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_primary""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Compare the time that checks speak for with the length of the quarter."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    (row,) = rows
    if not row["source_count"] and not row["known_seconds"]:
        return [Unknown(rule=RULE, missing=say("no uptime source is configured"))]
    covered_pct = 100 * row["known_seconds"] / (row["day_count"] * 86_400)
    if covered_pct >= scope.threshold(RULE):
        return [
            Silent(
                rule=RULE, reason=say("checks cover {covered} of the quarter", covered=written.percent(covered_pct, 1))
            )
        ]
    blind = row["blind_day_count"]
    gap = wording.days(blind) if blind > 1 else wording.hours((100 - covered_pct) * row["day_count"] * 0.24)
    return [
        recommend(
            RULE,
            scope,
            subject="uptime",
            rows=rows,
            value=covered_pct,
            evidence=say_many(
                "checks cover {covered} of the quarter, {n} day has none",
                "checks cover {covered} of the quarter, {n} days have none",
                blind,
                covered=written.percent(covered_pct, 1),
            ),
            words={"gap": gap},
            severity=3,
            reach=min(1.0, (100 - covered_pct) / 50),
            floor="medium",
            closing_test=ClosingTest(
                operator=">=",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say("checks cover {limit} of 30 days", limit=written.plain_percent(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="covered_pct",
                direction="up",
                size=100 - covered_pct,
                text=say("no day without checks next quarter"),
            ),
        )
    ]

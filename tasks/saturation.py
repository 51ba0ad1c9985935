"""What the rules on saturated servers share: the 95th percentile of a share that is used, over the whole quarter."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

LEAST_DAYS = 30
"""Days of the quarter on which a server must be measured to be judged."""


def evidence_sql(metric: str) -> str:
    """Return the query for the percentiles of a metric, a ratio, by server; the highest first."""
    return f"""
SELECT
  server,
  100 * quantile_cont(value, 0.95) AS p95_pct,
  100 * quantile_cont(value, 0.5) AS median_pct,
  count(DISTINCT event_date) AS day_count
FROM staging.server_metric
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date AND metric = '{metric}'
GROUP BY server
ORDER BY p95_pct DESC, server"""  # noqa: S608 - the metric is the rule's own word


def measure_sql(metric: str) -> str:
    """Return the measure of a server: the percentile of its days."""
    gone = measures.others_measured("marts.server_day", "server = $subject")
    return f"""
SELECT 100 * quantile_cont(value, 0.95) AS value, count(DISTINCT event_date) AS known_days, {gone} AS is_gone
FROM staging.server_metric
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date
  AND metric = '{metric}' AND server = $subject"""  # noqa: S608 - as above


def evaluate(rule: Rule, scope: Scope, *, resource: str) -> Sequence[Answer]:
    """Look at the whole quarter of each server; `resource` is what its threshold is of."""
    rows = scope.query(rule.evidence_sql, scope.parameters)
    known = [row for row in rows if row["day_count"] >= LEAST_DAYS]
    high = [row for row in known if row["p95_pct"] > scope.threshold(rule)]
    if high:
        return [_recommendation(rule, scope, row, resource) for row in high]
    if len(known) < len(rows) or not rows:
        missing = f"{len(rows) - len(known)} of {len(rows)} servers were" if rows else "no server was"
        return [Unknown(rule=rule, missing=f"{missing} measured on {'fewer than ' if rows else ''}{LEAST_DAYS} days")]
    return [Silent(rule=rule, reason=f"at most {rows[0]['p95_pct']:.0f}% on {len(rows)} servers")]


def _recommendation(rule: Rule, scope: Scope, row: dict[str, object], resource: str) -> Answer:
    p95, median = float(str(row["p95_pct"])), float(str(row["median_pct"]))
    return recommend(
        rule,
        scope,
        subject=str(row["server"]),
        rows=[row],
        value=p95,
        evidence=f"95th percentile {p95:.0f}%, median {median:.0f}%, measured on {row['day_count']} days",
        words={"server": row["server"], "p95": f"{p95:.0f}"},
        severity=3,
        likelihood=0.7,
        closing_test=ClosingTest(
            operator="<=",
            value=scope.threshold(rule),
            sustained_days=30,
            text=f"95th percentile of {resource} at {scope.threshold(rule):g}% or less for 30 days",
        ),
        prediction=Prediction(
            metric="used_95th_percentile_pct", direction="down", size=15, text="room for peaks again"
        ),
    )

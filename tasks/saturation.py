"""What the rules on saturated servers share: the 95th percentile of a share that is used, over the whole quarter."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import say, say_many

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
        missing = (
            say_many(
                "{n} of {all} servers was measured on fewer than {least} days",
                "{n} of {all} servers were measured on fewer than {least} days",
                len(rows) - len(known),
                all=len(rows),
                least=LEAST_DAYS,
            )
            if rows
            else say("no server was measured on {least} days", least=LEAST_DAYS)
        )
        return [Unknown(rule=rule, missing=missing)]
    return [
        Silent(
            rule=rule,
            reason=say_many(
                "at most {p95} on {n} server",
                "at most {p95} on {n} servers",
                len(rows),
                p95=written.percent(rows[0]["p95_pct"]),
            ),
        )
    ]


def _recommendation(rule: Rule, scope: Scope, row: dict[str, object], resource: str) -> Answer:
    p95, median = float(str(row["p95_pct"])), float(str(row["median_pct"]))
    return recommend(
        rule,
        scope,
        subject=str(row["server"]),
        rows=[row],
        value=p95,
        evidence=say(
            "95th percentile {p95}, median {median}, measured on {days} days",
            p95=written.percent(p95),
            median=written.percent(median),
            days=row["day_count"],
        ),
        words={"server": row["server"], "p95": written.percent(p95)},
        severity=3,
        likelihood=0.7,
        closing_test=ClosingTest(
            operator="<=",
            value=scope.threshold(rule),
            sustained_days=30,
            text=say(
                "95th percentile of {resource} at {limit} or less for 30 days",
                resource=resource,
                limit=written.plain_percent(scope.threshold(rule)),
            ),
        ),
        prediction=Prediction(
            metric="used_95th_percentile_pct", direction="down", size=15, text=say("room for peaks again")
        ),
    )

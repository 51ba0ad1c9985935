"""The server answers too many requests with an error of its own."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

_SHARES = """
WITH logged AS (
  SELECT 'the website' AS source, day_date, sum(request_count) AS request_count,
    sum(request_count) FILTER (status_class = 5) AS error_count
  FROM marts.request_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND status_class IS NOT NULL
  GROUP BY day_date
), pushed AS (
  -- Both counters of a slot, or neither.
  SELECT server AS source, event_date AS day_date, sum(requests) AS request_count, sum(errors) AS error_count
  FROM (
    SELECT server, event_date, measured_at, max(value) FILTER (metric = 'http_request_count') AS requests,
      max(value) FILTER (metric = 'http_5xx_count') AS errors
    FROM staging.server_metric
    WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date
      AND metric IN ('http_request_count', 'http_5xx_count')
    GROUP BY server, event_date, measured_at
  )
  WHERE requests IS NOT NULL AND errors IS NOT NULL AND NOT EXISTS (FROM logged)
  GROUP BY server, event_date
)
SELECT
  source,
  sum(request_count)::BIGINT AS request_count,
  coalesce(sum(error_count), 0)::BIGINT AS error_count,
  100 * coalesce(sum(error_count), 0) / sum(request_count) AS error_pct,
  arg_max(day_date, error_count) AS worst_date,
  count(DISTINCT day_date) AS day_count
FROM (FROM logged UNION ALL FROM pushed)
GROUP BY source
ORDER BY error_pct DESC, source"""

RULE = Rule(
    id="servers.errors_high",
    area="servers",
    lane="support",
    title=mark("Find what makes {source} answer with errors"),
    why=mark("{errors} of {requests} requests ({share}) were answered with an error of the server, most on {worst}."),
    standard="Google SRE, the four golden signals",
    threshold=0.5,
    threshold_unit="% of requests answered with a status of 500 to 599",
    effort_hours=(2, 8),
    # Access logs say it by request; where there are none, the counters that servers push.
    evidence_sql=_SHARES,
    measure_sql=f"""
SELECT any_value(error_pct) AS value, coalesce(any_value(day_count), 0) AS known_days
FROM ({_SHARES}) WHERE source = $subject""",  # noqa: S608 - every part is the house's own text
)

SITE = mark("the website")
"""As the query names the site itself; others are servers."""
_LEAST = 1000
"""Requests of a quarter from which on a share says something."""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the share of errors over the whole quarter."""
    rows = [row for row in scope.query(RULE.evidence_sql, scope.parameters) if row["request_count"] >= _LEAST]
    if not rows:
        return [
            Unknown(
                rule=RULE,
                missing=say("fewer than {least} answers of the server are known", least=written.number(_LEAST)),
            )
        ]
    high = [row for row in rows if row["error_pct"] > scope.threshold(RULE)]
    if not high:
        return [
            Silent(
                rule=RULE,
                reason=say("at most {share} of requests met an error", share=written.percent(rows[0]["error_pct"], 2)),
            )
        ]
    return [
        recommend(
            RULE,
            scope,
            subject=str(row["source"]),
            rows=[row],
            value=float(row["error_pct"]),
            evidence=say(
                "{errors} errors in {requests} requests",
                errors=row["error_count"],
                requests=row["request_count"],
            ),
            words={
                "source": say(SITE) if row["source"] == SITE else row["source"],
                "errors": written.number(row["error_count"]),
                "requests": written.number(row["request_count"]),
                "share": written.percent(row["error_pct"], 1),
                "worst": written.day_long(row["worst_date"]),
            },
            severity=3,
            likelihood=0.9,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say(
                    "{limit} of requests or fewer meet an error for 30 days",
                    limit=written.plain_percent(scope.threshold(RULE)),
                ),
            ),
            prediction=Prediction(
                metric="error_pct", direction="down", size=float(row["error_pct"]), text=say("fewer failed visits")
            ),
        )
        for row in high
    ]

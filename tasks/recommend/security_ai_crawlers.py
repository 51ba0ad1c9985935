"""Crawlers that gather text for AI take a share of the traffic that the client may not want to pay for."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="security.ai_crawlers",
    area="security",
    lane="maintenance",
    title=mark("Decide which AI crawlers may read the site"),
    why=mark("They took {share} of {unit}: {names}. None of it is a visitor; some of it may bring some."),
    standard="RFC 9309, robots exclusion protocol",
    threshold=10.0,
    threshold_unit="% of the bytes, or requests, of the quarter",
    effort_hours=(0.5, 2),
    evidence_sql="""
WITH whole AS (
  SELECT sum(request_count) AS request_count, sum(answered_bytes) AS answered_bytes
  FROM marts.request_day WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
), bots AS (
  SELECT bot_name, bot_identity, sum(request_count) AS request_count, sum(answered_bytes) AS answered_bytes
  FROM marts.bot_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND bot_class = 'ai'
  GROUP BY bot_name, bot_identity
)
SELECT
  bots.*, whole.request_count AS total_request_count,
  100 * bots.request_count / whole.request_count AS request_pct,
  100 * bots.answered_bytes / nullif(whole.answered_bytes, 0) AS bytes_pct
FROM bots, whole
ORDER BY answered_bytes DESC NULLS LAST, request_count DESC, bot_name""",
    measure_sql=f"""
WITH whole AS (
  SELECT sum(request_count) AS request_count, sum(answered_bytes) AS answered_bytes
  FROM marts.request_day WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
), bots AS (
  SELECT sum(request_count) AS request_count, sum(answered_bytes) AS answered_bytes
  FROM marts.bot_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND bot_class = 'ai'
)
SELECT
  greatest(
    coalesce(100 * bots.answered_bytes / nullif(whole.answered_bytes, 0), 0),
    coalesce(100 * bots.request_count / whole.request_count, 0)
  ) AS value,
  {measures.logged_days("marts.request_day")} AS known_days
FROM whole, bots""",  # noqa: S608 - every part is the house's own text
)
_DAYS = """
SELECT count(*) AS row_count FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Add up what AI crawlers took of all bytes, or of all requests where the log has no bytes."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_DAYS, scope.parameters)
        if not seen["row_count"]:
            return [Unknown(rule=RULE, missing=say("no access log in the quarter"))]
        return [Silent(rule=RULE, reason=say("no AI crawler came"))]
    requests = sum(row["request_pct"] for row in rows)
    bytes_pct = sum(row["bytes_pct"] or 0 for row in rows)
    share, unit = max((bytes_pct, say("the bytes that the site answered")), (requests, say("all requests")))
    if share < scope.threshold(RULE):
        return [
            Silent(
                rule=RULE, reason=say("AI crawlers took {share} of {unit}", share=written.percent(share, 1), unit=unit)
            )
        ]
    names = list(dict.fromkeys(row["bot_name"] for row in rows))
    return [
        recommend(
            RULE,
            scope,
            subject="ai-crawlers",
            rows=rows,
            value=share,
            evidence=say_many(
                "{bytes} of the bytes, {requests} of the requests, {n} crawler",
                "{bytes} of the bytes, {requests} of the requests, {n} crawlers",
                len(names),
                bytes=written.percent(bytes_pct, 1),
                requests=written.percent(requests, 1),
            ),
            words={"share": written.percent(share), "unit": unit, "names": ", ".join(names[:4])},
            severity=2,
            reach=0.5,
            change=waf_syntax.stop_bots(waf_syntax.dialect_of(scope), names, only_unverified=False),
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say("AI crawlers below {limit} for 30 days", limit=written.plain_percent(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="share_pct",
                direction="down",
                size=share,
                text=say("{share} less traffic to serve", share=written.percent(share)),
            ),
        )
    ]

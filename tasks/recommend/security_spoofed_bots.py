"""Somebody poses as a search engine, so that nobody dares to stop it."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import listed, mark, say

RULE = Rule(
    id="security.spoofed_bots",
    area="security",
    lane="maintenance",
    title=mark("Turn away false {names}"),
    why=mark("{requests} requests said that they were {names} and came from networks that are not of its operator."),
    standard="Google Search Central, verifying Googlebot",
    threshold=10.0,
    threshold_unit="requests of bots that are not who they claim to be",
    effort_hours=(0.5, 1),
    evidence_sql="""
SELECT
  bot_name,
  count(*) AS request_count,
  count(DISTINCT client_network) AS network_count,
  any_value(client_network) AS client_network,
  count(*) FILTER (status BETWEEN 200 AND 399) AS answered_count
FROM staging.http_request
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date AND bot_identity = 'spoofed'
GROUP BY bot_name
ORDER BY request_count DESC, bot_name""",
    measure_sql=f"""
SELECT
  CASE WHEN bool_or(bot_identity IN ('verified', 'spoofed'))
    THEN coalesce(sum(request_count) FILTER (bot_identity = 'spoofed'), 0) END AS value,
  {measures.logged_days("marts.request_day")} AS known_days
FROM marts.bot_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)
_CHECKED = """
SELECT
  sum(request_count) FILTER (bot_class = 'search') AS search_count,
  sum(request_count) FILTER (bot_class = 'search' AND bot_identity IN ('verified', 'spoofed')) AS checked_count
FROM marts.bot_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count the bots whose claim was found false; a claim that could not be checked is none of them."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    total = sum(row["request_count"] for row in rows)
    if total < scope.threshold(RULE):
        (seen,) = scope.query(_CHECKED, scope.parameters)
        if seen["search_count"] is None:
            return [Unknown(rule=RULE, missing=say("no request of a search engine in an access log of the quarter"))]
        if not seen["checked_count"]:
            return [
                Unknown(rule=RULE, missing=say("no published ranges to check the claims of search engines against"))
            ]
        return [Silent(rule=RULE, reason=say("the search engines that came are who they claim to be"))]
    names = [row["bot_name"] for row in rows]
    return [
        recommend(
            RULE,
            scope,
            subject="spoofed-bots",
            rows=rows,
            value=total,
            evidence=say(
                "{count} requests, {answered} of them answered; networks: {networks}",
                count=total,
                answered=sum(row["answered_count"] for row in rows),
                networks=sum(row["network_count"] for row in rows),
            ),
            words={"names": listed(names[:2]), "requests": written.number(total)},
            severity=3,
            reach=0.4,
            confidence=0.95,
            change=waf_syntax.stop_bots(waf_syntax.dialect_of(scope), names, only_unverified=True),
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say("fewer than {limit} such requests in 30 days", limit=written.plain(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="request_count", direction="down", size=total, text=say("no false search engine is answered")
            ),
        )
    ]

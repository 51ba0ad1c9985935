"""The WAF turns away people who behave like visitors or editors."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import Plural, mark, say

RULE = Rule(
    id="security.visitors_blocked",
    area="security",
    lane="maintenance",
    title=mark("Tune the firewall rule that blocks real visitors"),
    why=Plural(
        "Somebody who did only what visitors and editors do was turned away {blocks} times, mostly at {path}.",
        "{clients} people who did only what visitors and editors do were turned away {blocks} times, mostly at {path}.",
        by="clients",
    ),
    standard="OWASP CRS, handling false positives",
    threshold=3.0,
    threshold_unit="blocks of likely visitors in the quarter",
    effort_hours=(1, 3),
    evidence_sql="""
SELECT
  path, attack_class, sum(block_count)::BIGINT AS block_count,
  count(DISTINCT client_ip) AS client_count, count(DISTINCT day_date) AS day_count
FROM marts.blocked_visitor_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY path, attack_class
ORDER BY block_count DESC, path, attack_class""",
    measure_sql=f"""
SELECT
  coalesce(sum(block_count), 0) AS value,
  least({measures.logged_days("marts.waf_day")}, {measures.logged_days("marts.request_day")}) AS known_days
FROM marts.blocked_visitor_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)
_EXCLUSIONS = """
SELECT rule_id, target, path, sum(visitor_event_count) AS visitor_event_count
FROM marts.waf_exclusion_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY rule_id, target, path
ORDER BY visitor_event_count DESC, rule_id, target, path LIMIT 3"""
_DAYS = """
SELECT
  (SELECT count(*) FROM marts.waf_day
   WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date) AS waf_count,
  (SELECT count(*) FROM marts.request_day
   WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date) AS request_count"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Add up the blocks of clients that otherwise behave like visitors."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    total = sum(row["block_count"] for row in rows)
    if total < scope.threshold(RULE):
        (seen,) = scope.query(_DAYS, scope.parameters)
        if not seen["waf_count"] or not seen["request_count"]:
            return [Unknown(rule=RULE, missing=say("needs both a WAF log and an access log of the quarter"))]
        return [Silent(rule=RULE, reason=say("hardly any likely visitor was blocked"))]
    clients = max(row["client_count"] for row in rows)
    exclusions = scope.query(_EXCLUSIONS, scope.parameters)
    changes = [(row["rule_id"], row["target"], row["path"]) for row in exclusions]
    named = ", ".join(
        say("rule {rule} at {argument}", rule=str(row["rule_id"]), argument=row["target"] or say("an unnamed argument"))
        for row in exclusions[:2]
    )
    return [
        recommend(
            RULE,
            scope,
            subject="visitors",
            rows=rows,
            value=total,
            evidence=say(
                "{count} blocks of clients that otherwise did only what visitors and editors do",
                count=total,
            )
            + (f"; {named}" if named else ""),
            change=waf_syntax.exclude_all(waf_syntax.dialect_of(scope), changes),
            words={
                "clients": clients,
                "blocks": written.number(total),
                "path": rows[0]["path"],
            },
            severity=4,
            confidence=0.7,
            reach=0.6,
            floor="medium",
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say("fewer than {limit} such blocks in 30 days", limit=written.plain(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="visitors_blocked", direction="down", size=total, text=say("no editor or visitor turned away")
            ),
        )
    ]

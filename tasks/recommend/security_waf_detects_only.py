"""The WAF sees attacks and lets them pass: it only detects."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, written
from tasks.attacks import attack_name
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

RULE = Rule(
    id="security.waf_detects_only",
    area="security",
    lane="maintenance",
    title=mark("Let the firewall block instead of only watching"),
    why=mark("{count} attacks were recognised and let through, because the firewall only watches; {first}."),
    standard="OWASP CRS, engine and anomaly modes; PCI DSS 4.0, 6.4.2",
    threshold=1.0,
    threshold_unit="attacks recognised and not stopped",
    effort_hours=(2, 6),
    evidence_sql="""
SELECT attack_class, sum(would_block_count) AS would_block_count, sum(event_count) AS event_count
FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
GROUP BY attack_class
ORDER BY would_block_count DESC, attack_class""",
    measure_sql=f"""
SELECT coalesce(sum(would_block_count), 0) AS value, {measures.logged_days("marts.waf_day")} AS known_days
FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)
_HURT = """
SELECT coalesce(sum(block_count), 0)::BIGINT AS visitor_count FROM marts.blocked_visitor_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Add up what the engine would have blocked."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no WAF log in the quarter"))]
    total = sum(row["would_block_count"] for row in rows)
    if total < scope.threshold(RULE):
        return [Silent(rule=RULE, reason=say("the engine enforces what it finds"))]
    first = rows[0]
    (hurt,) = scope.query(_HURT, scope.parameters)
    return [
        recommend(
            RULE,
            scope,
            subject="engine",
            rows=rows,
            value=total,
            evidence=say(
                "{count} would-be blocks, most: {attack} ({most}); {visitors} of them look like visitors or editors",
                count=total,
                attack=attack_name(first["attack_class"]),
                most=first["would_block_count"],
                visitors=hurt["visitor_count"],
            ),
            words={
                "count": written.number(total),
                "first": say("first tune the rules that would turn away visitors, then let it block")
                if hurt["visitor_count"] > 0.01 * total
                else say("hardly any visitor would be turned away: it is ready to block"),
            },
            change=waf_syntax.enforce(waf_syntax.dialect_of(scope)),
            severity=4,
            likelihood=1.0,
            floor="high",
            closing_test=ClosingTest(
                operator="=", value=0, sustained_days=30, text=say("no would-be block for 30 days")
            ),
            prediction=Prediction(
                metric="attacks_let_through", direction="down", size=total, text=say("recognised attacks are stopped")
            ),
        )
    ]

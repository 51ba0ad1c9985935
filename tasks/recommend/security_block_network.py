"""A network attacks for days: block it, or challenge it where visitors share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import measures, waf_syntax, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.shared_networks import SharedNetworks
from tasks.words import say, say_many

RULE = Rule(
    id="security.block_network",
    area="security",
    lane="maintenance",
    title="{what}",
    why="{attacks}",
    standard="CIS Controls v8, 13.8 and 13.10",
    threshold=1000.0,
    threshold_unit="hostile requests of one network, a tenth of all or more, on seven days or more",
    effort_hours=(0.25, 1),
    evidence_sql="""
SELECT
  attacker.*,
  coalesce(visitor.visitor_count, 0) AS visitor_count,
  coalesce(visitor.verified_count, 0) AS verified_count,
  coalesce(visitor.own_count, 0) AS own_count,
  coalesce(mistaken.mistaken_count, 0) AS mistaken_count
FROM (
  SELECT
    client_network, max(asn) AS asn, max(country) AS country, count(*) FILTER (attack_count > 0) AS day_count,
    sum(attack_count) AS attack_count, sum(block_count) AS block_count,
    sum(sum(attack_count)) OVER () AS total_count
  FROM marts.waf_network_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND client_network <> 'unknown'
  GROUP BY client_network
) AS attacker LEFT JOIN (
  -- Who else is in it: visitors that were answered, bots that are who they say, our own checks.
  SELECT
    client_network,
    count(DISTINCT client_ip) FILTER (
      bot_class IS NULL AND path_class IS NULL AND status BETWEEN 200 AND 399
    ) AS visitor_count,
    count(*) FILTER (bot_identity = 'verified') AS verified_count,
    count(*) FILTER (bot_class = 'monitoring' AND bot_name = 'site-upkeep') AS own_count
  FROM staging.http_request
  WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date
  GROUP BY client_network
) AS visitor USING (client_network)
LEFT JOIN (
  -- What only looks like an attack: editors and visitors whom the firewall misread.
  SELECT client_network, count(*) AS mistaken_count
  FROM staging.blocked_visitor AS blocked
  JOIN staging.waf_event AS event USING (site_id, event_date, event_id)
  WHERE blocked.site_id = $site_id AND blocked.event_date >= $start_date AND blocked.event_date < $end_date
  GROUP BY client_network
) AS mistaken USING (client_network)
WHERE attack_count >= $threshold AND attack_count >= total_count / 10 AND day_count >= 7
ORDER BY attack_count DESC, client_network""",
    measure_sql=f"""
SELECT coalesce(sum(attack_count), 0) AS value, {measures.logged_days("marts.waf_day")} AS known_days
FROM marts.waf_network_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND client_network = $subject""",  # noqa: S608 - every part is the house's own text
)
_DAYS = """
SELECT count(*) AS row_count FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look for networks that attack for days; trusted ones, CDNs, verified bots and our checks are left out."""
    rows = scope.query(RULE.evidence_sql, scope.parameters_of(RULE))
    if not rows:
        (seen,) = scope.query(_DAYS, scope.parameters)
        if not seen["row_count"]:
            return [Unknown(rule=RULE, missing=say("no WAF log in the quarter"))]
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "no network sent {limit} hostile requests, a tenth of all, on seven days",
                    limit=written.number(scope.threshold(RULE)),
                ),
            )
        ]
    shared = SharedNetworks(scope.trusted_networks)
    open_rows = [
        row
        for row in rows
        if not shared.protects(row["client_network"])
        and not row["verified_count"]
        and not row["own_count"]
        and row["mistaken_count"] * 5 < row["attack_count"]
    ]
    if not open_rows:
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "the networks that attack are trusted, stand for many, or hold verified bots or our own checks"
                ),
            )
        ]
    dialect = waf_syntax.dialect_of(scope)
    return [
        recommend(
            RULE,
            scope,
            subject=row["client_network"],
            rows=[row],
            value=row["attack_count"],
            evidence=say(
                "{count} hostile requests, {blocked} blocked; days with them: {days}; visitors who were answered "
                "normally: {visitors}",
                count=row["attack_count"],
                blocked=row["block_count"],
                days=row["day_count"],
                visitors=row["visitor_count"],
            ),
            words=_words(row),
            severity=3,
            reach=0.5,
            confidence=0.8,
            change=waf_syntax.block_network(dialect, row["client_network"], is_challenge=bool(row["visitor_count"])),
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE) / 3,
                sustained_days=30,
                text=say(
                    "fewer than {limit} of its requests reach a rule in 30 days",
                    limit=written.number(scope.threshold(RULE) / 3),
                ),
            ),
            prediction=Prediction(
                metric="hostile_requests",
                direction="down",
                size=row["attack_count"],
                text=say("its requests end at the edge"),
            ),
        )
        for row in open_rows[:3]
    ]


def _words(row: dict[str, Any]) -> dict[str, str]:
    """Say what to do with a network: to challenge it where visitors share it."""
    network, days = row["client_network"], wording.days(row["day_count"])
    if not row["visitor_count"]:
        return {
            "what": say("Block the network {network}", network=network),
            "attacks": say(
                "It sent {count} hostile requests within {days} and no visitor came from it.",
                count=row["attack_count"],
                days=days,
            ),
        }
    return {
        "what": say("Challenge the network {network}", network=network),
        "attacks": say_many(
            "It sent {count} hostile requests within {days}; {n} visitor shares it, so a challenge, no block.",
            "It sent {count} hostile requests within {days}; {n} visitors share it, so a challenge, no block.",
            row["visitor_count"],
            count=row["attack_count"],
            days=days,
        ),
    }

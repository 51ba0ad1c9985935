"""A kind of attack that was rare has become frequent."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, written
from tasks.attacks import attack_name
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

RULE = Rule(
    id="security.attack_rising",
    area="security",
    lane="maintenance",
    title=mark("Look into the rise of attacks: {name}"),
    why="{compared}",
    standard="NIST SP 800-61r3, detection and analysis",
    threshold=3.0,
    threshold_unit="times as many a week as before, and 50 or more in four weeks",
    effort_hours=(0.5, 2),
    evidence_sql="""
SELECT
  attack_class,
  coalesce(sum(event_count) FILTER (day_date >= $end_date - 28), 0) AS recent_count,
  coalesce(sum(event_count) FILTER (day_date < $end_date - 28), 0) AS before_count,
  count(DISTINCT day_date) FILTER (day_date < $end_date - 28) AS before_day_count
FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND attack_class IS NOT NULL
GROUP BY attack_class
ORDER BY recent_count DESC, attack_class""",
    measure_sql=f"""
SELECT
  coalesce(sum(event_count) FILTER (day_date >= $end_date::DATE - 28 AND attack_class = $subject), 0) AS value,
  {measures.logged_days("marts.waf_day")} AS known_days
FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)
_DAYS = """
SELECT count(DISTINCT day_date) FILTER (day_date < $end_date - 28) AS before_count,
  count(DISTINCT day_date) FILTER (day_date >= $end_date - 28) AS recent_count
FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Compare the last four weeks with those before, class by class; without two weeks of before there is no rise."""
    (days,) = scope.query(_DAYS, scope.parameters)
    if days["before_count"] < 14 or not days["recent_count"]:
        return [Unknown(rule=RULE, missing=say("needs a WAF log of two weeks before and of the last four weeks"))]
    found = []
    for row in scope.query(RULE.evidence_sql, scope.parameters):
        before = row["before_count"] / days["before_count"]
        recent = row["recent_count"] / days["recent_count"]
        if row["recent_count"] >= 50 and recent >= scope.threshold(RULE) * before:
            found.append((row, recent / before if before else None))
    if not found:
        return [Silent(rule=RULE, reason=say("no kind of attack has become three times as frequent"))]
    return [
        recommend(
            RULE,
            scope,
            subject=row["attack_class"],
            rows=[row],
            value=times or row["recent_count"],
            evidence=say(
                "{recent} in the last 28 days, {before} in the {days} logged days before",
                recent=written.number(row["recent_count"]),
                before=written.number(row["before_count"]),
                days=days["before_count"],
            ),
            words={
                "name": attack_name(row["attack_class"]),
                "compared": say(
                    "{recent} in the last four weeks, {times} times as many a week as in the weeks before.",
                    recent=written.number(row["recent_count"]),
                    times=written.number(times, 1),
                )
                if times
                else say(
                    "{recent} in the last four weeks, and none in the weeks before.",
                    recent=written.number(row["recent_count"]),
                ),
            },
            severity=3,
            reach=0.6,
            closing_test=ClosingTest(
                operator="<",
                value=50,
                sustained_days=28,
                text=say("fewer than 50 in four weeks"),
            ),
            prediction=Prediction(
                metric="attacks_in_28_days",
                direction="down",
                size=row["recent_count"] / 2,
                text=say("half as many once the target is closed"),
            ),
        )
        for row, times in found[:2]
    ]

"""Somebody tries passwords at a log-in, and nothing slows it down."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import Plural, mark, say, say_many

RULE = Rule(
    id="security.login_brute_force",
    area="security",
    lane="maintenance",
    title=mark("Limit attempts to log in"),
    why=Plural(
        "One network tried {attempts} passwords at {path}; {passed}.",
        "{networks} networks tried {attempts} passwords at {path}; {passed}.",
        by="networks",
    ),
    standard="OWASP ASVS 4.0, 2.2.1 anti-automation",
    threshold=50.0,
    threshold_unit="attempts from one network on one day, not stopped",
    effort_hours=(1, 2),
    evidence_sql="""
SELECT
  path,
  count(DISTINCT client_network) AS network_count,
  sum(attempt_count)::BIGINT AS attempt_count,
  sum(attempt_count - stopped_count)::BIGINT AS passed_count,
  max(attempt_count - stopped_count)::BIGINT AS peak_count,
  count(DISTINCT day_date) AS day_count
FROM marts.login_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  AND attempt_count - stopped_count >= $threshold
GROUP BY path
ORDER BY passed_count DESC, path""",
    measure_sql=f"""
SELECT
  coalesce(max(attempt_count - stopped_count), 0) AS value,
  {measures.logged_days("marts.request_day")} AS known_days
FROM marts.login_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND path = $subject""",  # noqa: S608 - every part is the house's own text
)
_DAYS = """
SELECT count(DISTINCT day_date) AS day_count FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look for networks with many unhindered attempts on one day, path by path."""
    rows = scope.query(RULE.evidence_sql, scope.parameters_of(RULE))
    if not rows:
        (seen,) = scope.query(_DAYS, scope.parameters)
        if not seen["day_count"]:
            return [Unknown(rule=RULE, missing=say("no access log in the quarter"))]
        return [
            Silent(
                rule=RULE,
                reason=say("no network tried {limit} passwords on one day", limit=written.plain(scope.threshold(RULE))),
            )
        ]
    return [
        recommend(
            RULE,
            scope,
            subject=row["path"],
            rows=[row],
            value=row["peak_count"],
            evidence=say(
                "{count} attempts within {days}, up to {peak} from one network on one day",
                count=row["attempt_count"],
                days=wording.days(row["day_count"]),
                peak=row["peak_count"],
            ),
            words={
                "networks": row["network_count"],
                "attempts": written.number(row["attempt_count"]),
                "passed": say("none of the attempts was stopped")
                if row["passed_count"] == row["attempt_count"]
                else say_many(
                    "{n} of the attempts was not stopped", "{n} of the attempts were not stopped", row["passed_count"]
                ),
                "path": row["path"],
            },
            change=waf_syntax.rate_limit(waf_syntax.dialect_of(scope), row["path"], 10),
            severity=4,
            reach=0.7,
            floor="medium",
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say(
                    "no network passes {limit} attempts a day for 30 days", limit=written.plain(scope.threshold(RULE))
                ),
            ),
            prediction=Prediction(
                metric="attempts_a_day",
                direction="down",
                size=row["peak_count"] * 0.9,
                text=say("nine in ten attempts stopped"),
            ),
        )
        for row in rows[:3]
    ]

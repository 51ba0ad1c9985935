"""Downtime eats the error budget faster than the quarter goes by (https://sre.google/workbook/alerting-on-slos/)."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="availability.budget_burn",
    area="availability",
    lane="maintenance",
    title=mark("Hold changes back until the outages have a cause"),
    why=mark("In the four weeks to {worst} the site used {rate} times the downtime that was agreed for them."),
    standard="Google SRE workbook, alerting on SLOs",
    threshold=2.0,
    threshold_unit="times the error budget of 28 days",
    effort_hours=(1, 4),
    evidence_sql="""
SELECT day_date, down_seconds, least_burn_rate_28_days, burn_rate_28_days, known_days_28
FROM marts.error_budget_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND burn_rate_28_days IS NOT NULL
ORDER BY least_burn_rate_28_days DESC, day_date""",
    measure_sql=f"""
SELECT
  max(least_burn_rate_28_days) FILTER (day_date >= $end_date::DATE - 14) AS value, {measures.CHECKED_DAYS} AS known_days
FROM marts.error_budget_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)

_LAST_DAYS = 14
"""A burn that ended longer before the end of the quarter is told by the other rules on outages."""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Take the highest burn over 28 days of the last two weeks of the quarter's data.

    Time that is not known burns nothing here: only what is over the limit whatever it was is told.
    """
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no uptime check ran in the quarter"))]
    newest = max(row["day_date"] for row in rows)
    recent = [row for row in rows if (newest - row["day_date"]).days < _LAST_DAYS]
    worst = recent[0]
    if worst["least_burn_rate_28_days"] <= scope.threshold(RULE):
        open_ones = [row for row in recent if row["burn_rate_28_days"] > scope.threshold(RULE)]
        if open_ones:
            known = max(row["known_days_28"] for row in open_ones)
            return [
                Unknown(
                    rule=RULE,
                    missing=say_many(
                        "the site was down, and only {n} of 28 days is known",
                        "the site was down, and only {n} of 28 days are known",
                        round(known),
                    ),
                )
            ]
        reason = say(
            "at most {times} times the error budget was used lately",
            times=written.number(max(row["burn_rate_28_days"] for row in recent), 1),
        )
        return [Silent(rule=RULE, reason=reason)]
    rate = written.number(worst["least_burn_rate_28_days"], 1)
    return [
        recommend(
            RULE,
            scope,
            subject=scope.site_id,
            rows=recent,
            value=worst["least_burn_rate_28_days"],
            evidence=say(
                "{rate} times the budget in the four weeks to {day}",
                rate=rate,
                day=written.day_long(worst["day_date"]),
            ),
            words={"worst": written.day_long(worst["day_date"]), "rate": rate},
            severity=3,
            closing_test=ClosingTest(
                operator="<",
                value=1.0,
                sustained_days=28,
                text=say("four weeks within the agreed downtime"),
            ),
            prediction=Prediction(
                metric="times_the_agreed_downtime",
                direction="down",
                size=worst["least_burn_rate_28_days"] - 1,
                text=say("no more downtime than agreed"),
            ),
        )
    ]

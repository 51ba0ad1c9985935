"""The registration of the domain ends soon after the quarter."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="availability.domain_expiry",
    area="availability",
    lane="maintenance",
    title=mark("Renew the domain and let it renew itself"),
    why=mark("The registration ends on {expiry}; from then on site and mail are gone, and anybody may buy the name."),
    standard="ICANN Expired Registration Recovery Policy",
    threshold=60.0,
    threshold_unit="days of registration left at the end of the quarter",
    effort_hours=(0.25, 1),
    evidence_sql="""
SELECT day_date, expires_at, date_diff('day', $end_date::DATE, expires_at::DATE) AS days_left
FROM marts.domain_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
ORDER BY day_date DESC LIMIT 1""",
    measure_sql="""
SELECT
  date_diff('day', $end_date::DATE, expires_at::DATE) AS value,
  (day_date >= $end_date::DATE - 7)::INTEGER AS known_days
FROM marts.domain_day
WHERE site_id = $site_id AND day_date < $end_date
ORDER BY day_date DESC LIMIT 1""",
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at what the registry said last in the quarter."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no registry said in the quarter when the domain ends"))]
    (row,) = rows
    if row["days_left"] >= scope.threshold(RULE):
        reason = say_many("{n} day of registration left", "{n} days of registration left", row["days_left"])
        return [Silent(rule=RULE, reason=reason)]
    return [
        recommend(
            RULE,
            scope,
            subject="domain",
            rows=rows,
            value=row["days_left"],
            evidence=say_many(
                "{n} day left at the end of the quarter, told on {day}",
                "{n} days left at the end of the quarter, told on {day}",
                row["days_left"],
                day=written.day_long(row["day_date"]),
            ),
            words={"expiry": written.date_long(row["expires_at"])},
            severity=5,
            floor="act now" if row["days_left"] < 30 else "high",
            closing_test=ClosingTest(
                operator=">=",
                value=scope.threshold(RULE),
                sustained_days=1,
                text=say("a registration with {limit} days or more left", limit=written.plain(scope.threshold(RULE))),
            ),
            prediction=Prediction(metric="days_left", direction="up", size=365, text=say("registered for a year more")),
        )
    ]

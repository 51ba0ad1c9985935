"""The TLS certificate runs out soon after the quarter, or is not accepted now."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="availability.certificate_expiry",
    area="availability",
    lane="maintenance",
    title=mark("Renew the TLS certificate and automate it"),
    why=mark("The certificate runs out on {expiry}; from then on browsers turn every visitor away."),
    standard="CA/Browser Forum Baseline Requirements",
    threshold=21.0,
    threshold_unit="days of validity left at the end of the quarter",
    effort_hours=(0.5, 2),
    # Programs renew when a third of the life is left. One whose first day was seen and that lives for less than 63
    # days is judged by its own third; the first certificate of all may have been old when it was seen.
    evidence_sql="""
WITH seen AS (
  SELECT *, min(day_date) OVER (PARTITION BY not_after_at) AS first_date, min(day_date) OVER () AS start_date
  FROM marts.certificate_day
  WHERE site_id = $site_id AND day_date < $end_date
)
SELECT
  day_date,
  not_after_at,
  is_valid,
  date_diff('day', $end_date::DATE, not_after_at::DATE) AS days_left,
  CASE WHEN first_date > start_date THEN date_diff('day', first_date, not_after_at::DATE) END AS life_days
FROM seen
WHERE day_date >= $start_date
ORDER BY day_date DESC LIMIT 1""",
    measure_sql="""
SELECT
  least(days_left, CASE WHEN is_valid IS FALSE THEN 0 ELSE days_left END) AS value,
  (day_date >= $end_date::DATE - 7)::INTEGER AS known_days
FROM (
  SELECT day_date, is_valid, date_diff('day', $end_date::DATE, not_after_at::DATE) AS days_left
  FROM marts.certificate_day
  WHERE site_id = $site_id AND day_date < $end_date
  ORDER BY day_date DESC LIMIT 1
)""",
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the last certificate seen in the quarter."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no check saw a certificate in the quarter"))]
    (row,) = rows
    least = scope.threshold(RULE) if row["life_days"] is None else min(scope.threshold(RULE), row["life_days"] / 3 - 1)
    if row["days_left"] >= least and row["is_valid"] is not False:
        reason = say_many("{n} day of validity left", "{n} days of validity left", row["days_left"])
        return [Silent(rule=RULE, reason=reason)]
    expiry = written.date_long(row["not_after_at"])
    return [
        recommend(
            RULE,
            scope,
            subject="certificate",
            rows=rows,
            value=row["days_left"],
            evidence=say_many(
                "{n} day left at the end of the quarter, seen on {day}",
                "{n} days left at the end of the quarter, seen on {day}",
                row["days_left"],
                day=written.day_long(row["day_date"]),
            ),
            words={"expiry": expiry},
            severity=5,
            floor="act now",
            closing_test=ClosingTest(
                operator=">=",
                value=scope.threshold(RULE),
                sustained_days=1,
                text=say("a certificate with {limit} days or more left", limit=written.plain(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="days_left", direction="up", size=60, text=say("renewed by itself from now on")
            ),
        )
    ]

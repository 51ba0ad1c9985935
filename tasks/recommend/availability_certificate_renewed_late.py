"""The TLS certificate was renewed at the last moment: by hand, or after an automatic renewal failed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import Plural, mark, say, say_many

RULE = Rule(
    id="availability.certificate_renewed_late",
    area="availability",
    lane="maintenance",
    title=mark("Automate the renewal of the TLS certificate"),
    why=Plural(
        "The last one was replaced {days} day before its end; a renewal that waits for somebody is forgotten one day.",
        "The last one was replaced {days} days before its end; a renewal that waits for somebody is forgotten one day.",
        by="days",
    ),
    standard="CA/Browser Forum Baseline Requirements",
    threshold=21.0,
    threshold_unit="days of validity that were left when the certificate was last renewed",
    effort_hours=(1, 3),
    # A third of its life before the end is when programs renew a certificate: one that lives for less than 63 days is
    # never renewed with 21 left. Two certificates that take turns, of two servers, are no renewal.
    evidence_sql="""
WITH seen AS (
  SELECT not_after_at, min(day_date) AS first_date, max(day_date) AS last_date
  FROM marts.certificate_day
  WHERE site_id = $site_id AND day_date < $end_date
  GROUP BY not_after_at
), renewed AS (
  SELECT
    first_date AS renewed_date,
    lag(not_after_at) OVER (ORDER BY not_after_at) AS old_not_after_at,
    lag(last_date) OVER (ORDER BY not_after_at) AS old_last_date,
    not_after_at
  FROM seen
)
SELECT
  renewed_date,
  old_not_after_at,
  not_after_at,
  date_diff('day', renewed_date, old_not_after_at::DATE) AS days_left,
  date_diff('day', renewed_date, not_after_at::DATE) AS life_days
FROM renewed
WHERE old_last_date <= renewed_date AND renewed_date >= $start_date
ORDER BY renewed_date DESC LIMIT 1""",
    measure_sql="""
SELECT days_left AS value, 1 AS known_days
FROM (
  SELECT
    old_last_date <= first_date AS is_renewal,
    first_date AS renewed_date,
    date_diff('day', first_date, old_not_after_at::DATE) AS days_left
  FROM (
    SELECT
      not_after_at,
      min(day_date) AS first_date,
      lag(not_after_at) OVER (ORDER BY not_after_at) AS old_not_after_at,
      lag(max(day_date)) OVER (ORDER BY not_after_at) AS old_last_date
    FROM marts.certificate_day
    WHERE site_id = $site_id AND day_date < $end_date
    GROUP BY not_after_at
  )
)
WHERE is_renewal AND renewed_date >= $start_date
ORDER BY renewed_date DESC LIMIT 1""",
)

_SEEN = """
SELECT count(*) AS day_count FROM marts.certificate_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the last renewal of the quarter."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_SEEN, scope.parameters)
        if not seen["day_count"]:
            return [Unknown(rule=RULE, missing=say("no check saw a certificate in the quarter"))]
        return [Silent(rule=RULE, reason=say("no certificate was renewed in the quarter"))]
    (row,) = rows
    days = row["days_left"]
    told = say_many(
        "renewed on {day} with {n} day left",
        "renewed on {day} with {n} days left",
        days,
        day=written.day_long(row["renewed_date"]),
    )
    if days >= scope.threshold(RULE) or row["life_days"] < 3 * scope.threshold(RULE):
        return [Silent(rule=RULE, reason=told)]
    return [
        recommend(
            RULE,
            scope,
            subject="certificate",
            rows=rows,
            value=days,
            evidence=told,
            words={"days": days},
            severity=3,
            likelihood=0.5,
            closing_test=ClosingTest(
                operator=">=",
                value=scope.threshold(RULE),
                sustained_days=1,
                text=say("a renewal with {limit} days or more left", limit=written.plain(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="days_left",
                direction="up",
                size=scope.threshold(RULE) - days,
                text=say("renewed by itself in time"),
            ),
        )
    ]

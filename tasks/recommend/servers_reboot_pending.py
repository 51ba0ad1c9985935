"""A server has waited for its restart for long: what was updated does not run yet."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

_PENDING = """
WITH day AS (
  SELECT server, day_date, is_reboot_required
  FROM marts.server_day
  WHERE site_id = $site_id AND day_date >= $start_date::DATE - 90 AND day_date < $end_date
    AND is_reboot_required IS NOT NULL
), last AS (
  SELECT server, max(day_date) AS last_date, max(day_date) FILTER (NOT is_reboot_required) AS clear_date
  FROM day
  GROUP BY server
)
SELECT
  last.server,
  last.last_date,
  min(day.day_date) AS since_date,
  coalesce(date_diff('day', min(day.day_date), last.last_date) + 1, 0) AS pending_days
FROM last
LEFT JOIN day ON day.server = last.server AND (last.clear_date IS NULL OR day.day_date > last.clear_date)
WHERE last.last_date >= $end_date::DATE - 7
GROUP BY last.server, last.last_date
ORDER BY pending_days DESC, last.server"""

RULE = Rule(
    id="servers.reboot_pending",
    area="servers",
    lane="maintenance",
    title=mark("Restart {server}"),
    why=mark("It has waited for a restart for {days} days; until then what ran before the update still runs."),
    standard="CIS Controls 7.3, operating system patch management",
    threshold=14.0,
    threshold_unit="days that a restart has been due",
    effort_hours=(0.5, 1),
    evidence_sql=_PENDING,
    measure_sql=f"""
SELECT
  any_value(pending_days) AS value, count(*) AS known_days,
  {measures.others_measured("marts.server_day", "server = $subject")} AS is_gone
FROM ({_PENDING}) WHERE server = $subject""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at each server that was asked in the last week of the quarter."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no server said in the last week whether it waits for a restart"))]
    late = [row for row in rows if row["pending_days"] > scope.threshold(RULE)]
    if not late:
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "{servers}, none waits for more than {limit} days",
                    servers=wording.servers(len(rows)),
                    limit=written.plain(scope.threshold(RULE)),
                ),
            )
        ]
    return [
        recommend(
            RULE,
            scope,
            subject=row["server"],
            rows=[row],
            value=row["pending_days"],
            evidence=say(
                "a restart due since {first}, still on {last}",
                first=written.day_long(row["since_date"]),
                last=written.day_long(row["last_date"]),
            ),
            words={"server": row["server"], "days": row["pending_days"]},
            severity=3,
            closing_test=ClosingTest(
                operator="=",
                value=0,
                sustained_days=1,
                text=say("no restart due"),
            ),
            prediction=Prediction(
                metric="pending_days", direction="down", size=row["pending_days"], text=say("updates run")
            ),
        )
        for row in late
    ]

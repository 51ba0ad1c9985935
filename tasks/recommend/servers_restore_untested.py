"""Nobody has tried for long whether the backups can be restored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

_UNTESTED = """
SELECT *, date_diff('day', coalesce(last_tested_date, first_date), $end_date::DATE) AS untested_days
FROM (
  SELECT
    source_id,
    min(day_date) AS first_date,
    max(day_date) FILTER (kind = 'restore_test' AND succeeded_count > 0) AS last_tested_date
  FROM marts.backup_day
  WHERE site_id = $site_id AND day_date < $end_date
  GROUP BY source_id
)
ORDER BY source_id"""

RULE = Rule(
    id="servers.restore_untested",
    area="servers",
    lane="maintenance",
    title=mark("Restore a backup as a test: {source}"),
    why=mark("No restore has been tested for {days} days or more; a backup that was never restored may not be one."),
    standard="CIS Controls 11.5, test data recovery",
    threshold=90.0,
    threshold_unit="days since a restore was tested",
    effort_hours=(1, 3),
    evidence_sql=_UNTESTED,
    measure_sql=f"""
SELECT any_value(untested_days) AS value, count(*) AS known_days, {measures.SOURCE_GONE} AS is_gone
FROM ({_UNTESTED}) WHERE source_id = $subject""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look for the last tested restore of each source; one that was never tested counts from its first report."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no backup job reported anything"))]
    late = [row for row in rows if row["untested_days"] > scope.threshold(RULE)]
    if late:
        return [_recommendation(scope, row) for row in late]
    new = [row["source_id"] for row in rows if row["last_tested_date"] is None]
    if new:
        return [
            Unknown(
                rule=RULE,
                missing=say(
                    "{jobs}: reports for less than {limit} days, and no tested restore",
                    jobs=", ".join(new),
                    limit=written.plain(scope.threshold(RULE)),
                ),
            )
        ]
    return [
        Silent(
            rule=RULE,
            reason=say_many(
                "tested {n} day before the quarter's end",
                "tested {n} days before the quarter's end",
                max(row["untested_days"] for row in rows),
            ),
        )
    ]


def _recommendation(scope: Scope, row: dict[str, Any]) -> Answer:
    days, last = int(str(row["untested_days"])), row["last_tested_date"]
    return recommend(
        RULE,
        scope,
        subject=str(row["source_id"]),
        rows=[row],
        value=days,
        evidence=say("last tested restore on {day}", day=written.date_short(last))
        if last
        else say("none reported since {day}", day=written.date_short(row["first_date"])),
        words={"source": row["source_id"], "days": days},
        severity=4,
        likelihood=0.5,
        closing_test=ClosingTest(
            operator="<=",
            value=scope.threshold(RULE),
            sustained_days=1,
            text=say("a tested restore within {limit} days", limit=written.plain(scope.threshold(RULE))),
        ),
        prediction=Prediction(metric="untested_days", direction="down", size=days, text=say("proof that backups work")),
    )

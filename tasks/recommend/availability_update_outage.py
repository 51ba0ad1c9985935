"""The site went down soon after an update: updates are applied and nobody looks."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.watched import unwatched
from tasks.words import Plural, mark, say, say_many

RULE = Rule(
    id="availability.update_outage",
    area="availability",
    lane="maintenance",
    title=mark("Check the site after each update, and keep a way back"),
    why=Plural(
        "An outage within two hours of an update cost {down} of downtime; it came after {update}.",
        "{incidents} outages within two hours of an update cost {down} of downtime; the last one came after {update}.",
        by="incidents",
    ),
    standard="ITIL 4, change enablement",
    threshold=1.0,
    threshold_unit="outages within two hours after an update",
    effort_hours=(2, 6),
    # Only what a log dates exactly: between two inventories an update can have been at any time.
    evidence_sql="""
SELECT
  incident.started_at,
  any_value(incident.down_seconds) AS down_seconds,
  arg_max(event.name || coalesce(' ' || event.new_version, ''), event.patched_at) AS update_name,
  count(*) AS update_count,
  max(event.patched_at) AS patched_at
FROM marts.incident AS incident
JOIN marts.update_day AS event
  ON event.site_id = incident.site_id AND event.at_precision = 'exact'
  AND event.patched_at <= incident.started_at AND event.patched_at > incident.started_at - INTERVAL 2 HOURS
WHERE incident.site_id = $site_id AND incident.check_type = 'http' AND NOT is_planned
  AND incident.started_date >= $start_date AND incident.started_date < $end_date
GROUP BY incident.source_id, incident.started_at
ORDER BY incident.started_at DESC""",
    measure_sql=f"""
SELECT
  CASE WHEN EXISTS (
    FROM marts.update_day
    WHERE site_id = $site_id AND at_precision = 'exact' AND day_date >= $start_date AND day_date < $end_date
  ) THEN count(DISTINCT (incident.source_id, incident.started_at)) END AS value,
  {measures.CHECKED_DAYS} AS known_days
FROM marts.incident AS incident
JOIN marts.update_day AS event
  ON event.site_id = incident.site_id AND event.at_precision = 'exact'
  AND event.patched_at <= incident.started_at AND event.patched_at > incident.started_at - INTERVAL 2 HOURS
WHERE incident.site_id = $site_id AND incident.check_type = 'http' AND NOT is_planned
  AND incident.started_date >= $start_date AND incident.started_date < $end_date""",  # noqa: S608 - every part is the house's own text
)

_SEEN = """
SELECT
  (SELECT count(*) FROM marts.update_day WHERE site_id = $site_id AND at_precision = 'exact'
     AND day_date >= $start_date AND day_date < $end_date) AS update_count"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Join outages to the updates in the two hours before them."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        if missing := unwatched(RULE, scope):
            return missing
        (seen,) = scope.query(_SEEN, scope.parameters)
        if not seen["update_count"]:
            return [Unknown(rule=RULE, missing=say("no log dates an update of the quarter exactly"))]
        return [
            Silent(
                rule=RULE,
                reason=say_many(
                    "no outage followed {n} update within two hours",
                    "no outage followed one of {n} updates within two hours",
                    seen["update_count"],
                ),
            )
        ]
    last, down = rows[0], sum(row["down_seconds"] for row in rows) / 60
    return [
        recommend(
            RULE,
            scope,
            subject=scope.site_id,
            rows=rows,
            value=len(rows),
            evidence=say(
                "down at {time} UTC on {day}, {minutes} after the update",
                time=written.clock(last["started_at"]),
                day=written.day_long(last["started_at"]),
                minutes=wording.minutes((last["started_at"] - last["patched_at"]).total_seconds() / 60),
            ),
            words={
                "incidents": len(rows),
                "down": wording.minutes(down),
                "update": last["update_name"],
            },
            severity=4,
            likelihood=0.7,
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE),
                sustained_days=90,
                text=say("no outage within two hours of an update for a quarter"),
            ),
            prediction=Prediction(
                metric="outage_count",
                direction="down",
                size=len(rows),
                text=say("less downtime, by {minutes}", minutes=wording.minutes(down)),
            ),
        )
    ]

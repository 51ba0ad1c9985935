"""A long outage of which nobody wrote down the cause: what is not known can come back."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, recommend
from tasks.watched import unwatched
from tasks.words import mark, say, say_many

RULE = Rule(
    id="availability.unexplained_outage",
    area="availability",
    lane="maintenance",
    title=mark("Find and write down the cause of {what}"),
    why=mark("The site was down for {down} on {first} and nobody has said why, so nothing keeps it from coming back."),
    standard="Google SRE, postmortem culture",
    threshold=30.0,
    threshold_unit="minutes of an incident without a written cause",
    effort_hours=(1, 4),
    evidence_sql="""
SELECT
  incident.started_at, incident.started_date, incident.source_id, incident.down_seconds, incident.cause, incident.status
FROM marts.incident AS incident
JOIN marts.availability_day AS day
  ON day.site_id = incident.site_id AND day.source_id = incident.source_id AND day.day_date = incident.started_date
LEFT JOIN marts.incident_note AS note
  ON note.site_id = incident.site_id AND note.source_id = incident.source_id AND note.started_at = incident.started_at
WHERE incident.site_id = $site_id AND incident.started_date >= $start_date AND incident.started_date < $end_date
  AND day.is_primary AND NOT incident.is_planned AND incident.down_seconds > 60 * $threshold AND note.cause IS NULL
ORDER BY incident.down_seconds DESC, incident.started_at""",
    measure_sql=f"""
SELECT coalesce(max(incident.down_seconds), 0) / 60 AS value, {measures.CHECKED_DAYS} AS known_days
FROM marts.incident AS incident
JOIN marts.availability_day AS day
  ON day.site_id = incident.site_id AND day.source_id = incident.source_id AND day.day_date = incident.started_date
LEFT JOIN marts.incident_note AS note
  ON note.site_id = incident.site_id AND note.source_id = incident.source_id AND note.started_at = incident.started_at
WHERE incident.site_id = $site_id AND incident.started_date >= $start_date AND incident.started_date < $end_date
  AND day.is_primary AND NOT incident.is_planned AND incident.down_seconds > 60 * $threshold AND note.cause IS NULL""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Take the longest incident without a note; the others are counted with it."""
    if missing := unwatched(RULE, scope):
        return missing
    rows = scope.query(RULE.evidence_sql, scope.parameters_of(RULE))
    if not rows:
        limit = wording.minutes(scope.threshold(RULE))
        return [
            Silent(
                rule=RULE,
                reason=say("every outage of more than {limit} has a written cause, or there was none", limit=limit),
            )
        ]
    longest, count = rows[0], len(rows)
    minutes = longest["down_seconds"] / 60
    first = written.day_long(longest["started_date"])
    return [
        recommend(
            RULE,
            scope,
            subject=scope.site_id,
            rows=rows,
            value=minutes,
            evidence=say_many(
                "{n} outage of more than {limit} without a cause: {minutes}",
                "{n} outages of more than {limit} without a cause, the longest {minutes}",
                count,
                limit=wording.minutes(scope.threshold(RULE)),
                minutes=wording.minutes(minutes),
            ),
            words={
                "what": say_many("the outage", "{n} long outages", count),
                "down": wording.minutes(minutes),
                "first": first,
            },
            severity=3,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=90,
                text=say(
                    "every outage of more than {limit} has a written cause",
                    limit=wording.minutes(scope.threshold(RULE)),
                ),
            ),
            prediction=Prediction(
                metric="longest_unexplained_minutes",
                direction="down",
                size=minutes,
                text=say("the same outage does not come back unexplained"),
            ),
        )
    ]

"""The site went down for the same cause again: a problem, not an incident."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import measures, wording, written
from tasks.probe_result import CAUSES
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, recommend
from tasks.watched import unwatched
from tasks.words import Plural, mark, say, say_many

RULE = Rule(
    id="availability.repeated_cause",
    area="availability",
    lane="maintenance",
    title=mark("Find out why it comes back: {cause}"),
    why=Plural(
        "The site was down once for the same cause, {down} in all, the last time on {last}.",
        "The site was down {count} times for the same cause, {down} in all, the last time on {last}.",
        by="count",
    ),
    standard="ITIL 4, problem management",
    threshold=2.0,
    threshold_unit="outages of five minutes or more with the same cause",
    effort_hours=(2, 8),
    evidence_sql="""
SELECT
  cause,
  status,
  count(*) AS incident_count,
  sum(incident.down_seconds) AS down_seconds,
  max(started_date) AS last_date
FROM marts.incident AS incident
JOIN marts.availability_day AS day
  ON day.site_id = incident.site_id AND day.source_id = incident.source_id AND day.day_date = incident.started_date
WHERE incident.site_id = $site_id AND day.is_primary AND incident.down_seconds >= 300 AND NOT is_planned
  AND started_date >= $start_date AND started_date < $end_date
GROUP BY cause, status
ORDER BY incident_count DESC, sum(incident.down_seconds) DESC, cause""",
    measure_sql=f"""
SELECT count(*) AS value, {measures.CHECKED_DAYS} AS known_days
FROM marts.incident AS incident
JOIN marts.availability_day AS day
  ON day.site_id = incident.site_id AND day.source_id = incident.source_id AND day.day_date = incident.started_date
WHERE incident.site_id = $site_id AND day.is_primary AND incident.down_seconds >= 300 AND NOT is_planned
  AND started_date >= $start_date AND started_date < $end_date
  AND cause || '-' || coalesce(nullif(status, 0)::VARCHAR, 'none') = $subject""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count outages by cause; one that nobody can name is no cause."""
    if missing := unwatched(RULE, scope):
        return missing
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    repeated = [row for row in rows if row["cause"] and row["incident_count"] >= scope.threshold(RULE)]
    if not repeated:
        if not rows:
            known = say("no outage took five minutes or more")
        elif not any(row["cause"] for row in rows):
            known = say("no outage of five minutes or more has a cause that is known")
        else:
            known = say("no cause took the site down more than once")
        return [Silent(rule=RULE, reason=known)]
    return [_recommendation(scope, row) for row in repeated[:2]]


def _recommendation(scope: Scope, row: dict[str, Any]) -> Answer:
    count, minutes = int(str(row["incident_count"])), float(str(row["down_seconds"])) / 60
    cause = (
        say("the server answered {status}", status=str(row["status"]))
        if row["status"]
        else say(CAUSES.get(str(row["cause"]), str(row["cause"])))
    )
    return recommend(
        RULE,
        scope,
        subject=f"{row['cause']}-{row['status'] or 'none'}",
        rows=[row],
        value=count,
        evidence=say_many(
            "{n} outage, {minutes}: {cause}",
            "{n} outages, {minutes}: {cause}",
            count,
            minutes=wording.minutes(minutes),
            cause=cause,
        ),
        words={
            "cause": cause,
            "count": count,
            "down": wording.minutes(minutes),
            "last": written.day_long(row["last_date"]),
        },
        severity=4,
        likelihood=0.8,
        closing_test=ClosingTest(
            operator="<",
            value=scope.threshold(RULE),
            sustained_days=90,
            text=say(
                "fewer than {limit} outages of this cause in a quarter", limit=written.plain(scope.threshold(RULE))
            ),
        ),
        prediction=Prediction(
            metric="incident_count",
            direction="down",
            size=count,
            text=say("less downtime, by {minutes}", minutes=wording.minutes(minutes)),
        ),
    )

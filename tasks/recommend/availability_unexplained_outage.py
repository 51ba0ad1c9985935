"""A long outage of which nobody wrote down the cause: what is not known can come back."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, recommend
from tasks.watched import unwatched

RULE = Rule(
    id="availability.unexplained_outage",
    area="availability",
    lane="maintenance",
    title="Find and write down the cause of {what}",
    why="The site was down for {down} on {first} and nobody has said why, so nothing keeps it from coming back.",
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
  AND day.is_primary AND NOT incident.is_planned AND incident.down_seconds > 1800 AND note.cause IS NULL
ORDER BY incident.down_seconds DESC, incident.started_at""",
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Take the longest incident without a note; the others are counted with it."""
    if missing := unwatched(RULE, scope):
        return missing
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Silent(rule=RULE, reason="every outage of more than 30 minutes has a written cause, or there was none")]
    longest, count = rows[0], len(rows)
    minutes = longest["down_seconds"] / 60
    first = f"{longest['started_date']:%-d %B}"
    return [
        recommend(
            RULE,
            scope,
            subject=scope.site_id,
            rows=rows,
            value=minutes,
            evidence=f"{count} outage{'s' if count > 1 else ''} of more than 30 minutes without a cause, "
            f"the longest {minutes:,.0f} minutes",
            words={
                "what": "the outage" if count == 1 else f"{count} long outages",
                "down": f"{minutes:,.0f} minutes",
                "first": first,
            },
            severity=3,
            closing_test=ClosingTest(
                query=RULE.evidence_sql,
                operator="<",
                value=RULE.threshold,
                sustained_days=90,
                text="every outage of more than 30 minutes has a written cause",
            ),
            prediction=Prediction(
                metric="down_seconds",
                direction="down",
                size=sum(row["down_seconds"] for row in rows),
                text="the same outage does not come back unexplained",
            ),
        )
    ]

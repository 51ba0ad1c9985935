"""Clients wrote about an outage before the monitoring had seen it."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.watched import unwatched
from tasks.words import Plural, mark, say, say_many

_TOLD = """
SELECT ticket_id, created_at, subject, incident_started_at, incident_confirmed_at, NULL AS detected_by
FROM marts.ticket
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date AND is_before_monitor
UNION ALL
-- What people wrote down counts like a ticket, unless a ticket says the same.
SELECT NULL, incident.started_at, note.cause, incident.started_at, incident.confirmed_at, note.detected_by
FROM marts.incident_note AS note
JOIN marts.incident AS incident USING (site_id, source_id, started_at)
ANTI JOIN marts.ticket AS told
  ON told.site_id = note.site_id AND told.incident_started_at = note.started_at AND told.is_before_monitor
WHERE incident.site_id = $site_id AND incident.started_date >= $start_date AND incident.started_date < $end_date
  AND NOT incident.is_planned AND regexp_matches(lower(note.detected_by), '\\b(client|customer|ticket|visitor)')
ORDER BY created_at DESC"""

RULE = Rule(
    id="availability.told_by_client",
    area="availability",
    lane="maintenance",
    title=mark("Let the monitoring see what clients see first"),
    why=Plural(
        "Once a client wrote about an outage before our checks had confirmed one{unseen}: "
        "check what they use, not only the home page.",
        "{count} times a client wrote about an outage before our checks had confirmed one{unseen}: "
        "check what they use, not only the home page.",
        by="count",
    ),
    standard="Google SRE, monitoring of symptoms",
    threshold=1.0,
    threshold_unit="outages that a client told first",
    effort_hours=(1, 4),
    evidence_sql=_TOLD,
    measure_sql=f"""
SELECT
  CASE WHEN count(*) > 0 OR EXISTS (
    FROM marts.ticket WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date
  ) THEN count(*) END AS value,
  {measures.CHECKED_DAYS} AS known_days
FROM ({_TOLD})""",  # noqa: S608 - every part is the house's own text
)

_SEEN = """
SELECT
  (SELECT count(*) FROM staging.source WHERE site_id = $site_id AND fills = 'ticket') AS source_count,
  (SELECT count(*) FROM marts.ticket WHERE site_id = $site_id AND event_date >= $start_date
     AND event_date < $end_date) AS ticket_count,
  (SELECT count(*) FROM marts.ticket WHERE site_id = $site_id AND event_date >= $start_date
     AND event_date < $end_date AND is_before_monitor IS NOT NULL) AS outage_count"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Take tickets about an outage that came before it was confirmed, and notes that say a client noticed."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        if missing := unwatched(RULE, scope):
            return missing
        (seen,) = scope.query(_SEEN, scope.parameters)
        if not seen["source_count"] or not seen["ticket_count"]:
            return [Unknown(rule=RULE, missing=say("no ticket of the quarter is known"))]
        return [
            Silent(
                rule=RULE,
                reason=say_many(
                    "none of {n} ticket about an outage came first",
                    "none of {n} tickets about an outage came first",
                    seen["outage_count"],
                ),
            )
        ]
    unseen = sum(row["incident_started_at"] is None for row in rows)
    count = len(rows)
    return [
        recommend(
            RULE,
            scope,
            subject=scope.site_id,
            rows=rows,
            value=count,
            evidence=say_many(
                "{n} outage told by a client first, the last one on {day}",
                "{n} outages told by a client first, the last one on {day}",
                count,
                day=written.day_long(rows[0]["created_at"]),
            ),
            words={
                "count": count,
                "unseen": say_many(", {n} of which they never saw", ", {n} of which they never saw", unseen)
                if unseen
                else "",
            },
            severity=3,
            likelihood=min(0.9, 0.3 + 0.2 * count),
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE),
                sustained_days=90,
                text=say("no outage told by a client first for a quarter"),
            ),
            prediction=Prediction(
                metric="outage_count",
                direction="down",
                size=float(count),
                text=say("the checks tell each outage first"),
            ),
        )
    ]

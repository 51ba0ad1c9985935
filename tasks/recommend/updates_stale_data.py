"""What is said of updates can't be trusted: the lists on the server are old, or no inventory came."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

_LISTS = """
SELECT
  ecosystem_group AS ecosystem,
  max(collected_date) FILTER (fresh_count > 0) AS fresh_date,
  max(collected_date) AS collected_date,
  date_diff('day', max(collected_date) FILTER (fresh_count > 0), $end_date::DATE) AS stale_days
FROM (
  SELECT *, CASE WHEN ecosystem = 'deb' THEN 'package list' ELSE 'WordPress update list' END AS ecosystem_group
  FROM marts.bundle WHERE site_id = $site_id AND collected_date < $end_date
)
GROUP BY ecosystem_group
ORDER BY ecosystem_group"""

RULE = Rule(
    id="updates.stale_data",
    area="coverage",
    lane="maintenance",
    title=mark("Let the server reach its update service again"),
    why=mark("Since {since} nobody knows which updates are missing: the {what} on the server can't be proved current."),
    standard="CIS Controls v8, 7.3 and 7.4",
    threshold=14.0,
    threshold_unit="days since the update list was last proved current",
    effort_hours=(1, 3),
    evidence_sql=_LISTS,
    measure_sql=f"""
SELECT
  coalesce(any_value(stale_days), {measures.ALL_DAYS}) AS value,
  CASE WHEN count(*) > 0 THEN {measures.ALL_DAYS} ELSE 0 END AS known_days,
  -- An inventory of the last month that lists other software only.
  bool_and(collected_date < newest_date) AND max(newest_date) >= $end_date::DATE - 31 AS is_gone
FROM (SELECT *, max(collected_date) OVER () AS newest_date FROM ({_LISTS})) WHERE ecosystem = $subject""",  # noqa: S608 - every part is the house's own text
)
_SOURCES = (
    "SELECT count(*) AS source_count FROM staging.source WHERE site_id = $site_id AND fills = 'component_observation'"
)


LISTS = (mark("package list"), mark("WordPress update list"))
"""As the query names them."""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the last day on which each update list was proved current."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        (sources,) = scope.query(_SOURCES, {"site_id": scope.site_id})
        missing = (
            say("no inventory has come yet") if sources["source_count"] else say("no inventory source is configured")
        )
        return [Unknown(rule=RULE, missing=missing)]
    answers: list[Answer] = []
    for row in rows:
        if row["stale_days"] is not None and row["stale_days"] <= scope.threshold(RULE):
            continue
        days = row["stale_days"] if row["stale_days"] is not None else (scope.end_date - scope.start_date).days
        kind = str(row["ecosystem"])
        since = written.day_long(row["fresh_date"]) if row["fresh_date"] else say("the first inventory")
        answers.append(
            recommend(
                RULE,
                scope,
                subject=row["ecosystem"],
                rows=[row],
                value=days,
                evidence=say_many(
                    "{ecosystem} last proved current on {since}, {n} day before the quarter ended",
                    "{ecosystem} last proved current on {since}, {n} days before the quarter ended",
                    days,
                    ecosystem=say(kind),
                    since=since,
                ),
                words={"since": since, "what": say(kind)},
                severity=4,
                floor="medium",
                closing_test=ClosingTest(
                    operator="<=",
                    value=scope.threshold(RULE),
                    sustained_days=14,
                    text=say("list proved current in every inventory for 14 days"),
                ),
                prediction=Prediction(
                    metric="stale_days", direction="down", size=days, text=say("updates known all through next quarter")
                ),
            )
        )
    return answers or [Silent(rule=RULE, reason=say("the update lists are current"))]

"""The Lighthouse score of a page fell, and something was changed just before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import performance_rules, wording, written
from tasks.performance_rules import page_name, screen_name, unmeasured
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

_UPDATES = """
SELECT count(*) AS update_count FROM marts.update_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

RULE = Rule(
    id="performance.score_fell",
    area="performance",
    lane="maintenance",
    title=mark("Find what made {page} slower on {date}"),
    why=mark("Its Lighthouse score on {screen} fell from {before} to {after} within a week in which {change} changed."),
    standard="Lighthouse performance scoring",
    threshold=10.0,
    threshold_unit="points of the score lost between two measurements, with a change between them",
    effort_hours=(1, 6),
    # The ranges of the runs before and after do not touch, and it has not come back: else it is chance.
    evidence_sql="""
WITH fall AS (
  SELECT
    series, page_url, form_factor, day_date, measured_at, previous_at,
    100 * previous_score AS score_before,
    100 * performance_score AS score_after,
    100 * arg_max(performance_score, measured_at) OVER (PARTITION BY series) AS score_now
  FROM marts.page_performance
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  QUALIFY performance_score_max < previous_score_min
    AND score_before - score_after > $threshold AND score_before - score_now > $threshold
)
SELECT
  fall.*,
  score_before - score_after AS lost,
  count(change.what) AS change_count,
  list(change.what ORDER BY change.is_system, change.what) FILTER (change.what IS NOT NULL) AS changes
FROM fall
LEFT JOIN (
  SELECT DISTINCT patched_at, ecosystem IN ('deb', 'rpm') AS is_system, name || coalesce(' ' || new_version, '') AS what
  FROM marts.update_day WHERE site_id = $site_id
) AS change ON change.patched_at > fall.previous_at AND change.patched_at <= fall.measured_at
GROUP BY ALL
ORDER BY lost DESC, series""",
    measure_sql=f"""
SELECT arg_max(100 * performance_score, measured_at) AS value, {performance_rules.LAB_DAYS} AS known_days
FROM marts.page_performance
WHERE site_id = $site_id AND series = $subject AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Compare each measurement with the one before it in its series."""
    if missing := unmeasured(RULE, scope):
        return missing
    rows = scope.query(RULE.evidence_sql, scope.parameters_of(RULE))
    worst: dict[str, dict[str, Any]] = {}
    for row in rows:
        worst.setdefault(str(row["series"]), row)
    changed = [row for row in worst.values() if row["change_count"]]
    if changed:
        return [_answer(row, scope) for row in changed]
    if not rows:
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "no page lost more than {limit} points of its score", limit=written.plain(scope.threshold(RULE))
                ),
            )
        ]
    (updates,) = scope.query(_UPDATES, scope.parameters)
    page, day = page_name(rows[0]["page_url"]), written.day_long(rows[0]["day_date"])
    if not updates["update_count"]:
        return [
            Unknown(
                rule=RULE,
                missing=say("{page} lost points on {day}, and no update of the quarter is known", page=page, day=day),
            )
        ]
    return [
        Silent(
            rule=RULE,
            reason=say("{page} lost points on {day}, with no known change in the days before", page=page, day=day),
        )
    ]


def _answer(row: dict[str, Any], scope: Scope) -> Answer:
    before, after, changes = row["score_before"], row["score_after"], row["changes"]
    named = changes[0] if len(changes) == 1 else wording.and_more(changes[:1], len(changes))
    return recommend(
        RULE,
        scope,
        subject=str(row["series"]),
        rows=[row],
        value=float(row["score_now"]),
        evidence=say(
            "{before} on {day_before}, {after} on {day}, {now} now; changed between: {changes}",
            before=written.number(before),
            day_before=written.day_long(row["previous_at"]),
            after=written.number(after),
            day=written.day_long(row["day_date"]),
            now=written.number(row["score_now"]),
            changes=", ".join(changes[:5]),
        ),
        words={
            "page": page_name(row["page_url"]),
            "date": written.day_long(row["day_date"]),
            "screen": screen_name(row["form_factor"]),
            "before": written.number(before),
            "after": written.number(after),
            "change": named,
        },
        severity=3,
        likelihood=0.7,
        confidence=0.8,
        closing_test=ClosingTest(
            operator=">=",
            value=float(before) - scope.threshold(RULE),
            sustained_days=14,
            text=say(
                "the score is {score} or more again, for two weeks",
                score=written.number(before - scope.threshold(RULE)),
            ),
        ),
        prediction=Prediction(
            metric="performance_score",
            direction="up",
            size=float(before - row["score_now"]),
            text=say("back to about {score}", score=written.number(before)),
        ),
    )

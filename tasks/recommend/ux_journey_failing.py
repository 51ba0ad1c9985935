"""A core function failed more often than it may, or became slow within the quarter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import measures, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import say, say_many

SLOWER = 1.3
"""How many times as slow, in the last four weeks against the first four."""
LEAST_DAYS = 7
"""Days with a run that passed, in each of the two, before times are compared."""
LEAST_MS = 500
"""A rise of less than this is not felt."""

RULE = Rule(
    id="ux.journey_failing",
    area="ux",
    lane="maintenance",
    title="{what}",
    why="{cost}",
    standard="Google SRE, probing user journeys",
    threshold=99.0,
    threshold_unit="% of the runs passed; or 30% slower in the last four weeks than in the first",
    effort_hours=(2, 8),
    evidence_sql="""
WITH day AS (
  SELECT
    source_id,
    journey_id,
    arg_max(journey_name, day_date) AS journey_name,
    sum(passed_count) AS passed_count,
    sum(failed_count) AS failed_count,
    sum(unknown_count) AS unknown_count,
    median(median_total_ms) FILTER (day_date < $start_date + 28) AS first_ms,
    median(median_total_ms) FILTER (day_date >= $end_date - 28) AS last_ms,
    count(median_total_ms) FILTER (day_date < $start_date + 28) AS first_day_count,
    count(median_total_ms) FILTER (day_date >= $end_date - 28) AS last_day_count,
    arg_max(slowest_step_text, day_date) FILTER (passed_count > 0) AS slowest_step_text
  FROM marts.journey_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  GROUP BY source_id, journey_id
), failed AS (
  SELECT
    run.source_id,
    run.journey_id,
    mode(run.failed_step) AS failed_step,
    arg_max(step.action || ' ' || step.target, run.started_at) AS failed_step_text,
    min(run.run_date) AS first_failed_date,
    max(run.run_date) AS last_failed_date,
    arg_max(run.message, run.started_at) AS last_message,
    arg_max(run.screenshot_file, run.started_at) FILTER (run.screenshot_file IS NOT NULL) AS screenshot_file
  FROM staging.journey_run AS run
  LEFT JOIN raw.journey_step AS step ON step.run_id = run.run_id AND step.number = run.failed_step
  WHERE run.site_id = $site_id AND run.outcome = 'failed' AND run.run_date >= $start_date AND run.run_date < $end_date
  GROUP BY run.source_id, run.journey_id
)
SELECT * FROM day LEFT JOIN failed USING (source_id, journey_id) ORDER BY source_id, journey_id""",
    measure_sql=f"""
SELECT
  CASE WHEN ends_with($subject, '/slower') THEN median(median_total_ms)
    ELSE 100.0 * sum(passed_count) / nullif(sum(passed_count) + sum(failed_count), 0) END AS value,
  count(DISTINCT day_date) FILTER (passed_count + failed_count > 0) AS known_days,
  {measures.others_measured("marts.journey_day", "journey_id = split_part($subject, '/', 1)")} AS is_gone
FROM marts.journey_day
WHERE site_id = $site_id AND journey_id = split_part($subject, '/', 1)
  AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge each journey by its runs that are known; one without any is unknown."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        return [Unknown(rule=RULE, missing=say("no journey ran in the quarter"))]
    answers = [answer for row in rows if (answer := _answer(row, scope))]
    if answers:
        return answers
    return [
        Silent(
            rule=RULE,
            reason=say_many(
                "{n} journey passed in {limit} of its runs or more, as fast as before",
                "every one of {n} journeys passed in {limit} of its runs or more, as fast as before",
                len(rows),
                limit=written.plain_percent(scope.threshold(RULE)),
            ),
        )
    ]


def _answer(row: dict[str, Any], scope: Scope) -> Answer | None:
    known = row["passed_count"] + row["failed_count"]
    if not known:
        return Unknown(
            rule=RULE,
            missing=say_many(
                "the {n} run of {journey} could not be made",
                "none of {n} runs of {journey} could be made",
                row["unknown_count"],
                journey=row["journey_name"],
            ),
        )
    passed_pct = 100 * row["passed_count"] / known
    if passed_pct < scope.threshold(RULE):
        return _failing(row, known, passed_pct, scope)
    return _slower(row, scope) if _is_slower(row) else None


def _is_slower(row: dict[str, Any]) -> bool:
    if min(row["first_day_count"], row["last_day_count"]) < LEAST_DAYS:
        return False
    return bool(row["last_ms"] > SLOWER * row["first_ms"] and row["last_ms"] - row["first_ms"] >= LEAST_MS)


def _failing(row: dict[str, Any], known: int, passed_pct: float, scope: Scope) -> Answer:
    name, failed = row["journey_name"], row["failed_count"]
    told = say("{share} of {runs} runs passed", share=written.percent(passed_pct, 1), runs=known)
    if row["unknown_count"]:
        told = say_many(
            "{told}, {n} more is not known", "{told}, {n} more are not known", row["unknown_count"], told=told
        )
    step = say(
        "step {number}, {step}, {when}: {message}",
        number=row["failed_step"],
        step=row["failed_step_text"] or say("not known"),
        when=_since(row),
        message=row["last_message"],
    )
    if row["screenshot_file"]:
        step = say("{text}; picture {file}", text=step, file=row["screenshot_file"])
    return recommend(
        RULE,
        scope,
        subject=row["journey_id"],
        rows=[row],
        value=passed_pct,
        evidence=f"{told}; {step}",
        words={
            "what": say("Make “{journey}” work every time", journey=name),
            "cost": say_many(
                "It failed once in {checks} checks, {when}: visitors who tried could not do it.",
                "It failed {n} times in {checks} checks, {when}: visitors who tried could not do it.",
                failed,
                checks=known,
                when=_since(row),
            ),
        },
        severity=5 if passed_pct < 90 else 4,
        likelihood=0.95,
        floor="high" if passed_pct < 90 else "medium",
        closing_test=ClosingTest(
            operator=">=",
            value=scope.threshold(RULE),
            sustained_days=30,
            text=say(
                "it passes in {limit} of its runs or more for 30 days",
                limit=written.plain_percent(scope.threshold(RULE)),
            ),
        ),
        prediction=Prediction(
            metric="passed_pct",
            direction="up",
            size=100 - passed_pct,
            text=say("fewer than one run in a hundred fails"),
        ),
    )


def _slower(row: dict[str, Any], scope: Scope) -> Answer:
    first, last = row["first_ms"] / 1000, row["last_ms"] / 1000
    return recommend(
        RULE,
        scope,
        subject=f"{row['journey_id']}/slower",
        rows=[row],
        value=100 * (last / first - 1),
        evidence=say(
            "median {first} in the first four weeks, {last} in the last; slowest step: {step}",
            first=written.seconds(first),
            last=written.seconds(last),
            step=row["slowest_step_text"] or say("not known"),
        ),
        words={
            "what": say("Make “{journey}” as fast as it was", journey=row["journey_name"]),
            "cost": say(
                "It takes {last} now and took {first} when the quarter began: visitors give up.",
                last=written.seconds(last),
                first=written.seconds(first),
            ),
        },
        severity=3,
        closing_test=ClosingTest(
            operator="<=",
            value=SLOWER * row["first_ms"],
            sustained_days=30,
            text=say("its median stays under {limit} for 30 days", limit=written.seconds(SLOWER * first)),
        ),
        prediction=Prediction(
            metric="median_total_ms",
            direction="down",
            size=row["last_ms"] - row["first_ms"],
            text=say("back to {time}", time=written.seconds(first)),
        ),
    )


def _since(row: dict[str, Any]) -> str:
    first, last = row["first_failed_date"], row["last_failed_date"]
    return (
        say("on {day}", day=written.day(first))
        if first == last
        else say("from {first} to {last}", first=written.day(first), last=written.day(last))
    )

"""A core function failed more often than it may, or became slow within the quarter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import measures
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

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
    title="Make {name} {goal}",
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
        return [Unknown(rule=RULE, missing="no journey ran in the quarter")]
    answers = [answer for row in rows if (answer := _answer(row, scope))]
    if answers:
        return answers
    return [
        Silent(
            rule=RULE,
            reason=f"every one of {len(rows)} journeys passed in {scope.threshold(RULE):g}% of its runs or more, "
            "as fast as before",
        )
    ]


def _answer(row: dict[str, Any], scope: Scope) -> Answer | None:
    known = row["passed_count"] + row["failed_count"]
    if not known:
        return Unknown(rule=RULE, missing=f"none of {row['unknown_count']} runs of {row['journey_name']} could be made")
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
    picture = f"; picture {row['screenshot_file']}" if row["screenshot_file"] else ""
    unknown = f", {row['unknown_count']:,} more are not known" if row["unknown_count"] else ""
    times = "once" if failed == 1 else f"{failed:,} times"
    return recommend(
        RULE,
        scope,
        subject=row["journey_id"],
        rows=[row],
        value=passed_pct,
        evidence=f"{passed_pct:.1f}% of {known:,} runs passed{unknown}; step {row['failed_step']}, "
        f"{row['failed_step_text'] or 'not known'}, {_since(row)}: {row['last_message']}{picture}",
        words={
            "name": f"“{name}”",
            "goal": "work every time",
            "cost": f"It failed {times} in {known:,} checks, {_since(row)}: visitors who tried could not do it.",
        },
        severity=5 if passed_pct < 90 else 4,
        likelihood=0.95,
        floor="high" if passed_pct < 90 else "medium",
        closing_test=ClosingTest(
            operator=">=",
            value=scope.threshold(RULE),
            sustained_days=30,
            text=f"it passes in {scope.threshold(RULE):g}% of its runs or more for 30 days",
        ),
        prediction=Prediction(
            metric="passed_pct", direction="up", size=100 - passed_pct, text="fewer than one run in a hundred fails"
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
        evidence=f"median {first:.1f} s in the first four weeks, {last:.1f} s in the last; slowest step: "
        f"{row['slowest_step_text'] or 'not known'}",
        words={
            "name": f"“{row['journey_name']}”",
            "goal": "as fast as it was",
            "cost": f"It takes {last:.1f} s now and took {first:.1f} s when the quarter began: visitors give up.",
        },
        severity=3,
        closing_test=ClosingTest(
            operator="<=",
            value=SLOWER * row["first_ms"],
            sustained_days=30,
            text=f"its median stays under {SLOWER * first:.1f} s for 30 days",
        ),
        prediction=Prediction(
            metric="median_total_ms",
            direction="down",
            size=row["last_ms"] - row["first_ms"],
            text=f"back to {first:.1f} s",
        ),
    )


def _since(row: dict[str, Any]) -> str:
    first, last = row["first_failed_date"], row["last_failed_date"]
    return f"on {first:%-d %b}" if first == last else f"from {first:%-d %b} to {last:%-d %b}"

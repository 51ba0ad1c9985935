"""The section on journeys: how often the core functions of the site worked, and what stopped them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from tasks import written
from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, JourneyRow, NoData, Section, missing_dial, tone_of
from tasks.words import mark, say, say_many

DAYS = """
SELECT source_id, journey_id, journey_name, day_date, run_count, passed_count, failed_count, unknown_count,
  median_total_ms, slowest_step_text, slowest_step_ms
FROM marts.journey_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
ORDER BY source_id, journey_id, day_date"""

FAILURES = """
SELECT run.journey_name, step.action || ' ' || step.target AS step_text, count(*) AS run_count,
  max(run.run_date) AS last_date, arg_max(run.message, run.started_at) AS message
FROM staging.journey_run AS run
LEFT JOIN raw.journey_step AS step ON step.run_id = run.run_id AND step.number = run.failed_step
WHERE run.site_id = $site_id AND run.outcome = 'failed' AND run.run_date >= $start_date AND run.run_date < $end_date
GROUP BY run.source_id, run.journey_id, run.journey_name, step_text
ORDER BY run_count DESC, run.journey_name, step_text"""

SECTION = Section(title=mark("Journeys"), order=60, weight=60)

POINTS = 10
"""Points of the score that one per cent of failed checks costs."""

SHOWN = 8
"""Journeys and kinds of failure printed at most, the worst first; the rest is counted in a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneysView:
    """The section on core functions: how often they worked, and what stopped them."""

    lead: str
    stats: Sequence[Fact]
    rows: Sequence[JourneyRow]
    rows_note: str
    week_labels: Sequence[str]
    failures: Sequence[tuple[str, str, str, str, str]]
    """(journey, step, runs, last day, what was seen)"""
    failures_note: str
    action: Action | None


def view(data: QuarterData) -> JourneysView | NoData:
    """Return the section, or what is missing for it."""
    days = data.frame(DAYS)
    passed, failed, unknown = (int(days[f"{word}_count"].sum()) for word in ("passed", "failed", "unknown"))
    if passed + failed == 0:
        return NoData(
            title="Journeys",
            missing=say_many(
                "the one run of a journey could not be made", "none of {n} runs of journeys could be made", unknown
            )
            if unknown
            else say("whether log-in, search, forms or the cart work was not measured"),
            remedy=say("See what stopped them in raw.journey_run.")
            if unknown
            else say("Add a journeys_browser source."),
            is_left_out=not unknown,
        )
    rows = [_row(group, data) for _, group in days.groupby(["source_id", "journey_id"], sort=True)]
    rows.sort(key=lambda row: (row.rate, row.name))
    failures = data.frame(FAILURES)
    broken = [row for row in rows if row.rate < 100]
    pct = 100 * passed / (passed + failed)
    first = next(rows_of(failures), None)
    lead = (
        say_many("Every check of {n} core function passed.", "Every check of {n} core functions passed.", len(rows))
        if not failed
        else say_many(
            "The one core function, “{name}”, failed in {rate} of its checks.",
            "{broken} of {n} core functions failed at times; “{name}” most, in {rate} of its checks.",
            len(rows),
            broken=len(broken),
            name=broken[0].name,
            rate=written.percent(100 - broken[0].rate, 1),
        )
    )
    return JourneysView(
        lead=lead,
        stats=[
            Fact(
                label=mark("of checks passed"),
                text=_percent(pct),
                value=pct,
                unit="percent",
                query="marts.journey_day",
                note=say("goal {goal}", goal=written.percent(99)),
                tone="good" if pct >= 99 else "bad",
                series=_weekly_rates(days, data),
            ),
            Fact(
                label=mark("checks that failed"),
                text=written.number(failed),
                value=failed,
                unit="count",
                query="marts.journey_day",
            ),
            _slowest(days),
            Fact(
                label=mark("checks not known"),
                text=written.number(unknown),
                value=unknown,
                unit="count",
                query="marts.journey_day",
                note=say("of {all}", all=passed + failed + unknown),
                tone="unknown" if unknown > passed + failed else "neutral",
            ),
        ],
        rows=rows[:SHOWN],
        rows_note=say("The {shown} worst of {all}.", shown=SHOWN, all=len(rows)) if len(rows) > SHOWN else "",
        week_labels=data.week_labels,
        failures=[
            (
                cut(row.journey_name, 40),
                cut(row.step_text or say("not known"), 60),
                written.number(row.run_count),
                written.day(pd.Timestamp(row.last_date)),
                cut(row.message, 90),
            )
            for row in list(rows_of(failures))[:SHOWN]
        ]
        if first is not None
        else [],
        failures_note=say("The {shown} most frequent of {all} kinds.", shown=SHOWN, all=len(failures))
        if len(failures) > SHOWN
        else "",
        action=data.action(("ux",), f"{data.titles(('ux',))}."),
    )


def dial(_: QuarterData, view: JourneysView | NoData) -> Dial:
    """Return the score of the checks that passed: a site on which one in ten fails can't be used."""
    if isinstance(view, NoData) or view.stats[0].value is None:
        return missing_dial(mark("Core functions"))
    score = round(max(100 - POINTS * (100 - view.stats[0].value), 0))
    failing = sum(0 <= row.rate < 100 for row in view.rows)
    return Dial(
        name=mark("Core functions"),
        score=score,
        note=say("{failing} failed at times", failing=failing) if failing else say("all worked"),
        tone="warn" if score >= 80 and view.stats[0].tone == "bad" else tone_of(score),
        method=say("100 less {points} for each per cent of the checks of journeys that failed.", points=POINTS),
    )


def figures(_: QuarterData, view: JourneysView | NoData) -> list[Fact]:
    """Return what page one may say: how often the core functions worked."""
    return [] if isinstance(view, NoData) else [replace(view.stats[0], label=mark("core functions worked"))]


def _row(days: pd.DataFrame, data: QuarterData) -> JourneyRow:
    known = int(days["passed_count"].sum()), int(days["failed_count"].sum())
    weeks = _weekly_rates(days, data)
    rate = _rate(*known)
    median = days["median_total_ms"].median()
    return JourneyRow(
        name=cut(str(days["journey_name"].iloc[-1]), 40),
        weeks=weeks,
        rate=-1.0 if rate is None else rate,
        text=say("not known") if rate is None else _percent(rate),
        time_text=say("not known") if pd.isna(median) else written.seconds(median / 1000),
    )


def _weekly_rates(days: pd.DataFrame, data: QuarterData) -> list[float | None]:
    passed, failed = data.weekly(days, "passed_count"), data.weekly(days, "failed_count")
    return [_rate(passed[week], failed[week]) for week in range(WEEKS)]


def _rate(passed: float | None, failed: float | None) -> float | None:
    known = (passed or 0) + (failed or 0)
    return 100 * (passed or 0) / known if known else None


def _percent(value: float) -> str:
    """Say a rate, never rounded up to what it is not."""
    return written.percent(100) if value == 100 else written.percent(int(value * 10) / 10, 1)


def _slowest(days: pd.DataFrame) -> Fact:
    times = days.dropna(subset=["median_total_ms"])
    if times.empty:
        return Fact(
            label=mark("slowest function"),
            text=say("not known"),
            value=None,
            unit="ms",
            query="marts.journey_day",
            tone="unknown",
        )
    medians = times.groupby("journey_name")["median_total_ms"].median()
    name, value = medians.idxmax(), float(medians.max())
    return Fact(
        label=mark("slowest function, median"),
        text=written.seconds(value / 1000),
        value=value,
        unit="ms",
        query="marts.journey_day",
        note=cut(str(name), 30),
    )

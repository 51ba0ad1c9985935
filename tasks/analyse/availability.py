"""The section on availability: time up, down and not known, incidents, error budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from tasks import written
from tasks.probe_result import cause_in_words
from tasks.quarter_data import QuarterData, rows_of
from tasks.recommend import availability_certificate_expiry
from tasks.report_model import (
    Action,
    DayState,
    Dial,
    Fact,
    NoData,
    Section,
    Series,
    missing_dial,
    missing_fact,
    tone_of,
)
from tasks.words import mark, say, say_many

DAYS = """
SELECT
  budget.day_date, day.day_seconds,
  budget.known_seconds - budget.down_seconds AS up_seconds, budget.down_seconds,
  budget.maintenance_seconds, day.maintenance_down_seconds,
  budget.budget_seconds, budget.least_burn_rate_28_days
FROM marts.error_budget_day AS budget
JOIN marts.availability_day AS day USING (site_id, source_id, day_date)
WHERE budget.site_id = $site_id AND budget.day_date >= $start_date AND budget.day_date < $end_date
ORDER BY budget.day_date"""

INCIDENTS = """
SELECT incident.started_at, incident.down_seconds, incident.cause, incident.status, incident.is_end_seen,
  incident.is_planned, incident.maintenance_reason,
  note.cause AS noted_cause, note.fix, note.detected_by
FROM marts.incident AS incident
LEFT JOIN marts.incident_note AS note
  ON note.site_id = incident.site_id AND note.source_id = incident.source_id AND note.started_at = incident.started_at
JOIN marts.availability_day AS day
  ON day.site_id = incident.site_id AND day.source_id = incident.source_id
  AND day.day_date = incident.started_date AND day.is_primary
WHERE incident.site_id = $site_id AND incident.started_date >= $start_date AND incident.started_date < $end_date
ORDER BY incident.started_at"""

RESPONSE = """
SELECT day_date, median_total_ms FROM marts.availability_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_primary"""

SECTION = Section(title=mark("Availability"), order=20, weight=10)

SHOWN = 12
"""Incidents printed at most, the longest; the rest is counted in a note."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailabilityView:
    """The section on availability. Burn: minutes of error budget left after each day."""

    lead: str
    stats: Sequence[Fact]
    days: Sequence[DayState]
    burn: Series
    burn_note: str
    budget_minutes: float
    incidents: Sequence[tuple[str, str, str, str]]
    """(start in local time, cause, minutes, end seen or not)"""
    incident_note: str
    action: Action | None


def view(data: QuarterData) -> AvailabilityView | NoData:
    """Return the section, or what is missing for it."""
    days = data.frame(DAYS)
    if days.empty or (days["up_seconds"] + days["down_seconds"]).sum() == 0:
        return NoData(
            title="Availability",
            missing=say("no uptime check of this quarter is in the warehouse"),
            remedy=say("Add an uptime source, or see the gaps under data coverage."),
        )
    incidents = data.frame(INCIDENTS)
    outages = incidents[~incidents["is_planned"].astype(bool)]
    down, known = float(days["down_seconds"].sum()), float((days["up_seconds"] + days["down_seconds"]).sum())
    pct, budget = 100 * (known - down) / known, float(days["budget_seconds"].sum()) / 60
    planned, planned_down = float(days["maintenance_seconds"].sum()), float(days["maintenance_down_seconds"].sum())
    unknown_hours = (data.quarter.day_count * 86_400 - known - planned) / 3600
    lead = _lead(down, budget * 60)
    if planned:
        whole = percent(100 * (known - down + planned - planned_down) / (known + planned))
        lead += " " + say(
            "Announced maintenance of {time} is not in it; with it the site was up {whole} of the time.",
            time=written.duration(planned),
            whole=whole,
        )
    if unknown_hours > 24:
        lead += " " + say_many("For {n} day nobody can say.", "For {n} days nobody can say.", round(unknown_hours / 24))
    return AvailabilityView(
        lead=lead,
        stats=[
            uptime_fact(pct, data.site.availability_slo_pct, days, data),
            Fact(
                label=mark("incidents"),
                text=written.number(len(outages)),
                value=len(outages),
                unit="count",
                query="marts.incident",
            ),
            Fact(
                label=mark("longest outage"),
                text=written.duration(float(outages["down_seconds"].max())) if len(outages) else say("none"),
                value=float(outages["down_seconds"].max()) if len(outages) else 0.0,
                unit="seconds",
                query="marts.incident",
            ),
            Fact(
                label=mark("of the quarter not known"),
                text=written.percent(100 * unknown_hours / 24 / data.quarter.day_count, 1),
                value=unknown_hours,
                unit="hours",
                query="marts.availability_day",
                tone="unknown" if unknown_hours > 24 else "neutral",
            ),
        ],
        days=_states(days, data),
        burn=_burn(days, data, budget),
        burn_note=burn_note(days),
        budget_minutes=budget,
        incidents=_rows(incidents, data),
        incident_note=say("The {shown} longest of {all}.", shown=SHOWN, all=len(incidents))
        if len(incidents) > SHOWN
        else "",
        action=data.action(("availability",), f"{data.titles(('availability',))}."),
    )


def _lead(down: float, budget: float) -> str:
    """Say the downtime in seconds against what is agreed."""
    agreed, used = written.duration(budget), down / budget
    if not down:
        return say("No downtime against an agreed {agreed}.", agreed=agreed)
    if used <= 1:
        return say(
            "{down} of downtime against an agreed {agreed}: {left} of it is left.",
            down=written.duration(down),
            agreed=agreed,
            left=written.percent(100 - 100 * used),
        )
    return say(
        "{down} of downtime against an agreed {agreed}: that is {times} times as much.",
        down=written.duration(down),
        agreed=agreed,
        times=written.number(used, 1),
    )


def dial(_: QuarterData, view: AvailabilityView | NoData) -> Dial:
    """Return the score of the error budget."""
    if isinstance(view, NoData):
        return missing_dial(mark("Availability"))
    used = 1 - (next((left for left in reversed(view.burn) if left is not None), 0.0)) / view.budget_minutes
    blind = (view.stats[3].value or 0.0) / (24 * len(view.days))
    score = None if blind > 0.5 else round(min(max(100 - 50 * used, 0), 100))
    return Dial(
        name=mark("Availability"),
        score=score,
        note=view.stats[0].note if blind < 0.01 else say("{blind} not known", blind=written.percent(100 * blind)),
        # What was seen may be fine; what was not seen must not look so.
        tone="unknown" if blind > 0.05 else tone_of(score),
        method=say("100 less half of the share of the error budget that was used."),
    )


def figures(data: QuarterData, view: AvailabilityView | NoData) -> list[Fact]:
    """Return what page one may say: uptime, and how long an answer took."""
    if isinstance(view, NoData):
        return [
            missing_fact(label, say("no checks"), "marts.availability_day") for label in ("uptime", "response time")
        ]
    certificate, response = _certificate_fact(data), _response_fact(data)
    return [view.stats[0], *((certificate, response) if certificate.tone == "bad" else (response, certificate))]


def _certificate_fact(data: QuarterData) -> Fact:
    """Return how long the certificate is good for; whether that is too short is for the rule to say."""
    rule = availability_certificate_expiry.RULE
    (row, *_) = [*rows_of(data.frame(rule.evidence_sql)), None]
    if row is None:
        return missing_fact(mark("certificate"), say("none was seen"), "marts.certificate_day")
    return Fact(
        label=mark("certificate"),
        text=say("not accepted") if row.is_valid is False else say_many("{n} day left", "{n} days left", row.days_left),
        value=float(row.days_left),
        unit="days",
        query="marts.certificate_day",
        note=say("until {day}", day=written.date_long(pd.Timestamp(row.not_after_at))),
        tone="bad" if any(item.rule_id == rule.id for item in data.recommendations) else "good",
    )


def _response_fact(data: QuarterData) -> Fact:
    response = data.frame(RESPONSE).dropna(subset=["median_total_ms"])
    if response.empty:
        return missing_fact(mark("response time"), say("no checks"), "marts.availability_day")
    weekly = response.groupby(data.week_of(response["day_date"]))["median_total_ms"].median()
    middle = float(response["median_total_ms"].median())
    return Fact(
        label=mark("response time"),
        text=say("{time} ms", time=written.number(middle)),
        value=middle,
        unit="ms",
        query="marts.availability_day",
        note=say("median of the checks"),
        series=[None if pd.isna(weekly.get(week)) else float(weekly[week]) for week in range(13)],
    )


def uptime_fact(pct: float, slo: float, days: pd.DataFrame, data: QuarterData) -> Fact:
    """Return availability with its weeks."""
    weekly = days.groupby(data.week_of(days["day_date"]))[["up_seconds", "down_seconds"]].sum()
    ratio = 100 * weekly["up_seconds"] / (weekly["up_seconds"] + weekly["down_seconds"])
    return Fact(
        label=mark("uptime"),
        text=percent(pct),
        value=pct,
        unit="percent",
        query="marts.availability_day",
        note=say("goal {goal}", goal=written.plain_percent(slo)),
        tone="good" if pct >= slo else "bad",
        series=[None if pd.isna(ratio.get(week)) else float(ratio[week]) for week in range(13)],
    )


def percent(pct: float) -> str:
    """Return availability as printed: never rounded up to what it is not."""
    digits = 3 if pct > 99.9 else 2
    return written.percent(100) if pct == 100 else written.percent(math.floor(pct * 10**digits) / 10**digits, digits)


def _states(days: pd.DataFrame, data: QuarterData) -> list[DayState]:
    known = {pd.Timestamp(row.day_date).date(): row for row in rows_of(days)}
    states = []
    for day in data.days:
        row = known.get(day)
        if row is None or (row.up_seconds + row.down_seconds) < row.day_seconds / 2:
            level = None if row is None or row.down_seconds == 0 else _level(row.down_seconds)
        else:
            level = _level(row.down_seconds)
        states.append(DayState(day=day, level=level))
    return states


def _level(down_seconds: float) -> int:
    return 0 if down_seconds == 0 else 1 if down_seconds < 300 else 2 if down_seconds <= 1200 else 3


def _burn(days: pd.DataFrame, data: QuarterData, budget: float) -> list[float | None]:
    """Return the budget left after each day; a day without checks is a gap, the budget goes on after it."""
    down = {pd.Timestamp(row.day_date).date(): row.down_seconds / 60 for row in rows_of(days)}
    left, values = budget, list[float | None]()
    for day in data.days:
        left -= down.get(day, 0.0)
        values.append(round(left, 2) if day in down else None)
    return values


def _noted(row: Any) -> str:
    """Return what people wrote about an incident, to stand behind what the checks saw."""
    parts = (
        (mark("Cause: {words}"), row.noted_cause),
        (mark("Fix: {words}"), row.fix),
        (mark("Detected by: {words}"), row.detected_by),
    )
    return "".join(f". {say(text, words=words.rstrip('.'))}" for text, words in parts if isinstance(words, str))


def burn_note(days: pd.DataFrame) -> str:
    """Say in one sentence how fast the budget went when it went fastest; nothing where it was never touched."""
    rates = days.dropna(subset=["least_burn_rate_28_days"])
    if rates.empty or not rates["least_burn_rate_28_days"].max():
        return ""
    worst = rates.loc[rates["least_burn_rate_28_days"].idxmax()]
    day, rate = pd.Timestamp(worst["day_date"]), float(worst["least_burn_rate_28_days"])
    if rate >= 1:
        return say(
            "At the worst, in the four weeks to {day}, the site used {times} times the downtime agreed for them.",
            day=written.day_long(day),
            times=written.number(rate, 1),
        )
    return say(
        "At the worst, in the four weeks to {day}, the site used {share} of the downtime agreed for them.",
        day=written.day_long(day),
        share=written.percent(100 * rate),
    )


def _rows(incidents: pd.DataFrame, data: QuarterData) -> list[tuple[str, str, str, str]]:
    longest = incidents.nlargest(SHOWN, "down_seconds").sort_values("started_at")
    zone = ZoneInfo(data.site.time_zone)
    rows = []
    for row in rows_of(longest):
        start = row.started_at.to_pydatetime().astimezone(zone)
        end = written.clock(start + timedelta(seconds=row.down_seconds)) if row.is_end_seen else say("not seen")
        cause = cause_in_words(row.cause, None if pd.isna(row.status) else row.status) + _noted(row)
        if isinstance(row.maintenance_reason, str):
            text = (
                say("announced maintenance: {reason}", reason=row.maintenance_reason)
                if row.is_planned
                else say("partly announced maintenance: {reason}", reason=row.maintenance_reason)
            )
            cause = f"{cause}; {text}"
        rows.append((written.moment(start), cause, written.number(row.down_seconds / 60), end))
    return rows

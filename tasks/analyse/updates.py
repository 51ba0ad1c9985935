"""The section on updates: what is installed, what is outstanding and since when, what was applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tasks import written
from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, NoData, Section, missing_dial, missing_fact, tone_of
from tasks.words import mark, say, say_many

STATES = """
SELECT state.ecosystem, state.name, state.update_state, state.collected_at
FROM staging.component_state AS state
JOIN (
  SELECT site_id, source_id, max(collected_at) AS collected_at
  FROM staging.component_state
  WHERE site_id = $site_id AND collected_at < ($end_date::DATE + INTERVAL 1 DAY)
  GROUP BY site_id, source_id
) AS newest USING (site_id, source_id, collected_at)"""

OUTSTANDING = """
SELECT name, version, latest_version, seen_date, due_date, coalesce(is_security_update, false) AS is_security_update,
  date_diff('day', due_date, $end_date::DATE) AS late_days
FROM marts.update_outstanding
WHERE site_id = $site_id AND seen_date < $end_date AND (closed_date IS NULL OR closed_date >= $end_date)
ORDER BY is_security_update DESC, late_days DESC, name"""

APPLIED = """
SELECT day_date, ecosystem, name, old_version, new_version, at_precision, method
FROM marts.update_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
ORDER BY day_date, ecosystem, name"""

SECTION = Section(title=mark("Updates"), order=70, weight=50)

SHOWN, APPLIED_SHOWN = 10, 48
UNKNOWN = mark("Not known")
METHODS = {"unattended": mark("unattended"), "manual": mark("manual")}


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatesView:
    """The section on updates. `states` are (state, count); `applied` is cut, its note says where the rest is."""

    lead: str
    stats: Sequence[Fact]
    week_labels: Sequence[str]
    weeks: Sequence[Sequence[float] | None]
    states: Sequence[tuple[str, int]]
    outstanding: Sequence[tuple[str, str, str, str, str]]
    outstanding_note: str
    applied: Sequence[tuple[str, str, str, str, str]]
    applied_note: str
    action: Action | None


def view(data: QuarterData) -> UpdatesView | NoData:
    """Return the section, or what is missing for it."""
    states = data.frame(STATES)
    if states.empty:
        return NoData(
            title="Updates",
            missing=say("no inventory of this site is in the warehouse"),
            remedy=say("Add a patches_bundle source and its cron job on the server."),
        )
    outstanding, applied = data.frame(OUTSTANDING), data.frame(APPLIED)
    late = outstanding[outstanding["late_days"] > 0]
    counts = states["update_state"].value_counts()
    unknown = int(counts.get("unknown", 0))
    newest = written.day_long(pd.Timestamp(states["collected_at"].max()))
    lead = say_many("{n} update was applied.", "{n} updates were applied.", len(applied)) + " "
    lead += (
        say_many("{n} known of is past the agreed date.", "{n} known of are past the agreed date.", len(late))
        if len(late)
        else say("None known of is past the agreed date.")
    )
    if unknown:
        lead += " " + say_many(
            "Of {n} of {all} components nobody knows whether it is current.",
            "Of {n} of {all} components nobody knows whether they are current.",
            unknown,
            all=len(states),
        )
    return UpdatesView(
        lead=lead,
        stats=[
            applied_fact(applied, data),
            Fact(
                label=mark("updates overdue"),
                text=written.number(len(late)),
                value=len(late),
                unit="count",
                query="marts.update_outstanding",
                tone="bad" if len(late) else "neutral",
                note=say("of what is known") if unknown else "",
            ),
            Fact(
                label=mark("components not known"),
                text=written.number(unknown),
                value=unknown,
                unit="count",
                query="marts.component",
                tone="unknown" if unknown else "neutral",
                note=say("of {all}", all=len(states)),
            ),
            Fact(label=mark("last inventory"), text=newest, value=None, unit="date", query="marts.bundle"),
        ],
        states=[
            (say("Current"), int(counts.get("none", 0))),
            (say("Update available"), int(counts.get("available", 0))),
            (say(UNKNOWN), unknown),
        ],
        week_labels=[label if number % 4 == 0 else "" for number, label in enumerate(data.week_labels)],
        weeks=[[value or 0.0] for value in applied_fact(applied, data).series] or [None] * WEEKS,
        outstanding=[
            (
                say("{name} (security)", name=cut(row.name, 60)) if row.is_security_update else cut(row.name, 60),
                cut(row.version, 30),
                cut(row.latest_version, 30),
                written.day(pd.Timestamp(row.seen_date)),
                written.number(row.late_days),
            )
            for row in rows_of(late.head(SHOWN))
        ],
        outstanding_note=say("The first {shown} of {all}.", shown=SHOWN, all=len(late)) if len(late) > SHOWN else "",
        applied=[
            (
                written.day(pd.Timestamp(row.day_date)),
                cut(row.name, 60),
                cut(row.old_version, 30),
                cut(row.new_version, 30),
                _how(row),
            )
            for row in rows_of(applied.head(APPLIED_SHOWN))
        ],
        applied_note=(
            say(
                "The first {shown} of {all}; all are in marts.update_day.",
                shown=APPLIED_SHOWN,
                all=len(applied),
            )
            + " "
            if len(applied) > APPLIED_SHOWN
            else ""
        )
        + say("“By” a date: seen in the inventory of that day, applied at some time since the one before."),
        action=data.action(("updates",), f"{data.titles(('updates',))}."),
    )


def dial(_: QuarterData, view: UpdatesView | NoData) -> Dial:
    """Return the score of the components that are known."""
    if isinstance(view, NoData):
        return missing_dial(mark("Updates"))
    total = sum(count for _, count in view.states)
    late, known = view.stats[1].value or 0, total - dict(view.states)[say(UNKNOWN)]
    if not known or known * 2 < total:
        return missing_dial(mark("Updates"), say("mostly not known"))
    score = round(max(100 * (known - late) / known, 0))
    return Dial(
        name=mark("Updates"),
        score=score,
        note=say_many("{n} past its date", "{n} past their date", late),
        tone=tone_of(score),
        method=say("The share of components that are current or within their agreed days, of those that are known."),
    )


def figures(_: QuarterData, view: UpdatesView | NoData) -> list[Fact]:
    """Return what page one may say: what was applied, and what is late."""
    if isinstance(view, NoData):
        return [
            missing_fact(label, say("no inventory"), "marts.bundle") for label in ("updates applied", "updates overdue")
        ]
    return [view.stats[0], view.stats[1]]


def applied_fact(applied: pd.DataFrame, data: QuarterData) -> Fact:
    """Return how many updates were applied."""
    daily = applied.assign(count=1)
    return Fact(
        label=mark("updates applied"),
        text=written.number(len(applied)),
        value=len(applied),
        unit="count",
        query="marts.update_day",
        series=[value or 0.0 for value in data.weekly(daily, "count")],
    )


def _how(row: object) -> str:
    if getattr(row, "at_precision", "") == "between":
        return say("by this date")
    method = getattr(row, "method", None)
    return say(METHODS.get(method, method)) if method else say("from the log")

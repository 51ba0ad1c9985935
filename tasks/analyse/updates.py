"""The section on updates: what is installed, what is outstanding and since when, what was applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, NoData, Section, missing_dial, missing_fact, tone_of

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

SECTION = Section(title="Updates", order=70, weight=50)

SHOWN, APPLIED_SHOWN = 10, 48


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
            missing="no inventory of this site is in the warehouse",
            remedy="Add a patches_bundle source and its cron job on the server.",
        )
    outstanding, applied = data.frame(OUTSTANDING), data.frame(APPLIED)
    late = outstanding[outstanding["late_days"] > 0]
    counts = states["update_state"].value_counts()
    unknown = int(counts.get("unknown", 0))
    newest = f"{pd.Timestamp(states['collected_at'].max()):%-d %B}"
    overdue = f"{len(late) or 'none'} known of {'is' if len(late) == 1 else 'are'} past the agreed date"
    lead = f"{len(applied):,} updates were applied; {overdue}."
    if unknown:
        lead += f" Of {unknown:,} of {len(states):,} components nobody knows whether they are current."
    return UpdatesView(
        lead=lead,
        stats=[
            applied_fact(applied, data),
            Fact(
                label="updates overdue",
                text=f"{len(late)}",
                value=len(late),
                unit="count",
                query="marts.update_outstanding",
                tone="bad" if len(late) else "neutral",
                note="of what is known" if unknown else "",
            ),
            Fact(
                label="components not known",
                text=f"{unknown:,}",
                value=unknown,
                unit="count",
                query="marts.component",
                tone="unknown" if unknown else "neutral",
                note=f"of {len(states):,}",
            ),
            Fact(label="last inventory", text=newest, value=None, unit="date", query="marts.bundle"),
        ],
        states=[
            ("Current", int(counts.get("none", 0))),
            ("Update available", int(counts.get("available", 0))),
            ("Not known", unknown),
        ],
        week_labels=[label if number % 4 == 0 else "" for number, label in enumerate(data.week_labels)],
        weeks=[[value or 0.0] for value in applied_fact(applied, data).series] or [None] * WEEKS,
        outstanding=[
            (
                cut(row.name, 60) + (" (security)" if row.is_security_update else ""),
                cut(row.version, 30),
                cut(row.latest_version, 30),
                f"{pd.Timestamp(row.seen_date):%-d %b}",
                f"{row.late_days}",
            )
            for row in rows_of(late.head(SHOWN))
        ],
        outstanding_note=f"The first {SHOWN} of {len(late)}." if len(late) > SHOWN else "",
        applied=[
            (
                f"{pd.Timestamp(row.day_date):%-d %b}",
                cut(row.name, 60),
                cut(row.old_version, 30),
                cut(row.new_version, 30),
                _how(row),
            )
            for row in rows_of(applied.head(APPLIED_SHOWN))
        ],
        applied_note=(
            f"The first {APPLIED_SHOWN} of {len(applied):,}; all are in marts.update_day. "
            if len(applied) > APPLIED_SHOWN
            else ""
        )
        + "“By” a date: seen in the inventory of that day, applied at some time since the one before.",
        action=data.action(("updates",), f"{data.titles(('updates',))}."),
    )


def dial(_: QuarterData, view: UpdatesView | NoData) -> Dial:
    """Return the score of the components that are known."""
    if isinstance(view, NoData):
        return missing_dial("Updates")
    total = sum(count for _, count in view.states)
    late, known = view.stats[1].value or 0, total - dict(view.states)["Not known"]
    if not known or known * 2 < total:
        return missing_dial("Updates", "mostly not known")
    score = round(max(100 * (known - late) / known, 0))
    return Dial(
        name="Updates",
        score=score,
        note=f"{late:.0f} past their date",
        tone=tone_of(score),
        method="The share of components that are current or within their agreed days, of those that are known.",
    )


def figures(_: QuarterData, view: UpdatesView | NoData) -> list[Fact]:
    """Return what page one may say: what was applied, and what is late."""
    if isinstance(view, NoData):
        return [missing_fact(label, "no inventory", "marts.bundle") for label in ("updates applied", "updates overdue")]
    return [view.stats[0], view.stats[1]]


def applied_fact(applied: pd.DataFrame, data: QuarterData) -> Fact:
    """Return how many updates were applied."""
    daily = applied.assign(count=1)
    return Fact(
        label="updates applied",
        text=f"{len(applied):,}",
        value=len(applied),
        unit="count",
        query="marts.update_day",
        series=[value or 0.0 for value in data.weekly(daily, "count")],
    )


def _how(row: object) -> str:
    if getattr(row, "at_precision", "") == "between":
        return "by this date"
    return getattr(row, "method", None) or "from the log"

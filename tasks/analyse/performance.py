"""The section on performance: what visitors saw, and what the laboratory measures, each on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks.performance_rows import (
    KINDS,
    SHOWN,
    VITALS,
    advice_row,
    last_of,
    note_of,
    page_row,
    share_rows,
    subject_of,
    weight_rows,
)
from tasks.performance_rules import SCREENS, page_name
from tasks.performance_rules import shown as figure
from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, NoData, Section, Tone, missing_dial, missing_fact, tone_of

FIELD = """
SELECT day_date, scope, subject_url, form_factor, metric, p75, band, good_ratio, fair_ratio, poor_ratio
FROM marts.field_metric
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
ORDER BY day_date, scope, subject_url, form_factor, metric"""

LAB = """
SELECT day_date, run_id, page_url, series, auditor, form_factor, performance_score, performance_score_min,
  performance_score_max, lcp_ms, tbt_ms, cls, total_bytes, run_count
FROM marts.page_performance
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
ORDER BY measured_at, series"""

RESOURCES = """
SELECT run_id, resource_type, transfer_bytes
FROM marts.page_resource
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND resource_type <> 'third-party'
ORDER BY run_id, resource_type"""

ADVICE = """
SELECT title, count(DISTINCT page_url) AS page_count, max(lcp_saving_ms) AS lcp_ms, max(tbt_saving_ms) AS tbt_ms,
  max(saving_bytes) AS bytes
FROM marts.page_opportunity
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  AND list_contains(categories, 'performance') AND audit_id <> 'largest-contentful-paint-element'
  AND run_id IN (
    SELECT run_id FROM marts.page_performance
    WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
    QUALIFY row_number() OVER (PARTITION BY page_url, form_factor ORDER BY measured_at DESC) = 1)
GROUP BY audit_id, title
HAVING lcp_ms > 0 OR tbt_ms > 0 OR bytes > 10000
ORDER BY lcp_ms DESC NULLS LAST, tbt_ms DESC NULLS LAST, bytes DESC NULLS LAST, title"""

LOST = """
SELECT page_url, outcome, message, run_date
FROM staging.audit_run
WHERE site_id = $site_id AND run_date >= $start_date AND run_date < $end_date AND auditor IN ('lighthouse', 'pagespeed')
QUALIFY outcome <> 'complete'
  AND row_number() OVER (PARTITION BY page_url, auditor, form_factor ORDER BY started_at DESC) = 1
ORDER BY page_url, run_date"""

SECTION = Section(title="Performance", order=40, weight=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceView:
    """The section on performance."""

    lead: str
    stats: Sequence[Fact]
    trend_title: str
    trend: Sequence[float | None]
    """LCP by week in seconds: of visitors where that is known, else of the laboratory."""
    week_labels: Sequence[str]
    shares: Sequence[tuple[str, str, Sequence[float]]]
    """(screen and figure, 75th percentile, shares of good, fair and poor visits)"""
    weights: Sequence[tuple[str, str, Sequence[float]]]
    """(page, total, megabytes of each kind)"""
    kinds: Sequence[str]
    pages: Sequence[tuple[str, str, str, str, str, str, str]]
    """(page, screen, score, range of the runs, LCP, TBT, CLS)"""
    pages_note: str
    advice: Sequence[tuple[str, str, str]]
    """(what, pages, estimated saving)"""
    action: Action | None


def view(data: QuarterData) -> PerformanceView | NoData:
    """Return the section, or what is missing for it."""
    field, lab, lost = data.frame(FIELD), data.frame(LAB), data.frame(LOST)
    if field.empty and lab.empty:
        return NoData(
            title="Performance",
            missing="no page could be measured" if len(lost) else "how fast pages are was not measured",
            remedy="See why in raw.audit_run." if len(lost) else "Add an audits_lighthouse and an audits_crux source.",
            is_left_out=lost.empty,
        )
    newest = lab.groupby("series", sort=False).tail(1).sort_values(["performance_score", "page_url"])
    subject = subject_of(field)
    trend = _weekly(subject[subject["metric"] == "lcp_ms"], "p75", data)
    is_field = any(value is not None for value in trend)
    if not is_field and not lab.empty:
        trend = _weekly(lab[lab["series"] == _main_series(lab)], "lcp_ms", data)
    last = last_of(subject)
    weights = weight_rows(newest, data.frame(RESOURCES))
    return PerformanceView(
        lead=_lead(last, subject, newest),
        stats=[*(_vital(last, metric, name, unit) for metric, name, unit in VITALS), _score(newest)],
        trend_title=f"Main content shown (LCP), seconds: {_whose(subject) if is_field else _series_words(lab)}",
        trend=trend,
        week_labels=data.week_labels,
        shares=share_rows(field),
        weights=weights,
        kinds=[*(kind for kind in KINDS), "other"],
        pages=[page_row(row) for row in list(rows_of(newest))[:SHOWN]],
        pages_note=note_of(newest, lost),
        advice=[advice_row(row) for row in list(rows_of(data.frame(ADVICE)))[:SHOWN]],
        action=data.action(("performance",), f"{data.titles(('performance',))}."),
    )


def dial(_: QuarterData, view: PerformanceView | NoData) -> Dial:
    """Return the share of good visits in the worst Core Web Vital, else the score of the laboratory."""
    if isinstance(view, NoData):
        return missing_dial("Performance")
    good = [parts[0] for name, _, parts in view.shares if name.startswith(("Phones", "All"))]
    if good:
        score = round(100 * min(good))
        method = "The share of visits on phones that were good, in the worst of LCP, INP and CLS."
        return Dial(name="Performance", score=score, note="of visits good", tone=tone_of(score), method=method)
    value = view.stats[3].value
    if value is None:
        return missing_dial("Performance", "mostly not known")
    method = "The least Lighthouse score of the pages; what visitors saw is not known."
    return Dial(
        name="Performance", score=round(value), note="in the laboratory", tone=tone_of(round(value)), method=method
    )


def figures(_: QuarterData, view: PerformanceView | NoData) -> list[Fact]:
    """Return what page one may say: the main content for visitors."""
    if isinstance(view, NoData):
        return [missing_fact("main content (LCP)", "not measured", "marts.field_metric")]
    return [view.stats[0]]


def _weekly(frame: pd.DataFrame, column: str, data: QuarterData) -> list[float | None]:
    """Return the newest figure of each week in seconds; a week without one is a gap."""
    if frame.empty:
        return [None] * WEEKS
    newest = frame.dropna(subset=[column]).groupby(data.week_of(frame["day_date"]))[column].last()
    return [None if pd.isna(newest.get(week)) else float(newest[week]) / 1000 for week in range(WEEKS)]


def _main_series(lab: pd.DataFrame) -> str:
    """Return the series of the page that was measured most often on phones, the first by name of those."""
    phones = lab[lab["form_factor"] == "mobile"]
    counts = (lab if phones.empty else phones)["series"].value_counts()
    return min(str(name) for name in counts[counts == counts.max()].index)


def _lead(last: dict[str, dict[str, Any]], subject: pd.DataFrame, newest: pd.DataFrame) -> str:
    lcp = last.get("lcp_ms")
    if lcp is not None:
        words = {"good": "good", "fair": "in need of improvement", "poor": "poor"}[str(lcp["band"])]
        return (
            f"One visit in four on {SCREENS.get(str(lcp['form_factor']), 'screens')} waited "
            f"{figure(float(lcp['p75']), 'ms')} or longer for the main content, which is {words}."
        )
    worst, best = 100 * newest["performance_score"].min(), 100 * newest["performance_score"].max()
    if pd.isna(worst):
        return "What visitors saw of the main content is not known."
    range_text = f"{worst:.0f}" if round(worst) == round(best) else f"{worst:.0f} to {best:.0f}"
    return f"In the laboratory the pages have {range_text} of 100 points; what visitors saw is not known."


def _whose(subject: pd.DataFrame) -> str:
    first = subject.iloc[0]
    screen = SCREENS.get(str(first["form_factor"]), "screens")
    what = "the whole site" if first["scope"] == "origin" else page_name(str(first["subject_url"]))
    return f"75th percentile of visits on {screen}, {what}"


def _series_words(lab: pd.DataFrame) -> str:
    if lab.empty:
        return "not known"
    first = lab[lab["series"] == _main_series(lab)].iloc[0]
    screen = SCREENS.get(str(first["form_factor"]), "screens")
    return f"laboratory, {cut(page_name(str(first['page_url'])), 40)} on {screen}"


def _vital(last: dict[str, dict[str, Any]], metric: str, name: str, unit: str) -> Fact:
    row = last.get(metric)
    if row is None:
        return missing_fact(name, "no field data", "marts.field_metric")
    value, tones = float(row["p75"]), {"good": "good", "fair": "warn", "poor": "bad"}
    tone: Tone = tones[str(row["band"])]  # type: ignore[assignment]
    words = {"good": "good", "fair": "needs improvement", "poor": "poor"}[str(row["band"])]
    return Fact(
        label=name,
        text=figure(value, unit),
        value=value,
        unit=unit or "ratio",
        query="marts.field_metric",
        note=f"{words}, {SCREENS.get(str(row['form_factor']), 'visits')}",
        tone=tone,
    )


def _score(newest: pd.DataFrame) -> Fact:
    phones = newest[newest["form_factor"] == "mobile"]
    scores = (newest if phones.empty else phones)["performance_score"].dropna()
    if scores.empty:
        return missing_fact("least Lighthouse score", "not measured", "marts.page_performance")
    value = 100 * float(scores.min())
    return Fact(
        label="least Lighthouse score",
        text=f"{value:.0f}",
        value=value,
        unit="points",
        query="marts.page_performance",
        note=f"laboratory, {len(scores)} page{'' if len(scores) == 1 else 's'}",
        tone="good" if value >= 90 else "warn" if value >= 50 else "bad",
    )

"""The section on performance: what visitors saw, and what the laboratory measures, each on its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks import written
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
from tasks.performance_rules import NEWEST_RUNS, page_name, screen_name
from tasks.performance_rules import shown as figure
from tasks.quarter_data import WEEKS, QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Dial, Fact, NoData, Section, Tone, missing_dial, missing_fact, tone_of
from tasks.words import mark, say, say_many

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

ADVICE = f"""
SELECT title, count(DISTINCT page_url) AS page_count, max(lcp_saving_ms) AS lcp_ms, max(tbt_saving_ms) AS tbt_ms,
  max(saving_bytes) AS bytes
FROM marts.page_opportunity
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  AND list_contains(categories, 'performance') AND audit_id <> 'largest-contentful-paint-element'
  AND run_id IN (SELECT run_id FROM ({NEWEST_RUNS}))
GROUP BY audit_id, title
HAVING lcp_ms > 0 OR tbt_ms > 0 OR bytes > 10000
ORDER BY lcp_ms DESC NULLS LAST, tbt_ms DESC NULLS LAST, bytes DESC NULLS LAST, title"""  # noqa: S608 - the house's own text

LOST = """
SELECT page_url, outcome, message, run_date
FROM staging.audit_run
WHERE site_id = $site_id AND run_date >= $start_date AND run_date < $end_date AND auditor IN ('lighthouse', 'pagespeed')
QUALIFY outcome <> 'complete'
  AND row_number() OVER (PARTITION BY page_url, auditor, form_factor ORDER BY started_at DESC) = 1
ORDER BY page_url, run_date"""

SECTION = Section(title=mark("Performance"), order=40, weight=30)


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
            missing=say("no page could be measured") if len(lost) else say("how fast pages are was not measured"),
            remedy=say("See why in raw.audit_run.")
            if len(lost)
            else say("Add an audits_lighthouse and an audits_crux source."),
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
        trend_title=say(
            "Main content shown (LCP), seconds: {whose}", whose=_whose(subject) if is_field else _series_words(lab)
        ),
        trend=trend,
        week_labels=data.week_labels,
        shares=share_rows(field),
        weights=weights,
        kinds=[*(say(name) for name in KINDS.values()), say("other")],
        pages=[page_row(row) for row in list(rows_of(newest))[:SHOWN]],
        pages_note=note_of(newest, lost),
        advice=[advice_row(row) for row in list(rows_of(data.frame(ADVICE)))[:SHOWN]],
        action=data.action(("performance",), f"{data.titles(('performance',))}."),
    )


def dial(_: QuarterData, view: PerformanceView | NoData) -> Dial:
    """Return the share of good visits in the worst Core Web Vital, else the score of the laboratory."""
    if isinstance(view, NoData):
        return missing_dial(mark("Performance"))
    good = [parts[0] for name, _, parts in view.shares if name.startswith((say("Phones"), say("All devices")))]
    if good:
        score = round(100 * min(good))
        method = say("The share of visits on phones that were good, in the worst of LCP, INP and CLS.")
        return Dial(
            name=mark("Performance"), score=score, note=say("of visits good"), tone=tone_of(score), method=method
        )
    value = view.stats[3].value
    if value is None:
        return missing_dial(mark("Performance"), say("mostly not known"))
    method = say("The least Lighthouse score of the pages; what visitors saw is not known.")
    return Dial(
        name=mark("Performance"),
        score=round(value),
        note=say("in the laboratory"),
        tone=tone_of(round(value)),
        method=method,
    )


def figures(_: QuarterData, view: PerformanceView | NoData) -> list[Fact]:
    """Return what page one may say: the main content for visitors."""
    if isinstance(view, NoData):
        return [missing_fact(mark("main content (LCP)"), say("not measured"), "marts.field_metric")]
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
        sentence = {
            "good": mark("One visit in four on {screen} waited {time} or longer for the main content, which is good."),
            "fair": mark(
                "One visit in four on {screen} waited {time} or longer for the main content, which needs improvement."
            ),
            "poor": mark("One visit in four on {screen} waited {time} or longer for the main content, which is poor."),
        }[str(lcp["band"])]
        return say(sentence, screen=screen_name(lcp["form_factor"]), time=figure(float(lcp["p75"]), "ms"))
    worst, best = 100 * newest["performance_score"].min(), 100 * newest["performance_score"].max()
    if pd.isna(worst):
        return say("What visitors saw of the main content is not known.")
    range_text = (
        written.number(worst)
        if round(worst) == round(best)
        else say("{low} to {high}", low=written.number(worst), high=written.number(best))
    )
    return say(
        "In the laboratory the pages have {points} of 100 points; what visitors saw is not known.",
        points=range_text,
    )


def _whose(subject: pd.DataFrame) -> str:
    first = subject.iloc[0]
    screen = screen_name(first["form_factor"])
    what = say("the whole site") if first["scope"] == "origin" else page_name(str(first["subject_url"]))
    return say("75th percentile of visits on {screen}, {what}", screen=screen, what=what)


def _series_words(lab: pd.DataFrame) -> str:
    if lab.empty:
        return say("not known")
    first = lab[lab["series"] == _main_series(lab)].iloc[0]
    screen = screen_name(first["form_factor"])
    return say("laboratory, {page} on {screen}", page=cut(page_name(str(first["page_url"])), 40), screen=screen)


def _vital(last: dict[str, dict[str, Any]], metric: str, name: str, unit: str) -> Fact:
    row = last.get(metric)
    if row is None:
        return missing_fact(name, say("no field data"), "marts.field_metric")
    value, tones = float(row["p75"]), {"good": "good", "fair": "warn", "poor": "bad"}
    tone: Tone = tones[str(row["band"])]  # type: ignore[assignment]
    words = {"good": mark("good"), "fair": mark("needs improvement"), "poor": mark("poor")}[str(row["band"])]
    return Fact(
        label=name,
        text=figure(value, unit),
        value=value,
        unit=unit or "ratio",
        query="marts.field_metric",
        note=f"{say(words)}, {screen_name(row['form_factor'])}",
        tone=tone,
    )


def _score(newest: pd.DataFrame) -> Fact:
    phones = newest[newest["form_factor"] == "mobile"]
    scores = (newest if phones.empty else phones)["performance_score"].dropna()
    if scores.empty:
        return missing_fact(mark("least Lighthouse score"), say("not measured"), "marts.page_performance")
    value = 100 * float(scores.min())
    return Fact(
        label=mark("least Lighthouse score"),
        text=written.number(value),
        value=value,
        unit="points",
        query="marts.page_performance",
        note=say_many("laboratory, {n} page", "laboratory, {n} pages", len(scores)),
        tone="good" if value >= 90 else "warn" if value >= 50 else "bad",
    )

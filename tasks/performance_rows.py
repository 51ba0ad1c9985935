"""Rows of the report on performance: what tables and charts print, each text formed, unknown said to be so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from tasks import written
from tasks.performance_rules import CAPITAL_SCREENS, page_name, screen_name
from tasks.performance_rules import shown as figure
from tasks.quarter_data import rows_of
from tasks.render.text import cut
from tasks.words import mark, say, say_many

SHOWN = 5
"""Pages and pieces of advice printed at most; the rest is counted."""
VITALS = (
    ("lcp_ms", mark("main content (LCP)"), "ms"),
    ("inp_ms", mark("answer to a tap (INP)"), "ms"),
    ("cls", mark("shifts (CLS)"), ""),
)
"""The Core Web Vitals: metric, name and unit."""
KINDS = {
    "image": mark("image"),
    "script": mark("script"),
    "font": mark("font"),
    "stylesheet": mark("stylesheet"),
    "document": mark("document"),
}
"""Kinds of files that are told apart; the others are one."""


def subject_of(field: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of the subject that speaks for the site: phones first, the whole site before a page."""
    for screen in ("mobile", "all", "desktop", "tablet"):
        for scope in ("origin", "page"):
            found = field[(field["form_factor"] == screen) & (field["scope"] == scope)]
            if not found.empty:
                return found[found["subject_url"] == found["subject_url"].iloc[0]]
    return field


def last_of(figures: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return the newest figure of each metric."""
    newest = figures.groupby("metric", sort=False).tail(1)
    return {str(row["metric"]): row for row in newest.to_dict("records")}


def share_rows(field: pd.DataFrame) -> list[tuple[str, str, Sequence[float]]]:
    """Return the newest distributions of the three vitals, phones first; one without shares is left out."""
    rows: list[tuple[str, str, Sequence[float]]] = []
    for screen in ("mobile", "desktop", "tablet", "all"):
        last = last_of(subject_of(field[field["form_factor"] == screen]))
        for metric, _, unit in VITALS:
            row = last.get(metric)
            if row is None or pd.isna(row["good_ratio"]):
                continue
            parts = [float(row[f"{part}_ratio"]) for part in ("good", "fair", "poor")]
            name = f"{say(CAPITAL_SCREENS[screen])}, {metric.removesuffix('_ms').upper()}"
            rows.append((name, figure(float(row["p75"]), unit), parts))
    return rows


def weight_rows(newest: pd.DataFrame, resources: pd.DataFrame) -> list[tuple[str, str, Sequence[float]]]:
    """Return the weight of the heaviest pages, one row a page."""
    rows: list[tuple[str, str, Sequence[float]]] = []
    pages = newest.sort_values("total_bytes", ascending=False).drop_duplicates("page_url")
    for page in list(rows_of(pages))[:SHOWN]:
        own = resources[resources["run_id"] == page.run_id].set_index("resource_type")["transfer_bytes"]
        if own.empty or not own.sum():
            continue
        parts = [float(own.get(kind, 0.0)) / 1e6 for kind in KINDS]
        total = float(own.sum()) / 1e6
        rows.append((page_name(page.page_url), written.size(1e6 * total), [*parts, max(total - sum(parts), 0.0)]))
    return rows


def page_row(row: Any) -> tuple[str, str, str, str, str, str, str]:
    """Return a page as the table prints it: page, screen, score, range of its runs, LCP, TBT, CLS."""

    def of(name: str, unit: str = "ms") -> str:
        value = getattr(row, name)
        return say("not known") if pd.isna(value) else figure(float(value), unit)

    def points(name: str) -> str:
        value = getattr(row, name)
        return "?" if pd.isna(value) else written.number(100 * value)

    return (
        cut(page_name(row.page_url), 34),
        screen_name(row.form_factor),
        points("performance_score"),
        say("{low} to {high}", low=points("performance_score_min"), high=points("performance_score_max")),
        of("lcp_ms"),
        of("tbt_ms"),
        of("cls", ""),
    )


def note_of(newest: pd.DataFrame, lost: pd.DataFrame) -> str:
    """Say what the table leaves out, and which pages could not be measured."""
    notes = [say("The {shown} slowest of {all}.", shown=SHOWN, all=len(newest))] if len(newest) > SHOWN else []
    if len(lost):
        first = lost.iloc[0]
        notes.append(
            say_many(
                "{n} page could not be measured lately, which is unknown and not slow: {page}: {message}.",
                "{n} pages could not be measured lately, which is unknown and not slow: {page}: {message}.",
                len(lost),
                page=cut(page_name(str(first["page_url"])), 40),
                message=cut(str(first["message"] or first["outcome"]), 80),
            )
        )
    return " ".join(notes)


def advice_row(row: Any) -> tuple[str, str, str]:
    """Return a piece of advice: what, on how many pages, the estimated saving on the one that saves most."""
    count = int(row.page_count)
    savings = []
    for name, words in (("lcp_ms", mark("{time} of LCP")), ("tbt_ms", mark("{time} of blocking"))):
        value = getattr(row, name)
        if not pd.isna(value) and value > 0:
            savings.append(say(words, time=figure(float(value), "ms")))
    size = row.bytes
    if not pd.isna(size) and size:
        savings.append(written.size(float(size)))
    return cut(str(row.title), 60), written.number(count), ", ".join(savings)

"""Page one: the scores, the verdict, six figures, and what happened in each lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from tasks.quarter_data import QuarterData
from tasks.report_model import (
    AvailabilityView,
    CoverageView,
    Dial,
    Fact,
    LaneCard,
    NoData,
    RecommendationView,
    SecurityView,
    Tone,
    UpdatesView,
)
from warehouse.records import Site

RESPONSE = """
SELECT day_date, median_total_ms FROM marts.availability_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_primary"""
REQUESTS = """
SELECT day_date, sum(request_count) AS request_count FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date GROUP BY day_date"""

CHECKS = """
SELECT coalesce(sum(check_count), 0) AS check_count FROM marts.availability_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def _tone(score: int | None) -> Tone:
    return "unknown" if score is None else "good" if score >= 80 else "warn" if score >= 50 else "bad"


def dials(
    available: AvailabilityView | NoData,
    secure: SecurityView | NoData,
    current: UpdatesView | NoData,
    covered: CoverageView,
    views: Sequence[RecommendationView],
) -> list[Dial]:
    """Return the four scores of page one; how they are made is printed under the method."""
    scores: list[tuple[str, float | None, str]] = []
    tones: dict[str, Tone] = {}
    if isinstance(available, AvailabilityView):
        used = 1 - (next((v for v in reversed(available.burn) if v is not None), 0.0)) / available.budget_minutes
        blind = (available.stats[3].value or 0.0) / (24 * len(available.days))
        note = available.stats[0].note if blind < 0.01 else f"{100 * blind:.0f}% of the time not known"
        scores.append(("Availability", None if blind > 0.5 else 100 - 50 * used, note))
        if blind > 0.05:  # what was seen may be fine; what was not seen must not look so
            tones["Availability"] = "unknown"
    else:
        scores.append(("Availability", None, "no data"))
    if isinstance(secure, SecurityView):
        risks = sorted((item.risk for item in views if item.area == "security"), reverse=True)
        penalty = risks[0] / 2 + 5 * (len(risks) - 1) if risks else 0.0
        scores.append(("Security", 100 - penalty, f"{len(risks)} open" if risks else "nothing open"))
    else:
        scores.append(("Security", None, "no data"))
    if isinstance(current, UpdatesView):
        by_name = dict(current.states)
        total = sum(by_name.values())
        late, known_count = current.stats[1].value or 0, total - by_name["Not known"]
        is_known = known_count * 2 >= total
        score = 100 * (known_count - late) / known_count if is_known and known_count else None
        scores.append(("Updates", score, f"{late:.0f} past their date" if is_known else "mostly not known"))
    else:
        scores.append(("Updates", None, "no data"))
    share = covered.stats[0].value
    scores.append(("Data coverage", share, "of the quarter" if share is not None else "no source"))
    rounded = [(name, None if score is None else round(min(max(score, 0), 100)), note) for name, score, note in scores]
    return [
        Dial(name=name, score=score, note=note, tone=tones.get(name, _tone(score))) for name, score, note in rounded
    ]


def verdict(
    available: AvailabilityView | NoData, covered: CoverageView, views: Sequence[RecommendationView]
) -> list[tuple[str, bool]]:
    """Say the state of the site in two sentences; where little is known that comes first."""
    urgent = [item for item in views if item.band in ("act now", "high")]
    if (covered.stats[0].value or 0) < 50:
        state = "mostly not known"
    elif urgent:
        state = f"in need of {_count(len(urgent), 'action')} soon"
    else:
        state = "sound, with some things to improve" if views else "healthy, with nothing to act on"
    if isinstance(available, AvailabilityView):
        uptime = f"It was up {available.stats[0].text} of the time that was watched"
    else:
        uptime = "Whether it was up was not watched"
    first = (urgent or list(views))[:1]
    rest = f"; first of all, {first[0].title[0].lower()}{first[0].title[1:]}." if first else "."
    return [
        ("The state of the site is " if state.startswith("mostly") else "The site is ", False),
        (state, True),
        (f". {uptime}{rest}", False),
    ]


def _count(number: int, word: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return f"{words[number] if number < len(words) else number} {word}{'' if number == 1 else 's'}"


def _missing(label: str, note: str, query: str) -> Fact:
    return Fact(label=label, text="not known", value=None, unit="", query=query, note=note, tone="unknown")


def kpis(
    data: QuarterData,
    available: AvailabilityView | NoData,
    secure: SecurityView | NoData,
    current: UpdatesView | NoData,
) -> list[Fact]:
    """Return the six figures of page one."""
    response, requests = data.frame(RESPONSE), data.frame(REQUESTS)
    facts = [
        available.stats[0]
        if isinstance(available, AvailabilityView)
        else _missing("uptime", "no checks", "marts.availability_day")
    ]
    if response["median_total_ms"].notna().any():
        middle = float(response["median_total_ms"].median())
        weekly = response.groupby(data.week_of(response["day_date"]))["median_total_ms"].median()
        series = [None if pd.isna(weekly.get(week)) else float(weekly[week]) for week in range(13)]
        facts.append(
            Fact(
                label="response time",
                text=f"{middle:,.0f} ms",
                value=middle,
                unit="ms",
                query="marts.availability_day",
                note="median of the checks",
                series=series,
            )
        )
    else:
        facts.append(_missing("response time", "no checks", "marts.availability_day"))
    facts.append(
        secure.stats[0]
        if isinstance(secure, SecurityView)
        else _missing("attacks stopped", "no firewall log", "marts.waf_day")
    )
    if isinstance(current, UpdatesView):
        facts += [current.stats[0], current.stats[1]]
    else:
        facts += [_missing(label, "no inventory", "marts.bundle") for label in ("updates applied", "updates overdue")]
    if len(requests):
        total = float(requests["request_count"].sum())
        facts.append(
            Fact(
                label="requests served",
                text=f"{total:,.0f}",
                value=total,
                unit="count",
                query="marts.request_day",
                note=f"on {len(requests)} days",
                series=data.weekly(requests, "request_count"),
            )
        )
    else:
        facts.append(_missing("requests served", "no access log", "marts.request_day"))
    return [replace(fact, label=fact.label[0].upper() + fact.label[1:]) for fact in facts]


def lanes(
    data: QuarterData, site: Site, current: UpdatesView | NoData, views: Sequence[RecommendationView]
) -> list[LaneCard]:
    """Return what happened in each lane; what is not collected is said to be."""
    checks = int(data.frame(CHECKS)["check_count"].iloc[0])
    applied = int(current.stats[0].value or 0) if isinstance(current, UpdatesView) else None
    proposals = [item for item in views if item.lane == "development"]
    return [
        LaneCard(
            lane="support",
            headline="Not measured",
            text="No helpdesk is connected, so tickets are not part of this report.",
        ),
        LaneCard(
            lane="maintenance",
            headline="Updates not known" if applied is None else _many(applied, "update"),
            text=f"{checks:,} uptime checks."
            if "maintenance" in site.lanes
            else "Not bought for this site; what was seen is reported all the same.",
        ),
        LaneCard(
            lane="development",
            headline=_many(len(proposals), "proposal") if proposals else "No proposals",
            text="Scoped and quoted separately."
            if proposals
            else "Nothing in this quarter’s data asks for larger change.",
        ),
    ]


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"

"""Page one: the scores, the verdict, six figures, and what happened in each lane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, zip_longest
from types import ModuleType

from tasks.quarter_data import QuarterData
from tasks.report_model import Dial, Fact, LaneCard, NoData, Part, RecommendationView
from warehouse.records import Site

CHECKS = """
SELECT coalesce(sum(check_count), 0) AS check_count FROM marts.availability_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

UPDATES = """
SELECT count(*) AS update_count FROM marts.update_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

DIALS, FIGURES = 5, 6
"""Places for scores and for figures."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A section of the report with the file that made it."""

    part: Part
    module: ModuleType


@dataclass(frozen=True, slots=True)
class Before:
    """What the report on the quarter before said on page one, by (kind, name); nothing where none was written."""

    quarter: str
    values: Mapping[tuple[str, str], float]


def dials(data: QuarterData, sections: Sequence[Measured], before: Before) -> list[Dial]:
    """Return the scores of the sections that matter most, in the order of the report, with what changed."""
    scored = [item for item in _told(sections) if hasattr(item.module, "dial")]
    kept = sorted(scored, key=lambda item: item.module.SECTION.weight)[:DIALS]
    return [_changed(item.module.dial(data, item.part.view), before) for item in scored if item in kept]


def _changed(dial: Dial, before: Before) -> Dial:
    """Return the score with its change as its note, unless the note says that it is not known."""
    was = before.values.get(("score", dial.name))
    if was is None or dial.score is None or dial.tone == "unknown":
        return dial
    points = dial.score - round(was)
    way = "up on" if points > 0 else "down on"
    return replace(dial, note=f"{abs(points)} {way} {before.quarter}" if points else f"as in {before.quarter}")


def figures(data: QuarterData, sections: Sequence[Measured], before: Before) -> list[Fact]:
    """Return six figures: the first of each section by its weight, then the second of each, and so on."""
    ranked = sorted(_told(sections), key=lambda item: item.module.SECTION.weight)
    found = [item.module.figures(data, item.part.view) for item in ranked if hasattr(item.module, "figures")]
    chosen = [fact for fact in chain.from_iterable(zip_longest(*found)) if fact][:FIGURES]
    named = (replace(fact, label=fact.label[0].upper() + fact.label[1:]) for fact in chosen)
    return [fact if fact.note else replace(fact, note=_compared(fact, before)) for fact in named]


def _compared(fact: Fact, before: Before) -> str:
    was = before.values.get(("figure", fact.label))
    if was is None or fact.value is None or fact.unit != "count":
        return ""
    if fact.value == was:
        return f"as in {before.quarter}"
    word = "more" if fact.value > was else "fewer"
    if was < 20:
        return f"{abs(fact.value - was):,.0f} {word} than in {before.quarter}"
    return f"{100 * abs(fact.value - was) / was:.0f}% {word} than in {before.quarter}"


def _told(sections: Sequence[Measured]) -> Iterator[Measured]:
    """Yield the sections that are not left out."""
    return (item for item in sections if not (isinstance(item.part.view, NoData) and item.part.view.is_left_out))


def verdict(uptime: Fact, covered_pct: float | None, views: Sequence[RecommendationView]) -> list[tuple[str, bool]]:
    """Say the state of the site in two sentences; where little is known that comes first."""
    urgent = [item for item in views if item.band in ("act now", "high")]
    if (covered_pct or 0) < 50:
        state = "mostly not known"
    elif urgent:
        state = f"in need of {_count(len(urgent), 'action')} soon"
    else:
        state = "sound, with some things to improve" if views else "healthy, with nothing to act on"
    if uptime.value is None:
        up = "Whether it was up was not watched"
    else:
        up = f"It was up {uptime.text} of the time that was watched"
    first = (urgent or list(views))[:1]
    rest = f"; first of all, {first[0].title[0].lower()}{first[0].title[1:]}." if first else "."
    return [
        ("The state of the site is " if state.startswith("mostly") else "The site is ", False),
        (state, True),
        (f". {up}{rest}", False),
    ]


def _count(number: int, word: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return f"{words[number] if number < len(words) else number} {word}{'' if number == 1 else 's'}"


def lanes(data: QuarterData, site: Site, views: Sequence[RecommendationView], *, has_inventory: bool) -> list[LaneCard]:
    """Return what happened in each lane; what is not collected is said to be."""
    checks = int(data.frame(CHECKS)["check_count"].iloc[0])
    applied = int(data.frame(UPDATES)["update_count"].iloc[0])
    proposals = [item for item in views if item.lane == "development"]
    return [
        LaneCard(
            lane="support",
            headline="Not measured",
            text="No helpdesk is connected, so tickets are not part of this report.",
        ),
        LaneCard(
            lane="maintenance",
            headline=_many(applied, "update") if has_inventory else "Updates not known",
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

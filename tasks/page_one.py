"""Page one: the scores, the verdict, six figures, and what happened in each lane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import ModuleType

from tasks import written
from tasks.quarter_data import QuarterData
from tasks.report_model import Dial, Fact, LaneCard, NoData, Part, RecommendationView, Tone
from tasks.words import mark, say, say_many
from warehouse.records import Site

CHECKS = """
SELECT coalesce(sum(check_count), 0) AS check_count FROM marts.availability_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

UPDATES = """
SELECT count(*) AS update_count FROM marts.update_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""

TICKETS = """
SELECT
  (SELECT count(*) FROM staging.source WHERE site_id = $site_id AND fills = 'ticket') AS source_count,
  (SELECT count(*) FROM marts.source_day JOIN staging.source USING (site_id, source_id)
   WHERE site_id = $site_id AND fills = 'ticket' AND coverage_ratio > 0
     AND day_date >= $start_date AND day_date < $end_date) AS covered_count,
  count(*) FILTER (event_date >= $start_date AND event_date < $end_date) AS opened_count,
  count(*) FILTER (resolved_date >= $start_date AND resolved_date < $end_date) AS solved_count,
  count(*) FILTER (event_date < $end_date AND (resolved_date IS NULL OR resolved_date >= $end_date)) AS open_count,
  count(resolved_date) AS known_count
FROM (
  SELECT ticket.event_date, timezone(site.time_zone, ticket.resolved_at)::DATE AS resolved_date
  FROM staging.ticket AS ticket JOIN staging.site AS site USING (site_id)
  WHERE ticket.site_id = $site_id
)"""

COMPARABLE = 0.9
"""Share of the days of a quarter that must be known before its counts are set beside those of another."""
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
    known_ratio: float
    """Share of its days of which any source told something, 0 to 1."""


def dials(data: QuarterData, sections: Sequence[Measured], before: Before) -> list[Dial]:
    """Return the scores that matter most, in the order of the report, with what changed.

    The first section always has its place; of the others those that are bad go before those that are well.
    """
    scored = [item for item in _told(sections) if hasattr(item.module, "dial")]
    made = [(item.module.SECTION.weight, item.module.dial(data, item.part.view)) for item in scored]
    first = min((weight for weight, _ in made), default=0)
    kept = sorted(made, key=lambda pair: (pair[0] != first and _is_well(pair[1].tone), pair[0]))[:DIALS]
    return [_changed(dial, before) for weight, dial in made if (weight, dial) in kept]


def _changed(dial: Dial, before: Before) -> Dial:
    """Return the score with its change as its note, unless the note says that it is not known."""
    was = before.values.get(("score", dial.name))
    if was is None or dial.score is None or dial.tone == "unknown":
        return dial
    points = dial.score - round(was)
    if points > 0:
        note = say_many("{n} up on {quarter}", "{n} up on {quarter}", points, quarter=before.quarter)
    elif points:
        note = say_many("{n} down on {quarter}", "{n} down on {quarter}", -points, quarter=before.quarter)
    else:
        note = say("as in {quarter}", quarter=before.quarter)
    return replace(dial, note=note)


def figures(data: QuarterData, sections: Sequence[Measured], before: Before) -> list[Fact]:
    """Return six figures: the first of each section, then the second of each, and so on.

    Of each round those that are bad come first; the first figure of the first section always leads.
    """
    ranked = sorted(_told(sections), key=lambda item: item.module.SECTION.weight)
    found = [item.module.figures(data, item.part.view) for item in ranked if hasattr(item.module, "figures")]
    chosen: list[Fact] = []
    for facts in zip_longest(*found):
        told = [fact for fact in facts if fact]
        chosen += sorted(told, key=lambda fact: fact is not found[0][0] and _is_well(fact.tone))
    return [fact if fact.note else replace(fact, note=_compared(fact, before)) for fact in chosen[:FIGURES]]


def _is_well(tone: Tone) -> bool:
    """Say whether it can stand back behind what needs to be seen."""
    return tone not in ("bad", "warn")


def _compared(fact: Fact, before: Before) -> str:
    was = before.values.get(("figure", fact.key))
    if was is None or fact.value is None or fact.unit != "count":
        return ""
    if before.known_ratio < COMPARABLE:
        return say("too little known of {quarter}", quarter=before.quarter)
    if fact.value == was:
        return say("as in {quarter}", quarter=before.quarter)
    change = abs(fact.value - was)
    amount = written.number(change) if was < 20 else written.percent(100 * change / was)
    text = mark("{amount} more than in {quarter}") if fact.value > was else mark("{amount} fewer than in {quarter}")
    return say(text, amount=amount, quarter=before.quarter)


def _told(sections: Sequence[Measured]) -> Iterator[Measured]:
    """Yield the sections that are not left out."""
    return (item for item in sections if not (isinstance(item.part.view, NoData) and item.part.view.is_left_out))


def verdict(uptime: Fact, covered_pct: float | None, views: Sequence[RecommendationView]) -> list[tuple[str, bool]]:
    """Say the state of the site in two sentences; where little is known that comes first."""
    urgent = [item for item in views if item.band in ("act now", "high")]
    if (covered_pct or 0) < 50:
        state = say("The state of the site is *mostly not known*.")
    elif urgent:
        state = say_many(
            "The site is *in need of one action soon*.",
            "The site is *in need of {count} actions soon*.",
            len(urgent),
            count=_count(len(urgent)),
        )
    elif views:
        state = say("The site is *sound, with some things to improve*.")
    else:
        state = say("The site is *healthy, with nothing to act on*.")
    before, emphasised, after = state.split("*")
    first = (urgent or list(views))[:1]
    return [(before, False), (emphasised, True), (f"{after} {_up(uptime, first)}", False)]


def _up(uptime: Fact, first: Sequence[RecommendationView]) -> str:
    """Say for how much of the time the site was up, and what to do first."""
    up = "" if uptime.value is None else uptime.text
    if not first:
        if not up:
            return say("Whether it was up was not watched.")
        return say("It was up {share} of the time that was watched.", share=up)
    title = written.inside(first[0].title)
    if not up:
        return say("Whether it was up was not watched; first of all, {title}.", title=title)
    return say("It was up {share} of the time that was watched; first of all, {title}.", share=up, title=title)


NUMBERS = {
    2: mark("two"),
    3: mark("three"),
    4: mark("four"),
    5: mark("five"),
    6: mark("six"),
    7: mark("seven"),
    8: mark("eight"),
    9: mark("nine"),
    10: mark("ten"),
}


def _count(number: int) -> str:
    return say(NUMBERS[number]) if number in NUMBERS else written.number(number)


def lanes(data: QuarterData, site: Site, views: Sequence[RecommendationView], *, has_inventory: bool) -> list[LaneCard]:
    """Return what happened in each lane; what is not collected is said to be."""
    checks = int(data.frame(CHECKS)["check_count"].iloc[0])
    applied = int(data.frame(UPDATES)["update_count"].iloc[0])
    proposals = [item for item in views if item.lane == "development"]
    return [
        _support(data),
        LaneCard(
            lane="maintenance",
            headline=say_many("{n} update", "{n} updates", applied) if has_inventory else say("Updates not known"),
            text=say_many("{n} uptime check.", "{n} uptime checks.", checks)
            if "maintenance" in site.lanes
            else say("Not bought for this site; what was seen is reported all the same."),
        ),
        LaneCard(
            lane="development",
            headline=say_many("{n} proposal", "{n} proposals", len(proposals)) if proposals else say("No proposals"),
            text=say("Scoped and quoted separately.")
            if proposals
            else say("Nothing in this quarter’s data asks for larger change."),
        ),
    ]


def _support(data: QuarterData) -> LaneCard:
    """Return what the tickets of the quarter say; an export without times of solving says nothing of what is open."""
    (row,) = data.frame(TICKETS).itertuples(index=False)
    opened = say_many("{n} ticket", "{n} tickets", row.opened_count)
    if not row.source_count:
        headline, text = say("Not measured"), say("No helpdesk is connected, so tickets are not part of this report.")
    elif not row.covered_count:
        headline, text = say("Tickets not known"), say("The helpdesk sent no export in this quarter.")
    elif row.opened_count + row.open_count and not row.known_count:
        headline, text = opened, say("The helpdesk does not say which of them are solved.")
    elif row.open_count:
        text = say("{solved} solved, {open} open at the end.", solved=row.solved_count, open=row.open_count)
        headline = opened
    else:
        headline, text = opened, say("{solved} solved, none open at the end.", solved=row.solved_count)
    return LaneCard(lane="support", headline=headline, text=text)

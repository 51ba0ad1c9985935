"""The section on what was advised before: what data say of it now, then and now, predicted and come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tasks import measures, written
from tasks.quarter_data import QuarterData
from tasks.register import ENDED, SILENCED, WORDS
from tasks.report_model import Fact, NoData, ProgressBar, Section, Tone
from tasks.reviewing import Reviewed
from tasks.words import listed, mark, say, say_many
from warehouse.records import StatedRecommendation

SECTION = Section(title=mark("What became of earlier advice"), order=5, weight=95)

HIT_RATIO = 0.9
"""Share of the predicted change from which on a prediction came true; as in marts.rule_hit_rate."""
_TONES: dict[str, Tone] = {
    "verified_done": "good", "no_longer_applies": "good", "came_back": "bad", "unknown": "unknown",
}  # fmt: skip
_ORDER = ("came_back", "unknown", "claimed_done", "in_progress", "scheduled", "accepted", "proposed", "verified_done")
DRAWN = 10
"""Bars drawn at most."""
SHOWN = 24
"""Lines printed at most; the rest is counted in a note, and in the attached register."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """One recommendation of before: figures of its measure, then and now."""

    title: str
    subject: str
    state: str
    tone: Tone
    measure: str
    then: str
    now: str
    expected: str
    said: str
    """Who or what set the state, when and why."""
    overdue: str
    """Since when it is late, where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView:
    """The section on earlier advice."""

    lead: str
    stats: Sequence[Fact]
    progress: Sequence[ProgressBar]
    rows: Sequence[LedgerRow]
    rows_note: str
    hits: Sequence[tuple[str, str, str]]
    """(rule, done and measured, of these as predicted)"""
    overdue_count: int
    """What is open although it was due before the quarter ended."""


def view(data: QuarterData) -> AdviceView | NoData:
    """Return the section; nothing where nothing was advised before this quarter."""
    before = [(item, item.stated) for item in data.review.reviewed if item.stated]
    if not before:
        return NoData(
            title=SECTION.title,
            missing=say("nothing was recommended before this quarter"),
            remedy=say("The next report tells what became of this one."),
            is_left_out=True,
        )
    before.sort(key=lambda pair: (_place(pair[0].entry.state), -pair[1].risk, pair[1].rule_id, pair[1].subject))
    counts = Counter(item.entry.state for item, _ in before)
    done, back, unknown = (counts[state] for state in ("verified_done", "came_back", "unknown"))
    closed = done + counts["no_longer_applies"] + counts["superseded"]
    silenced = sum(counts[state] for state in SILENCED)
    still_open = len(before) - closed - silenced - back - unknown
    judged = [(stated, _is_hit(stated, item)) for item, stated in before if _is_judged(item, stated)]
    return AdviceView(
        lead=_lead(len(before), done, back, unknown),
        stats=[
            _fact(mark("verified done by data"), done, "good"),
            _fact(mark("came back"), back, "bad"),
            _fact(mark("still open"), still_open, "neutral"),
            _fact(mark("not known, for lack of data"), unknown, "unknown"),
        ],
        progress=[_progress(item, stated) for item, stated in before if not _is_closed(item)][:DRAWN],
        rows=[_row(item, stated, data) for item, stated in before[:SHOWN]],
        rows_note=say_many("{n} more is in the register.", "{n} more are in the register.", len(before) - SHOWN)
        if len(before) > SHOWN
        else "",
        hits=_hits(judged),
        overdue_count=sum(_overdue_since(item, stated, data) is not None for item, stated in before),
    )


def _place(state: str) -> int:
    return _ORDER.index(state) if state in _ORDER else len(_ORDER)


def _lead(count: int, done: int, back: int, unknown: int) -> str:
    parts = [
        say_many("{n} is verified as done by data", "{n} are verified as done by data", done)
        if done
        else say("none is verified as done by data")
    ]
    if back:
        parts.append(say_many("{n} came back", "{n} came back", back))
    if unknown:
        parts.append(say_many("{n} can’t be judged for lack of data", "{n} can’t be judged for lack of data", unknown))
    return say_many(
        "Of the one thing that we advised before, {listed}.",
        "Of {n} things that we advised before, {listed}.",
        count,
        listed=listed(parts),
    )


def _fact(label: str, count: int, tone: Tone) -> Fact:
    return Fact(
        label=label,
        text=written.number(count),
        value=count,
        unit="count",
        query="marts.recommendation",
        tone=tone if count else "neutral",
    )


def _row(item: Reviewed, stated: StatedRecommendation, data: QuarterData) -> LedgerRow:
    event, state = item.entry.history[-1], item.entry.state
    day = event.as_of - timedelta(days=1) if event.as_of else event.at.date()
    who = say("data") if event.is_engine else event.set_by
    when = written.date_short(day)
    if event.until:
        when = say("{day}, until {until}", day=when, until=written.date_short(event.until))
    late = _overdue_since(item, stated, data)
    return LedgerRow(
        title=stated.title,
        subject="" if stated.subject == data.site.site_id else stated.subject,
        state=say(WORDS[state]),
        tone=_TONES.get(state, "neutral"),
        measure=say(measures.NAMES.get(stated.prediction_metric, stated.prediction_metric.replace("_", " "))),
        then=_figure(stated.measured_value, stated),
        now=say("gone") if _is_closed(item) else _figure(_now(item), stated),
        expected=_figure(_expected(stated), stated),
        said=say("{who}, {when}: {why}", who=who, when=when, why=event.why),
        overdue=say("due {day}", day=written.date_short(late)) if late else "",
    )


def _is_closed(item: Reviewed) -> bool:
    return item.entry.state in ("no_longer_applies", "superseded")


def _now(item: Reviewed) -> float | None:
    return item.quarter_value if item.quarter_value is not None else (item.outcome.value if item.outcome else None)


def _progress(item: Reviewed, stated: StatedRecommendation) -> ProgressBar:
    then, expected, now = stated.measured_value, _expected(stated), _now(item)
    if then is None or expected is None or now is None or expected == then:
        return ProgressBar(name=stated.title, ratio=None, text=say("not known"), tone="unknown")
    ratio = (now - then) / (expected - then)
    return ProgressBar(
        name=stated.title,
        ratio=ratio,
        text=written.percent(100 * ratio).replace("-", "−"),
        tone="good" if ratio >= HIT_RATIO else "bad" if ratio < 0 else "neutral",
    )


def _overdue_since(item: Reviewed, stated: StatedRecommendation, data: QuarterData) -> date | None:
    """Return when it was due, if that was before the quarter ended and nobody says that it is done."""
    if item.entry.state in (*SILENCED, *ENDED, "claimed_done"):
        return None
    due = next((event.due for event in reversed(item.entry.history) if event.due), stated.due_date)
    return due if due < data.quarter.end_date else None


def _expected(stated: StatedRecommendation) -> float | None:
    if stated.measured_value is None:
        return None
    sign = -1 if stated.prediction_direction == "down" else 1
    return stated.measured_value + sign * stated.prediction_size


def _figure(value: float | None, stated: StatedRecommendation) -> str:
    if value is None:
        return say("not known")
    digits = 0 if abs(value) >= 10 or value == round(value) else 1
    is_share = stated.prediction_metric.endswith("_pct")
    return written.percent(value, digits) if is_share else written.number(value, digits)


def _is_judged(item: Reviewed, stated: StatedRecommendation) -> bool:
    """Tell whether it was done since it was stated, and measured over the quarter."""
    is_done = any(e.state == "verified_done" and e.as_of and e.as_of > stated.as_of_date for e in item.entry.history)
    return is_done and item.quarter_value is not None and stated.measured_value is not None


def _is_hit(stated: StatedRecommendation, item: Reviewed) -> bool:
    change = (item.quarter_value or 0.0) - (stated.measured_value or 0.0)
    return (change if stated.prediction_direction == "up" else -change) >= HIT_RATIO * stated.prediction_size


def _hits(judged: Sequence[tuple[StatedRecommendation, bool]]) -> list[tuple[str, str, str]]:
    done = Counter(stated.rule_id for stated, _ in judged)
    hit = Counter(stated.rule_id for stated, is_hit in judged if is_hit)
    return [(rule, written.number(count), written.number(hit[rule])) for rule, count in sorted(done.items())]

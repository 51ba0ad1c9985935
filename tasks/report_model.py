"""What a report says, ready to be printed: every text is formed, every number rounded, every order decided.

Templates loop over this and compute nothing. A figure that is not known has the tone `unknown` and says so in words;
it is never zero and never green.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tasks.recommendation import Lane, Recommendation

Tone = Literal["good", "warn", "bad", "neutral", "unknown"]
Series = Sequence[float | None]
"""One number a week or day; None is a gap."""

_BANDS: tuple[tuple[str, str, Tone], ...] = (
    ("act now", "risk 90 or more", "bad"),
    ("high", "risk 75 to 89", "neutral"),
    ("medium", "risk 50 to 74", "neutral"),
    ("low", "risk below 50", "neutral"),
)
"""Each band with its risks in words; the numbers are those of `tasks.recommendation.FLOORS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One printed figure. `value` in `unit` is what `text` says; `query` names the mart or file behind it."""

    label: str
    text: str
    value: float | None
    unit: str
    query: str
    note: str = ""
    tone: Tone = "neutral"
    series: Series = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """The state of one area, 0 to 100, None where it is not known."""

    name: str
    score: int | None
    note: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneCard:
    """What happened in one lane."""

    lane: Lane
    headline: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationView:
    """One recommendation as it is printed."""

    number: str
    title: str
    why: str
    band: str
    risk: int
    lane: Lane
    evidence: str
    rule_id: str
    sql: str
    effort: str
    owner: str
    due: str
    standard: str
    closed_when: str
    expected: str
    area: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """The dark strip at the end of a section: what to do about it, and where it stands.

    `numbers` names the recommendations; `anchor` is where the strip leads, the first of them or the section.
    """

    text: str
    numbers: str
    anchor: str = "recommendations"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoData:
    """A section that can't be written, and why."""

    title: str
    missing: str
    remedy: str
    is_left_out: bool = False
    """Whether nothing of it was set up: then the contents say so, and it takes no page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayState:
    """One day of a heat map: 0 no downtime, 1 under 5 minutes, 2 under 20, 3 more; None is not known."""

    day: date
    level: int | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityView:
    """The section on the WAF. `weeks` holds one row per week of counts in the order of `classes`; None is a gap."""

    lead: str
    stats: Sequence[Fact]
    chart_title: str
    week_labels: Sequence[str]
    classes: Sequence[str]
    weeks: Sequence[Sequence[float] | None]
    paths: Sequence[tuple[str, str]]
    networks: Sequence[tuple[str, str, str]]
    bots: Sequence[tuple[str, str, str]]
    """Kind of bot, requests, share of the bytes."""
    visitors: Sequence[tuple[str, str, str]]
    visitors_note: str
    action: Action | None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRow:
    """One journey: the share of its known checks that passed, each week and over the quarter, in per cent."""

    name: str
    weeks: Series
    rate: float
    """Over the quarter; -1 where it is not known."""
    text: str
    time_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneysView:
    """The section on core functions: how often they worked, and what stopped them."""

    lead: str
    stats: Sequence[Fact]
    rows: Sequence[JourneyRow]
    rows_note: str
    week_labels: Sequence[str]
    failures: Sequence[tuple[str, str, str, str, str]]
    """(journey, step, runs, last day, what was seen)"""
    failures_note: str
    action: Action | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStrip:
    """How much of each day one source covers, 0 to 1 or None."""

    name: str
    kind: str
    days: Series
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One query that proves recommendations; `numbers` are theirs."""

    numbers: str
    rule_id: str
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageView:
    """The section on what is known: sources, gaps, rejects, rules that did not speak."""

    lead: str
    stats: Sequence[Fact]
    strips: Sequence[SourceStrip]
    gaps: Sequence[tuple[str, str, str]]
    rejects: Sequence[tuple[str, str, str]]
    silent: Sequence[tuple[str, str]]
    unknown: Sequence[tuple[str, str]]
    evidence: Sequence[Proof]
    action: Action | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One site's report on one quarter."""

    site_id: str
    site_name: str
    client_name: str
    host: str
    agency_name: str
    contact: str
    ink: str
    accent: str
    logo: bytes | None
    logo_type: str
    locale: str
    quarter: str
    start_date: date
    end_date: date
    period: str
    data_as_of: str
    snapshot_id: str
    verdict: Sequence[tuple[str, bool]]
    """The sentence on page one in pieces: (text, is emphasised)."""
    dials: Sequence[Dial]
    kpis: Sequence[Fact]
    lanes: Sequence[LaneCard]
    recommendations: Sequence[RecommendationView]
    availability: AvailabilityView | NoData
    security: SecurityView | NoData
    updates: UpdatesView | NoData
    journeys: JourneysView | NoData
    coverage: CoverageView

    @property
    def asks(self) -> Sequence[RecommendationView]:
        """Return what page one asks for: the first three."""
        return self.recommendations[:3]

    @property
    def tally(self) -> Sequence[Fact]:
        """Return how many recommendations there are of each band."""
        facts = []
        for band, least, tone in _BANDS:
            count = sum(item.band == band for item in self.recommendations)
            facts.append(
                Fact(
                    label=band,
                    text=f"{count}",
                    value=count,
                    unit="count",
                    query="recommendations",
                    note=least,
                    tone=tone if count else "neutral",
                )
            )
        return facts


def view_of(recommendation: Recommendation, number: int) -> RecommendationView:
    """Form the texts of one recommendation; `number` is its place in the order."""
    rule = recommendation.rule
    return RecommendationView(
        number=f"R-{number:02d}",
        title=recommendation.title,
        why=recommendation.why,
        band=recommendation.band,
        risk=round(recommendation.risk),
        lane=rule.lane,
        evidence=recommendation.evidence.text,
        rule_id=rule.id,
        sql=rule.evidence_sql.strip(),
        effort=effort_text(*rule.effort_hours),
        owner=recommendation.owner,
        due=f"{recommendation.due:%-d %b %Y}",
        standard=rule.standard,
        closed_when=recommendation.closing_test.text,
        expected=recommendation.prediction.text,
        area=rule.area,
        change=recommendation.change,
    )


def effort_text(low: float, high: float) -> str:
    """Say a span of hours as a person would."""
    if high <= 1:
        return "under an hour" if high < 1 else "up to an hour"
    return f"{low:g} to {high:g} hours" if high <= 8 else f"{max(low / 8, 0.5):g} to {high / 8:g} days"

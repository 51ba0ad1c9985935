"""What a report says, ready to be printed: every text is formed, every number rounded, every order decided.

Templates loop over this and compute nothing. A figure that is not known has the tone `unknown` and says so in words;
it is never zero and never green.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, Protocol

from tasks import written
from tasks.recommendation import Lane, Recommendation
from tasks.register import WORDS
from tasks.words import mark, say
from warehouse.records import Record

Tone = Literal["good", "warn", "bad", "neutral", "unknown"]
Series = Sequence[float | None]
"""One number a week or day; None is a gap."""

_BANDS: tuple[tuple[str, str, Tone], ...] = (
    (mark("act now"), mark("risk 90 or more"), "bad"),
    (mark("high"), mark("risk 75 to 89"), "neutral"),
    (mark("medium"), mark("risk 50 to 74"), "neutral"),
    (mark("low"), mark("risk below 50"), "neutral"),
)
"""Each band with its risks in words; the numbers are those of `tasks.recommendation.FLOORS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One printed figure. `value` in `unit` is what `text` says; `query` names the mart or file behind it."""

    label: str
    """In English, by which the figure is known again; `name` is what is printed."""
    text: str
    value: float | None
    unit: str
    query: str
    note: str = ""
    tone: Tone = "neutral"
    series: Series = ()

    @property
    def name(self) -> str:
        """Return the label in the language that is spoken."""
        return say(self.label)

    @property
    def title(self) -> str:
        """Return the name as it begins a line."""
        return written.capital(self.name)

    @property
    def key(self) -> str:
        """Return what the figure of page one is kept by, whatever the language."""
        return written.capital(self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """The state of one area, 0 to 100, None where it is not known."""

    name: str
    """In English, by which the score is known again; `title` is what is printed."""
    score: int | None
    note: str
    tone: Tone
    method: str = ""
    """How the score is made, in a sentence; empty where there is none."""

    @property
    def title(self) -> str:
        """Return the name in the language that is spoken."""
        return say(self.name)

    @property
    def text(self) -> str:
        """Return name and score in words, for who can't see the picture."""
        if self.score is None:
            return say("{name}: not known", name=self.title)
        return say("{name}: {score} of 100", name=self.title, score=self.score)


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
    record: Mapping[str, Any] = field(default_factory=dict)
    """The same for programs, with its closing test, as `recommendations.json` has it."""
    state: str = ""
    """As it stands in the register, in words; empty where it is proposed and no more."""
    is_client_needed: bool = True
    """Whether the client has to decide first."""


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
class JourneyRow:
    """One journey: the share of its known checks that passed, each week and over the quarter, in per cent."""

    name: str
    weeks: Series
    rate: float
    """Over the quarter; -1 where it is not known."""
    text: str
    time_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitBar:
    """One bar against its limit; `value` is None where it is not known."""

    name: str
    value: float | None
    text: str
    limit: float
    is_beyond: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressBar:
    """How much of a predicted change has come: 0 is as it was, 1 as predicted; None where it is not known."""

    name: str
    ratio: float | None
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupStrip:
    """The days of one backup job: made, failed, before its first report, or None where nothing proves a backup."""

    name: str
    days: Sequence[str | None]
    tested: Sequence[int]
    """Places of the days on which a restore was tested."""
    text: str


class SectionView(Protocol):
    """What every section says, whatever else its template prints: a conclusion in one sentence, and four facts."""

    @property
    def lead(self) -> str:
        """The conclusion."""

    @property
    def stats(self) -> Sequence[Fact]:
        """The facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Where a section stands: held as `SECTION` by its file in `tasks/analyse/`, whose name is that of its template.

    The file also holds `view(data) -> SectionView | NoData`. For page one it may hold `dial(data, view) -> Dial` and
    `figures(data, view) -> Sequence[Fact]`, the most important first; both answer for data that is missing too.
    """

    title: str
    order: int
    """Place in the report, lower first."""
    weight: int
    """Place on page one, lower first, where there is no room for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What a person wrote to a section before the report was sent."""

    text: str
    written_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One section of one report. `name` is that of its file, its template and its anchor."""

    name: str
    title: str
    view: Any
    """A `SectionView` of the section's own, or `NoData`."""
    comments: Sequence[Comment] = ()


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
    paper: str = "A4"
    note: str = ""
    """Markdown from the agency to the client."""
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
    parts: Sequence[Part]
    """The sections, in order."""
    silent: Sequence[tuple[str, str]]
    """(rule, reason) of the rules that looked and had nothing to say."""
    unknown: Sequence[tuple[str, str]]
    """(rule, what is missing) of the rules that could not look."""
    register_rows: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    """What the action register gains with this report, by table; nothing of it is printed."""

    def view(self, name: str) -> Any:
        """Return the section of that name: its view, or `NoData`."""
        return next(part.view for part in self.parts if part.name == name)

    @property
    def asks(self) -> Sequence[RecommendationView]:
        """Return what page one tells: the first three that need the client, else the first three at all."""
        return ([item for item in self.recommendations if item.is_client_needed] or list(self.recommendations))[:3]

    @property
    def asks_title(self) -> str:
        """Return what page one says above them."""
        is_needed = any(item.is_client_needed for item in self.recommendations)
        return say("What we need from you") if is_needed or not self.recommendations else say("What we do next")

    @property
    def counts(self) -> str:
        """Return how many recommendations there are of each band, in words."""
        return ", ".join(f"{fact.text} {fact.name}" for fact in self.tally if fact.value)

    @property
    def tally(self) -> Sequence[Fact]:
        """Return how many recommendations there are of each band."""
        facts = []
        for band, least, tone in _BANDS:
            count = sum(item.band == band for item in self.recommendations)
            facts.append(
                Fact(
                    label=band,
                    text=written.number(count),
                    value=count,
                    unit="count",
                    query="recommendations",
                    note=say(least),
                    tone=tone if count else "neutral",
                )
            )
        return facts


def missing_fact(label: str, note: str, query: str) -> Fact:
    """Return a figure that is not known, and why."""
    return Fact(label=label, text=say("not known"), value=None, unit="", query=query, note=note, tone="unknown")


def missing_dial(name: str, note: str = "") -> Dial:
    """Return a score that is not known, and why."""
    return Dial(name=name, score=None, note=note or say("no data"), tone="unknown")


def tone_of(score: int | None) -> Tone:
    """Return the tone of a score of page one."""
    return "unknown" if score is None else "good" if score >= 80 else "warn" if score >= 50 else "bad"


def view_of(
    recommendation: Recommendation, number: int, state: str = "proposed", *, has_own_threshold: bool = False
) -> RecommendationView:
    """Form the texts of one recommendation; `number` is its place in the order, `state` that in the register."""
    rule = recommendation.rule
    return RecommendationView(
        number=f"R-{number:02d}",
        title=recommendation.title,
        why=recommendation.why,
        band=recommendation.band,
        risk=round(recommendation.risk),
        lane=rule.lane,
        evidence=say(
            "{evidence}; the limit of this site is {limit}",
            evidence=recommendation.evidence.text,
            limit=written.plain(recommendation.evidence.threshold),
        )
        if has_own_threshold
        else recommendation.evidence.text,
        rule_id=rule.id,
        sql=rule.evidence_sql.strip(),
        effort=effort_text(*rule.effort_hours),
        owner=recommendation.owner,
        due=written.date_short(recommendation.due),
        standard=rule.standard,
        closed_when=recommendation.closing_test.text,
        expected=recommendation.prediction.text,
        area=rule.area,
        change=recommendation.change,
        record=_record_of(recommendation, number) | {"state": state},
        state="" if state == "proposed" else say(WORDS[state]),
        is_client_needed=recommendation.is_client_needed,
    )


def _record_of(recommendation: Recommendation, number: int) -> dict[str, Any]:
    """Return a recommendation as plain values; the table of its evidence is attached beside it."""
    rule, evidence, test = recommendation.rule, recommendation.evidence, recommendation.closing_test
    return {
        "number": f"R-{number:02d}",
        "key": recommendation.key,
        "rule_id": rule.id,
        "subject": recommendation.subject,
        "title": recommendation.title,
        "why": recommendation.why,
        "area": rule.area,
        "lane": rule.lane,
        "standard": rule.standard,
        "severity": recommendation.severity,
        "likelihood": recommendation.likelihood,
        "reach": recommendation.reach,
        "confidence": recommendation.confidence,
        "risk": round(recommendation.risk, 2),
        "band": recommendation.band,
        "effort_hours": list(rule.effort_hours),
        "owner": recommendation.owner,
        "due_date": recommendation.due.isoformat(),
        "evidence": {
            "sql": evidence.sql,
            "value": evidence.value,
            "threshold": evidence.threshold,
            "threshold_unit": rule.threshold_unit,
            "row_count": evidence.row_count,
            "text": evidence.text,
        },
        "closing_test": asdict(test) | {"sql": rule.measure_sql},
        "prediction": asdict(recommendation.prediction),
        "change": recommendation.change,
    }


def effort_text(low: float, high: float) -> str:
    """Say a span of hours as a person would."""
    if high <= 1:
        return say("under an hour") if high < 1 else say("up to an hour")
    if high <= 8:
        return say("{low} to {high} hours", low=written.plain(low), high=written.plain(high))
    return say("{low} to {high} days", low=written.plain(max(low / 8, 0.5)), high=written.plain(high / 8))

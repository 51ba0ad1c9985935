"""What a recommendation rule is, and how recommendations are ordered.

A rule is one module `tasks/recommend/<rule>.py`, found by discovery, that holds `RULE` and `evaluate(con, scope)`.
`evaluate` reads marts and answers, for each subject it finds, one `Recommendation`; or one `Silent(reason)`; or
one `Unknown(missing)`, because data that is not there must never pass for data that is fine.

Risk and order follow the report notes of the project: risk = 100 (severity/5)^1.3 x likelihood x (0.4 + 0.6 reach)
x confidence, raised to the floor of the rule; then floor band, then risk by the root of the hours it takes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Literal

from tasks.words import Plural, say

Lane = Literal["support", "maintenance", "development"]
Area = Literal["availability", "security", "updates", "servers", "performance", "accessibility", "ux", "coverage"]
Floor = Literal["act now", "high", "medium", "none"]

FLOORS: dict[Floor, float] = {"act now": 90.0, "high": 75.0, "medium": 50.0, "none": 0.0}
"""Lowest risk that a recommendation of the band can have."""

Query = Callable[[str, dict[str, Any]], list[dict[str, Any]]]
"""Runs one SQL text with named parameters on the snapshot and returns the rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The fixed part of a rule; printed by `upkeep rules` and in the method of the report."""

    id: str
    """Area and claim, as `availability.below_slo`; never reused for another claim."""
    area: Area
    lane: Lane
    title: str | Plural
    """What to do, verb first; a pattern with the subject's own words, marked for the catalogues."""
    why: str | Plural
    """One sentence for the client's manager: why it matters; another such pattern."""
    standard: str
    """The standard or guide that the rule follows."""
    threshold: float
    """Number from which the rule speaks; its unit is in `threshold_unit`."""
    threshold_unit: str
    effort_hours: tuple[float, float]
    """Lowest and highest hours of work."""
    evidence_sql: str
    """The query over marts that proves it; parameters `$site_id`, `$start_date`, `$end_date` (exclusive), and the
    site's `$threshold`."""
    measure_sql: str
    """The query for the one number about a subject that advice is followed by; see `tasks.measures`."""

    @property
    def version(self) -> str:
        """Return what changes whenever the queries of the rule do."""
        return hashlib.sha256(f"{self.evidence_sql}\0{self.measure_sql}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingTest:
    """When it is done: the rule's measure over the last `sustained_days` is `operator` `value`."""

    operator: Literal["<", "<=", "=", ">=", ">"]
    value: float
    sustained_days: int
    text: str
    """The same in words, for the report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """By how much the rule's measure of a quarter is expected to change once it is done: the next report compares."""

    metric: str
    """Name of what the measure is."""
    direction: Literal["down", "up"]
    size: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The proof: the query, its parameters, and what it gave on one snapshot."""

    sql: str
    parameters: dict[str, Any]
    snapshot_id: str
    row_count: int
    value: float
    threshold: float
    text: str
    """One line with the figures, for the report."""
    sample: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """One thing to do about one subject of one site. Ratios are 0 to 1."""

    rule: Rule
    subject: str
    """Stable over quarters: a component, a path, a source. Never a count or a date."""
    title: str
    why: str
    severity: int
    likelihood: float
    reach: float
    confidence: float
    floor: Floor
    evidence: Evidence
    closing_test: ClosingTest
    prediction: Prediction
    owner: str
    due: date
    is_client_needed: bool = False
    """Whether the client has to decide first: it is development, or of a lane that is not bought."""
    change: str = ""
    """The exact change to make, in the syntax of the thing that is changed; empty where there is none."""

    @property
    def key(self) -> str:
        """Return the identity of the recommendation: rule and subject."""
        return f"{self.rule.id}:{self.subject}"

    @property
    def risk(self) -> float:
        """Return the risk, 0 to 100, never below the floor."""
        risk: float = 100 * (self.severity / 5) ** 1.3 * self.likelihood * (0.4 + 0.6 * self.reach) * self.confidence
        return min(100.0, max(risk, FLOORS[self.floor]))

    @property
    def band(self) -> str:
        """Return the word for the risk: act now, high, medium or low."""
        return next((name for name, least in FLOORS.items() if least and self.risk >= least), "low")

    @property
    def risk_per_effort(self) -> float:
        """Return the risk by the root of the hours: what decides the order within a band."""
        low, high = self.rule.effort_hours
        return self.risk / math.sqrt((low + high) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """The rule looked and has nothing to say."""

    rule: Rule
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """The rule could not look: what is missing."""

    rule: Rule
    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a rule is asked about: one site and one quarter, in the site's own days."""

    site_id: str
    site_name: str
    agency_name: str
    lanes: tuple[str, ...]
    start_date: date
    end_date: date
    """First day after the quarter."""
    snapshot_id: str
    query: Query = field(repr=False)
    trusted_networks: tuple[str, ...] = ()
    """Ranges that must never be advised to be blocked: offices, CDNs, our own checks."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    """Thresholds by rule where the site has its own."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the parameters of every evidence query."""
        return {"site_id": self.site_id, "start_date": self.start_date, "end_date": self.end_date}

    def threshold(self, rule: Rule) -> float:
        """Return the threshold of a rule for this site."""
        return self.thresholds.get(rule.id, rule.threshold)

    def parameters_of(self, rule: Rule) -> dict[str, Any]:
        """Return the parameters of the rule's evidence query, its threshold among them."""
        return self.parameters | {"threshold": self.threshold(rule)}


Answer = Recommendation | Silent | Unknown

DUE_DAYS: dict[Floor | Literal["low"], int] = {"act now": 14, "high": 30, "medium": 60, "none": 90, "low": 90}
"""Days after the quarter by which a recommendation of a band is due."""


def recommend(
    rule: Rule,
    scope: Scope,
    *,
    subject: str,
    rows: Sequence[dict[str, Any]],
    value: float,
    evidence: str,
    words: dict[str, Any],
    severity: int,
    closing_test: ClosingTest,
    prediction: Prediction,
    likelihood: float = 0.9,
    reach: float = 1.0,
    confidence: float = 0.9,
    floor: Floor = "none",
    change: str = "",
) -> Recommendation:
    """Make a recommendation: `words` fill the patterns of title and why, `rows` are what the evidence query gave."""
    made = Recommendation(
        rule=rule,
        subject=subject,
        title=say(rule.title, **words),
        why=say(rule.why, **words),
        severity=severity,
        likelihood=likelihood,
        reach=reach,
        confidence=confidence,
        floor=floor,
        evidence=Evidence(
            sql=rule.evidence_sql,
            parameters=scope.parameters_of(rule),
            snapshot_id=scope.snapshot_id,
            row_count=len(rows),
            value=value,
            threshold=scope.threshold(rule),
            text=evidence,
            sample=tuple(rows[:5]),
        ),
        closing_test=closing_test,
        prediction=prediction,
        owner=_owner(rule, scope),
        due=scope.end_date,
        is_client_needed=rule.lane == "development" or rule.lane not in scope.lanes,
        change=change,
    )
    return replace(made, due=scope.end_date + timedelta(days=DUE_DAYS[made.band]))  # type: ignore[index]


def _owner(rule: Rule, scope: Scope) -> str:
    """Say who acts: the agency where the lane is bought, else the client decides first."""
    if rule.lane == "development":
        return say("You approve, {agency} builds", agency=scope.agency_name)
    if rule.lane in scope.lanes:
        return scope.agency_name
    return say("You decide, {agency} can do it", agency=scope.agency_name)


def in_order(recommendations: Sequence[Recommendation]) -> list[Recommendation]:
    """Order recommendations: floor band, then risk by effort, ties by key so that the order is always the same."""
    bands = [*FLOORS, "low"]
    return sorted(recommendations, key=lambda r: (bands.index(r.band), -r.risk_per_effort, r.key))

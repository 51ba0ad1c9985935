"""Review the recommendations of a site by data: run their closing tests, decide, and form the rows of the register."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime, timedelta
from typing import Any

from tasks import closing, register, written
from tasks.closing import Outcome, Test
from tasks.quarters import Quarter
from tasks.recommendation import Query, Recommendation
from tasks.recommending import rules
from tasks.register import Event, Facts
from tasks.words import say
from warehouse.records import RecommendationEvent, RecommendationTest, Record, StatedRecommendation
from warehouse.spool import Spool

PARSER = "recommendation/1"
Key = tuple[str, str]
"""Rule and subject."""

_STATEMENTS = """
SELECT * FROM staging.recommendation
WHERE site_id = $site_id ORDER BY rule_id, subject, as_of_date, stated_at, statement_id"""
_EVENTS = """
SELECT * FROM marts.recommendation_history WHERE site_id = $site_id ORDER BY rule_id, subject, number"""
_TESTS = "SELECT test_id FROM staging.recommendation_test WHERE site_id = $site_id AND as_of_date = $as_of_date"
_CHECKED_FROM = 30
"""Days between two looks back at whether something failed since it was verified, where its test takes fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recommendation in the register: what was stated of it, oldest first, and its history."""

    rule_id: str
    subject: str
    statements: Sequence[StatedRecommendation]
    history: Sequence[Event]

    @property
    def state(self) -> str:
        """Return its state."""
        return self.history[-1].state if self.history else "proposed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """One recommendation after a review."""

    entry: Entry
    """With what the review added to its history."""
    stated: StatedRecommendation | None
    """As it was stated before this review, the last time; None for what is new."""
    outcome: Outcome | None = None
    quarter_value: float | None = None
    """Its measure over the quarter of the review; None in between, and where it is not known."""
    is_spoken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a review of one site found: every recommendation of the register, and the rows that it adds."""

    reviewed: Sequence[Reviewed]
    rows: Mapping[str, Sequence[Record]]

    def state_of(self, recommendation: Recommendation) -> str:
        """Return the state of what a rule says now."""
        key = (recommendation.rule.id, recommendation.subject)
        return next((r.entry.state for r in self.reviewed if (r.entry.rule_id, r.entry.subject) == key), "proposed")


def entries(query: Query, site_id: str) -> dict[Key, Entry]:
    """Return the register of a site by rule and subject."""
    statements: dict[Key, list[StatedRecommendation]] = {}
    events: dict[Key, list[Event]] = {}
    names = [field.name for field in fields(StatedRecommendation)]
    for row in query(_STATEMENTS, {"site_id": site_id}):
        stated = StatedRecommendation(**{name: row[name] for name in names})
        statements.setdefault((stated.rule_id, stated.subject), []).append(stated)
    for row in query(_EVENTS, {"site_id": site_id}):
        events.setdefault((row["rule_id"], row["subject"]), []).append(_event(row))
    return {
        key: Entry(rule_id=key[0], subject=key[1], statements=given, history=events.get(key, []))
        for key, given in statements.items()
    }


def review(
    query: Query,
    site_id: str,
    *,
    as_of: date,
    snapshot_id: str,
    now: datetime,
    quarter: Quarter | None = None,
    spoken: Sequence[Recommendation] = (),
) -> Review:
    """Review every recommendation of a site on the data before `as_of`.

    Args:
        query: runs SQL on the snapshot.
        site_id: the site.
        as_of: the day after the data that count.
        snapshot_id: what the snapshot is called.
        now: when this is done, for the rows.
        quarter: the one that ends on that day, None in between.
        spoken: what the rules recommend of that quarter; none in between.
    """
    register_now = entries(query, site_id)
    known_rules, said = {rule.id for rule in rules()}, {(r.rule.id, r.subject): r for r in spoken}
    reviewed, rows = [], dict[str, list[Record]]()
    known_tests = {row["test_id"] for row in query(_TESTS, {"site_id": site_id, "as_of_date": as_of})}
    for key in sorted(register_now.keys() | said.keys()):
        entry = register_now.get(key) or Entry(rule_id=key[0], subject=key[1], statements=[], history=[])
        one = _Case(query, site_id, entry, as_of, quarter)
        facts = one.facts(is_spoken=key in said, is_rule_known=key[0] in known_rules)
        event = register.decide(one.history, facts, now)
        history = list(one.history)
        if event:
            previous = history[-1].event_id if history else ""
            event = replace(event, event_id=register.identify(site_id, *key, event, previous))
            history.append(event)
            if len(one.history) == len(entry.history):  # else a later review has spoken, and this one only looks back
                rows.setdefault(RecommendationEvent.table, []).append(event_row(site_id, *key, event))
        value = one.measured(one.test)
        if facts.outcome:
            tested = _test_row(one, facts.outcome, value, snapshot_id, now)
            if tested.test_id not in known_tests:
                rows.setdefault(RecommendationTest.table, []).append(tested)
        statements = list(one.before)
        if key in said and quarter:
            measured = value if one.is_as_before(said[key]) else one.measured(test_in(said[key]))
            stated = statement(said[key], site_id, quarter, measured, now)
            statements.append(stated)
            if stated.statement_id not in {known.statement_id for known in entry.statements}:
                rows.setdefault(StatedRecommendation.table, []).append(stated)
        if not history:
            continue
        reviewed.append(
            Reviewed(
                entry=replace(entry, statements=statements, history=history),
                stated=one.before[-1] if one.before else None,
                outcome=facts.outcome,
                quarter_value=value,
                is_spoken=key in said,
            )
        )
    return Review(reviewed=reviewed, rows=rows)


def land(spool: Spool, rows: Mapping[str, Sequence[Record]]) -> None:
    """Land what the register gains; nothing where nothing changed."""
    if rows:
        spool.land(uuid.uuid4().hex, dict(rows), collector="recommendation", parser_version=PARSER)


def standing(query: Query, site_id: str, spoken: Sequence[Recommendation]) -> Review:
    """Return the register as it stands, of a quarter that is not over: nothing is judged on half of the data."""
    said = {(r.rule.id, r.subject) for r in spoken}
    return Review(
        reviewed=[
            Reviewed(entry=entry, stated=entry.statements[-1], is_spoken=key in said)
            for key, entry in entries(query, site_id).items()
            if entry.history
        ],
        rows={},
    )


class _Case:
    """One recommendation on the day of a review."""

    def __init__(self, query: Query, site_id: str, entry: Entry, as_of: date, quarter: Quarter | None) -> None:
        self.query, self.site_id, self.entry, self.as_of, self.quarter = query, site_id, entry, as_of, quarter
        self.history = register.known_on(entry.history, as_of)
        self.before = [stated for stated in entry.statements if stated.as_of_date < as_of]
        self.test = test_of(self.before[-1]) if self.before else None

    def facts(self, *, is_spoken: bool, is_rule_known: bool) -> Facts:
        before = [event for event in self.history if event.as_of != self.as_of]
        is_closed = bool(before) and before[-1].state in ("superseded", "no_longer_applies")
        outcome = None
        if self.test and before and not is_closed:
            outcome = closing.run(self.query, self.test, self.site_id, self.entry.subject, self.as_of)
        return Facts(
            as_of=self.as_of,
            outcome=outcome,
            is_spoken=is_spoken,
            is_rule_known=is_rule_known,
            failed=self._failed_since(register.verified_since(before)),
        )

    def _failed_since(self, verified: date | None) -> Outcome | None:
        """Look back, test by test, at the days since it was verified."""
        if verified is None or self.test is None:
            return None
        end = self.as_of - timedelta(days=max(self.test.sustained_days, _CHECKED_FROM))
        while end > verified:
            start = max(verified, end - timedelta(days=self.test.sustained_days))
            measured = closing.measure(self.query, self.test, self.site_id, self.entry.subject, start, end)
            outcome = closing.judge(self.test, measured) if measured else None
            if outcome and outcome.state == "fails":
                return replace(
                    outcome,
                    why=say("the test failed in the days to {day}", day=written.day_long(end - timedelta(days=1))),
                )
            end -= timedelta(days=max(self.test.sustained_days, _CHECKED_FROM))
        return None

    def is_as_before(self, said: Recommendation) -> bool:
        """Tell whether the rule measures what it measured when it was stated last."""
        test = test_in(said)
        return self.test is not None and (test.sql, test.threshold) == (self.test.sql, self.test.threshold)

    def measured(self, test: Test | None) -> float | None:
        """Return the measure over the whole quarter."""
        if self.quarter is None or test is None:
            return None
        window = (self.quarter.start_date, self.quarter.end_date)
        measured = closing.measure(self.query, test, self.site_id, self.entry.subject, *window)
        return measured.value if measured and measured.known_days and not measured.is_gone else None


def test_of(stated: StatedRecommendation) -> Test:
    """Return the closing test as it was stated."""
    return Test(
        sql=stated.measure_sql,
        operator=stated.test_operator,
        value=stated.test_value,
        sustained_days=stated.test_sustained_days,
        threshold=stated.threshold,
    )


def test_in(said: Recommendation) -> Test:
    """Return the closing test of what a rule says now."""
    return Test(
        sql=said.rule.measure_sql.strip(),
        operator=said.closing_test.operator,
        value=float(said.closing_test.value),
        sustained_days=said.closing_test.sustained_days,
        threshold=float(said.evidence.threshold),
    )


def statement(
    said: Recommendation, site_id: str, quarter: Quarter, measured_value: float | None, now: datetime
) -> StatedRecommendation:
    """Return the row of what a rule says; its id is the same for the same words and figures."""
    low, high = said.rule.effort_hours
    row = StatedRecommendation(
        statement_id="",
        site_id=site_id,
        rule_id=said.rule.id,
        subject=said.subject,
        rule_version=said.rule.version,
        quarter=str(quarter),
        as_of_date=quarter.end_date,
        title=said.title,
        why=said.why,
        area=said.rule.area,
        lane=said.rule.lane,
        severity=said.severity,
        likelihood_ratio=float(said.likelihood),
        reach_ratio=float(said.reach),
        confidence_ratio=float(said.confidence),
        risk=float(said.risk),
        floor=said.floor,
        effort_low_hours=float(low),
        effort_high_hours=float(high),
        owner=said.owner,
        is_client_needed=said.is_client_needed,
        due_date=said.due,
        evidence_sql=said.evidence.sql.strip(),
        evidence_parameters=json.dumps(said.evidence.parameters, default=str, sort_keys=True),
        snapshot_id=said.evidence.snapshot_id,
        evidence_value=float(said.evidence.value),
        evidence_text=said.evidence.text,
        evidence_sample=json.dumps(said.evidence.sample, default=str),
        threshold=float(said.evidence.threshold),
        measure_sql=said.rule.measure_sql.strip(),
        measured_value=measured_value,
        test_operator=said.closing_test.operator,
        test_value=float(said.closing_test.value),
        test_sustained_days=said.closing_test.sustained_days,
        test_text=said.closing_test.text,
        prediction_metric=said.prediction.metric,
        prediction_direction=said.prediction.direction,
        prediction_size=float(said.prediction.size),
        prediction_text=said.prediction.text,
        stated_at=now,
    )
    content = {name: value for name, value in asdict(row).items() if name not in ("snapshot_id", "stated_at")}
    return replace(row, statement_id=_digest(json.dumps(content, default=str, sort_keys=True)))


def event_row(site_id: str, rule_id: str, subject: str, event: Event) -> RecommendationEvent:
    """Return the row of an event."""
    return RecommendationEvent(
        event_id=event.event_id,
        site_id=site_id,
        rule_id=rule_id,
        subject=subject,
        happened_at=event.at,
        state=event.state,
        set_by=event.set_by,
        is_engine=event.is_engine,
        why=event.why,
        until_date=event.until,
        due_date=event.due,
        as_of_date=event.as_of,
        measured_value=event.value,
    )


def _event(row: dict[str, Any]) -> Event:
    return Event(
        at=row["happened_at"],
        state=row["state"],
        set_by=row["set_by"],
        why=row["why"],
        until=row["until_date"],
        due=row["due_date"],
        as_of=row["as_of_date"],
        value=row["measured_value"],
        event_id=row["event_id"],
    )


def _test_row(
    case: _Case, outcome: Outcome, value: float | None, snapshot_id: str, now: datetime
) -> RecommendationTest:
    content = (case.site_id, case.entry.rule_id, case.entry.subject, case.as_of, outcome.state, outcome.value, value)
    return RecommendationTest(
        test_id=_digest("\0".join(map(str, content))),
        site_id=case.site_id,
        rule_id=case.entry.rule_id,
        subject=case.entry.subject,
        as_of_date=case.as_of,
        quarter=str(case.quarter) if case.quarter else None,
        outcome=outcome.state,
        why=outcome.why,
        measured_value=outcome.value,
        quarter_value=value,
        snapshot_id=snapshot_id,
        tested_at=now,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

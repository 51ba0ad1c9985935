"""What people decide about recommendations, and what they look at for it: `upkeep recommendations`."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb

from tasks import closing, register
from tasks.answers import Answers
from tasks.by_hand import one_line, published
from tasks.closing import Outcome
from tasks.errors import ConfigurationError
from tasks.recommendation import Query
from tasks.reviewing import PARSER, Entry, entries, event_row, test_of
from tasks.settings import Settings
from tasks.sites import did_you_mean
from warehouse.publish import snapshot_id
from warehouse.records import RecommendationEvent

_LIST = """
SELECT site_id, rule_id, subject, title, state, state_at, state_by, until_date, due_date, risk, lane, first_quarter,
  last_quarter, first_value, tested_value, test_outcome, tested_date
FROM marts.recommendation
WHERE ($site_id IS NULL OR site_id = $site_id) AND (is_open OR $is_all)
ORDER BY site_id, risk DESC, rule_id, subject"""
_NEWEST = "SELECT max(day_date) AS day_date FROM marts.source_day WHERE site_id = $site_id AND row_count > 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One recommendation with its evidence run again."""

    entry: Entry
    rows_now: int | None
    """Rows of its evidence query on the snapshot of today, over the quarter that stated it last; None if it fails."""
    value_now: float | None
    """Its measure over that quarter, on the snapshot of today."""
    as_of: date
    outcome: Outcome
    """Its closing test on the newest data."""
    snapshot_id: str


def listed(settings: Settings, site_id: str | None, *, is_all: bool = False) -> list[dict[str, Any]]:
    """Return the open recommendations of the published snapshot, or all of them."""
    with published(settings.snapshot) as con:
        return _query(con)(_LIST, {"site_id": site_id, "is_all": is_all})


def shown(settings: Settings, site_id: str, rule_id: str, subject: str | None) -> Shown:
    """Return one recommendation; its evidence and its closing test are run on the published snapshot.

    Raises:
        ConfigurationError: there is no such recommendation, or the subject has to be said.
    """
    with published(settings.snapshot) as con:
        query = _query(con)
        entry = _find(query, site_id, rule_id, subject)
        stated = entry.statements[-1]
        parameters = {
            name: date.fromisoformat(value) if name.endswith("_date") else value
            for name, value in json.loads(stated.evidence_parameters).items()
        }
        try:
            rows_now = len(query(stated.evidence_sql, parameters))
        except duckdb.Error:
            rows_now = None
        test = test_of(stated)
        window = (parameters["start_date"], parameters["end_date"])
        measured = closing.measure(query, test, site_id, entry.subject, *window)
        (newest,) = query(_NEWEST, {"site_id": site_id})
        as_of = (newest["day_date"] or stated.as_of_date - timedelta(days=1)) + timedelta(days=1)
        return Shown(
            entry=entry,
            rows_now=rows_now,
            value_now=measured.value if measured else None,
            as_of=as_of,
            outcome=closing.run(query, test, site_id, entry.subject, as_of),
            snapshot_id=snapshot_id(con),
        )


def change(
    settings: Settings,
    site_id: str,
    rule_id: str,
    subject: str | None,
    state: str,
    *,
    by: str,
    why: str,
    at: datetime | None = None,
    until: date | None = None,
    due: date | None = None,
) -> RecommendationEvent:
    """Land what a person says of a recommendation, and return it.

    Raises:
        ConfigurationError: there is no such recommendation, only data may say that, or who, why or the day is missing.
    """
    words = {"by": by, "why": why}
    cleaned = {name: one_line(name, text) for name, text in words.items()}
    with published(settings.snapshot) as con:
        entry = _find(_query(con), site_id, rule_id, subject)
    event = register.set_by_person(
        entry.history, state, by=cleaned["by"], why=cleaned["why"], at=at or datetime.now(UTC), until=until, due=due
    )
    event = replace(
        event, event_id=register.identify(site_id, rule_id, entry.subject, event, entry.history[-1].event_id)
    )
    row = event_row(site_id, rule_id, entry.subject, event)
    settings.spool.land(uuid.uuid4().hex, {row.table: [row]}, collector="recommendation", parser_version=PARSER)
    return row


COLUMNS = (
    "site",
    "rule",
    "subject",
    "what to do",
    "risk",
    "state",
    "since",
    "by",
    "until",
    "due",
    "then",
    "now",
    "test",
)


def line(row: dict[str, Any]) -> tuple[Any, ...]:
    """Return a row of `listed` as `COLUMNS`."""
    return (
        row["site_id"], row["rule_id"], row["subject"], row["title"], round(row["risk"]), register.WORDS[row["state"]],
        f"{row['state_at']:%Y-%m-%d}", row["state_by"], row["until_date"], row["due_date"], figure(row["first_value"]),
        figure(row["tested_value"]), row["test_outcome"] or "not run yet",
    )  # fmt: skip


def figure(value: float | None) -> str:
    """Return a measure for people; one that is not known says so."""
    return "not known" if value is None else f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}"


def paragraphs(shown: Shown) -> list[tuple[str, str]]:
    """Return what is to be said of one recommendation: (label, text)."""
    stated, first = shown.entry.statements[-1], shown.entry.statements[0]
    now = f"{figure(shown.outcome.value)} in the {stated.test_sustained_days} days to {shown.as_of - timedelta(days=1)}"
    again = "can't be run on this version" if shown.rows_now is None else f"{shown.rows_now} rows"
    return [
        ("What", stated.title),
        ("Why", stated.why),
        ("State", register.WORDS[shown.entry.state]),
        ("Risk", f"{stated.risk:.0f} ({stated.floor} floor), {stated.lane}, {stated.owner}"),
        (
            "Stated",
            f"in {', '.join(dict.fromkeys(item.quarter for item in shown.entry.statements))}, "
            f"threshold {stated.threshold:g}",
        ),
        ("Evidence", stated.evidence_text),
        (
            "Query",
            f"rule version {stated.rule_version}, snapshot {stated.snapshot_id} then, {shown.snapshot_id} now: {again}",
        ),
        ("Then", f"{figure(first.measured_value)} {stated.prediction_metric} over {first.quarter}"),
        ("Run again", f"{figure(shown.value_now)} over {stated.quarter}, stated as {figure(stated.measured_value)}"),
        ("Now", f"{now}: {shown.outcome.state}, {shown.outcome.why}"),
        ("Closed when", f"{stated.test_text} ({stated.test_operator} {stated.test_value:g})"),
        ("Predicted", f"{stated.prediction_direction} by {figure(stated.prediction_size)}: {stated.prediction_text}"),
    ]


def history_of(shown: Shown) -> list[tuple[Any, ...]]:
    """Return each change of state as (when, state, by, why, until, due)."""
    return [
        (event.at, register.WORDS[event.state], event.set_by, event.why, event.until, event.due)
        for event in shown.entry.history
    ]


def record_of(shown: Shown) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "state": shown.entry.state,
        "stated": [asdict(item) for item in shown.entry.statements],
        "history": [asdict(event) for event in shown.entry.history],
        "rows_now": shown.rows_now,
        "value_now": shown.value_now,
        "as_of": shown.as_of,
        "outcome": asdict(shown.outcome),
        "snapshot_id": shown.snapshot_id,
    }


def plain_record(said: RecommendationEvent) -> dict[str, Any]:
    """Return what was written down, for programs."""
    return asdict(said)


def day(text: str, option: str) -> date:
    """Read a day.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} {text!r} is no day; write it as 2027-03-31.") from None


def _query(con: duckdb.DuckDBPyConnection) -> Query:
    return Answers.on(con).dicts


def _find(query: Query, site_id: str, rule_id: str, subject: str | None) -> Entry:
    known = entries(query, site_id)
    of_rule = [entry for key, entry in known.items() if key[0] == rule_id]
    if not of_rule:
        near = did_you_mean(rule_id, {key[0] for key in known})
        raise ConfigurationError(
            f"{rule_id!r} was never recommended for {site_id!r}{near}; "
            "`upkeep recommendations list --all` shows what was."
        )
    if subject is None and len(of_rule) > 1:
        names = ", ".join(entry.subject for entry in of_rule)
        raise ConfigurationError(f"{rule_id} speaks of several subjects of {site_id} ({names}): say SUBJECT.")
    found = [entry for entry in of_rule if subject in (None, entry.subject)]
    if not found:
        near = did_you_mean(str(subject), [entry.subject for entry in of_rule])
        raise ConfigurationError(f"{rule_id} was never recommended for {subject!r} of {site_id}{near}.")
    return found[0]

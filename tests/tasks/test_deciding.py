"""`upkeep recommendations`: people say what they may, data say the rest, and each change has who, when and why."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from tasks import collecting, deciding, reviewing
from tasks.answers import Answers
from tasks.errors import ConfigurationError
from tasks.quarters import parse_quarter
from tasks.recommendation import ClosingTest, Prediction, Recommendation, Scope, recommend
from tasks.recommending import rules
from tasks.settings import Settings
from tasks.sites import parse_sites
from warehouse import checks
from warehouse.connection import connect, open_snapshot
from warehouse.load import load
from warehouse.publish import publish
from warehouse.records import CheckResult, RecommendationEvent

Q2 = parse_quarter("2026Q2")
GAP = next(rule for rule in rules() if rule.id == "availability.monitoring_gap")
SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: UTC
    owner: {name: O, email: o@a.example}
    thresholds: {availability.monitoring_gap: 90}
    sources: [{kind: uptime_http, id: s, every_seconds: 3600}]
"""


def refresh(settings: Settings) -> None:
    load(settings.spool, settings.warehouse, wait_seconds=5)
    publish(settings.warehouse, settings.snapshot, wait_seconds=5)


def watch(settings: Settings, first: date, days: int) -> None:
    """Check the site each hour."""
    at, rows = datetime.combine(first, datetime.min.time(), UTC), []
    for hour in range(24 * days):
        slot = at + timedelta(hours=hour)
        fields = dict.fromkeys(CheckResult.schema().names) | {
            "site_id": "one", "source_id": "s", "url": "https://one.example/", "slot_at": slot, "checked_at": slot,
            "check_type": "http", "attempt": 1, "interval_seconds": 3600.0, "outcome": "up",
        }  # fmt: skip
        rows.append(CheckResult(**fields))
    settings.spool.land(f"checks-{first}", {"check_result": rows}, collector="uptime_http", parser_version="t/1")


def advice(subject: str = "uptime") -> Recommendation:
    """Return what the rule said of the second quarter: nobody had checked the half of it."""
    scope = Scope(
        site_id="one", site_name="One", agency_name="A", lanes=("maintenance",), start_date=Q2.start_date,
        end_date=Q2.end_date, snapshot_id="x", query=lambda _sql, _parameters: [], thresholds={GAP.id: 90.0},
    )  # fmt: skip
    return recommend(
        GAP, scope, subject=subject, rows=[], value=50, evidence="checks cover 50%", words={"gap": "45 days"}, severity=3,
        closing_test=ClosingTest(operator=">=", value=90, sustained_days=30, text="t"),
        prediction=Prediction(metric="covered_pct", direction="up", size=50, text="p"),
    )  # fmt: skip


def review(settings: Settings, as_of: date, *spoken: Recommendation) -> list[tuple[str, str]]:
    """Review on the snapshot, land what comes of it, and return (subject, state) of each change."""
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        found = reviewing.review(
            Answers.on(con).dicts, "one", as_of=as_of, snapshot_id="x",
            now=datetime.combine(as_of, datetime.min.time(), UTC), quarter=Q2 if spoken else None, spoken=spoken,
        )  # fmt: skip
    reviewing.land(settings.spool, found.rows)
    refresh(settings)
    return [(row.subject, row.state) for row in found.rows.get("recommendation_event", ())]  # type: ignore[attr-defined]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Half of the second quarter was checked, and July."""
    settings = Settings(sites_file=tmp_path / "sites.yaml", var=tmp_path / "var")
    settings.sites_file.write_text(SITES)
    monkeypatch.setenv("UPKEEP_SITES", str(settings.sites_file))
    monkeypatch.setenv("UPKEEP_VAR", str(settings.var))
    collecting.land_configuration(parse_sites(SITES, str(settings.sites_file)), settings)
    watch(settings, date(2026, 5, 17), 76)
    refresh(settings)
    assert review(settings, Q2.end_date, advice()) == [("uptime", "proposed")]
    return settings


def say(*arguments: str) -> int:
    return main(["recommendations", *arguments])


def test_a_claim_is_verified_by_data_only_and_the_history_says_who_when_and_why(installation, capsys) -> None:
    about = ["one", GAP.id, "--by", "Ada", "--why"]
    assert say("accept", *about, "We will") == 0
    refresh(installation)
    assert say("claim", *about, "Checks   run", "--json") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["state"] == "claimed_done"
    refresh(installation)
    assert say("verify", *about, "I say so") == 2
    assert "Only data may say that something is verified done" in capsys.readouterr().err
    assert review(installation, date(2026, 8, 1)) == [("uptime", "verified_done")]
    assert review(installation, date(2026, 8, 1)) == []
    assert say("decline", *about, "No", "--until", "2099-01-01") == 2
    assert "verified done by data since" in capsys.readouterr().err
    assert say("show", "one", GAP.id, "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert [(event["state"], event["set_by"]) for event in shown["history"]] == [
        ("proposed", "engine"), ("accepted", "Ada"), ("claimed_done", "Ada"), ("verified_done", "engine"),
    ]  # fmt: skip
    assert shown["history"][2]["why"] == "Checks run"
    assert shown["outcome"]["state"] == "holds" and shown["outcome"]["value"] == 100
    assert shown["value_now"] == shown["stated"][0]["measured_value"] == pytest.approx(100 * 45 / 91)
    assert shown["stated"][0]["threshold"] == 90


def test_what_is_declined_is_not_listed_until_it_is_proposed_again(installation, capsys) -> None:
    until = ["--until", "2099-01-01"]
    assert say("decline", "one", GAP.id, "uptime", "--by", "Jo", "--why", "Too dear") == 2
    assert "--until" in capsys.readouterr().err
    assert say("decline", "one", GAP.id, "uptime", "--by", "Jo", "--why", "Too dear", *until) == 0
    refresh(installation)
    assert review(installation, date(2026, 10, 1)) == []
    capsys.readouterr()
    assert say("list") == 0
    assert "Nothing is recommended" in capsys.readouterr().out
    assert say("list", "--all") == 0
    assert "Declined" in capsys.readouterr().out


def test_a_scheduled_day_is_kept_and_days_without_checks_fail_the_test_of_coverage(installation) -> None:
    deciding.change(installation, "one", GAP.id, None, "scheduled", by="Ada", why="w", due=date(2026, 9, 1))
    refresh(installation)
    assert review(installation, date(2026, 10, 1)) == []
    with contextlib.closing(open_snapshot(installation.snapshot)) as con:
        ((due, state, outcome),) = con.execute(
            "SELECT due_date, state, test_outcome FROM marts.recommendation"
        ).fetchall()
    assert (due, state, outcome) == (date(2026, 9, 1), "scheduled", "fails")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["accept", "one", "availability.monitoring_gp"], "did you mean 'availability.monitoring_gap'?"),
        (["accept", "one", GAP.id, "uptim"], "did you mean 'uptime'?"),
        (["accept", "two", GAP.id], "never recommended for 'two'"),
        (["accept", "one", GAP.id, "--by", "engine"], "--by is to be a person"),
        (["accept", "one", GAP.id, "--why", " "], "--why must have 1 to 300 characters"),
        (["schedule", "one", GAP.id, "--due", "soon"], "--due 'soon' is no day"),
    ],
)
def test_what_can_not_be_said_is_refused_in_one_sentence(installation, capsys, arguments, sentence) -> None:
    usual = [] if "--by" in arguments else ["--by", "Ada"]
    usual += [] if "--why" in arguments else ["--why", "w"]
    assert say(*arguments, *usual) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1
    assert installation.spool.pending() == []


def test_of_several_subjects_one_has_to_be_named(installation) -> None:
    assert ("other", "proposed") in review(installation, Q2.end_date, advice(), advice("other"))
    with pytest.raises(ConfigurationError, match="several subjects of one"):
        deciding.change(installation, "one", GAP.id, None, "accepted", by="Ada", why="w")


def test_a_state_that_only_data_may_set_counts_for_nothing_when_a_file_brings_it(installation) -> None:
    """Whoever lands rows past the command is ignored, and a data check tells."""
    row = deciding.change(installation, "one", GAP.id, None, "accepted", by="Ada", why="w")
    forged: list[Any] = [replace(row, event_id="forged", state="verified_done", happened_at=row.happened_at)]
    installation.spool.land("forged", {RecommendationEvent.table: forged}, collector="x", parser_version="x/1")
    refresh(installation)
    with contextlib.closing(open_snapshot(installation.snapshot)) as con:
        assert con.execute("SELECT state FROM marts.recommendation").fetchall() == [("accepted",)]
    with connect(installation.warehouse) as con:
        assert "warn_only_data_verifies" in [finding.name for finding in checks.run(con)]


def test_the_thresholds_of_a_site_are_shown_and_a_wrong_rule_is_refused(installation, capsys) -> None:
    assert main(["rules", "--site", "one", "--json"]) == 0
    rows = {row["rule"]: row["threshold"] for row in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows[GAP.id] == "90 % of the quarter covered by checks (of this site; usually 95)"
    with pytest.raises(ConfigurationError) as refused:
        parse_sites(SITES.replace("monitoring_gap: 90", "monitoring_gp: 90"), "sites.yaml")
    assert "'availability.monitoring_gp' is no rule, did you mean 'availability.monitoring_gap'?" in str(refused.value)
    with pytest.raises(ConfigurationError, match="finite number"):
        parse_sites(SITES.replace("monitoring_gap: 90", "monitoring_gap: .inf"), "sites.yaml")

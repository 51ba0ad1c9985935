"""A note stays with its incident, the newest counts, and a note on nothing is refused in one sentence."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.cli import main
from tasks import collecting, incidents, reporting
from tasks.answers import Answers
from tasks.brand import brand_of
from tasks.errors import ConfigurationError
from tasks.quarters import parse_quarter
from tasks.render.document import render_html
from tasks.report_model import NoData
from tasks.settings import Settings
from tasks.sites import load_sites, parse_sites
from warehouse.load import load
from warehouse.publish import publish
from warehouse.records import CheckResult, IncidentNote
from warehouse.site_snapshot import open_site_snapshot

START = datetime(2026, 8, 4, 9, tzinfo=UTC)
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
    sources: [{kind: uptime_http, id: s, every_seconds: 600}, {kind: uptime_http, id: t, every_seconds: 600}]
"""


def checks(source: str, down: range) -> list[CheckResult]:
    rows = []
    for number in range(-6, 12):
        at, is_down = START + timedelta(minutes=10 * number), number in down
        fields = dict.fromkeys(CheckResult.schema().names) | {
            "site_id": "one", "source_id": source, "url": "https://one.example/", "slot_at": at, "checked_at": at,
            "check_type": "http", "attempt": 1, "interval_seconds": 600.0, "outcome": "down" if is_down else "up",
            "cause": "refused" if is_down else None,
        }  # fmt: skip
        rows.append(CheckResult(**fields))
    return rows


def refresh(settings: Settings) -> None:
    load(settings.spool, settings.warehouse, wait_seconds=5)
    publish(settings.warehouse, settings.snapshot, wait_seconds=5)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An hour down of both sources, of `t` an hour later once more."""
    settings = Settings(sites_file=tmp_path / "sites.yaml", var=tmp_path / "var")
    settings.sites_file.write_text(SITES)
    monkeypatch.setenv("UPKEEP_SITES", str(settings.sites_file))
    monkeypatch.setenv("UPKEEP_VAR", str(settings.var))
    collecting.land_configuration(parse_sites(SITES, str(settings.sites_file)), settings)
    rows = [*checks("s", range(5)), *checks("t", range(3, 8))]
    settings.spool.land("checks", {"check_result": rows}, collector="uptime_http", parser_version="t/1")
    refresh(settings)
    return settings


def test_the_newest_note_is_listed_beside_its_incident(installation: Settings, capsys) -> None:
    for cause in ("Not known yet", "Disk was   full"):
        given = ["--cause", cause, "--fix", "Rotated the logs", "--by", "Ada", "--detected-by", "client"]
        assert main(["incidents", "note", "one", "2026-08-04T09:00:00Z", *given]) == 0
    refresh(installation)
    by_source = {row[1]: row for row in incidents.listed(installation, "one")}
    assert by_source["s"][5:] == ("Disk was full", "Rotated the logs", "client", "Ada")
    assert by_source["t"][5:] == (None, None, None, None)
    assert incidents.listed(installation, "two") == []
    capsys.readouterr()
    assert main(["incidents", "list"]) == 0
    shown = capsys.readouterr().out
    assert "Disk was full" in shown and "2026-08-04T09:00:00Z" in shown


@pytest.mark.parametrize(("minutes", "is_kept"), [(-1, False), (0, True), (20, True), (49, True), (50, False)])
def test_a_note_belongs_to_the_incident_that_holds_its_moment(installation: Settings, minutes, is_kept) -> None:
    """Starts are derived: one that moved after the note was written takes nothing away."""
    at = START + timedelta(minutes=minutes)
    written = IncidentNote(
        site_id="one", source_id="s", incident_at=at, cause="c", fix=None, detected_by=None, noted_by="A", noted_at=at
    )
    installation.spool.land("n", {written.table: [written]}, collector="incident_note", parser_version="t/1")
    refresh(installation)
    (row,) = (row for row in incidents.listed(installation, "one") if row[1] == "s")
    assert row[2] == START and (row[5] == "c") is is_kept


def test_the_report_tells_cause_and_fix_beside_what_the_checks_saw(installation: Settings) -> None:
    for source in "st":
        incidents.note(
            installation, "one", START + timedelta(minutes=40), source_id=source,
            cause="Disk <b>{{7*7}}</b> full.", fix="Rotated the logs", detected_by="client", noted_by="Ada",
        )  # fmt: skip
    refresh(installation)
    agency = load_sites(installation.sites_file).agency
    with contextlib.closing(open_site_snapshot(installation.snapshot, "one")) as con:
        report = reporting.build(Answers.on(con), brand_of(agency, Path()), "one", parse_quarter("2026Q3"))
    assert not isinstance(report.view("availability"), NoData)
    ((_, cause, minutes, _),) = report.view("availability").incidents
    assert minutes == "50"
    assert cause.endswith(". Cause: Disk <b>{{7*7}}</b> full. Fix: Rotated the logs. Detected by: client")
    assert "four weeks to 4 August" in report.view("availability").burn_note
    html = render_html(report)
    assert "Disk &lt;b&gt;{{7*7}}&lt;/b&gt; full" in html


@pytest.mark.parametrize(
    ("minutes", "words", "sentence"),
    [
        (-20, {}, "knows no incident of one at 2026-08-04T08:40:00Z"),
        (40, {}, "(s, t): say --source"),
        (0, {"cause": " "}, "--cause must have 1 to 300 characters"),
        (0, {"fix": "x" * 301}, "--fix must have 1 to 300 characters"),
        (40, {"source_id": "u"}, "knows no incident"),
    ],
)
def test_what_can_not_be_noted_is_refused_in_one_sentence(installation, minutes, words, sentence) -> None:
    given = {"cause": "c", "noted_by": "Ada"} | words
    with pytest.raises(ConfigurationError) as refused:
        incidents.note(installation, "one", START + timedelta(minutes=minutes), **given)
    assert sentence in str(refused.value)
    assert installation.spool.pending() == []


def test_where_two_sources_were_down_the_named_one_gets_the_note(installation: Settings) -> None:
    at = START + timedelta(minutes=40)
    assert incidents.note(installation, "one", at, cause="c", noted_by="A", source_id="t").source_id == "t"


def test_without_a_snapshot_the_way_out_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="upkeep publish"):
        incidents.listed(Settings(sites_file=tmp_path / "sites.yaml", var=tmp_path), None)

"""What people say of success criteria is taken from EARL and CSV, and what they decide holds for its element."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.cli import main
from tasks import collecting, try_format
from tasks.accessibility_landing import records
from tasks.audit_formats import earl
from tasks.audit_formats.axe import page_result
from tasks.audits import run_record
from tasks.collect import audits_manual
from tasks.contracts import Context, Job
from tasks.errors import ConfigurationError, SourceError
from tasks.manual_audit import criterion_of
from tasks.settings import Settings
from tasks.sites import parse_sites
from tests.conftest import CASES
from tests.tasks.test_audit_formats import JUNK
from tests.tasks.test_incidents import SITES, refresh
from warehouse.connection import open_snapshot
from warehouse.spool import Spool

EARL = CASES / "audit" / "earl" / "wcag-em.json"
TABLE = CASES / "audit" / "wcag-csv" / "acr.csv"


def tried(path: Path, name: str = "auto") -> try_format.Tried:
    (block,) = try_format.parse_file(name, path)
    return block


def test_a_criterion_is_known_by_its_number_its_name_or_its_address() -> None:
    for text, number in {
        "1.4.3 Contrast (Minimum)": "1.4.3", "WCAG21:non-text-content": "1.1.1", "SC 2.4.11": "2.4.11",
        "https://www.w3.org/WAI/WCAG22/Understanding/error-prevention-legal-financial-data.html": "3.3.4",
        "https://www.w3.org/TR/WCAG22/#name-role-value": "4.1.2", "4.1.1": None, "1.4.33": None, "EN 9.1.4.3": None, "": None,
    }.items():  # fmt: skip
        assert criterion_of(text) == number, text


def test_earl_is_read_with_pages_people_days_and_modes() -> None:
    block = tried(EARL)
    assert block.records == [
        {"url": "https://one.example/", "criterion": "2.4.7", "level": "AA", "outcome": "failed", "checked_date": date(2026, 9, 12),
         "is_manual": True, "asserted_by": "Ann Lee", "note": "The menu hides the focus. Mail [redacted]"},
        {"url": "https://one.example/about", "criterion": "1.4.3", "level": "AA", "outcome": "cant_tell", "checked_date": date(2026, 9, 14),
         "is_manual": False, "asserted_by": None, "note": None},
        {"url": None, "criterion": "2.4.11", "level": "AA", "outcome": "inapplicable", "checked_date": date(2026, 9, 14),
         "is_manual": True, "asserted_by": None, "note": None},
        {"url": None, "criterion": "3.1.1", "level": "A", "outcome": "passed", "checked_date": date(2026, 9, 14),
         "is_manual": True, "asserted_by": None, "note": None},
    ]  # fmt: skip
    assert [reason for _, reason, _ in block.rejects] == [
        "statement 4: WCAG21:parsing is no success criterion of WCAG 2.2"
    ]


def test_a_table_is_read_and_its_bad_lines_say_what_is_wrong() -> None:
    block = tried(TABLE)
    assert [(r["criterion"], r["outcome"], r["url"]) for r in block.records] == [
        ("1.1.1", "passed", None), ("2.4.7", "failed", "https://one.example/"), ("2.4.11", "untested", None), ("1.2.4", "inapplicable", None),
    ]  # fmt: skip
    assert [(line, reason.split(";")[0]) for line, reason, _ in block.rejects] == [
        (6, "9.9.9 Nothing is no success criterion of WCAG 2.2"), (7, "maybe is no outcome"), (8, "yesterday is no date"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text"), [("earl", "{"), ("earl", "{}"), ("earl", "[[[]]]"), ("wcag-csv", "a,b\n1,2\n"), ("wcag-csv", "")]
)
def test_what_holds_no_statements_is_refused_in_one_sentence(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(SourceError):
        tried(path, name)


def job(folder: Path, *paths: Path) -> Job:
    return Job(
        context=Context(site_id="one", source_id="audits-manual", time_zone="UTC", host="one.example", collected_at=datetime(2026, 9, 20, tzinfo=UTC)),
        options=audits_manual.Options(kind="audits_manual", paths=[str(path) for path in paths]),
        spool=Spool(folder / "spool", folder / "cursors"),
    )  # fmt: skip


def test_files_are_taken_and_a_statement_without_a_day_is_not(tmp_path: Path) -> None:
    undated = tmp_path / "undated.csv"
    undated.write_text("sc;result\n1.4.3;pass\n")
    outcome = asyncio.run(audits_manual.collect(job(tmp_path, EARL, TABLE, undated)))
    assert (outcome.state, dict(outcome.landed), outcome.reject_count) == ("partial", {"accessibility_assertion": 8}, 5)
    assert outcome.fresh_as_of == datetime(2026, 9, 14, tzinfo=UTC)
    assert asyncio.run(audits_manual.check(job(tmp_path, EARL, TABLE))) == "8 statements on success criteria"
    with pytest.raises(SourceError, match="no date"):
        asyncio.run(audits_manual.check(job(tmp_path, undated)))


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """One page with two findings that need a review."""
    settings = Settings(sites_file=tmp_path / "sites.yaml", var=tmp_path / "var")
    settings.sites_file.write_text(SITES)
    monkeypatch.setenv("UPKEEP_SITES", str(settings.sites_file))
    monkeypatch.setenv("UPKEEP_VAR", str(settings.var))
    collecting.land_configuration(parse_sites(SITES, str(settings.sites_file)), settings)
    audit(settings, 0, "<p class=low>", "<p class=pale>")
    return settings


def audit(settings: Settings, week: int, *elements: str) -> None:
    nodes: list[dict[str, Any]] = [{"html": html, "target": [html]} for html in elements]
    result = {
        "violations": [],
        "incomplete": [{"id": "color-contrast", "impact": "serious", "tags": ["wcag2aa", "wcag143"], "nodes": nodes}],
    }
    one = job(settings.var, EARL)
    run = run_record(
        one,
        "axe",
        "https://one.example/",
        datetime(2026, 9, 1, tzinfo=UTC) + timedelta(weeks=week),
        tool_version="4.14.1",
    )
    looked, found = records(run, page_result(result))
    settings.spool.land(
        f"week{week}",
        {run.table: [run], looked.table: [looked], "accessibility_finding": found},
        collector="audits_axe",
        parser_version="t/1",
    )
    refresh(settings)


def listed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    capsys.readouterr()
    assert main(["accessibility", "list", *arguments]) == 0
    return [line.split()[0] for line in capsys.readouterr().out.splitlines() if "one.example" in line]


def decide(site: str, key: str, decision: str = "dismissed", reason: str = "It is large text") -> int:
    return main(["accessibility", "decide", site, key, decision, "--reason", reason, "--by", "Ada"])


def test_a_decision_takes_a_finding_off_the_list_until_its_element_changes(installation: Settings, capsys) -> None:
    first, second = listed(capsys)
    assert decide("one", first) == 0
    refresh(installation)
    assert listed(capsys, "--site", "one") == [second]
    assert set(listed(capsys, "--all")) == {first, second}
    audit(installation, 1, "<p class=low>", "<p class=pale>")
    assert listed(capsys) == [second]
    audit(installation, 2, "<p class=lower>", "<p class=paler>")
    assert len(listed(capsys)) == 2
    with open_snapshot(installation.snapshot) as con:
        (row,) = con.execute("SELECT DISTINCT decision, reason, decided_by FROM raw.accessibility_decision").fetchall()
    assert row == ("dismissed", "It is large text", "Ada")


@pytest.mark.parametrize(
    ("site", "key", "reason", "words"),
    [("one", "ffffffffffff", "x", "waits for a review"), ("two", "", "x", "waits for a review"), ("one", "a", " ", "1 to 300 characters")],
)  # fmt: skip
def test_a_decision_on_nothing_is_refused_in_one_sentence(
    installation: Settings, capsys, site, key, reason, words
) -> None:
    assert decide(site, key, reason=reason) == ConfigurationError.exit_code
    assert words in capsys.readouterr().err


def test_a_key_that_fits_two_findings_has_to_be_longer(installation: Settings) -> None:
    from tasks.accessibility_decisions import decide as decided

    with open_snapshot(installation.snapshot) as con:
        keys = [key for (key,) in con.execute("SELECT DISTINCT finding_key FROM raw.accessibility_finding").fetchall()]
    common = next((keys[0][:n] for n in range(12, 0, -1) if keys[1].startswith(keys[0][:n])), "")
    with pytest.raises(ConfigurationError):
        decided(installation, "one", common, "dismissed", reason="x", decided_by="y")


def test_no_damage_of_earl_raises_anything_but_a_sentence() -> None:
    value, chance = json.loads(EARL.read_text()), random.Random(7)
    for _ in range(300):
        damaged = copy.deepcopy(value)
        place: Any = damaged
        for _ in range(chance.randrange(9)):
            inner = [
                one
                for one in (place.values() if isinstance(place, dict) else place)
                if isinstance(one, dict | list) and one
            ]
            place = chance.choice(inner) if inner else place
        place[chance.choice(list(place) if isinstance(place, dict) else range(len(place)))] = chance.choice(JUNK)
        try:
            audited = earl.read(json.dumps(damaged))
        except SourceError:
            continue
        assert len(audited.records) + len(audited.rejects) >= 4 or place is damaged or "auditResult" not in damaged

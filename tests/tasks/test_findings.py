"""What is open is listed, and accepted by a person, for a reason, until a day; what can not be is refused in a sentence."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.cli import main
from tasks import collecting, findings
from tasks.errors import ConfigurationError
from tasks.settings import Settings
from tasks.sites import parse_sites
from tasks.versions import sort_key
from warehouse.connection import open_snapshot
from warehouse.load import load
from warehouse.publish import publish
from warehouse.records import AdvisoryChange, AdvisoryRange, ComponentObservation

SEEN = datetime(2026, 8, 4, 9, tzinfo=UTC)
SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: wordpress
    time_zone: Asia/Tokyo
    owner: {name: O, email: o@a.example}
    sources: [{kind: patches_bundle, id: patches, folder: bundles}]
"""
ACCEPT = ["findings", "accept", "one", "forms", "GHSA-1", "--reason", "Behind a   login", "--by", "Ada"]


def plugin(name: str, version: str, ecosystem: str = "wordpress-plugin") -> ComponentObservation:
    key = sort_key(ecosystem, version)
    return ComponentObservation(
        site_id="one", source_id="patches", bundle_id="b", collected_at=SEEN, ecosystem=ecosystem, name=name, version=version,
        status=None, update_state="unknown", latest_version=None, is_security_update=None, is_auto_update=None, fresh_as_of_at=None,
        version_key=key, advisory_ecosystem=ecosystem, advisory_name=name, advisory_key=key,
    )  # fmt: skip


def advisory(name: str, flaw: str, ecosystem: str = "wordpress-plugin") -> tuple[AdvisoryChange, AdvisoryRange]:
    nothing = dict.fromkeys(("cvss_vector", "modified_at", "withdrawn_at", "url"))
    return (
        AdvisoryChange(
            feed="f", advisory_id=f"{flaw}-{ecosystem}", fetched_at=SEEN, is_gone=False, aliases=[flaw, "CVE-2026-1"], title="<b>x</b>\x1b[1m",
            severity="high", cvss_score=8.1, is_informational=False, published_at=SEEN - timedelta(days=9), **nothing,
        ),
        AdvisoryRange(
            feed="f", advisory_id=f"{flaw}-{ecosystem}", fetched_at=SEEN, ecosystem=ecosystem, name=name, from_version=None, from_key=None,
            is_from_included=True, to_version="2.0.0", to_key=sort_key(ecosystem, "2.0.0"), is_to_included=False, fixed_version="2.0.0",
            fixed_key=sort_key(ecosystem, "2.0.0"), is_comparable=True,
        ),
    )  # fmt: skip


def refresh(settings: Settings) -> None:
    load(settings.spool, settings.warehouse, wait_seconds=5)
    publish(settings.warehouse, settings.snapshot, wait_seconds=5)


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    settings = Settings(sites_file=tmp_path / "sites.yaml", var=tmp_path / "var")
    settings.sites_file.write_text(SITES)
    monkeypatch.setenv("UPKEEP_SITES", str(settings.sites_file))
    monkeypatch.setenv("UPKEEP_VAR", str(settings.var))
    collecting.land_configuration(parse_sites(SITES, str(settings.sites_file)), settings)
    told = [advisory("forms", "GHSA-1"), advisory("twin", "GHSA-2"), advisory("twin", "GHSA-2", "npm")]
    rows = {
        "component_observation": [plugin("forms", "1.0.0"), plugin("twin", "1.0.0"), plugin("twin", "1.0.0", "npm")],
        "advisory": [one for one, _ in told],
        "advisory_range": [one for _, one in told],
    }
    settings.spool.land("b", rows, collector="patches_bundle", parser_version="patches_bundle/2")
    refresh(settings)
    return settings


def test_what_is_accepted_is_listed_so_until_its_day_is_over(installation: Settings, capsys) -> None:
    assert main([*ACCEPT, "--until", "2099-01-31"]) == 0
    assert "Accepted CVE-2026-1 in forms of one through 2099-01-31" in capsys.readouterr().out
    refresh(installation)
    assert main(["findings", "list", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["name"], row["ecosystem"], row["state"]) for row in rows] == [
        ("twin", "npm", "unknown since"),
        ("twin", "wordpress-plugin", "unknown since"),
        ("forms", "wordpress-plugin", "accepted"),
    ]
    assert (rows[2]["accepted_reason"], rows[2]["fixed_version"]) == ("Behind a login", "2.0.0")
    assert main(["findings", "list", "--site", "one"]) == 0
    shown = capsys.readouterr().out
    assert "accepted until 2099-01-31 by Ada: Behind a login" in shown and "no list after that" in shown
    over = datetime(2099, 1, 31, 15, tzinfo=UTC)  # midnight in Tokyo
    states = {row["name"]: row["state"] for row in findings.listed(installation, "one", over)}
    assert states["forms"] == "unknown since"
    just_before = findings.listed(installation, "one", over - timedelta(seconds=1))
    assert just_before[-1]["state"] == "accepted"
    assert findings.listed(installation, "two") == []


def test_every_decision_is_kept_and_the_last_one_holds(installation: Settings) -> None:
    for hours, until in ((1, date(2026, 9, 1)), (2, date(2026, 10, 1))):
        findings.accept(
            installation, "one", "forms", "CVE-2026-1", until=until, reason="r", decided_by="Ada", now=SEEN + timedelta(hours=hours)
        )  # fmt: skip
        refresh(installation)
    with contextlib.closing(open_snapshot(installation.snapshot)) as con:
        kept = con.execute(
            "SELECT accepted_until_date, ends_at FROM marts.finding_decision ORDER BY decided_at"
        ).fetchall()
    assert kept == [
        (date(2026, 9, 1), SEEN + timedelta(hours=2)),
        (date(2026, 10, 1), datetime(2026, 10, 1, 15, tzinfo=UTC)),
    ]


def test_an_acceptance_is_taken_back_with_its_history_kept(installation: Settings, capsys) -> None:
    reopen = ["findings", "reopen", "one", "forms", "GHSA-1", "--reason", "It is reached\nnow", "--by", "Bob"]
    assert main(reopen) == 2
    assert "knows no acceptance of GHSA-1 in forms of one that holds now" in capsys.readouterr().err
    assert main([*ACCEPT, "--until", "2099-01-31"]) == 0
    refresh(installation)
    assert main(reopen) == 0
    assert "Open again: CVE-2026-1 in forms of one" in capsys.readouterr().out
    refresh(installation)
    assert {row["name"]: row["state"] for row in findings.listed(installation, "one")}["forms"] == "unknown since"
    with contextlib.closing(open_snapshot(installation.snapshot)) as con:
        kept = con.execute(
            "SELECT decided_by, reason, accepted_until_date FROM marts.finding_decision ORDER BY decided_at"
        )
        assert kept.fetchall() == [
            ("Ada", "Behind a login", date(2099, 1, 31)),
            ("Bob", "It is reached now", None),
        ]
        spans = con.execute(
            "SELECT closed_reason, accepted_by, accepted_reason FROM marts.finding WHERE name = 'forms' ORDER BY opened_at"
        )
        assert spans.fetchall() == [("accepted", "Ada", "Behind a login"), (None, None, None)]
    assert main(reopen) == 2, "once"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"flaw": "CVE-2026-2"}, "no open finding of CVE-2026-2 in forms of one"),
        ({"name": "twin"}, "(npm, wordpress-plugin): say --ecosystem"),
        ({"site_id": "two"}, "knows no site two"),
        ({"until": date(2026, 8, 3)}, "--until 2026-08-03 is over: today is 2026-08-04"),
        ({"reason": " "}, "--reason must have 1 to 300 characters"),
        ({"decided_by": "x" * 301}, "--by must have 1 to 300 characters"),
    ],
)
def test_what_can_not_be_accepted_is_refused_in_one_sentence(installation, words, sentence) -> None:
    given = {
        "site_id": "one", "name": "forms", "flaw": "CVE-2026-1", "until": date(2026, 9, 1), "reason": "r", "decided_by": "Ada", "now": SEEN,
    } | words  # fmt: skip
    with pytest.raises(ConfigurationError) as refused:
        findings.accept(installation, given.pop("site_id"), given.pop("name"), given.pop("flaw"), **given)
    assert sentence in str(refused.value)
    assert installation.spool.pending() == []


def test_a_date_that_is_none_is_wrong_usage(installation: Settings, capsys) -> None:
    assert main([*ACCEPT, "--until", "soon"]) == 2
    assert "--until 'soon' is no date" in capsys.readouterr().err

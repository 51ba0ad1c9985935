"""Feeds are fetched from a real server, only changes are stored, and what is not known is never said to be safe."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from flows.cli import main
from tasks import advisory_changes
from tasks.advisory_feeds import Feed, collect_feed
from tasks.contracts import SecretReference
from tasks.errors import ConfigurationError
from tasks.matching import match
from tasks.settings import Settings
from tests.conftest import CASES
from tests.servers import http_server
from warehouse.connection import open_snapshot
from warehouse.load import load
from warehouse.publish import publish
from warehouse.records import FeedRun

WORDFENCE = CASES / "advisory" / "wordfence-intelligence" / "feed.json"
START = datetime(2026, 9, 1, 4, 20, tzinfo=UTC)


@dataclass
class Publisher:
    url: str = ""
    answers: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    found = Publisher()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append({name.lower(): value for name, value in self.headers.items()})
            status, body, headers = found.answers[self.path]
            if status == 200 and headers.get("ETag", "none") == self.headers.get("If-None-Match"):
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http_server(Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found


@dataclass
class Place:
    settings: Settings
    days: int = 0

    def fetch(self, feed: Feed, *, days: int = 1) -> FeedRun:
        async def secret(_: SecretReference) -> str:
            return "s3cret"

        self.days += days
        return asyncio.run(collect_feed(feed, self.settings, secret, START + timedelta(days=self.days)))

    def publish(self) -> Path:
        loaded = load(self.settings.spool, self.settings.warehouse)
        assert not loaded.set_aside
        publish(self.settings.warehouse, self.settings.snapshot)
        return self.settings.snapshot

    def rows(self, sql: str) -> list[Any]:
        with contextlib.closing(open_snapshot(self.publish())) as con:
            return con.execute(sql).fetchall()

    def match(self, ecosystem: str, name: str, version: str) -> Any:
        return match(self.publish(), ecosystem, name, version, START + timedelta(days=self.days))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(Settings(tmp_path / "sites.yaml", tmp_path / "var"))


def file_feed(path: Path, form: str, name: str = "feed") -> Feed:
    return Feed(id=name, format=form, path=path)


def test_a_feed_is_asked_on_condition_and_stores_only_what_changed(place: Place, publisher: Publisher) -> None:
    feed = Feed.model_validate(
        {
            "id": "wf",
            "format": "wordfence-intelligence",
            "url": f"{publisher.url}/v3",
            "token": {"env": "X"},
        }
    )
    told = json.loads(WORDFENCE.read_text())
    headers = {"ETag": '"1"', "Last-Modified": "Tue, 01 Sep 2026 00:00:00 GMT"}
    publisher.answers["/v3"] = (200, json.dumps(told).encode(), headers)
    first = place.fetch(feed)
    assert (first.outcome, first.entry_count, first.changed_count, first.reject_count) == ("fetched", 3, 3, 2)
    assert publisher.asked[0]["authorization"] == "Bearer s3cret"
    second = place.fetch(feed)
    assert (second.outcome, second.as_of_at) == ("unchanged", datetime(2026, 9, 1, tzinfo=UTC))
    gone = "0d3a4b4e-1f9e-4f0e-9c5a-5d3f6b1f0a02"
    del told[gone]
    told["0d3a4b4e-1f9e-4f0e-9c5a-5d3f6b1f0a03"]["title"] = "Old Slider - Stored XSS"
    publisher.answers["/v3"] = (200, json.dumps(told).encode(), {"ETag": '"2"'})
    third = place.fetch(feed)
    assert (third.outcome, third.changed_count) == ("fetched", 2)
    assert place.rows("SELECT count(*) FROM raw.advisory") == [(5,)]
    assert place.rows("SELECT count(*) FROM marts.advisory") == [(2,)]
    assert place.rows(f"SELECT is_gone FROM raw.advisory WHERE advisory_id = '{gone}' ORDER BY fetched_at") == [
        (False,),
        (True,),
    ]
    assert not place.match("wordpress-core", "wordpress", "6.1").flaws
    assert "s3cret" not in str(place.rows("SELECT * FROM raw.feed_run"))


@pytest.mark.parametrize(
    ("status", "headers", "says"),
    [
        (401, {}, "refused the token"),
        (429, {"Retry-After": "1800"}, "answered 429; it asks to wait 1800"),
        (500, {}, "answered 500"),
        (200, {}, "no whole feed"),
    ],
)
def test_a_feed_that_fails_leaves_what_was_known_and_is_told(
    place: Place, publisher: Publisher, status: int, headers: dict[str, str], says: str
) -> None:
    feed = Feed(id="wf", format="wordfence-intelligence", url=f"{publisher.url}/v3")
    body = WORDFENCE.read_bytes()
    publisher.answers["/v3"] = (200, body, {})
    place.fetch(feed)
    publisher.answers["/v3"] = (status, body[:900], headers)
    run = place.fetch(feed, days=5)
    assert run.outcome == "failed"
    assert says in str(run.detail)
    found = place.match("wordpress-plugin", "acme-forms", "5.1")
    assert [flaw["flaw_id"] for flaw in found.flaws] == ["CVE-2026-11111"]
    assert "stale" in found.doubts[0]
    assert says in found.doubts[0]


def test_the_branches_of_a_fetched_product_have_its_name_and_another_place_is_read_anew(
    place: Place, publisher: Publisher
) -> None:
    headers = {"ETag": '"1"'}
    publisher.answers["/php.json"] = (200, (CASES / "advisory" / "endoflife" / "php.json").read_bytes(), headers)
    publisher.answers["/ruby.json"] = (200, b'[{"cycle": "3.4", "eol": "2028-03-31"}]', headers)
    place.fetch(Feed(id="ends", format="endoflife", url=f"{publisher.url}/php.json"))
    assert place.rows("SELECT DISTINCT product FROM raw.product_lifecycle") == [("php",)]
    second = place.fetch(Feed(id="ends", format="endoflife", url=f"{publisher.url}/ruby.json"))
    assert (second.outcome, second.entry_count, second.changed_count) == ("fetched", 1, 4)
    assert place.rows("SELECT cycle FROM raw.product_lifecycle WHERE product = 'ruby'") == [("3.4",)]


def test_an_entry_that_can_not_be_read_any_more_is_not_gone(place: Place, tmp_path: Path) -> None:
    told = json.loads(WORDFENCE.read_text())
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(told))
    place.fetch(file_feed(path, "wordfence-intelligence"))
    told["0d3a4b4e-1f9e-4f0e-9c5a-5d3f6b1f0a01"]["software"] = "of tomorrow"
    path.write_text(json.dumps(told))
    assert place.fetch(file_feed(path, "wordfence-intelligence")).changed_count == 0
    assert place.match("wordpress-plugin", "acme-forms", "5.1").flaws


def test_what_can_not_be_read_is_told_once_with_its_reason(place: Place, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(advisory_changes, "LINE_REJECTS", 2)
    path = tmp_path / "feed.json"
    told = {str(number): {"software": f"of tomorrow password=hunter2 \ud800{number}"} for number in range(4)}
    path.write_text(json.dumps(told))
    assert place.fetch(file_feed(path, "wordfence-intelligence", "wf")).reject_count == 4
    path.write_text(json.dumps(told | {"4": {}}))
    assert place.fetch(file_feed(path, "wordfence-intelligence", "wf")).reject_count == 5
    found = place.rows("SELECT site_id, source_id, file, reason FROM raw.reject ORDER BY ALL")
    assert [row[:3] for row in found] == [("", "wf", "feed.json")] * 4
    assert [row[3] for row in found] == [
        "2 more entries could not be read",
        "entry 0 is no record with software",
        "entry 1 is no record with software",
        "entry 4 is no record with software",
    ]
    assert "hunter2" not in str(place.rows("SELECT excerpt FROM raw.reject"))


def test_licences_that_stand_in_a_feed_and_what_it_speaks_of_are_kept(place: Place, tmp_path: Path) -> None:
    told = json.loads(WORDFENCE.read_text())
    rights = {"message": "Keep this.", "mitre": {"notice": "Copyright MITRE", "license_url": "https://x.example/"}}
    told["0d3a4b4e-1f9e-4f0e-9c5a-5d3f6b1f0a01"]["copyrights"] = rights
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(told))
    place.fetch(file_feed(path, "wordfence-intelligence"))
    assert place.fetch(file_feed(path, "wordfence-intelligence")).outcome == "unchanged"
    ((licence, ecosystems),) = place.rows("SELECT licence, ecosystems FROM marts.feed")
    assert "Keep this.\nCopyright MITRE\nhttps://x.example/" in licence
    assert licence.startswith("Copyright 2012-2026 Defiant")
    assert ecosystems == ["wordpress-core", "wordpress-plugin"]


def test_feeds_that_tell_of_one_flaw_are_one_line_with_exploitation_and_probability(place: Place) -> None:
    cases = CASES / "advisory"
    place.fetch(file_feed(WORDFENCE, "wordfence-intelligence", "wf"))
    place.fetch(file_feed(cases / "cisa-kev" / "kev.json", "cisa-kev", "kev"), days=0)
    place.fetch(file_feed(cases / "epss" / "epss_scores.csv", "epss", "epss"), days=0)
    place.fetch(file_feed(cases / "endoflife" / "php.json", "endoflife", "php"), days=0)
    second = place.settings.var.parent / "osv.json"
    second.write_text(
        json.dumps(
            {
                "id": "GHSA-xxxx",
                "aliases": ["CVE-2026-11111"],
                "affected": [
                    {
                        "package": {"ecosystem": "wordpress-plugin", "name": "acme-forms"},
                        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "5.9"}]}],
                    }
                ],
            }
        )
    )
    place.fetch(file_feed(second, "osv", "osv"), days=0)
    found = place.match("wordpress-plugin", "Acme-Forms", "5.1")
    assert not found.doubts
    (flaw,) = found.flaws
    assert flaw["advisories"] == ["osv:GHSA-xxxx", "wf:0d3a4b4e-1f9e-4f0e-9c5a-5d3f6b1f0a01"]
    assert (flaw["outcome"], flaw["fixed_version"], flaw["cvss_score"], flaw["epss_score"]) == (
        "affected",
        "5.9",
        9.8,
        0.9421,
    )
    assert str(flaw["exploited_date"]) == "2026-07-20"
    assert flaw["why"] == ["before 5.9", "up to and with 5.8.9"]
    assert not place.match("wordpress-plugin", "acme-forms", "5.9").flaws
    assert place.rows("SELECT count(*) FROM raw.product_lifecycle") == [(3,)]


def test_what_can_not_be_told_is_unknown_and_never_safe(place: Place) -> None:
    place.fetch(file_feed(CASES / "advisory" / "osv" / "list.json", "osv"))
    (flaw,) = place.match("npm", "left", "1.0.0").flaws
    assert (flaw["outcome"], flaw["why"]) == ("unknown", ["the versions can't be compared"])
    assert place.match("npm", "right", "1.0.0").flaws[0]["outcome"] == "unknown"
    assert place.match("npm", "one", "1.0.0").flaws[0]["outcome"] == "affected"
    assert not place.match("npm", "one", "1.0.1").flaws
    no_order = place.match("npm", "one", "not a version")
    assert no_order.flaws[0]["outcome"] == "unknown"
    assert "no order" in no_order.doubts[0]
    assert "No feed covers NuGet" in place.match("NuGet", "one", "1.0.0").doubts[0]


def osv(place: Place, *advisories: tuple[str, str, str, dict[str, str], str]) -> None:
    """Fetch a feed of advisories: each with ecosystem, name, an event that ends its range, and a severity."""
    path = place.settings.var.parent / "osv.json"
    told = [
        {
            "id": number,
            "aliases": ["CVE-2026-20001"],
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": name},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, end]}],
                }
            ],
            "database_specific": {"severity": severity},
        }
        for number, ecosystem, name, end, severity in advisories
    ]
    path.write_text(json.dumps(told))
    place.fetch(file_feed(path, "osv"))


def test_a_flaw_is_as_grave_as_the_worst_says_and_ends_with_the_smallest_version_above(place: Place) -> None:
    osv(
        place,
        ("A-1", "npm", "one", {"fixed": "1.10.0"}, "LOW"),
        ("A-2", "npm", "one", {"fixed": "1.9.0"}, "CRITICAL"),
        ("A-3", "npm", "one", {"last_affected": "2.0.0"}, "HIGH"),
    )
    (flaw,) = place.match("npm", "one", "1.2.0").flaws
    assert (flaw["severity"], flaw["fixed_version"]) == ("critical", "1.9.0")
    (flaw,) = place.match("npm", "one", "1.9.5").flaws
    assert (flaw["severity"], flaw["fixed_version"]) == ("high", "1.10.0")


def test_the_installed_version_is_never_told_as_the_one_that_mends_it(place: Place, tmp_path: Path) -> None:
    told = json.loads(WORDFENCE.read_text())
    (software,) = told["0d3a4b4e-1f9e-4f0e-9c5a-5d3f6b1f0a01"]["software"]
    software["patched_versions"] = ["5.8.9"]
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(told))
    place.fetch(file_feed(path, "wordfence-intelligence"))
    (flaw,) = place.match("wordpress-plugin", "acme-forms", "5.8.9").flaws
    assert flaw["fixed_version"] is None
    (flaw,) = place.match("wordpress-plugin", "acme-forms", "5.1").flaws
    assert flaw["fixed_version"] == "5.8.9"


@pytest.mark.parametrize(
    ("ecosystem", "told", "asked"),
    [
        ("NuGet", "Umbraco.Cms", "umbraco.CMS"),
        ("Packagist", "Acme/Forms", "acme/forms"),
        ("PyPI", "Acme_Forms", "acme.forms"),
    ],
)
def test_a_name_is_the_same_however_it_is_written_where_its_registry_says_so(
    place: Place, ecosystem: str, told: str, asked: str
) -> None:
    osv(place, ("A-1", ecosystem, told, {"fixed": "2.0.0"}, "HIGH"), ("A-2", "npm", told, {"fixed": "2.0.0"}, "HIGH"))
    assert place.match(ecosystem, asked, "1.0.0").flaws
    assert not place.match("npm", asked, "1.0.0").flaws, "two packages to npm"


def test_a_module_of_drupal_is_looked_up_where_its_advisories_name_it(place: Place) -> None:
    drupal = "Packagist:https://packages.drupal.org/8"
    osv(place, ("D-1", drupal, "drupal/webform", {"fixed": "6.2.1"}, "HIGH"))
    assert [flaw["outcome"] for flaw in place.match("Packagist", "drupal/webform", "6.2.0").flaws] == ["affected"]
    assert not place.match("Packagist", "drupal/webform", "6.2.1").doubts
    osv(place, ("P-1", "Packagist", "drupal/core", {"fixed": "10.0.0"}, "HIGH"))
    assert place.match("Packagist", "drupal/core", "9.0.0").flaws
    assert "No feed covers" in place.match("Packagist", "drupal/webform", "6.2.0").doubts[0]


def test_a_version_that_differs_from_a_bound_by_zeros_only_probably_has_the_flaw(place: Place) -> None:
    place.fetch(file_feed(WORDFENCE, "wordfence-intelligence"))
    outcomes = {
        v: [flaw["outcome"] for flaw in place.match("wordpress-plugin", "acme-forms", v).flaws]
        for v in ("5.8.9", "5.8.9.0", "5.8.9.1")
    }
    assert outcomes == {"5.8.9": ["affected"], "5.8.9.0": ["probable"], "5.8.9.1": []}


def test_the_command_prints_a_flaw_a_line_and_fails_where_it_does_not_know(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UPKEEP_VAR", str(place.settings.var))
    asked = ["match", "--ecosystem", "wordpress-plugin", "--name", "acme-forms", "--version", "5.1"]
    assert main(asked) == 2
    place.fetch(file_feed(WORDFENCE, "wordfence-intelligence"))
    place.publish()
    assert main([*asked, "--json"]) == 0
    printed = capsys.readouterr()
    assert [json.loads(line)["fixed_version"] for line in printed.out.splitlines()] == ["5.9"]
    assert main(asked) == 0
    assert "CVE-2026-11111" in capsys.readouterr().out
    unhit = place.match("wordpress-plugin", "acme-forms", "9.9")
    assert (unhit.flaws, unhit.doubts, unhit.feeds) == ([], [], ["feed (2 entries could not be read)"])
    assert main(["match", "--ecosystem", "npm", "--name", "x", "--version", "1.0.0"]) == 1


def test_what_is_for_information_only_is_told_as_that(place: Place, tmp_path: Path) -> None:
    told = json.loads(WORDFENCE.read_text())
    told["0d3a4b4e-1f9e-4f0e-9c5a-5d3f6b1f0a01"]["informational"] = True
    path = tmp_path / "feed.json"
    path.write_text(json.dumps(told))
    place.fetch(file_feed(path, "wordfence-intelligence"))
    (flaw,) = place.match("wordpress-plugin", "acme-forms", "5.1").flaws
    assert flaw["outcome"] == "informational"


def test_a_feed_without_a_place_is_refused() -> None:
    with pytest.raises(ValidationError, match="no address of its own"):
        Feed(id="x", format="osv")
    with pytest.raises(ValidationError, match="no format of feeds"):
        Feed(id="x", format="nvd")
    with pytest.raises(ConfigurationError, match="upkeep publish"):
        match(Path("none"), "npm", "x", "1")


@settings(deadline=None, max_examples=25)
@given(
    states=st.lists(
        st.dictionaries(st.sampled_from("abc"), st.sampled_from(["1.0.0", "2.0.0"])), min_size=1, max_size=4
    )
)
def test_after_any_sequence_of_contents_the_last_one_holds(states: list[dict[str, str]], tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("feed")
    place = Place(Settings(folder / "sites.yaml", folder / "var"))
    path = folder / "all.json"
    for state in states:
        records = [
            {
                "id": name,
                "affected": [
                    {
                        "package": {"ecosystem": "npm", "name": name},
                        "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": fix}]}],
                    }
                ],
            }
            for name, fix in state.items()
        ]
        path.write_text(json.dumps(records))
        place.fetch(file_feed(path, "osv"))
    found = place.rows("SELECT name, to_version FROM marts.advisory_range ORDER BY name")
    assert found == sorted(states[-1].items())
    assert place.rows("SELECT advisory_id FROM marts.advisory ORDER BY ALL") == [(name,) for name in sorted(states[-1])]

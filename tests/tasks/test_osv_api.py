"""OSV is asked by name about what is installed: page by page, each advisory once, and no oftener than it allows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from tasks import osv_api, waiting
from tasks.advisory_feeds import Feed, collect_feed
from tasks.settings import Settings
from tests.servers import http_server
from warehouse.load import load
from warehouse.publish import publish
from warehouse.records import ComponentObservation, FeedRun

NOW = datetime(2026, 9, 1, 4, tzinfo=UTC)


def advisory(
    one: str, package: str, modified: str = "2026-08-01T00:00:00.5Z", ecosystem: str = "npm"
) -> dict[str, Any]:
    ranges = [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]
    affected = [{"package": {"ecosystem": ecosystem, "name": package}, "ranges": ranges}]
    return {"id": one, "modified": modified, "affected": affected}


@dataclass
class Osv:
    """Answers as the API does, `page` advisories at a time; `refusals` come first."""

    url: str = ""
    advisories: dict[str, dict[str, Any]] = field(default_factory=dict)
    page: int = 1000
    batches: list[list[dict[str, Any]]] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    refusals: list[tuple[int, str]] = field(default_factory=list)

    def add(self, *some: dict[str, Any]) -> None:
        self.advisories.update((one["id"], one) for one in some)

    def answer(self, query: dict[str, Any]) -> dict[str, Any]:
        package = query["package"]
        hits = [
            {"id": one["id"], "modified": one["modified"]}
            for one in self.advisories.values()
            if any(item["package"] == package for item in one["affected"])
        ]
        start = int(query.get("page_token", 0))
        more = {"next_page_token": str(start + self.page)} if len(hits) > start + self.page else {}
        return {"vulns": hits[start : start + self.page], **more} if hits else {}


@pytest.fixture
def osv() -> Iterator[Osv]:
    found = Osv()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
            assert self.path == "/v1/querybatch"
            assert len(queries) <= 1000
            if not self.refuse():
                found.batches.append(queries)
                self.reply(200, {"results": [found.answer(query) for query in queries]})

        def do_GET(self) -> None:
            if not self.refuse():
                one = self.path.removeprefix("/v1/vulns/")
                found.fetched.append(one)
                known = found.advisories.get(one)
                self.reply(200 if known else 404, known or {"code": 5, "message": "Bug not found."})

        def refuse(self) -> bool:
            if found.refusals:
                status, wait = found.refusals.pop(0)
                self.reply(status, {}, wait)
                return True
            return False

        def reply(self, status: int, content: Any, wait: str = "") -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            if wait:
                self.send_header("Retry-After", wait)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with http_server(Handler) as server:
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found


def ask(osv: Osv, file: Path, *packages: str) -> list[str]:
    async def run() -> None:
        async with httpx.AsyncClient() as client:
            await osv_api.save(client, osv.url, [("npm", name) for name in packages], file)

    osv.fetched.clear()
    asyncio.run(run())
    return sorted(one["id"] for one in json.loads(file.read_text()))


def test_many_packages_are_asked_a_thousand_at_a_time_and_every_page_is_read(osv, tmp_path) -> None:
    osv.page = 2
    osv.add(*(advisory(f"GHSA-{n}", "p7") for n in range(5)), advisory("GHSA-other", "p2000"))
    names = [f"p{n}" for n in range(2001)]
    assert ask(osv, tmp_path / "a.json", *names) == [*(f"GHSA-{n}" for n in range(5)), "GHSA-other"]
    assert [len(batch) for batch in osv.batches] == [1000, 1000, 2, 1]
    assert all("version" not in query for batch in osv.batches for query in batch)


def test_only_what_is_new_or_changed_is_fetched(osv, tmp_path) -> None:
    file = tmp_path / "a.json"
    osv.add(advisory("A", "p"), advisory("B", "p"))
    ask(osv, file, "p")
    osv.add(advisory("B", "p", "2026-08-02T00:00:00Z"), advisory("C", "p"))
    del osv.advisories["A"]
    assert ask(osv, file, "p") == ["B", "C"]
    assert sorted(osv.fetched) == ["B", "C"]
    file.write_text(file.read_text()[:100])
    assert ask(osv, file, "p") == ["B", "C"]
    assert not ask(osv, file)


def test_an_advisory_that_is_listed_and_not_to_be_had_keeps_its_place(osv, tmp_path) -> None:
    osv.add(advisory("A", "p"))
    listed = osv.answer({"package": {"ecosystem": "npm", "name": "p"}})
    osv.answer = lambda _query: listed  # type: ignore[method-assign]
    osv.advisories.clear()
    assert ask(osv, tmp_path / "a.json", "p") == ["A"]
    assert json.loads((tmp_path / "a.json").read_text()) == [{"id": "A"}]


def test_what_is_no_answer_of_osv_is_an_error_and_leaves_the_file(osv, tmp_path, monkeypatch) -> None:
    file = tmp_path / "a.json"
    osv.add(advisory("A", "p"))
    ask(osv, file, "p")
    answers = {
        "names an advisory '../x'": {"vulns": [{"id": "../x", "modified": "x"}]},
        "never comes to its last page": {"vulns": [], "next_page_token": "again"},
    }
    monkeypatch.setattr(osv_api, "PAGES", 5)
    for sentence, answer in answers.items():
        osv.answer = lambda _query, answer=answer: answer  # type: ignore[method-assign]
        with pytest.raises(osv_api.SourceError, match=sentence):
            ask(osv, file, "p")
    osv.refusals = [(500, "")]
    with pytest.raises(osv_api.SourceError, match="querybatch answered 500"):
        ask(osv, file, "p")
    assert [one["id"] for one in json.loads(file.read_text())] == ["A"]


def test_the_server_says_when_to_come_again_and_is_obeyed_within_bounds(osv, tmp_path, monkeypatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(waiting.asyncio, "sleep", sleep)
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    osv.add(advisory("A", "p"))
    osv.refusals = [(429, "2"), (503, soon)]
    assert ask(osv, tmp_path / "a.json", "p") == ["A"]
    assert slept[0] == 2
    assert 50 < slept[1] <= 60
    for refusals in ([(429, "1800")], [(429, "1")] * 4, [(503, "")], [(503, "soon")]):
        osv.refusals = list(refusals)
        with pytest.raises(osv_api.SourceError, match=r"answered (429|503)"):
            ask(osv, tmp_path / "a.json", "p")
        assert not osv.refusals
    assert slept[2:] == [1, 1, 1]


def test_a_feed_that_asks_covers_what_it_asked_about_and_learns_what_was_withdrawn(osv, tmp_path) -> None:
    settings = Settings(tmp_path / "sites.yaml", tmp_path / "var")
    feed = Feed.model_validate({"id": "osv", "format": "osv", "url": osv.url, "ask": ["npm", "Packagist"]})

    def fetch(day: int, feed: Feed = feed) -> FeedRun:
        run = asyncio.run(collect_feed(feed, settings, lambda _: None, NOW + timedelta(days=day)))  # type: ignore[arg-type,return-value]
        assert not load(settings.spool, settings.warehouse).set_aside
        publish(settings.warehouse, settings.snapshot)
        return run

    assert "run `upkeep publish` first" in str(fetch(0).detail)
    drupal = "Packagist:https://packages.drupal.org/8"
    installed = [("npm", "left-pad"), ("npm", "quiet"), (drupal, "drupal/webform"), ("Debian:12", "openssl")]
    rows = [
        ComponentObservation(
            **dict.fromkeys(ComponentObservation.schema().names)
            | {"site_id": "one", "source_id": "s", "bundle_id": "b", "collected_at": NOW, "update_state": "unknown"}
            | {"ecosystem": "x", "name": name, "version": "1", "advisory_ecosystem": kind, "advisory_name": name}
        )
        for kind, name in installed
    ]
    settings.spool.land("rows", {"component_observation": rows}, collector="t", parser_version="t/1")
    load(settings.spool, settings.warehouse)
    publish(settings.warehouse, settings.snapshot)
    osv.add(advisory("A", "left-pad"), advisory("B", "drupal/webform", ecosystem=drupal), advisory("C", "unused"))
    first = fetch(1)
    assert (first.outcome, first.entry_count, first.changed_count) == ("fetched", 2, 2)
    assert first.ecosystems == ["Packagist", drupal, "npm"]
    assert {query["package"]["name"] for query in osv.batches[0]} == {"left-pad", "quiet", "drupal/webform"}
    debian = Feed.model_validate({"id": "debian", "format": "osv", "url": osv.url, "ask": ["Debian"]})
    assert fetch(1, debian).ecosystems == ["Debian", "Debian:12"], "of the release that is installed, and of no other"
    del osv.advisories["A"]
    assert fetch(2).changed_count == 1
    osv.refusals = [(500, "")]
    assert fetch(3).outcome == "failed"


def test_asking_is_for_osv_alone() -> None:
    assert Feed.model_validate({"id": "x", "format": "osv", "ask": ["npm"]}).address == osv_api.URL
    with pytest.raises(ValidationError, match="ask is for the format osv"):
        Feed.model_validate({"id": "x", "format": "cisa-kev", "ask": ["npm"]})

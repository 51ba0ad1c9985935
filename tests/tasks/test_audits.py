"""What audits share: which pages, when, and how runs are landed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tasks.audit_pages import is_of_site, pages_of, sitemap_pages
from tasks.audit_programs import MissingProgramError, axe, chromium, lighthouse
from tasks.audits import CAUSES, AuditOptions, is_due, land, run_record, shown_url
from tasks.contracts import Context, Job
from tasks.errors import SourceError
from tests.servers import Handler, serving
from warehouse.spool import Spool

NOW = datetime(2026, 9, 9, 12, tzinfo=UTC)


def job(folder: Path, url: str = "https://site.example/", *, site: str = "site", **options: object) -> Job:
    host = url.split("/")[2].split(":")[0]
    return Job(
        context=Context(site_id=site, source_id="audits-x", time_zone="UTC", host=host, url=url, collected_at=NOW),
        options=AuditOptions(kind="audits_x", **options),  # type: ignore[arg-type]
        spool=Spool(folder / "spool", folder / "cursors"),
    )


def serve(pages: dict[str, bytes]) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        body = pages.get(path)
        head = b"HTTP/1.1 200 OK" if body is not None else b"HTTP/1.1 404 Not Found"
        writer.write(head + b"\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body or b"") + (body or b""))

    return handle


def sitemap(*locations: str, kind: str = "urlset", item: str = "url") -> bytes:
    rows = "".join(f"<{item}>\n <loc> {location} </loc></{item}>" for location in locations)
    return f'<?xml version="1.0"?><{kind} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{kind}>'.encode()


async def with_site(
    pages: Callable[[str], dict[str, bytes]], act: Callable[[str], Awaitable[list[str]]]
) -> tuple[str, list[str]]:
    served: dict[str, bytes] = {}
    async with serving(serve(served)) as server:
        served.update(pages(server.url().rstrip("/")))
        return server.url(), await act(server.url())


def test_pages_are_those_of_the_options_and_a_sample_that_stays_the_same(tmp_path: Path) -> None:
    def site(base: str) -> dict[str, bytes]:
        pages = [f"{base}/page-{number}?a=1&amp;b=2" for number in range(30)]
        return {
            "/sitemap.xml": sitemap(f"{base}/one.xml", f"{base}/two.xml.gz", kind="sitemapindex", item="sitemap"),
            "/one.xml": sitemap(*pages[:20], "https://elsewhere.example/"),
            "/two.xml.gz": gzip.compress(sitemap(*pages[20:])),
        }

    async def draw(url: str) -> list[str]:
        options = AuditOptions(kind="audits_x", pages=["/", "/contact"], sitemap_sample=5)
        once = await pages_of(job(tmp_path, url), options)
        fewer = await pages_of(job(tmp_path, url), options.model_copy(update={"sitemap_sample": 4}))
        assert set(fewer) < set(once)
        return once

    url, pages = asyncio.run(with_site(site, draw))
    assert pages[:2] == [url, f"{url}contact"]
    assert len(pages) == 7
    assert all("page-" in page and "?a=1&b=2" in page for page in pages[2:])


def test_a_sitemap_that_can_not_be_read_says_so(tmp_path: Path) -> None:
    for pages, words in (
        ({}, "answers 404"),
        ({"/sitemap.xml": b"<html>no</html>"}, "names no page"),
        ({"/sitemap.xml": b"\x1f\x8bbroken"}, "broken gzip"),
    ):
        with pytest.raises(SourceError, match=words):
            asyncio.run(
                with_site(
                    lambda _, p=pages: p, lambda url: sitemap_pages(f"{url}sitemap.xml", "127.0.0.1", ["127.0.0.1"])
                )
            )


def test_a_sitemap_at_a_private_address_is_not_asked(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="private address"):
        asyncio.run(sitemap_pages("http://127.0.0.1:9/sitemap.xml", "site.example", []))


def test_a_page_of_another_site_is_refused(tmp_path: Path) -> None:
    options = AuditOptions(kind="audits_x", pages=["https://elsewhere.example/"])
    with pytest.raises(SourceError, match=r"no page of site\.example"):
        asyncio.run(pages_of(job(tmp_path), options))
    assert is_of_site("https://www.site.example/x", "site.example")
    assert is_of_site("https://site.example/x", "www.site.example")
    assert not is_of_site("https://evilsite.example/", "site.example")


def test_each_site_is_due_once_a_week_at_a_moment_of_its_own(tmp_path: Path) -> None:
    moments = set()
    for site in ("harbour", "vale", "museum"):
        audited, one = [], job(tmp_path, site=site)
        for hour in range(0, 24 * 22, 4):
            now = NOW + timedelta(hours=hour)
            if is_due(one, now):
                audited.append(now)
                at = replace(one, context=replace(one.context, collected_at=now))
                land(at, [run_record(at, "static", "https://site.example/", now)], {}, "x/1")
        assert audited[0] == NOW
        assert len(audited) in (4, 5)
        assert {later - before for before, later in pairwise(audited[1:])} == {timedelta(days=7)}
        moments.add(audited[1])
    assert len(moments) == 3


def test_what_stayed_unknown_is_due_again_the_next_day(tmp_path: Path) -> None:
    one = job(tmp_path)
    outcome = land(one, [run_record(one, "axe", "https://site.example/", NOW, cause="no_browser")], {}, "x/1")
    assert outcome.state == "failed"
    assert not is_due(one, NOW + timedelta(hours=2))
    assert is_due(one, NOW + timedelta(hours=24))


def test_the_outcome_of_a_run_follows_from_its_cause(tmp_path: Path) -> None:
    one = job(tmp_path)
    assert run_record(one, "axe", "https://site.example/", NOW).outcome == "complete"
    for cause, (outcome, meaning) in CAUSES.items():
        run = run_record(one, "axe", "https://site.example/", NOW, cause=cause)
        assert (run.outcome, run.cause, run.message) == (outcome, cause, meaning)
    assert {outcome for outcome, _ in CAUSES.values()} == {"incomplete", "error", "unknown"}


def test_addresses_are_stored_without_secrets() -> None:
    shown = shown_url("https://user:pw@site.example/a?token=abc&page=2#part")
    assert shown == "https://site.example/a?token=[redacted]&page=2"


def test_a_program_that_is_missing_is_told_with_the_way_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for find in (lighthouse, axe):
        with pytest.raises(MissingProgramError, match="npm ci") as raised:
            find(tmp_path)
        assert raised.value.cause == "no_tool"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROME_PATH", raising=False)
    with pytest.raises(MissingProgramError, match="Chromium is not installed") as raised:
        chromium()
    assert raised.value.cause == "no_browser"

"""A crawl finds each planted fault once, is silent on a good site, keeps to robots.txt and its limits, and guesses nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import duckdb
import pytest

from tasks import collecting, crawl_issues, page_facts, robots
from tasks.collect import audits_crawl
from tasks.errors import SourceError
from tasks.html_scan import TAGS
from tasks.sites import parse_sites
from tests import landed as landing
from tests.servers import Handler, answering, serving
from warehouse import checks
from warehouse.connection import open_live

SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - {id: one, name: One, client: c, url: "URL", platform: other, time_zone: UTC, owner: {name: O, email: o@a.example}, sources: [SOURCE]}
"""
Page = str | bytes | tuple[int, Mapping[str, str], bytes]


def html(title: str, body: str = "", description: str = "What it is about") -> str:
    return f'<!doctype html><html lang=en><title>{title}</title><meta name=description content="{description}, {title}">{body}'


def sitemap(*paths: str) -> tuple[int, Mapping[str, str], bytes]:
    rows = "".join(f"<url><loc>BASE{path}</loc></url>" for path in paths)
    return 200, {"Content-Type": "application/xml"}, f"<?xml version='1.0'?><urlset>{rows}</urlset>".encode()


IMAGE = (200, {"Content-Type": "image/png"}, b"\x89PNG")
GOOD: dict[str, Page] = {
    "/robots.txt": b"User-agent: *\nDisallow: /admin/\nSitemap: BASE/sitemap.xml\n",
    "/sitemap.xml": sitemap("/", "/about/"),
    "/": html(
        "Home", '<a href="/about/#team">About</a><img src=/a.png width=10 height=10 alt=""><a href="/admin/">In</a>'
    ),
    "/about/": html("About", "<form><label>Name <input name=n></label><label for=e>Mail</label><input id=e></form>"),
    "/a.png": IMAGE,
}


def site(pages: Mapping[str, Page], asked: list[str]) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        method, path, _ = head.split("\r\n")[0].split(" ")
        base = f"http://{head.lower().partition('host: ')[2].split()[0]}"
        asked.append(f"{method} {path}")
        page = pages.get(path, (404, {"Content-Type": "text/html"}, b"<h1>Not found</h1>"))
        status, headers, body = page if isinstance(page, tuple) else (200, {}, page)
        usual = {"Content-Type": "text/html; charset=utf-8" if isinstance(body, str) else "text/plain"}
        data = (body.encode() if isinstance(body, str) else body).replace(b"BASE", base.encode())
        lines = "".join(f"{name}: {value}\r\n" for name, value in (usual | dict(headers)).items())
        writer.write(f"HTTP/1.1 {status} X\r\n{lines}Content-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(b"" if method == "HEAD" else data)

    return handle


def job(settings, url: str, **options: Any):
    text = ", ".join(f"{k}: {v}" for k, v in ({"kind": "audits_crawl", "per_second": 20} | options).items())
    sites = parse_sites(SITES.replace("SOURCE", f"{{{text}}}").replace("URL", url), "s")
    (one,) = collecting.jobs(sites, settings, ["audits_crawl"])
    return one


def crawled(settings, pages: Mapping[str, Page], **options: Any) -> tuple[Any, list[str]]:
    """Crawl a site of these pages as fast as a machine can, and return the outcome and what it was asked for."""
    asked: list[str] = []

    async def run():
        async with serving(site(pages, asked)) as server:
            one = job(settings, server.url(), **options)
            fast = one.options.model_copy(update={"per_second": 1e6}) if "per_second" not in options else one.options
            return await audits_crawl.collect(
                type(one)(**{n: getattr(one, n) for n in one.__slots__} | {"options": fast})
            )

    return asyncio.run(run()), asked


def landed(settings, table: str, columns: str = "*") -> list[tuple]:
    rows = landing.landed(settings.var).get(table)
    if rows is None:
        return []
    return duckdb.from_arrow(rows).query("rows", f"SELECT {columns} FROM rows ORDER BY ALL").fetchall()


def issues(settings) -> set[tuple[str, str, str]]:
    """Return (kind, path of the page, target without the host)."""
    without = r"regexp_replace({}, 'https?://127.0.0.1:\d+', '')"
    rows = landed(settings, "crawl_issue", f"kind, {without.format('page_url')}, {without.format('target')}")
    return set(rows)  # type: ignore[arg-type]


def test_a_good_site_is_silent_and_each_address_is_asked_once(settings) -> None:
    outcome, asked = crawled(settings, GOOD)
    assert issues(settings) == set()
    assert landed(settings, "audit_run", "auditor, outcome, cause, status") == [("crawl", "complete", None, 200)]
    made_up = [line for line in asked if "no-such-page" in line]
    assert len(made_up) == 1
    assert [line for line in asked if line not in made_up] == [
        "GET /robots.txt", "GET /sitemap.xml", "GET /", "GET /about/", "HEAD /a.png",
    ]  # fmt: skip
    assert dict(outcome.landed) == {"audit_run": 1, "crawled_page": 3}


def test_each_planted_fault_is_found_where_it_is(settings) -> None:
    pages: dict[str, Page] = GOOD | {
        "/robots.txt": b"User-agent: *\nDisallow:\nnonsense\nSitemap: BASE/sitemap.xml\n",
        "/sitemap.xml": sitemap("/", "/gone-page/", "/old/", "/hidden/"),
        "/": html(
            "Home",
            "<a href=/gone/>x</a><a href=/twin/>t</a><a href=/chain1>c</a><a href=/broken/>b</a><a href=/file.pdf>f</a>"
            "<img src=/gone.png width=1 height=1><img src=/a.png><script src=/gone.js></script>"
            "<form><input name=q><input name=p placeholder=Mail><input type=hidden name=h></form>",
        ),
        "/twin/": html("Home"),
        "/bare/": "<p>nothing",
        "/broken/": (500, {}, b"oops"),
        "/old/": (301, {"Location": "/twin/"}, b""),
        "/chain1": (301, {"Location": "/chain2"}, b""),
        "/chain2": (302, {"Location": "/bare/"}, b""),
        "/hidden/": html("Hidden", "<meta name=robots content='noindex, follow'>"),
    }
    _, asked = crawled(settings, pages)
    assert issues(settings) == {
        ("broken_link", "/", "/gone/"),
        ("broken_link", "/", "/broken/"),
        ("broken_link", "/", "/file.pdf"),
        ("broken_image", "/", "/gone.png"),
        ("broken_file", "/", "/gone.js"),
        ("server_error", "/broken/", ""),
        ("redirect_chain", "/", "/chain1"),
        ("duplicate_title", "/", ""),
        ("duplicate_title", "/twin/", ""),
        ("duplicate_description", "/", ""),
        ("duplicate_description", "/twin/", ""),
        ("missing_title", "/bare/", ""),
        ("missing_description", "/bare/", ""),
        ("unlabelled_field", "/", "text q"),
        ("unlabelled_field", "/", "text p"),
        ("image_without_size", "/", "/a.png"),
        ("robots_invalid", "/robots.txt", "line 3"),
        ("sitemap_entry", "/gone-page/", ""),
        ("sitemap_entry", "/old/", ""),
        ("sitemap_entry", "/hidden/", ""),
    }
    assert asked.count("HEAD /gone.png") == asked.count("GET /gone.png") == 1  # HEAD proves nothing alone
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        assert [found.sentence for found in checks.run(con) if found.grade == "fail"] == []
        assert con.execute("SELECT count(*), count(DISTINCT issue_key) FROM raw.crawl_issue").fetchone() == (20, 20)


def test_a_site_that_answers_200_to_anything_is_told(settings) -> None:
    class Anything(dict[str, Page]):
        def get(self, path: str, _default: object = None) -> Page:  # type: ignore[override]
            return GOOD.get(path, html("Home")) if path != "/sitemap.xml" else html("Home")

    crawled(settings, Anything())
    found = {kind for kind, *_ in issues(settings)}
    assert {"soft_404", "sitemap_invalid"} <= found
    crawled(settings, GOOD | {"/robots.txt": html("Home")})
    assert ("robots_invalid", "/robots.txt", "") in issues(settings)


def test_robots_txt_is_obeyed(settings) -> None:
    closed = GOOD | {"/robots.txt": b"User-agent: *\nDisallow: /about\nDisallow: /*.png$\n"}
    _, asked = crawled(settings, closed)
    assert not [line for line in asked if "about" in line or "png" in line]
    lead = {"/go/": (302, {"Location": "/admin/"}, b""), "/": html("Home", "<a href=/go/>x</a>")}
    _, asked = crawled(settings, GOOD | lead)
    assert "GET /go/" in asked
    assert not [line for line in asked if "admin" in line]
    assert ("not_known", 1) in landed(settings, "crawled_page", "outcome, redirect_count")
    for text, cause in (
        (b"User-agent: *\nDisallow: /\n", "not_permitted"),
        (b"User-agent: site-upkeep\nDisallow: /\n\nUser-agent: *\nAllow: /\n", "not_permitted"),
    ):
        outcome, asked = crawled(settings, GOOD | {"/robots.txt": text})
        assert asked == ["GET /robots.txt"]
        assert outcome.state == "failed"
        assert cause in {row[0] for row in landed(settings, "audit_run", "cause")}
    _, asked = crawled(settings, GOOD | {"/robots.txt": (503, {}, b"")})
    assert asked == ["GET /robots.txt"]


def test_what_gives_no_clear_answer_is_not_known_and_never_broken(settings) -> None:
    async def run():
        elsewhere: list[str] = []
        answers = {
            "/forbidden": (403, {}, b""), "/busy": (429, {}, b""), "/down": (500, {}, b""), "/gone": (404, {}, b""),
            "/ok": b"fine",
        }  # fmt: skip
        async with serving(site(answers, elsewhere), host="127.0.0.2") as other, serving(answering(b"")) as dead:
            links = "".join(f"<a href={other.url(host='127.0.0.2', path=path)}>x</a>" for path in answers)
            links += "<a href=http://127.0.0.3:9/>private</a><a href=/secret/>s</a><a href='mailto:x@y'>m</a>"
            links += f"<script src={dead.url(host='localhost')}></script>"
            pages = GOOD | {"/": html("Home", links), "/secret/": (401, {}, b"")}
            async with serving(site(pages, [])) as server:
                one = job(settings, server.url(), private_hosts="[127.0.0.2, localhost]")
                return await audits_crawl.collect(one)

    outcome = asyncio.run(run())
    assert outcome.state == "complete"
    without = r"regexp_replace(url, 'http://([^/]*):\d+', '\1')"
    told = dict(landed(settings, "crawled_page", f"{without}, outcome"))
    assert {url: told[url] for url in told if not url.startswith("127.0.0.1")} == {
        "127.0.0.2/forbidden": "not_known", "127.0.0.2/busy": "not_known", "127.0.0.2/down": "not_known",
        "127.0.0.2/gone": "broken", "127.0.0.2/ok": "ok", "127.0.0.3/": "not_known", "localhost/": "not_known",
    }  # fmt: skip
    assert told["127.0.0.1/secret/"] == "not_known"
    assert {kind for kind, *_ in issues(settings)} == {"broken_link"}


@pytest.mark.parametrize(
    ("options", "most"),
    [({"max_pages": 3}, 3), ({"max_seconds": 4, "per_second": 4}, 17), ({"max_files": 2, "max_pages": 1}, 1)],
)
def test_limits_hold_and_are_told(settings, options: dict[str, Any], most: int) -> None:
    links = "".join(f"<a href=/p{n}/>x</a><img src=/i{n}.png width=1 height=1>" for n in range(30))
    pages = GOOD | {"/": html("Home", links)} | {f"/p{n}/": html(f"P{n}") for n in range(30)}
    start = time.monotonic()
    _, asked = crawled(settings, pages | {"/robots.txt": b""}, **options)
    assert time.monotonic() - start < 30
    assert 1 <= sum(line in ("GET /", "GET /about/") or line.startswith("GET /p") for line in asked) <= most
    assert sum(line.startswith("HEAD /i") for line in asked) <= options.get("max_files", 300)
    ((outcome, cause),) = landed(settings, "audit_run", "outcome, cause")
    assert (outcome, cause) == ("incomplete", "limit_reached")


def test_a_host_is_asked_no_faster_than_it_may(settings) -> None:
    start = time.monotonic()
    _, asked = crawled(settings, GOOD, per_second=10)
    assert time.monotonic() - start >= (len(asked) - 1) / 10
    pages = GOOD | {"/robots.txt": b"User-agent: *\nCrawl-delay: 0.3\n"}
    start = time.monotonic()
    _, asked = crawled(settings, pages)
    assert time.monotonic() - start >= 0.3 * (len(asked) - 2)


def test_a_home_page_that_can_not_be_read_is_an_outcome_and_no_list_of_faults(settings) -> None:
    for page, cause in (((500, {}, b"x"), "http_error"), (IMAGE, "not_html")):
        crawled(settings, GOOD | {"/": page})
        assert cause in {row[0] for row in landed(settings, "audit_run", "cause")}
    assert issues(settings) == set()

    async def dead():
        async with serving(answering(b"")) as server:
            one = job(settings, server.url())
            with pytest.raises(SourceError, match="closed the connection"):
                await audits_crawl.check(one)
            return await audits_crawl.collect(one)

    asyncio.run(dead())
    assert "refused" in {row[0] for row in landed(settings, "audit_run", "cause")}


def test_the_first_page_is_tried(settings) -> None:
    async def run() -> str:
        async with serving(site(GOOD, [])) as server:
            return await audits_crawl.check(job(settings, server.url()))

    assert asyncio.run(run()) == "the first page can be read; the sitemap names 2 pages"


def test_hostile_pages_are_bounded(settings) -> None:
    pages = GOOD | {
        "/": html(
            "Home",
            "<div>" * 50_000 + "<a href=/attr/>x</a><a href=/many/>x</a><a href=/zip/>x</a><a href=http://[>x</a>",
        ),
        "/attr/": html("A", f"<a href='/{'x' * 900_000}'>"),
        "/many/": html("M", "".join(f"<a href=/m{n}>" for n in range(40_000))),
        "/zip/": (200, {"Content-Type": "text/html", "Content-Encoding": "gzip"}, b"not packed"),
        "/robots.txt": b"User-agent: *\nDisallow: /" + b"*a" * 20_000 + b"\n",
        "/sitemap.xml": (200, {}, b"<urlset>" + b"<loc>" * 100_000 + b"<![CDATA[" * 10_000 + b"</urlset>"),
    }
    start = time.process_time()
    crawled(settings, pages, max_pages=8)
    assert time.process_time() - start < 40
    assert max(len(url) for (url,) in landed(settings, "crawled_page", "url")) <= 2000
    assert TAGS > 50_000


@pytest.mark.parametrize(
    ("pattern", "path", "does"),
    [
        ("/a", "/abc", True), ("/a$", "/abc", False), ("/a$", "/a", True), ("/*.php$", "/x/y.php", True),
        ("/*.php$", "/x.php?a", False), ("/*/b", "/a/b/c", True), ("/a*b*c", "/axxbyyc", True), ("/a*b*c", "/acb", False),
        ("*", "/x", True), ("/a*$", "/ab", True),
    ],
)  # fmt: skip
def test_patterns_of_robots_txt_match_as_the_standard_has_it(pattern: str, path: str, does: bool) -> None:
    assert robots.matches(pattern, path) is does


def test_the_longest_rule_of_the_group_that_is_meant_decides() -> None:
    text = "# x\nUser-agent: a\nUser-agent: *\nDisallow: /x\nAllow: /x/y\nUser-agent: site-upkeep\nDisallow: /z\n"
    read = robots.read(text)
    assert (read.allows("https://a/x"), read.allows("https://a/z")) == (True, False)
    other = robots.read(text.replace("site-upkeep", "other"))
    assert [other.allows(f"https://a{path}") for path in ("/x/q", "/x/y", "/%78")] == [False, True, False]
    assert robots.read("Disallow: /").problems == ("line 1 stands before any user-agent",)


def test_what_a_page_says_is_read_with_its_base() -> None:
    text = (
        "<base href=/deep/><title> A  B </title><a href=x#y>1</a><a href=x>2</a><a href='javascript:1'>3</a>"
        "<a href=HTTP://ONE.example:80>4</a><img src=p.png style='width:1px;height:1px'><select name=s></select>"
        "<textarea aria-label=t></textarea><input type=submit><link rel=stylesheet href=//cdn.example/a.css>"
    )
    facts = page_facts.read(text, "https://one.example/a/b")
    assert facts.title == "A B"
    assert list(facts.links) == ["https://one.example/deep/x", "http://one.example/"]
    assert facts.images == {"https://one.example/deep/p.png": True}
    assert (facts.unlabelled, list(facts.loaded)) == (["select s"], ["https://cdn.example/a.css"])


def test_an_issue_is_known_again_by_kind_page_and_target() -> None:
    assert crawl_issues.key("a", "b", "c") == crawl_issues.key("a", "b", "c") != crawl_issues.key("a", "bc", "")

"""A posture audit sees what real servers answer, says what it could not see, and never asks where it must not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks import collecting, mail_policy
from tasks.collect import audits_posture
from tasks.errors import SourceError
from tasks.exposed_files import FILES
from tasks.mail_policy import mail_policies
from tasks.posture_audit import CORS_ORIGIN, addresses
from tasks.site_fetch import Asking, fetch, follow
from tasks.sites import parse_sites
from tests import landed as landing
from tests.servers import Authority, Handler, answering, authority, name_server, serving
from warehouse import checks
from warehouse.connection import open_live

SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - {id: one, name: One, client: c, url: "URL", platform: other, time_zone: UTC, owner: {name: O, email: o@a.example}, sources: [SOURCE]}
"""
GOOD = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
PAGE = "<!doctype html><title>One</title><img src=/a.png alt=''>"
Answers = Callable[[str, str, Mapping[str, str]], tuple[str, Mapping[str, str], bytes]]


def site(answers: Answers, asked: list[str] | None = None) -> Handler:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        sent = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        if asked is not None:
            asked.append(f"{method} {path}")
        status, headers, body = answers(method, path, sent)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(b"" if method == "HEAD" else body)

    return handle


def job(settings, url: str, **options: Any):
    text = ", ".join(f"{key}: {value}" for key, value in ({"kind": "audits_posture"} | options).items())
    sites = parse_sites(SITES.replace("SOURCE", f"{{{text}}}").replace("URL", url), "s")
    (one,) = collecting.jobs(sites, settings, ["audits_posture"])
    return one


def landed(settings, table: str, columns: str = "*", where: str = "true") -> list[tuple]:
    """Return what was landed, without loading it."""
    rows = landing.landed(settings.var)[table]
    return duckdb.from_arrow(rows).query("rows", f"SELECT {columns} FROM rows WHERE {where} ORDER BY ALL").fetchall()


def judged(settings, columns: str = "test, outcome") -> list[tuple]:
    return landed(settings, "posture_test", columns)


def findings(settings, kind: str) -> list[tuple]:
    return landed(settings, "posture_finding", "target, outcome, detail", f"kind = '{kind}'")


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def audit(settings, tls: Authority, secure: Answers, plain: Answers | None = None, **options: Any):
    """Audit a site at https://localhost, whose plain side leads there unless `plain` says otherwise."""

    async def run():
        async with serving(site(secure), tls.context("localhost")) as https:
            target = https.url("https", "localhost")
            lead = plain or (lambda *_: ("301 Moved", {"Location": target}, b""))
            async with serving(site(lead)) as http:
                one = job(settings, target, ca_file=tls.ca_file, http_url=f"http://localhost:{http.port}/", **options)
                return await audits_posture.collect(one)

    return asyncio.run(run())


def test_a_good_site_passes_every_test_with_three_requests(settings, tls: Authority) -> None:
    asked: list[str] = []

    def answers(method: str, path: str, _sent: Mapping[str, str]):
        asked.append(f"{method} {path}")
        return "200 OK", GOOD, PAGE.encode()

    outcome = audit(settings, tls, answers)
    assert (outcome.state, dict(outcome.landed)) == (
        "complete", {"audit_run": 1, "posture_test": 12, "posture_finding": 1},
    )  # fmt: skip
    assert asked == ["GET /", "GET /", "OPTIONS /"]
    rows = {test: rest for test, *rest in judged(settings, "test, outcome, points, is_passed, score, known_count")}
    assert all(passed for _, _, passed, _, _ in rows.values())
    assert rows["redirection"] == ["redirection-to-https", 0, True, 115, 12]
    assert rows["cross-origin-resource-sharing"][0] == "cross-origin-resource-sharing-not-implemented"
    assert findings(settings, "mixed_content") == [("", "ok", "nothing is loaded over http")]
    assert findings(settings, "exposed_file") == []
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        assert con.execute("SELECT count(*) FROM raw.posture_test").fetchone() == (12,)
        assert [found.sentence for found in checks.run(con) if found.grade == "fail"] == []


def test_each_planted_fault_is_found(settings, tls: Authority) -> None:
    page = (
        '<script src="http://cdn.example/a.js"></script><img src="http://cdn.example/b.png">'
        '<link rel="canonical" href="http://one.example/"><form action="http://one.example/login">'
    )

    def answers(_method: str, path: str, sent: Mapping[str, str]):
        headers = {"Content-Type": "text/html", "Set-Cookie": "PHPSESSID=hunter22; path=/"}
        if "origin" in sent:
            headers |= {"Access-Control-Allow-Origin": sent["origin"], "Access-Control-Allow-Credentials": "true"}
        return "200 OK", headers, page.encode()

    audit(settings, tls, answers, lambda *_: ("200 OK", {"Content-Type": "text/html"}, b"<p>plain"))
    found = dict(judged(settings))
    assert found["redirection"] == "redirection-missing"
    assert found["cookies"] == "cookies-session-without-secure-flag"
    assert found["cross-origin-resource-sharing"].endswith("universal-access")
    assert found["subresource-integrity"].endswith("not-loaded-securely")
    assert findings(settings, "mixed_content") == [
        ("http://cdn.example/a.js", "active", "script"), ("http://cdn.example/b.png", "passive", "img"),
        ("http://one.example/login", "active", "form"),
    ]  # fmt: skip
    assert "hunter22" not in str(judged(settings, "*"))


def test_a_certificate_that_is_not_accepted_is_an_outcome_and_the_page_is_not_known(settings, tls: Authority) -> None:
    async def run():
        async with (
            serving(site(lambda *_: ("200 OK", GOOD, b"")), tls.context("elsewhere.example")) as https,
            serving(site(lambda *_: ("301 Moved", {"Location": https.url("https", "localhost")}, b""))) as http,
        ):
            one = job(
                settings,
                https.url("https", "localhost"),
                ca_file=tls.ca_file,
                http_url=f"http://localhost:{http.port}/",
            )
            return await audits_posture.collect(one)

    outcome = asyncio.run(run())
    found = dict(judged(settings))
    assert found["strict-transport-security"] == "hsts-invalid-cert"
    assert found["redirection"] == "redirection-invalid-cert"
    assert found["content-security-policy"] == found["x-frame-options"] == "not-known"
    ((target, state, _),) = findings(settings, "certificate")
    assert (outcome.state, target, state) == ("complete", "localhost", "refused")


def test_of_a_site_that_does_not_answer_nothing_is_told(settings) -> None:
    async def run(url: str):
        return await audits_posture.collect(job(settings, url))

    async def with_port():
        async with serving(answering(b"")) as server:
            return await run(server.url())

    outcome = asyncio.run(with_port())
    assert landed(settings, "audit_run", "outcome, cause") == [("error", "refused")]
    assert dict(outcome.landed) == {"audit_run": 1}


def test_a_page_that_answers_with_an_error_is_not_judged(settings, tls: Authority) -> None:
    audit(settings, tls, lambda *_: ("500 Oops", GOOD, b"<p>"))
    found = dict(judged(settings))
    assert found["content-security-policy"] == found["strict-transport-security"] == "not-known"
    assert found["redirection"] == "redirection-to-https"


def test_no_redirect_leads_to_a_private_address() -> None:
    hits: list[str] = []

    async def run():
        async with serving(site(lambda *_: ("200 OK", {}, b"secret"), hits)) as inner:
            lead = site(lambda *_: ("302 Found", {"Location": inner.url(host="127.0.0.2")}, b""))
            async with serving(lead) as outer:
                asking = Asking(private_hosts=["127.0.0.1"])
                return await follow(outer.url(), asking), await fetch(outer.url(host="localhost"), asking)

    followed, direct = asyncio.run(run())
    assert (followed.last.cause, followed.last.audit_cause, hits) == ("redirect", "address_refused", [])
    assert direct.response is None
    assert followed.page is None


def test_redirects_end_and_strange_ones_are_told() -> None:
    async def run(location: str):
        async with serving(site(lambda *_: ("302 Found", {"Location": location}, b""))) as server:
            return await follow(server.url(), Asking(private_hosts=["127.0.0.1"]))

    for location, words in (("/", "in a circle"), ("javascript:alert(1)", "not http")):
        followed = asyncio.run(run(location))
        assert followed.page is None
        assert words in followed.last.message
    assert asyncio.run(fetch("gopher://one.example/", Asking())).cause == "configuration"
    assert asyncio.run(fetch("http://[", Asking())).cause == "configuration"


def test_a_server_that_drips_or_stays_silent_ends_at_the_deadline() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.01)

    async def run(handler: Handler):
        async with serving(handler) as server:
            return await fetch(server.url(), Asking(private_hosts=["127.0.0.1"], seconds=1.5))

    for handler in (drip, answering(b"", delay=10)):
        answer = asyncio.run(run(handler))
        assert (answer.cause, answer.audit_cause, answer.response) == ("read_timeout", "no_answer", None)
        assert answer.duration_ms < 9000


def test_files_are_found_by_what_they_hold_and_only_where_that_was_agreed(settings, tls: Authority) -> None:
    holds = {
        "/.git/HEAD": b"ref: refs/heads/main\n",
        "/.env": b"APP_NAME=one\nDB_PASSWORD=hunter22\n",
        "/backup.zip": b"PK\x03\x04...",
        "/readme.html": b"<title>WordPress &#8250; ReadMe</title>",
    }

    def answers(_method: str, path: str, _sent: Mapping[str, str]):
        if path == "/dump.sql":
            return "503 Busy", {}, b""
        return "200 OK", GOOD, holds.get(path, PAGE.encode())  # 200 for whatever is asked

    audit(settings, tls, answers, exposed_files="true")
    told = {target: (outcome, detail) for target, outcome, detail in findings(settings, "exposed_file")}
    assert len(told) == len(FILES)
    assert {path for path, (outcome, _) in told.items() if outcome == "found"} == set(holds)
    assert told["/dump.sql"] == ("not_known", "the server answered 503")
    assert told["/.svn/wc.db"] == ("not_found", "what is answered is no such file")
    assert "hunter22" not in str(told)


def test_mail_policies_are_asked_of_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    records = {
        "good.example. TXT": ['"v=spf1 include:_spf.mail.example " "-all"', '"other"'],
        "_dmarc.good.example. TXT": ['"v=DMARC1; p=reject; rua=mailto:x@good.example"'],
        "weak.example. TXT": ['"v=spf1 ?all"'],
        "_dmarc.weak.example. TXT": ['"v=DMARC1; p=none"'],
        "twice.example. TXT": ['"v=spf1 -all"', '"v=spf1 ~all"'],
        "_dmarc.twice.example. TXT": ['"v=DMARC1; p=quarantine; pct=20"'],
        "empty.example. TXT": [],
    }

    async def run():
        async with name_server(records) as port:
            return {
                name: [one.outcome for one in await mail_policies(f"{name}.example", f"127.0.0.1:{port}")]
                for name in ("good", "weak", "twice", "empty", "gone")
            }

    assert asyncio.run(run()) == {
        "good": ["ok", "ok"], "weak": ["weak", "weak"], "twice": ["weak", "weak"],
        "empty": ["missing", "missing"], "gone": ["missing", "missing"],
    }  # fmt: skip
    monkeypatch.setattr(mail_policy, "SECONDS", 0.2)
    said = asyncio.run(mail_policies("good.example", "127.0.0.1:9"))
    assert [one.outcome for one in said] == ["not_known", "not_known"]


def test_a_site_is_tried_once_for_its_score(settings, tls: Authority, tmp_path: Path) -> None:
    async def run(handler: Handler) -> str:
        async with serving(handler) as server:
            return await audits_posture.check(job(settings, server.url()))

    assert (
        asyncio.run(run(site(lambda *_: ("200 OK", GOOD, PAGE.encode())))) == "score 80, grade B+, 11 of 12 tests known"
    )
    with pytest.raises(SourceError, match="closed the connection"):
        asyncio.run(run(answering(b"")))


def test_the_plain_side_of_a_page_is_on_port_80() -> None:
    assert addresses("https://one.example:8443/a?b", None) == ("https://one.example:8443/a?b", "http://one.example/a?b")
    assert addresses("http://one.example/", None) == ("https://one.example/", "http://one.example/")
    assert addresses("http://one.example:8080/", None) == (None, "http://one.example:8080/")
    assert CORS_ORIGIN.startswith("https://")

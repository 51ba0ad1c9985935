"""Performance of pages is measured by real runs of Lighthouse, and taken from services that are local servers here."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tasks import audit_programs, collecting, journey_gate, lighthouse_run
from tasks.audit_programs import MissingProgramError
from tasks.audits import CAUSES
from tasks.collect.audits_lighthouse import explained
from tasks.discovery import units
from tasks.errors import SourceError
from tasks.journey_run import StepError
from tasks.lighthouse_run import How, run_once
from tasks.sites import parse_sites
from tests.conftest import CASES
from tests.servers import http_server
from tests.tasks.test_lighthouse import CASE, CRUX, pagespeed
from warehouse.connection import dicts, open_live
from warehouse.errors import WarehouseBusyError

KEY = "hunter2-secret"
SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: URL
    platform: other
    time_zone: Europe/Berlin
    owner: {name: O, email: o@a.example}
    sources: [SOURCE]
"""
GOOD = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Opening hours of the museum</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="description" content="When the museum is open, and how to get there.">
<link rel="icon" href="data:,"></head><body><main><h1>Opening hours</h1><p>Every day from nine to five.</p></main></body></html>"""
SLOW = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A slow page of the shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="description" content="Slow.">
<link rel="icon" href="data:,"><script src="/heavy.js"></script></head>
<body><main><h1>Shop</h1><img src="/hero.bmp?token=s3cret" alt="bread"></main></body></html>"""
BAD = b"""<!doctype html><html><head><meta charset="utf-8"><link rel="icon" href="data:,"></head><body>
<img src="/small.bmp"><form><input name="q" type="text"><button></button></form><a href="/x"></a>
<p style="color:#aaa;background:#fff">Hard to read</p></body></html>"""


def bitmap(side: int) -> bytes:
    size = side * side * 3
    head = (
        b"BM" + (54 + size).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    )
    head += side.to_bytes(4, "little") * 2 + (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    return head + bytes(range(256)) * (size // 256) + bytes(size % 256)


FILES = {
    "/": ("text/html", GOOD),
    "/slow": ("text/html", SLOW),
    "/bad": ("text/html", BAD),
    "/heavy.js": ("text/javascript", b"var t=Date.now();while(Date.now()-t<400);" + b"var unused = function () { return 1 };\n" * 15_000),
    "/hero.bmp": ("image/bmp", bitmap(500)),
    "/small.bmp": ("image/bmp", bitmap(20)),
    "/robots.txt": ("text/plain", b"User-agent: *\nAllow: /\n"),
}  # fmt: skip


@contextlib.contextmanager
def pages() -> Iterator[str]:
    """Serve a site with a good, a slow and an inaccessible page, and one that never answers."""
    stopped = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/hangs":
                stopped.wait(60)
                return
            kind, body = FILES.get(path, ("text/html", b"<h1>Not here</h1>"))
            time.sleep(0.2 if path == "/slow" else 0)
            self.send_response(200 if path in FILES else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with _served(Handler) as url:
        yield url
        stopped.set()


@contextlib.contextmanager
def service(answer: Callable[[str, dict[str, Any]], tuple[int, object]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A local server; `answer(path, query or JSON)` gives status and JSON. Yields its address and what was asked."""
    asked: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            pairs = parse_qsl(urlsplit(self.path).query)
            values = {name: [v for n, v in pairs if n == name] for name, _ in pairs} | (
                json.loads(body) if body else {}
            )
            asked.append({**values, "header": self.headers.get("X-Goog-Api-Key"), "path": self.path})
            status, document = answer(urlsplit(self.path).path, values)
            data = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET  # noqa: N815 - the name of the protocol

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with _served(Handler) as url:
        yield url, asked


@contextlib.contextmanager
def _served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with http_server(handler) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def job_of(settings, source: str, url: str = "https://one.example/"):
    sites = parse_sites(SITES.replace("URL", url).replace("SOURCE", source), "s")
    return sites, collecting.jobs(sites, settings, [sites.sites[0].sources[0].kind])[0]


def collect(settings, source: str, url: str = "https://one.example/"):
    sites, job = job_of(settings, source, url)
    collecting.land_configuration(sites, settings)
    outcome = asyncio.run(collecting.collect(job)).outcome
    collecting.load_landed(settings)
    return outcome


def ask(settings, sql: str) -> list[dict[str, Any]]:
    with open_live(settings.warehouse) as con:
        return dicts(con.execute(sql))


def _can_run() -> bool:
    try:
        audit_programs.node(), audit_programs.lighthouse(), audit_programs.chromium()
    except MissingProgramError:
        return False
    return True


needs_lighthouse = pytest.mark.skipif(
    not _can_run(), reason="Lighthouse is not installed: make setup, with npm; chromium"
)


@pytest.fixture(name="only_loopback")
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the gate find no name: Chromium asks its maker's hosts in the background."""

    async def resolve(host: str, port: int) -> list:
        if host != "127.0.0.1":
            raise journey_gate.ProbeFailureError("dns", "no such name")
        return await found(host, port)

    found = journey_gate.resolve
    monkeypatch.setattr(journey_gate, "resolve", resolve)


@needs_lighthouse
@pytest.mark.slow
@pytest.mark.usefixtures("only_loopback")
def test_each_planted_fault_is_found_and_the_good_page_is_silent(settings) -> None:
    with pages() as url:
        source = "{kind: audits_lighthouse, runs: 1, pages: [/, /slow, /bad]}"
        outcome = collect(settings, source, url)
    assert outcome.state == "complete", outcome.message
    runs = {urlsplit(row["page_url"]).path: row for row in ask(settings, "FROM staging.audit_run")}
    assert {path: (row["outcome"], row["cause"], row["status"]) for path, row in runs.items()} == {
        "/": ("complete", None, None),
        "/slow": ("complete", None, None),
        "/bad": ("complete", None, None),
    }
    assert {row["throttling_method"] for row in runs.values()} == {"simulate"}
    assert {row["tool_version"] for row in runs.values()} == {audit_programs.lighthouse().version}
    assert all((settings.evidence / row["details_file"]).exists() for row in runs.values())
    figures = {urlsplit(row["page_url"]).path: row for row in ask(settings, "FROM raw.page_performance")}
    assert set(figures) == {"/", "/slow", "/bad"}
    assert figures["/"]["performance_score"] > 0.9
    assert figures["/slow"]["performance_score"] < 0.7
    assert figures["/slow"]["lcp_ms"] > 4000 > figures["/"]["lcp_ms"]
    assert figures["/slow"]["server_response_ms"] > 190
    assert figures["/slow"]["lcp_image_bytes"] > 700_000
    assert figures["/slow"]["lcp_image_url"].endswith("/hero.bmp?token=[redacted]")
    found: dict[str, set[str]] = {}
    for row in ask(settings, "FROM raw.page_opportunity"):
        found.setdefault(urlsplit(row["page_url"]).path, set()).add(row["audit_id"])
    slow = {"render-blocking-insight", "image-delivery-insight", "cache-insight", "uses-text-compression"}
    bad = {
        "image-alt",
        "label",
        "button-name",
        "link-name",
        "color-contrast",
        "html-has-lang",
        "document-title",
        "meta-description",
    }
    assert slow <= found["/slow"]
    assert bad <= found["/bad"]
    assert not (slow | bad) & found.get("/", set())
    accessibility = ask(settings, "SELECT page_url, score FROM raw.page_score WHERE category = 'accessibility'")
    assert {urlsplit(row["page_url"]).path: row["score"] == 1 for row in accessibility} == {
        "/": True,
        "/slow": True,
        "/bad": False,
    }
    kinds = ask(settings, "SELECT resource_type, transfer_bytes FROM raw.page_resource WHERE page_url LIKE '%/slow'")
    assert {row["resource_type"] for row in kinds if row["transfer_bytes"] > 500_000} == {"image", "script"}


def processes() -> list[str]:
    return subprocess.check_output(["ps", "-eo", "args"], text=True).splitlines()


@needs_lighthouse
@pytest.mark.slow
@pytest.mark.usefixtures("only_loopback")
def test_a_run_that_takes_too_long_or_too_much_is_ended_with_all_its_processes(monkeypatch) -> None:
    short = tempfile.mkdtemp(dir="/tmp")  # a socket's path has 108 bytes at most
    monkeypatch.setattr(lighthouse_run.tempfile, "tempdir", short)
    with pages() as url:
        hung = asyncio.run(run_once(f"{url}/hangs", How(seconds=15)))
        assert (hung.result.outcome, hung.result.cause, hung.document) == ("unknown", "timeout", None)
        assert hung.seconds < 25
        large = asyncio.run(run_once(f"{url}/", How(memory_bytes=50 << 20)))
        assert (large.result.outcome, large.result.cause) == ("unknown", "out_of_memory")
    deadline = time.monotonic() + 10
    while any(short in line for line in processes()):  # killed, and on a busy machine not gone at once
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert list(Path(short).iterdir()) == []
    Path(short).rmdir()


def test_the_port_of_a_browser_is_read_when_it_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "DevToolsActivePort"

    async def written_and_read() -> int | None:
        reading = asyncio.create_task(lighthouse_run._port(file, SimpleNamespace(returncode=None), watch))
        for text in ("", "41", "41765\n/devtools/browser/0f6b"):
            file.write_text(text)
            await asyncio.sleep(0.1)
        return await reading

    watch = lighthouse_run._Watch(time.monotonic() + 5, 1 << 30)
    assert asyncio.run(written_and_read()) == 41765


def test_lighthouse_runs_alone_on_the_machine_across_processes(tmp_path: Path, monkeypatch) -> None:
    lock = tmp_path / "lock"
    code = (
        "import sys, time; from pathlib import Path; from warehouse.connection import exclusive\n"
        "with exclusive(Path(sys.argv[1]), what='it'): print('held', flush=True); time.sleep(30)"
    )
    monkeypatch.setattr(lighthouse_run, "LOCK", lock)
    monkeypatch.setattr(lighthouse_run, "LOCK_SECONDS", 0.2)
    with subprocess.Popen(
        [sys.executable, "-c", code, str(lock)], stdout=subprocess.PIPE, cwd=CASES.parent.parent
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(WarehouseBusyError, match="using Lighthouse"):
            asyncio.run(run_once("http://127.0.0.1:9/", How()))
        other.kill()


def test_without_chromium_every_page_is_unknown_with_the_way_to_mend_it(settings, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr(lighthouse_run, "LOCK", tmp_path / "lock")
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    package = tmp_path / "node_modules" / "lighthouse"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"version": "12.8.2"}')
    monkeypatch.setattr(audit_programs.lighthouse, "__defaults__", (tmp_path,))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROME_PATH", raising=False)
    outcome = collect(settings, "{kind: audits_lighthouse, pages: [/, /a]}")
    assert outcome.state == "failed"
    assert "Chromium is not installed" in (outcome.message or "")
    rows = ask(settings, "SELECT outcome, cause, form_factor, throttling_method FROM raw.audit_run")
    assert (
        rows
        == [{"outcome": "unknown", "cause": "no_browser", "form_factor": "mobile", "throttling_method": "simulate"}] * 2
    )
    assert ask(settings, "FROM raw.page_performance") == []


def test_pagespeed_is_asked_for_all_categories_and_gives_lab_and_field_data_apart(settings, monkeypatch) -> None:
    monkeypatch.setenv("PAGESPEED_KEY", KEY)
    experience = {
        "id": "https://one.example/",
        "metrics": {
            "CUMULATIVE_LAYOUT_SHIFT_SCORE": {"percentile": 14},
            "LARGEST_CONTENTFUL_PAINT_MS": {"percentile": 3120},
        },
    }

    def answer(_: str, values: dict[str, Any]) -> tuple[int, object]:
        if values["url"] == ["https://one.example/limited"]:
            return 429, {"error": {"code": 429, "message": f"Quota of key {KEY} exceeded"}}
        return 200, pagespeed(CASE["slow"], loadingExperience=experience, originLoadingExperience={})

    with service(answer) as (url, asked):
        source = f"{{kind: audits_pagespeed, key: {{env: PAGESPEED_KEY}}, url: '{url}/run', form_factors: [desktop], pages: [/, /limited]}}"
        assert collect(settings, source).state == "partial"
    assert [one["category"] for one in asked] == [["performance", "accessibility", "best-practices", "seo"]] * 2
    assert {(one["strategy"][0], one["header"]) for one in asked} == {("desktop", KEY)}
    assert all(KEY not in one["path"] for one in asked)
    (figures,) = ask(settings, "FROM raw.page_performance")
    assert (figures["auditor"], figures["lcp_ms"], figures["throttling_method"]) == ("pagespeed", 46822.0141, None)
    field = ask(settings, "SELECT metric, p75, scope, form_factor FROM raw.field_metric ORDER BY metric")
    assert field == [
        {"metric": "cls", "p75": 0.14, "scope": "page", "form_factor": "desktop"},
        {"metric": "lcp_ms", "p75": 3120.0, "scope": "page", "form_factor": "desktop"},
    ]
    lost = ask(settings, "SELECT cause, message FROM raw.audit_run WHERE outcome = 'unknown'")
    assert lost == [{"cause": "quota", "message": "Quota of key [redacted] exceeded"}]
    stored = b"".join(path.read_bytes() for path in settings.var.rglob("*") if path.is_file())
    assert KEY.encode() not in stored


def test_crux_is_asked_for_origin_and_pages_and_no_data_is_no_fault(settings, monkeypatch) -> None:
    monkeypatch.setenv("CRUX_KEY", KEY)

    def answer(_: str, values: dict[str, Any]) -> tuple[int, object]:
        if "url" in values:
            return 404, {"error": {"code": 404, "message": "chrome ux report data not found", "status": "NOT_FOUND"}}
        record = CRUX["record"] | {"key": {"origin": values["origin"], "formFactor": values["formFactor"]}}
        return 200, {"record": record}

    with service(answer) as (url, asked):
        source = f"{{kind: audits_crux, key: {{env: CRUX_KEY}}, url: '{url}/v1'}}"
        assert collect(settings, source).state == "complete"
    assert [(one.get("origin"), one.get("url"), one["formFactor"]) for one in asked] == [
        ("https://one.example", None, "PHONE"),
        ("https://one.example", None, "DESKTOP"),
        (None, "https://one.example/", "PHONE"),
        (None, "https://one.example/", "DESKTOP"),
    ]
    rows = ask(settings, "SELECT page_url, form_factor, cause FROM raw.audit_run ORDER BY ALL")
    assert rows[:2] == [
        {"page_url": "https://one.example", "form_factor": screen, "cause": None} for screen in ("desktop", "mobile")
    ]
    assert [row["cause"] for row in rows[2:]] == ["no_data", "no_data"]
    assert len(ask(settings, "FROM raw.field_metric WHERE scope = 'origin' AND period_end_date = '2026-08-28'")) == 8


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((200, b"<html>"), "no JSON"),
        ((200, []), "no JSON object"),
        ((503, {"x": 1}), "answers 503"),
        ((403, {"error": {"code": 403, "message": f"key {KEY} is not allowed"}}), "key \\[redacted\\] is not allowed"),
    ],
)  # fmt: skip
def test_a_service_that_does_not_answer_is_told_in_one_sentence(settings, monkeypatch, answer, words: str) -> None:
    monkeypatch.setenv("CRUX_KEY", KEY)
    with service(lambda *_: answer) as (url, _):
        for kind in ("audits_crux", "audits_pagespeed"):
            _, job = job_of(settings, f"{{kind: {kind}, key: {{env: CRUX_KEY}}, url: '{url}/v1'}}")
            with pytest.raises(SourceError, match=words):
                asyncio.run(units("tasks.collect")[kind].check(job))


def test_results_that_others_saved_are_taken_once_and_runs_of_a_page_are_one_measurement(
    settings, tmp_path: Path
) -> None:
    def of(name: str, minute: int, **more: object) -> dict[str, Any]:
        return {
            **CASE[name],
            "requestedUrl": "https://one.example/",
            "fetchTime": f"2026-09-09T10:{minute:02}:00.000Z",
            **more,
        }

    crux = {"record": CRUX["record"] | {"key": {"origin": "https://www.one.example", "formFactor": "PHONE"}}}
    runs = [of("inaccessible", 0), of("inaccessible-2", 1), of("inaccessible-2", 2), crux]
    (tmp_path / "audits").mkdir()
    (tmp_path / "audits" / "a.json.gz").write_bytes(gzip.compress(json.dumps(runs).encode()))
    strange = [of("good", 3, requestedUrl="https://two.example/"), {"x": 1}, of("error-404", 4)]
    (tmp_path / "audits" / "b.json").write_text(json.dumps(strange))
    (tmp_path / "audits" / "c.json").write_text("{")
    (tmp_path / "audits" / "d.json.gz").write_bytes(gzip.compress(b"[]" * 1000)[:-9])
    source = "{kind: audits_files, paths: ['audits/*.json*']}"
    for _ in range(2):
        outcome = collect(settings, source)
    assert outcome.state == "partial"
    assert "c.json: c.json is no whole JSON" in (outcome.message or "")
    assert "d.json.gz: it is cut short" in (outcome.message or "")
    (figures,) = ask(settings, "FROM raw.page_performance")
    assert (figures["run_count"], figures["performance_score"], figures["cls_min"]) == (3, 0.88, 0.0)
    assert figures["measured_at"].isoformat() == "2026-09-09T10:00:00+00:00"
    audits = ask(settings, "SELECT auditor, outcome, cause FROM raw.audit_run ORDER BY ALL")
    assert [tuple(row.values()) for row in audits] == [
        ("crux", "complete", None),
        ("lighthouse", "complete", None),
        ("lighthouse", "error", "http_error"),
    ]
    field = ask(settings, "SELECT metric, scope, measured_at FROM raw.field_metric ORDER BY metric")
    assert [row["metric"] for row in field] == ["cls", "inp_ms", "lcp_ms", "ttfb_ms"]
    assert field[0]["measured_at"].isoformat() == "2026-08-29T00:00:00+00:00"
    rejects = [row["reason"] for row in ask(settings, "SELECT DISTINCT reason FROM raw.reject ORDER BY reason")]
    assert rejects == [
        "result 1: it is of no page of one.example",
        "result 2: it has no result of Lighthouse: save what it writes with --output=json.",
    ]


@pytest.mark.parametrize(
    ("failure", "cause"),
    [
        (StepError("address_refused", "10.0.0.1 is at a private address"), "address_refused"),
        (journey_gate.step_error("dns"), "dns"),
        (journey_gate.step_error("refused"), "refused"),
        (journey_gate.step_error("unreachable"), "own_network"),
        (journey_gate.step_error("connect_timeout"), "no_answer"),
    ],
)  # fmt: skip
def test_what_the_gate_saw_explains_a_page_without_an_answer(failure: StepError, cause: str) -> None:
    ran = lighthouse_run.Ran(lighthouse_run.failed("no_answer"), {}, 5)
    found = explained(ran, "https://one.example/", {"one.example": failure}).result
    assert (found.cause, found.outcome, found.message) == (cause, CAUSES[cause][0], str(failure))
    other = explained(ran, "https://one.example/", {"cdn.example": failure})
    assert (other.result.cause == "address_refused") == (cause == "address_refused")
    fine = lighthouse_run.Ran(lighthouse_run.failed("http_error"), {}, 5)
    assert explained(fine, "https://one.example/", {"one.example": failure}) is fine


def test_a_page_that_never_rests_is_told_by_the_code_that_lighthouse_leaves() -> None:
    said = "Runtime error encountered: Waiting for DevTools protocol response\nLighthouseError: PROTOCOL_TIMEOUT\n    at x.js:1\n"
    assert lighthouse_run._cause_told(said) == "timeout"
    assert lighthouse_run._cause_told("LighthouseError: NEW_CODE") == "tool_failed"
    assert lighthouse_run._cause_told("Killed") == "tool_failed"

"""History from Prometheus keeps its gaps, and importing it twice changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks import collecting
from tasks.contracts import Context, Job
from tasks.errors import ConfigurationError
from tasks.sites import parse_sites
from tests.conftest import CASES
from warehouse.connection import open_live

RAW = json.loads((CASES / "uptime_prometheus" / "query_raw_matrix.json").read_text())
REFUSED = (CASES / "uptime_prometheus" / "error_bad_query.json").read_bytes()
SAMPLES = RAW["data"]["result"][0]["values"]
SINCE = datetime.fromtimestamp(SAMPLES[0][0] - 1, UTC)
UNTIL = datetime.fromtimestamp(SAMPLES[-1][0] + 1, UTC)


@contextlib.contextmanager
def prometheus(answer, authorizations: list | None = None) -> Iterator[str]:
    """A local HTTP server; `answer(query, time)` gives status and body."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if authorizations is not None:
                authorizations.append(self.headers["Authorization"])
            query = parse_qs(urlsplit(self.path).query)
            status, body = answer(query["query"][0], float(query["time"][0]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def replay(query: str, end: float) -> tuple[int, bytes]:
    """Answer probe_success with the captured samples inside the window, other metrics with none."""
    seconds = float(query[query.index("[") + 1 : -2])
    inside = [sample for sample in SAMPLES if end - seconds < sample[0] <= end]
    result = [{"metric": {}, "values": inside}] if query.startswith("probe_success") and inside else []
    return 200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


def job(settings, url: str, **more) -> Job:
    options = parse_sites(SITES.replace("URL", url), "s").sites[0].sources[0]
    context = Context(
        site_id="one",
        source_id="uptime-prometheus",
        time_zone="UTC",
        host="127.0.0.1",
        url="https://127.0.0.1:9100/",
        collected_at=UNTIL,
    )
    return Job(
        **({"context": context, "options": options, "spool": settings.spool, "since": SINCE, "until": UNTIL} | more)
    )


def rows(settings) -> list[tuple]:
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        return con.execute("SELECT checked_at, outcome FROM raw.check_result ORDER BY checked_at").fetchall()


def test_every_sample_becomes_a_row_and_the_gap_stays_a_gap(settings) -> None:
    with prometheus(replay) as url:
        report = asyncio.run(collecting.collect(job(settings, url)))
    assert report.outcome.state == "complete"
    found = rows(settings)
    assert len(found) == len(SAMPLES)
    assert sum(outcome == "down" for _, outcome in found) == sum(value == "0" for _, value in SAMPLES)
    longest = max(after[0] - before[0] for before, after in pairwise(found))
    assert longest > timedelta(seconds=50), "the stop of Prometheus must be seen"


def test_a_window_imported_twice_or_in_parts_changes_nothing_or_adds_up(settings) -> None:
    middle = SINCE + (UNTIL - SINCE) / 2
    with prometheus(replay) as url:
        for window in ({"until": middle}, {"since": middle}, {"until": middle}):
            asyncio.run(collecting.collect(job(settings, url, **window)))
    assert len(rows(settings)) == len(SAMPLES)


def test_a_refused_query_is_told_in_the_words_of_prometheus(settings) -> None:
    with prometheus(lambda *_: (400, REFUSED)) as url:
        report = asyncio.run(collecting.collect(job(settings, url)))
    assert report.outcome.state == "failed"
    assert json.loads(REFUSED)["error"] in report.outcome.message


def test_a_server_that_fails_once_is_asked_again(settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.collect.uptime_prometheus.random.uniform", lambda *_: 0.01)
    calls = []

    def flaky(query: str, end: float) -> tuple[int, bytes]:
        calls.append(query)
        return (503, b"") if len(calls) == 1 else replay(query, end)

    with prometheus(flaky) as url:
        assert asyncio.run(collecting.collect(job(settings, url))).outcome.state == "complete"


def test_a_server_that_is_not_prometheus_is_told_so(settings) -> None:
    with prometheus(lambda *_: (200, b"<html>")) as url:
        message = asyncio.run(collecting.collect(job(settings, url))).outcome.message
    assert "does not answer as Prometheus does" in message


def test_a_token_comes_from_the_environment_and_goes_nowhere_else(settings, monkeypatch, capsys) -> None:
    sites = SITES.replace("every_seconds: 5", "every_seconds: 5, token: {env: PROMETHEUS_TOKEN}")
    seen = []
    with prometheus(replay, seen) as url:
        options = parse_sites(sites.replace("URL", url), "s").sites[0].sources[0]
        missing = asyncio.run(collecting.collect(job(settings, url, options=options))).outcome
        assert (missing.state, "PROMETHEUS_TOKEN is not set" in missing.message) == ("failed", True)
        monkeypatch.setenv("PROMETHEUS_TOKEN", "hunter2-token")
        assert asyncio.run(collecting.collect(job(settings, url, options=options))).outcome.state == "complete"
    assert set(seen) == {"Bearer hunter2-token"}
    rows(settings)
    stored = b"".join(path.read_bytes() for path in settings.var.rglob("*") if path.is_file())
    assert b"hunter2-token" not in stored
    assert "hunter2-token" not in "".join(capsys.readouterr())


def test_a_secret_in_the_file_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="token"):
        parse_sites(SITES.replace("URL", "http://p.example/").replace("every_seconds: 5", "token: hunter2"), "s")


def test_nan_is_no_value(settings) -> None:
    def nan(query: str, end: float) -> tuple[int, bytes]:
        status, body = replay(query, end)
        return status, body.replace(b'"1"', b'"NaN"')

    with prometheus(nan) as url:
        asyncio.run(collecting.collect(job(settings, url)))
    assert {outcome for _, outcome in rows(settings)} == {"down"}


SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://127.0.0.1:9100/
    platform: other
    time_zone: UTC
    owner: {name: O, email: o@a.example}
    sources: [{kind: uptime_prometheus, url: "URL", every_seconds: 5}]
"""

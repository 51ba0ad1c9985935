"""History from Prometheus keeps its gaps, and importing it twice changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import HttpUrl

from tasks import collecting
from tasks.collect.uptime_prometheus import parse
from tasks.contracts import Context, Job
from tasks.errors import ConfigurationError, SourceError
from tasks.sites import parse_sites
from tests.conftest import CASES
from tests.servers import http_server
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

    with http_server(Handler) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}"


def replay(query: str, end: float) -> tuple[int, bytes]:
    """Answer probe_success with the captured samples inside the window, other metrics with none."""
    seconds, ms = re.search(r"\[(\d+)s(?:(\d+)ms)?\]$", query).groups(default="0")
    start = end - int(seconds) - int(ms) / 1000
    inside = [sample for sample in SAMPLES if start + 1e-6 < sample[0] <= end + 1e-6]
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
    monkeypatch.setattr("tasks.prometheus.random.uniform", lambda *_: 0.01)
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


def parsed(settings, **values: list[list]) -> list[dict]:
    """Parse one series for each metric named, none for the others."""
    payload = {
        word: matrix(*([values[word]] if word in values else [])) for word in ("success", "status", "seconds", "expiry")
    }
    return parse(payload, job(settings, "http://p.example/")).to_pylist()


def matrix(*series: list, names: tuple[str, ...] = ("a", "b")) -> dict:
    result = [{"metric": {"job": name}, "values": values} for name, values in zip(names, series, strict=False)]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


AT = 1_795_414_101.123


def test_a_row_says_all_that_the_four_metrics_say(settings) -> None:
    samples = {"success": "0", "status": "503", "seconds": "0.25", "expiry": "1791884486"}
    (row,) = parsed(settings, **{word: [[AT, value]] for word, value in samples.items()})
    assert {name: value for name, value in row.items() if value is not None} == {
        "site_id": "one",
        "source_id": "uptime-prometheus",
        "url": "https://127.0.0.1:9100/",
        "check_type": "http",
        "slot_at": datetime(2026, 11, 23, 6, 8, 21, 123000, UTC),
        "checked_at": datetime(2026, 11, 23, 6, 8, 21, 123000, UTC),
        "attempt": 1,
        "interval_seconds": 5.0,
        "outcome": "down",
        "cause": "status",
        "status": 503,
        "total_ms": 250.0,
        "certificate_not_after_at": datetime(2026, 10, 13, 9, 41, 26, tzinfo=UTC),
    }
    (up,) = parsed(settings, success=[[AT, "1"]], status=[[AT, "200"]])
    assert (up["outcome"], up["cause"], up["status"], up["total_ms"]) == ("up", None, 200, None)
    (lost,) = parsed(settings, success=[[AT, "0"]], status=[[AT, "0"]])
    assert (lost["outcome"], lost["cause"], lost["status"]) == ("down", "no_answer", None)


@pytest.mark.parametrize("odd", ["+Inf", "-Inf", "NaN", "1e300", "1e15", "-62135596800"])
def test_a_value_that_means_nothing_is_unknown_beside_a_result_that_counts(settings, odd: str) -> None:
    (row,) = parsed(settings, success=[[AT, "1"]], status=[[AT, odd]], seconds=[[AT, odd]], expiry=[[AT, odd]])
    assert row["outcome"] == "up"
    assert (row["status"], row["total_ms"], row["certificate_not_after_at"]) == (None, None, None)


def test_only_0_and_1_are_results(settings) -> None:
    rows = parsed(settings, success=[[AT + n, value] for n, value in enumerate(["1", "NaN", "0", "0.5", "+Inf"])])
    assert [row["outcome"] for row in rows] == ["up", "down"]


def test_a_probe_whose_labels_were_changed_is_still_one(settings) -> None:
    payload = dict.fromkeys(("status", "seconds", "expiry"), matrix())
    payload["success"] = matrix([[AT + 60, "0"]], [[AT, "1"]])
    table = parse(payload, job(settings, "http://p.example/"))
    assert table["outcome"].to_pylist() == ["up", "down"]


def test_two_probes_of_one_instance_are_never_mixed(settings) -> None:
    payload = dict.fromkeys(("status", "seconds", "expiry"), matrix())
    payload["success"] = matrix([[AT, "1"], [AT + 60, "1"]], [[AT + 30, "0"]])
    with pytest.raises(SourceError, match=r"Several probes match .*'a'.*'b'.*`labels`"):
        parse(payload, job(settings, "http://p.example/"))


@pytest.mark.parametrize("result", [None, [{}], [{"metric": {}, "values": [["x", "1"]]}], [{"values": [[1, "one"]]}]])
def test_an_answer_that_is_broken_is_a_failure_that_is_told(settings, result: object) -> None:
    body = json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()
    with prometheus(lambda *_: (200, body)) as url:
        outcome = asyncio.run(collecting.collect(job(settings, url))).outcome
    assert outcome.state == "failed"
    assert "can't be read" in outcome.message


def test_the_query_is_of_these_labels_and_metrics_and_nothing_else(settings) -> None:
    sites = SITES.replace(
        "every_seconds: 5",
        r"""instance: 'a\b"} or up{x="', labels: {job: web}, metrics: {success: my:up}""",
    )
    options = parse_sites(sites.replace("URL", "http://p.example/"), "s").sites[0].sources[0]
    queries = []

    def note(query: str, end: float) -> tuple[int, bytes]:
        queries.append((query, end))
        return 200, json.dumps(matrix()).encode()

    since = datetime(2026, 7, 1, tzinfo=UTC)
    until = since + timedelta(hours=1)
    with prometheus(note) as url:
        options = options.model_copy(update={"url": HttpUrl(url)})
        report = asyncio.run(collecting.collect(job(settings, url, options=options, since=since, until=until)))
    assert report.outcome.state == "empty"
    labels = r'{instance="a\\b\"} or up{x=\"",job="web"}[3600s]'
    assert queries[0] == (f"my:up{labels}", until.timestamp() - 0.001)
    assert queries[1][0] == f"probe_http_status_code{labels}"


def test_a_window_that_was_not_over_is_completed_when_it_is_read_again(settings) -> None:
    last = SAMPLES[len(SAMPLES) // 2][0]
    early = [sample for sample in SAMPLES if sample[0] <= last]

    def answer(query: str, _end: float) -> tuple[int, bytes]:
        found = matrix(early) if query.startswith("probe_success") else matrix()
        return 200, json.dumps(found).encode()

    with prometheus(answer) as url:
        asyncio.run(collecting.collect(job(settings, url)))
    assert len(rows(settings)) == len(early)
    with prometheus(replay) as url:
        for _ in range(2):
            asyncio.run(collecting.collect(job(settings, url)))
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        ((slots,),) = con.execute("SELECT count(DISTINCT slot_at) FROM raw.check_result").fetchall()
        ((batches,),) = con.execute("SELECT count(DISTINCT batch_id) FROM raw.check_result").fetchall()
    assert (slots, batches) == (len(SAMPLES), 2)


def test_a_long_window_is_read_in_chunks_with_progress(settings) -> None:
    asked, progress = [], []

    def note(query: str, end: float) -> tuple[int, bytes]:
        asked.append(query.rpartition("[")[2])
        return replay(query, end)

    since = UNTIL - timedelta(seconds=120_000)
    with prometheus(note) as url:
        report = asyncio.run(
            collecting.collect(job(settings, url, since=since, on_progress=lambda *at: progress.append(at)))
        )
    assert asked[::4] == ["50000s]", "50000s]", "20000s]"], "10,000 samples of 5 s at most"
    assert progress == [(50_000, 120_000), (100_000, 120_000), (120_000, 120_000)]
    assert report.outcome.landed_count == len(SAMPLES)


def test_a_warning_makes_the_import_partial(settings) -> None:
    def warned(query: str, end: float) -> tuple[int, bytes]:
        status, body = replay(query, end)
        return status, json.dumps(json.loads(body) | {"warnings": ["a store is away"]}).encode()

    with prometheus(warned) as url:
        outcome = asyncio.run(collecting.collect(job(settings, url))).outcome
    assert (outcome.state, outcome.message) == ("partial", "Prometheus warns: a store is away")
    assert outcome.landed_count == len(SAMPLES)


def test_a_token_that_is_refused_is_told_so(settings) -> None:
    with prometheus(lambda *_: (401, b"Unauthorized")) as url:
        assert "is the token right?" in asyncio.run(collecting.collect(job(settings, url))).outcome.message


@pytest.mark.parametrize("metric", ["probe success", 'x{a="b"} or up', "1st"])
def test_a_name_that_is_no_metric_is_refused_when_the_configuration_is_read(metric: str) -> None:
    sites = SITES.replace("URL", "http://p.example/")
    with pytest.raises(ConfigurationError, match=r"metrics\.success"):
        parse_sites(sites.replace("every_seconds: 5", f"metrics: {{success: {json.dumps(metric)}}}"), "s")


@pytest.mark.parametrize("kind", ["uptime_http", "uptime_prometheus"])
def test_an_address_that_holds_a_password_is_refused_without_repeating_it(kind: str) -> None:
    sites = SITES.replace("URL", "http://user:hunter2@p.example/").replace("kind: uptime_prometheus", f"kind: {kind}")
    with pytest.raises(ConfigurationError, match="must hold no user or password") as caught:
        parse_sites(sites, "s")
    assert "hunter2" not in str(caught.value)


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

"""History of other tools is collected from their APIs and exports, and counted once. The vendors are local servers."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from tasks import collecting
from tasks.contracts import Job
from tasks.discovery import units
from tasks.errors import ConfigurationError, SourceError
from tasks.sites import parse_sites
from tests.conftest import CASES
from tests.servers import http_server
from warehouse.connection import open_live

UPTIME = CASES / "uptime"
SECRET = "hunter2-secret"
SINCE, UNTIL = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://shop.example/
    platform: other
    time_zone: Europe/Berlin
    owner: {name: O, email: o@a.example}
    sources: [SOURCE]
"""
Answer = Callable[[str, dict[str, str]], tuple[int, dict[str, str], object]]


@contextlib.contextmanager
def vendor(answer: Answer) -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """A local HTTP server; `answer(path, query or form)` gives status, headers and JSON. Yields its address and log."""
    asked: list[tuple[str, dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            url = urlsplit(self.path)
            values = dict(parse_qsl(url.query) + parse_qsl(form))
            asked.append((url.path, values, self.headers.get("Authorization", "")))
            status, headers, body = answer(url.path, values)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_args: object) -> None:
            pass

    with http_server(Handler) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/", asked


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HISTORY_SECRET", SECRET)


def job(settings, source: str, *, since: datetime = SINCE, until: datetime = UNTIL) -> Job:
    sites = parse_sites(SITES.replace("SOURCE", source), "s")
    kinds = collecting.kinds("uptime")
    (found,) = collecting.jobs(sites, settings, kinds, since=since, until=until)
    collecting.land_configuration(sites, settings)
    return found


def collect(settings, source: str, **window: datetime):
    return asyncio.run(collecting.collect(job(settings, source, **window))).outcome


def check(settings, source: str) -> str:
    one = job(settings, source)
    return asyncio.run(units("tasks.collect")[one.options.kind].check(one))


def seconds(settings) -> dict[str, float]:
    """Return the seconds up, down and unknown, as availability counts them."""
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        return dict(
            con.execute(
                "SELECT outcome, sum(epoch(end_at) - epoch(start_at)) FROM staging.check_span GROUP BY outcome"
            ).fetchall()
        )


def case(name: str) -> dict:
    return json.loads((UPTIME / name).read_text())


def uptimerobot(path: str, form: dict[str, str]) -> tuple[int, dict[str, str], object]:
    """Give one monitor a page."""
    answer, offset = case("uptimerobot/get_monitors.json"), int(form["offset"])
    monitors = answer["monitors"][::-1][offset // 50 : offset // 50 + 1]
    return 200, {}, {**answer, "monitors": monitors}


ROBOT = "{kind: uptime_uptimerobot, key: {env: HISTORY_SECRET}, url: 'URL'}"


def test_uptimerobot_is_read_page_by_page_and_twice_is_once(settings) -> None:
    with vendor(uptimerobot) as (url, asked):
        source = ROBOT.replace("URL", url)
        assert collect(settings, source).state == "complete"
        first = seconds(settings)
        assert first == {"up": 10_000, "down": 600, "unknown": 1_000}
        collect(settings, source, since=SINCE + timedelta(hours=15), until=UNTIL + timedelta(days=1))
    assert seconds(settings) == first
    assert [form["offset"] for _, form, _ in asked] == ["0", "50", "0", "50"]
    assert {form["api_key"] for _, form, _ in asked} == {SECRET}
    stored = b"".join(path.read_bytes() for path in settings.var.rglob("*") if path.is_file())
    assert SECRET.encode() not in stored


def test_what_uptimerobot_refuses_is_said_without_the_key(settings) -> None:
    refusal = {"stat": "fail", "error": {"type": "invalid_parameter", "message": f"api_key {SECRET} is wrong"}}
    with vendor(lambda *_: (200, {}, refusal)) as (url, _):
        outcome = collect(settings, ROBOT.replace("URL", url))
    assert outcome.state == "failed"
    assert outcome.message.startswith("UptimeRobot refused: api_key [redacted] is wrong")


def test_a_limit_is_waited_for_and_a_long_one_is_left_to_the_next_run(settings) -> None:
    waits = iter(["1", None, None])

    def limited(path: str, form: dict[str, str]) -> tuple[int, dict[str, str], object]:
        wait = next(waits)
        return (429, {"Retry-After": wait}, {}) if wait else uptimerobot(path, form)

    with vendor(limited) as (url, asked):
        assert collect(settings, ROBOT.replace("URL", url)).state == "complete"
    assert len(asked) == 3
    with vendor(lambda *_: (429, {"Retry-After": "3600"}, {})) as (url, asked):
        outcome = collect(settings, ROBOT.replace("URL", url))
    assert (outcome.state, len(asked)) == ("failed", 1)
    assert "answered 429; the next run asks again" in outcome.message


PINGDOM = "{kind: uptime_pingdom, token: {env: HISTORY_SECRET}, monitor: '85975', url: 'URLapi/3.1/'}"


def pingdom(path: str, query: dict[str, str]) -> tuple[int, dict[str, str], object]:
    """Answer with a result a minute, down from 10:00 to 10:05 by every probe, in pages, the newest first."""
    if path == "/api/3.1/checks/85975":
        return 200, {}, {"check": {"id": 85975, "name": "Shop", "resolution": 1}}
    if path.startswith("/api/3.1/summary.outage/"):
        return 200, {}, case("pingdom/outage.json")
    down = range(int(SINCE.timestamp()) + 36_000, int(SINCE.timestamp()) + 36_300)
    moments = [t for t in range(int(query["from"]), int(query["to"]) + 1) if t % 60 == 0][::-1]
    offset = int(query["offset"])
    results = [
        {"probeid": t // 60 % 3, "time": t, "status": "down"}
        if t in down
        else {"probeid": t // 60 % 3, "time": t, "status": "up", "responsetime": 200}
        for t in moments[offset : offset + int(query["limit"])]
    ]
    return 200, {}, {"activeprobes": [0, 1, 2], "results": results}


def test_results_of_pingdom_overlap_and_availability_stays(settings) -> None:
    with vendor(pingdom) as (url, asked):
        source = PINGDOM.replace("URL", url)
        assert collect(settings, source).state == "complete"
        first = seconds(settings)
        assert first["down"] == 300
        assert first["up"] == pytest.approx(86_400 - 300, abs=120)
        collect(settings, source, since=SINCE + timedelta(hours=10, minutes=2), until=UNTIL)
        assert seconds(settings) == first
        assert check(settings, source).startswith("1,44")
    assert {authorization for _, _, authorization in asked} == {f"Bearer {SECRET}"}


def test_outages_of_pingdom(settings) -> None:
    with vendor(pingdom) as (url, _):
        collect(settings, PINGDOM.replace("URL", url).replace("monitor:", "history: outages, monitor:"))
    assert seconds(settings) == {"up": 7_200, "down": 600, "unknown": 600}


BETTER = "{kind: uptime_better_stack, token: {env: HISTORY_SECRET}, url: 'URL'}"


def better_stack(change: Callable[[dict], None] = lambda _: None, link: str = "/api/v3/incidents?page=2") -> Answer:
    told = case("better_stack/incidents.json")
    change(told)

    def answer(path: str, query: dict[str, str]) -> tuple[int, dict[str, str], object]:
        if path == "/api/v2/monitors":
            return 200, {}, {"data": told["monitors"], "pagination": {"next": None}}
        page = int(query.get("page", "1"))
        part = told["incidents"][:1] if page == 1 else told["incidents"][1:]
        return 200, {}, {"data": part, "pagination": {"next": link if page == 1 else None}}

    return answer


def test_an_incident_that_was_open_is_replaced_by_the_closed_one(settings) -> None:
    start = datetime.now(UTC) - timedelta(days=3)

    def down(resolved_at: str | None) -> Callable[[dict], None]:
        def change(told: dict) -> None:
            told["incidents"][1]["attributes"] |= {"started_at": start.isoformat(), "resolved_at": resolved_at}
            told["monitors"][0]["attributes"]["created_at"] = start.isoformat()

        return change

    window = {"since": start, "until": start + timedelta(days=1)}
    with vendor(better_stack(down(None))) as (url, _):
        assert collect(settings, BETTER.replace("URL", url), **window).state == "complete"
    assert seconds(settings)["down"] == pytest.approx(3 * 86_400, abs=60)
    for _ in range(2):
        with vendor(better_stack(down((start + timedelta(days=5)).isoformat()))) as (url, _):
            collect(settings, BETTER.replace("URL", url), **window)
        assert seconds(settings)["down"] == 5 * 86_400


def test_better_stack_is_read_page_by_page_and_only_on_its_own_host(settings) -> None:
    with vendor(better_stack()) as (url, asked):
        collect(settings, BETTER.replace("URL", url))
        assert seconds(settings) == {"up": 36_000 + 32_400 + 14_340, "down": 3_600, "unknown": 60}
        assert [path for path, _, _ in asked] == ["/api/v2/monitors", "/api/v3/incidents", "/api/v3/incidents"]
    with vendor(better_stack(link="http://127.0.0.2/steal")) as (url, _):
        outcome = collect(settings, BETTER.replace("URL", url))
    assert "a next page on another host" in outcome.message


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [(401, {}, "answered 401: is the token right"), (404, {}, "answered 404"), (200, b"<html>", "is not the JSON of"),
     (200, [], "does not answer as"), (302, {}, "answered 302"), (200, {}, "answer")],
)  # fmt: skip
@pytest.mark.parametrize("source", [ROBOT, PINGDOM, BETTER], ids=["uptimerobot", "pingdom", "better-stack"])
def test_a_broken_answer_is_one_sentence(settings, source: str, status: int, body: object, message: str) -> None:
    with vendor(lambda *_: (status, {}, body)) as (url, _):
        outcome = collect(settings, source.replace("URL", url))
    assert outcome.state == "failed"
    assert message in outcome.message
    assert SECRET not in outcome.message


def test_a_status_page_of_kuma_is_read(settings) -> None:
    def page(path: str, _: dict[str, str]) -> tuple[int, dict[str, str], object]:
        if path == "/api/status-page/heartbeat/shop":
            return 200, {}, case("uptime_kuma/heartbeat.json")
        return 200, {}, {"publicGroupList": [{"monitorList": [{"id": 1, "name": "Shop", "type": "http"}]}]}

    with vendor(page) as (url, _):
        source = f"{{kind: uptime_kuma, url: '{url}', slug: shop, monitor: Shop}}"
        outcome = collect(settings, source)
        assert (outcome.state, outcome.reject_count) == ("partial", 1)
        assert check(settings, source) == "4 beats on the status page"
    assert seconds(settings) == {"up": 60, "down": 60, "unknown": 120}


def test_files_are_read_again_and_counted_once_and_a_damaged_one_is_said(settings, tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    line = "2026-11-22 {:02}:{:02},{}\n"
    rows = [line.format(t // 60, t % 60, "down" if t < 30 else "up") for t in range(240)]
    (folder / "a.csv").write_text("time,status\n" + "".join(rows[:150]))
    (folder / "b.csv").write_text("time,status\n" + "".join(rows[100:]))
    source = "{kind: uptime_csv, paths: [history], time_zone: America/New_York}"
    assert collect(settings, source).state == "complete"
    assert seconds(settings) == {"up": 210 * 60, "down": 30 * 60}
    (folder / "c.csv").write_text("no,history\n")
    outcome = collect(settings, source)
    assert (outcome.state, "names no column with the time" in outcome.message) == ("partial", True)
    assert seconds(settings) == {"up": 210 * 60, "down": 30 * 60}
    with open_live(settings.warehouse) as con:
        (first,) = con.execute("SELECT min(slot_at) FROM raw.check_result").fetchone()
    assert first == datetime(2026, 11, 22, 5, tzinfo=UTC)
    assert check(settings, source.replace("[history]", "[history/a.csv]")) == "a.csv: 150 results or states, 0 rejected"


def test_no_file_is_a_clear_error(settings) -> None:
    with pytest.raises(SourceError, match="There is no file nowhere"):
        check(settings, "{kind: uptime_csv, paths: ['nowhere/*.csv']}")


@pytest.mark.parametrize(
    "source",
    ["{kind: uptime_kuma}", "{kind: uptime_kuma, url: 'https://k.example/'}", "{kind: uptime_uptimerobot}",
     "{kind: uptime_pingdom, token: {env: T}}", "{kind: uptime_better_stack}", "{kind: uptime_csv, paths: []}"],
)  # fmt: skip
def test_a_source_that_says_too_little_is_refused(settings, source: str) -> None:
    with pytest.raises(ConfigurationError):
        job(settings, source)

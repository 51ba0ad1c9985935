"""Figures of servers come from a real Prometheus, each slot once, and what was not measured is not there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tasks import collecting
from tasks.collect.servers_prometheus import QUERIES, check, parse
from tasks.contracts import Context, Job
from tasks.errors import SourceError
from tasks.sites import parse_sites
from tests.conftest import CASES
from tests.tasks.collect.test_uptime_prometheus import prometheus
from warehouse.connection import open_live

CAPTURES = CASES / "servers_prometheus"
SINCE = datetime(2026, 11, 23, tzinfo=UTC)
SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: Pacific/Auckland
    owner: {name: O, email: o@a.example}
    sources: [{kind: servers_prometheus, url: "URL", instances: ["SERVER"], slot_seconds: 5, labels: {job: node}}]
"""


def context(**more: Any) -> Context:
    usual = {
        "site_id": "one", "source_id": "servers-prometheus", "time_zone": "Pacific/Auckland", "host": "one.example",
        "collected_at": datetime.now(UTC),
    }  # fmt: skip
    return Context(**(usual | more))


def job(settings, url: str, server: str = "web-1:9100", **more: Any) -> Job:
    options = parse_sites(SITES.replace("URL", url).replace("SERVER", server), "s").sites[0].sources[0]
    usual = {"context": context(), "options": options, "spool": settings.spool}
    return Job(**(usual | {"since": SINCE, "until": SINCE + timedelta(days=1)} | more))


def rows(settings) -> list[tuple[Any, ...]]:
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        return con.execute("SELECT metric, device, measured_at, value FROM raw.server_metric ORDER BY ALL").fetchall()


def answered(*results: tuple[dict[str, str], list[list[Any]]]) -> dict[str, Any]:
    series = [{"metric": labels, "values": values} for labels, values in results]
    return {"status": "success", "data": {"resultType": "matrix", "result": series}}


def test_the_captured_free_space_becomes_rows_of_its_mount_point_and_day() -> None:
    answer = json.loads((CAPTURES / "range_fs_avail_bytes.json").read_text())
    parsed = parse({"disk_available_bytes": answer}, context(), 15)
    (series,) = answer["data"]["result"]
    assert [(record.measured_at.timestamp(), record.value) for record in parsed.records] == [
        (moment, float(value)) for moment, value in series["values"]
    ]
    assert {(record.device, record.server) for record in parsed.records} == {("/", series["metric"]["instance"])}
    zone = ZoneInfo("Pacific/Auckland")
    assert all(record.event_date == record.measured_at.astimezone(zone).date() for record in parsed.records)
    assert (
        parsed.records[0].event_date > parsed.records[0].measured_at.date() or parsed.records[0].measured_at.hour < 11
    )


def test_nan_and_infinity_are_not_figures_and_a_ratio_stays_one() -> None:
    values = [[1, "NaN"], [2, "+Inf"], [3, "1.0000001"], [4, "-1e-9"]]
    parsed = parse({"cpu_busy_ratio": answered(({"instance": "web-1"}, values))}, context(), 5)
    assert [record.value for record in parsed.records] == [1.0, 0.0]


def test_a_query_of_ones_own_may_be_of_the_whole_site() -> None:
    (record,) = parse({"http_5xx_count": answered(({}, [[1, "3"]]))}, context(), 5).records
    assert (record.server, record.metric, record.value) == (context().host, "http_5xx_count", 3.0)


@pytest.mark.parametrize(
    "broken",
    [{}, {"data": None}, answered(({}, [[1, "1"]])), answered(({"instance": "x"}, [["x", "y"]])), answered(({"instance": "x"}, [[1e300, "1"]]))],
)  # fmt: skip
def test_a_broken_answer_is_told(broken: dict[str, Any]) -> None:
    with pytest.raises(SourceError, match="can't be read"):
        parse({"load1": broken}, context(), 5)


def test_a_server_that_prometheus_does_not_know_is_named(settings) -> None:
    with prometheus(lambda *_: (200, json.dumps(answered()).encode())) as url:
        report = asyncio.run(collecting.collect(job(settings, url)))
        with pytest.raises(SourceError, match="nothing of web-1:9100"):
            asyncio.run(check(job(settings, url)))
    assert report.outcome.state == "empty"
    assert "web-1:9100" in report.outcome.message


def test_a_name_is_matched_as_it_is_written(settings) -> None:
    asked = []

    def answer(query: str, _time: float) -> tuple[int, bytes]:
        asked.append(query)
        return 200, json.dumps(answered()).encode()

    with prometheus(answer) as url:
        asyncio.run(collecting.collect(job(settings, url, "web.1|.*:9100")))
    assert len(asked) == len(QUERIES)
    assert all(r'instance=~"web\\.1\\|\\.\\*:9100"' in query for query in asked)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _until(test: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "the servers did not get ready"
        time.sleep(0.2)


def _count(url: str, query: str) -> int:
    with contextlib.suppress(httpx.TransportError):
        answer = httpx.get(f"{url}/api/v1/query", params={"query": query}, trust_env=False).json()
        if answer.get("status") == "success" and answer["data"]["result"]:
            return int(answer["data"]["result"][0]["value"][1])
    return 0


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("prometheus") and shutil.which("prometheus-node-exporter")),
    reason="needs Debian's packages prometheus and prometheus-node-exporter",
)
def test_a_real_prometheus_gives_every_figure_of_a_real_server_once(settings, tmp_path: Path) -> None:
    node, port = f"127.0.0.1:{_free_port()}", _free_port()
    url = f"http://127.0.0.1:{port}"
    (tmp_path / "reboot.prom").write_text("node_reboot_required 1\n")
    (tmp_path / "prometheus.yml").write_text(
        f"global: {{scrape_interval: 1s}}\nscrape_configs: [{{job_name: node, static_configs: [{{targets: ['{node}']}}]}}]\n"
    )
    exporter = (
        "prometheus-node-exporter",
        f"--web.listen-address={node}",
        f"--collector.textfile.directory={tmp_path}",
    )
    server = (
        "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    with running(*exporter), running(*server):
        _until(lambda: _count(url, "count_over_time(node_load1[1m])") >= 12)
        now = datetime.now(UTC)
        window = {"since": now - timedelta(minutes=5), "until": now}
        first = asyncio.run(collecting.collect(job(settings, url, node, **window)))
        found = rows(settings)
        again = {"since": now - timedelta(minutes=4), "until": now}
        asyncio.run(collecting.collect(job(settings, url, node, **again)))
        assert rows(settings) == found, "windows that overlap give each slot once"
    assert first.outcome.state == "complete", first.outcome.message
    by_metric = {metric: (device, value) for metric, device, _, value in found}
    expected = {*QUERIES} if any(device for _, device, *_ in found) else {q for q in QUERIES if "disk" not in q}
    assert by_metric.keys() == expected
    assert all(moment.timestamp() % 5 == 0 for _, _, moment, _ in found)
    assert by_metric["is_reboot_required"] == (None, 1.0)
    boot = float(next(line.split()[1] for line in Path("/proc/stat").read_text().splitlines() if "btime" in line))
    assert by_metric["boot_at_seconds"][1] == boot
    assert 0 <= by_metric["cpu_busy_ratio"][1] <= 1
    assert 0 < by_metric["memory_used_ratio"][1] < 1

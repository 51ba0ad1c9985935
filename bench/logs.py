"""Rows a second of WAF and access logs, landed, loaded and classified, beside another reader of the same file."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from bench import aws_lines
from tasks import collecting
from tasks.settings import Settings
from tasks.sites import parse_sites
from warehouse.connection import open_live

CASES = Path(__file__).parent.parent / "tests" / "cases" / "waf"
SITES = """
agency: {{name: A, contact: a@a.example}}
clients: [{{id: c, name: C}}]
sites:
  - {{id: one, name: One, client: c, url: "https://one.example/", platform: other, time_zone: UTC,
     owner: {{name: O, email: o@a.example}}, sources: [{{kind: waf_logs, format: {format}, paths: ["bench.log"]}}]}}
"""


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit)."""
    yield from _compare("modsecurity-v3-json", 100_000, _audit_lines, "DuckDB's read_json into a table", _read_json)
    yield from _compare("aws-waf", 300_000, aws_lines.write, "DuckDB's read_json into a table", _read_json)
    if shutil.which("goaccess"):
        yield from _compare("access-combined", 2_000_000, _access_lines, "GoAccess, JSON output", _goaccess)


def _compare(
    name: str, rows: int, write: Callable[[Path, int], None], other: str, measure: Callable[[Path], None]
) -> Iterator[tuple[str, float, str]]:
    """Land, load and classify one file as a flow does, then let the other one read it."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "bench.log"
        write(log, rows)
        size = log.stat().st_size / 1e6
        settings = Settings(Path(folder) / "sites.yaml", Path(folder) / "var")
        (job,) = collecting.jobs(parse_sites(SITES.format(format=name), "bench"), settings, ["waf_logs"])
        with open_live(settings.warehouse):
            pass  # a warehouse is made once in its life
        start = time.perf_counter()
        report = asyncio.run(collecting.collect(job))
        landed = time.perf_counter()
        loaded = collecting.load_landed(settings)
        end = time.perf_counter()
        assert loaded and report.outcome.state == "complete" and report.outcome.reject_count == 0
        other_start = time.perf_counter()
        measure(log)
        own = time.perf_counter() - other_start
        yield f"{name}: land and load, end to end", rows / (end - start), "rows/s"
        yield f"{name}: land and load, end to end", size / (end - start), "MB/s"
        yield f"{name}: of that, loading", 100 * (end - landed) / (end - start), "% of the time"
        yield f"{name}: {other}", rows / own, "rows/s"
        yield f"{name}: speed as a ratio to that", own / (end - start), "ratio"


def _audit_lines(log: Path, rows: int) -> None:
    lines = gzip.decompress((CASES / "nginx-shop-audit.json.log.gz").read_bytes()).splitlines(keepends=True)
    with log.open("wb") as out:
        for number in range(rows):
            # A request id of its own for each line, so that nothing can be taken for a copy.
            out.write(lines[number % len(lines)].replace(b'"unique_id":"', b'"unique_id":"%d.' % number))


def _access_lines(log: Path, rows: int) -> None:
    lines = gzip.decompress((CASES / "nginx-shop-access.log.gz").read_bytes()).splitlines(keepends=True)
    with log.open("wb") as out:
        for number in range(rows):
            out.write(lines[number % len(lines)])


def _read_json(log: Path) -> None:
    with contextlib.closing(duckdb.connect(str(log.with_name("own.duckdb")))) as con:
        con.execute("CREATE TABLE own AS SELECT * FROM read_json(?, format = 'newline_delimited')", [str(log)])


def _goaccess(log: Path) -> None:
    command = ["goaccess", str(log), "--log-format=COMBINED", "--no-progress", "-o", str(log.with_name("own.json"))]
    subprocess.run(command, check=True, capture_output=True)

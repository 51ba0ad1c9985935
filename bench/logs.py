"""Rows a second of WAF and access logs, landed and loaded, beside DuckDB's own reader on the same file."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from tasks import collecting
from tasks.settings import Settings
from tasks.sites import parse_sites

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
    yield from _compare("modsecurity-v3-json", "nginx-shop-audit.json.log.gz", 100_000, _read_json)
    yield from _compare("access-combined", "nginx-shop-access.log.gz", 500_000, _read_lines)


def _compare(
    name: str, case: str, rows: int, reader: Callable[[duckdb.DuckDBPyConnection, Path], None]
) -> Iterator[tuple[str, float, str]]:
    lines = gzip.decompress((CASES / case).read_bytes()).splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "bench.log"
        with log.open("wb") as out:
            for number in range(rows):
                # A request id of its own for each line, so that nothing can be taken for a copy.
                out.write(lines[number % len(lines)].replace(b'"unique_id":"', b'"unique_id":"%d.' % number))
        size = log.stat().st_size / 1e6
        settings = Settings(Path(folder) / "sites.yaml", Path(folder) / "var")
        (job,) = collecting.jobs(parse_sites(SITES.format(format=name), "bench"), settings, ["waf_logs"])
        start = time.perf_counter()
        report = asyncio.run(collecting.collect(job))
        landed = time.perf_counter()
        loaded = collecting.load_landed(settings)
        end = time.perf_counter()
        assert loaded and report.outcome.state == "complete" and report.outcome.reject_count == 0
        with contextlib.closing(duckdb.connect(str(Path(folder) / "own.duckdb"))) as con:
            own_start = time.perf_counter()
            reader(con, log)
            own = time.perf_counter() - own_start
        yield f"{name}: land and load, end to end", rows / (end - start), "rows/s"
        yield f"{name}: land and load, end to end", size / (end - start), "MB/s"
        yield f"{name}: of that, loading", rows / (end - landed), "rows/s"
        yield f"{name}: DuckDB's own reader into a table", rows / own, "rows/s"
        yield f"{name}: share of DuckDB's own speed", own / (end - start), "ratio"


def _read_json(con: duckdb.DuckDBPyConnection, log: Path) -> None:
    con.execute("CREATE TABLE own AS SELECT * FROM read_json(?, format = 'newline_delimited')", [str(log)])


def _read_lines(con: duckdb.DuckDBPyConnection, log: Path) -> None:
    options = (
        "columns = {'line': 'VARCHAR'}, delim = chr(1), quote = '', escape = '', header = false, auto_detect = false"
    )
    con.execute(f"CREATE TABLE own AS SELECT * FROM read_csv(?, {options})", [str(log)])

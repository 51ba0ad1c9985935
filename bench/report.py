"""Seconds per report, warm, and fifty in a pool of processes: the small quarter of the tests, from snapshot to PDF."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tasks import pool, report_attachments, reporting
from tasks.answers import Answers
from tasks.brand import Brand, brand_of
from tasks.quarters import parse_quarter
from tasks.render.document import render_pdf
from tests import quarter
from warehouse.site_snapshot import open_site_snapshot

MANY = 50
Q3 = parse_quarter("2026Q3")


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit)."""
    with tempfile.TemporaryDirectory() as folder:
        settings, sites = quarter.make(Path(folder))
        brand = brand_of(sites.agency, Path(folder))
        analysed, rendered = [], []
        for _ in range(4):
            start = time.perf_counter()
            with contextlib.closing(open_site_snapshot(settings.snapshot, "one")) as con:
                answers = Answers.on(con)
                report = reporting.build(answers, brand, "one", Q3)
                middle = time.perf_counter()
                pdf = render_pdf(report, report_attachments.of(report, answers, brand))
            analysed.append(middle - start)
            rendered.append(time.perf_counter() - middle)
        start = time.perf_counter()
        told = asyncio.run(_many([(settings.snapshot, brand, Path(folder) / f"{n}") for n in range(MANY)]))
        wall = time.perf_counter() - start
    peaks: dict[int, list[float]] = {}
    for process, peak in told:
        peaks.setdefault(process, []).append(peak)
    growth = max(own[-1] - own[min(4, len(own) - 1)] for own in map(sorted, peaks.values()))
    yield "report: analyse one site, median of 3 warm", statistics.median(analysed[1:]), "s"
    yield "report: render one PDF, median of 3 warm", statistics.median(rendered[1:]), "s"
    yield "report: size of the PDF", len(pdf) / 1000, "kB"
    yield f"report: {MANY} in a pool of {os.cpu_count()} processes", wall, "s"
    yield "report: 500 at that pace (goal 12)", wall * 500 / MANY / 60, "min"
    yield "report: most memory of a process", max(map(max, peaks.values())), "MB"
    yield "report: growth of a process after its fifth report", growth, "MB"


async def _many(arguments: list[tuple[Path, Brand, Path]]) -> list[tuple[int, float]]:
    found = []
    async for _, result in pool.each(_write, arguments):
        assert not isinstance(result, Exception), result
        found.append(result)
    return found


def _write(snapshot: Path, brand: Brand, out: Path) -> tuple[int, float]:
    """Write one report and return the process that did and its most memory so far, MB."""
    reporting.write_site_report(snapshot, brand, "one", Q3, out)
    return os.getpid(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000

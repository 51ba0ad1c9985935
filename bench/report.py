"""Seconds per report, warm: the small quarter of the tests, from the snapshot to the bytes of the PDF."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tasks import report_attachments, reporting
from tasks.answers import Answers
from tasks.brand import brand_of
from tasks.quarters import parse_quarter
from tasks.render.document import render_pdf
from tests import quarter
from warehouse.site_snapshot import open_site_snapshot


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
                report = reporting.build(answers, brand, "one", parse_quarter("2026Q3"))
                middle = time.perf_counter()
                pdf = render_pdf(report, report_attachments.of(report, answers, brand))
            analysed.append(middle - start)
            rendered.append(time.perf_counter() - middle)
    yield "report: analyse one site, median of 3 warm", statistics.median(analysed[1:]), "s"
    yield "report: render one PDF, median of 3 warm", statistics.median(rendered[1:]), "s"
    yield "report: size of the PDF", len(pdf) / 1000, "kB"

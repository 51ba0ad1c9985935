"""Figures that servers without a Prometheus push: files of JSON lines or CSV that a cron job drops.

    {"measured_at": "2026-07-01T02:05:00Z", "server": "web-1", "metric": "cpu_busy_ratio", "value": 0.31}

`metric` is one of `tasks.server_metrics.METRICS`; those of a disk need its mount point as `device`;
`interval_seconds` is the length of the slot, 300 where it is left out. A file may grow, be rotated or be replaced: the
loader knows each figure again.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from tasks.contracts import Context, Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from tasks.report_files import find, read, take
from tasks.server_metrics import PARSER, parse
from warehouse.records import ServerMetric


class Options(SourceOptions):
    """Figures of servers in files of JSON lines or CSV."""

    fills: ClassVar[str] = "server_metric"

    paths: list[str] = Field(
        min_length=1, description="Files of figures, relative to this file; * and ? stand for any."
    )
    every_hours: float = Field(default=2, gt=0, le=24 * 31, description="Longest normal time between figures, hours.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two figures that is still normal."""
        return int(self.every_hours * 3600)


async def collect(job: Job) -> Outcome:
    """Take every file whose content was not taken yet.

    Raises:
        SourceError: no file is there.
    """
    paths = _options(job).paths
    return take(job, paths, PARSER, ServerMetric, lambda metric: metric.measured_at, partial(_parsed, job.context))


async def check(job: Job) -> str:
    """Read the newest file and say of which servers it has figures.

    Raises:
        SourceError: no file is there, or the newest one has no figure.
    """
    newest = max(find(_options(job).paths, job.base), key=lambda path: path.stat().st_mtime)
    try:
        parsed = _parsed(job.context, read(newest), newest)
    except OSError as error:
        raise SourceError(f"{newest}: {error.strerror or error}") from None
    servers = sorted({record.server for record in parsed.records if isinstance(record, ServerMetric)})
    if not servers:
        reason = f": {parsed.rejects[0].reason}" if parsed.rejects else ""
        raise SourceError(f"{newest.name} has no figure{reason}.")
    return f"{len(parsed.records):,} figures of {', '.join(servers)} in {newest.name}"


def _parsed(context: Context, data: bytes, path: Path) -> Parsed:
    return parse(data, path, context)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

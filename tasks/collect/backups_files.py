"""Backups by the files that they leave: each file is a backup, made when it was last written.

For jobs that can't report (see `backups_reports`). A file that is still being written is left for the next run; one
that is far smaller than those before it, or empty, counts as failed and says so. With `proves: restore_test` the files
are what tested restores leave.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from tasks.contracts import Context, Job, Outcome, SourceOptions
from tasks.errors import SourceError
from tasks.redact import excerpt
from tasks.report_files import find
from warehouse.records import Backup
from warehouse.spool import batch_id_of

PARSER = "backups_files/1"
SETTLED = timedelta(minutes=2)
"""A file that was written later may not be whole."""
BEFORE, LEAST_BEFORE = 7, 3
"""Files before one by whose median its size is judged, and how many there must be."""


class Options(SourceOptions):
    """Backups by the files that they leave."""

    fills: ClassVar[str] = "backup"

    paths: list[str] = Field(
        min_length=1, description="Files of backups, relative to this file; * and ? stand for any."
    )
    proves: Literal["backup", "restore_test"] = Field(default="backup", description="What such a file proves.")
    least_bytes: int = Field(default=1, ge=0, description="A smaller file is a failed backup, bytes.")
    least_share: float = Field(
        default=0.5, ge=0, le=1, description="So is one under this share of the median size of the seven before it."
    )
    every_hours: float = Field(default=26, gt=0, le=24 * 31, description="Longest normal time between backups, hours.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two backups that is still normal."""
        return int(self.every_hours * 3600)


async def collect(job: Job) -> Outcome:
    """Look at every file that is new or was written again, and land them as one batch.

    Raises:
        SourceError: no file is there, or its folder can't be read.
    """
    name = f"{job.context.site_id}.{job.context.source_id}"
    with job.spool.hold_cursor(name) as value:
        # What was said of a file stays, though those that it was compared with are removed one day.
        known, sizes = (value["known"], value["sizes"]) if value else ({}, [])
        files = _files(job)
        new = [
            (path, at, size) for path, at, size in files if known.get(path) != at.isoformat() and _is_wanted(at, job)
        ]
        records = parse(new, job.context, _options(job), sizes)
        if records:
            there = {path for path, _, _ in files}
            known = {path: at for path, at in known.items() if path in there}
            known |= {str(record.location): record.backup_at.isoformat() for record in records}
            sizes += [record.bytes for record in records if record.state == "succeeded"]
            job.spool.land(
                batch_id_of(PARSER, name, sorted(known.items())),
                {Backup.table: records},
                collector="backups_files",
                parser_version=PARSER,
                cursor=(name, {"known": known, "sizes": sizes[-BEFORE:]}),
            )
    return Outcome.of(
        {Backup.table: len(records)}, fresh_as_of=max((record.backup_at for record in records), default=None)
    )


async def check(job: Job) -> str:
    """Say which file is the newest, and what it proves.

    Raises:
        SourceError: no file is there, or its folder can't be read.
    """
    records = parse(_files(job), job.context, _options(job))
    if not records:
        return "one file, which is being written"
    last = records[-1]
    return f"{len(records):,} files; the last, {last.location}, {last.state} {last.backup_at:%Y-%m-%d %H:%M} UTC" + (
        f": {last.message}" if last.message else ""
    )


def parse(
    files: list[tuple[str, datetime, int]], context: Context, options: Options, before: Sequence[int] = ()
) -> list[Backup]:
    """Return a record for each file of (name, last written, bytes), in the order in which they were written.

    `before` are the sizes of good files that were written earlier.
    """
    zone = ZoneInfo(context.site_time_zone or context.time_zone)
    records: list[Backup] = []
    sizes = list(before)
    for name, written_at, size in sorted(files, key=lambda file: (file[1], file[0])):
        if written_at > context.collected_at - SETTLED:
            continue
        problem = _problem(size, sizes[-BEFORE:], options)
        if not problem:
            sizes.append(size)
        records.append(
            Backup(
                site_id=context.site_id,
                source_id=context.source_id,
                kind=options.proves,
                backup_at=written_at,
                state="failed" if problem else "succeeded",
                location=excerpt(name),
                bytes=size,
                message=problem,
                event_date=written_at.astimezone(zone).date(),
            )
        )
    return records


def _problem(size: int, before: list[int], options: Options) -> str | None:
    """Say what is wrong with a size, None where nothing is."""
    if size < options.least_bytes:
        return f"it has {size:,} bytes, fewer than {options.least_bytes:,}"
    if len(before) >= LEAST_BEFORE and size < options.least_share * (usual := statistics.median(before)):
        return f"it has {size:,} bytes; those before it had {usual:,.0f}"
    return None


def _is_wanted(moment: datetime, job: Job) -> bool:
    return (job.since is None or moment >= job.since) and (job.until is None or moment < job.until)


def _files(job: Job) -> list[tuple[str, datetime, int]]:
    found: list[tuple[str, datetime, int]] = []
    for path in find(_options(job).paths, job.base):
        try:
            facts = path.stat()
        except OSError as error:
            raise SourceError(f"{path.name}: {error.strerror or error}") from None
        name = path.relative_to(job.base) if path.is_relative_to(job.base) else Path(path.name)
        found.append((str(name), datetime.fromtimestamp(int(facts.st_mtime), UTC), facts.st_size))
    return found


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

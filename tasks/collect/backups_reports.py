"""What backup jobs report: files of JSON lines, to which each job adds one line when it ends.

    {"backup_at": "2026-07-01T02:10:00Z", "kind": "backup", "state": "succeeded", "bytes": 123456, "location": "s3"}

`kind` is backup or restore_test; `state` is succeeded or failed; `bytes`, `location` and `message` may be left out.
A file may grow, be rotated or be replaced: the loader knows each report again.
"""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from tasks.contracts import Context, Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from tasks.redact import excerpt, redact
from tasks.report_files import find, read, reject, take
from warehouse.records import Backup, Reject

PARSER = "backups_reports/1"
_AHEAD = timedelta(days=1)


class Options(SourceOptions):
    """Reports of backup jobs in files of JSON lines."""

    fills: ClassVar[str] = "backup"

    paths: list[str] = Field(
        min_length=1, description="Files of reports, relative to this file; * and ? stand for any."
    )
    every_hours: float = Field(default=26, gt=0, le=24 * 31, description="Longest normal time between backups, hours.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two backups that is still normal."""
        return int(self.every_hours * 3600)


class _Line(BaseModel):
    """One report. Other keys are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    backup_at: AwareDatetime
    kind: Literal["backup", "restore_test"] = "backup"
    state: Literal["succeeded", "failed"]
    bytes: Annotated[int, Field(strict=True, ge=0, le=2**62)] | None = None
    location: Annotated[str, StringConstraints(max_length=200)] | None = None
    message: str | None = None


async def collect(job: Job) -> Outcome:
    """Take every file whose content was not taken yet, each as one batch; one that can't be read leaves the others.

    Raises:
        SourceError: no file is there.
    """
    return take(
        job, _options(job).paths, PARSER, Backup, lambda backup: backup.backup_at, partial(_parsed, job.context)
    )


async def check(job: Job) -> str:
    """Read the files and say when the last backup and the last tested restore succeeded.

    Raises:
        SourceError: no file is there, or one can't be read.
    """
    records: list[Backup] = []
    for path in find(_options(job).paths, job.base):
        try:
            parsed = parse(read(path), path.name, job.context)
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        records += [record for record in parsed.records if isinstance(record, Backup)]
    said = []
    for kind, word in (("backup", "backup"), ("restore_test", "tested restore")):
        times = [record.backup_at for record in records if record.kind == kind and record.state == "succeeded"]
        said.append(f"last {word} {max(times):%Y-%m-%d %H:%M} UTC" if times else f"no {word}")
    return f"{len(records):,} reports; {', '.join(said)}"


def parse(data: bytes, name: str, context: Context) -> Parsed:
    """Return a record for each line that is a report, and a reject for each other that is not empty."""
    zone = ZoneInfo(context.site_time_zone or context.time_zone)
    records: list[Backup] = []
    rejects: list[Reject] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            report = _Line.model_validate(json.loads(line))
            if report.backup_at > context.collected_at + _AHEAD:
                raise ValueError("backup_at lies ahead; set the server's clock")
            records.append(_record(report, context, zone))
        except (ValueError, RecursionError, OverflowError) as error:
            rejects.append(reject(context, name, number, line.decode(errors="replace"), error))
    return Parsed(
        records=records, rejects=rejects, fresh_as_of=max((record.backup_at for record in records), default=None)
    )


def _record(report: _Line, context: Context, zone: ZoneInfo) -> Backup:
    backup_at = report.backup_at.astimezone(UTC)
    return Backup(
        site_id=context.site_id,
        source_id=context.source_id,
        kind=report.kind,
        backup_at=backup_at,
        state=report.state,
        location=redact(report.location) if report.location else None,
        bytes=report.bytes,
        message=excerpt(report.message) if report.message else None,
        event_date=backup_at.astimezone(zone).date(),
    )


def _parsed(context: Context, data: bytes, path: Path) -> Parsed:
    return parse(data, path.name, context)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

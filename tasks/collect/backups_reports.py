"""What backup jobs report: files of JSON lines, to which each job adds one line when it ends.

    {"backup_at": "2026-07-01T02:10:00Z", "kind": "backup", "state": "succeeded", "bytes": 123456, "location": "s3"}

`kind` is backup or restore_test; `state` is succeeded or failed; `bytes`, `location` and `message` may be left out.
A file may grow, be rotated or be replaced: the loader knows each report again.
"""

from __future__ import annotations

import glob
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from tasks.contracts import Context, Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from tasks.redact import excerpt, redact
from warehouse.records import Backup, Reject
from warehouse.spool import batch_id_of

PARSER = "backups_reports/1"
FILES = 1000
FILE_BYTES = 16 * 1024 * 1024
"""A file of reports at most: some 100,000 lines."""
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
    landed, rejected, newest, problems = 0, 0, list[datetime](), list[str]()
    for path in _files(job):
        try:
            data = _read(path)
        except (OSError, SourceError) as error:
            problems.append(f"{path.name}: {getattr(error, 'strerror', None) or error}")
            continue
        parsed = _within(parse(data, path.name, job.context), job)
        if parsed.records or parsed.rejects:
            digest = hashlib.sha256(data).hexdigest()
            job.spool.land(
                batch_id_of(PARSER, job.context.site_id, job.context.source_id, digest, job.since, job.until),
                parsed.by_table(),
                collector="backups_reports",
                parser_version=PARSER,
            )
        landed, rejected = landed + len(parsed.records), rejected + len(parsed.rejects)
        newest += [parsed.fresh_as_of] if parsed.fresh_as_of else []
    is_partial = problems or rejected
    return Outcome(
        state="failed" if problems and not landed else "partial" if is_partial else "complete" if landed else "empty",
        landed={Backup.table: landed},
        reject_count=rejected,
        fresh_as_of=max(newest, default=None),
        message="; ".join(problems) or None,
    )


async def check(job: Job) -> str:
    """Read the files and say when the last backup and the last tested restore succeeded.

    Raises:
        SourceError: no file is there, or one can't be read.
    """
    records: list[Backup] = []
    for path in _files(job):
        try:
            parsed = parse(_read(path), path.name, job.context)
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
            rejects.append(
                Reject(
                    site_id=context.site_id,
                    source_id=context.source_id,
                    file=name,
                    line_number=number,
                    reason=_reason(error),
                    excerpt=excerpt(line.decode(errors="replace")),
                )
            )
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


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        return excerpt(f"{where}: {first['msg']}")
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
        return "it is no line of JSON; write one report a line"
    return excerpt(str(error))


def _within(parsed: Parsed, job: Job) -> Parsed:
    """Leave out what lies outside of the window asked for."""
    kept = [record for record in parsed.records if isinstance(record, Backup) and _is_wanted(record.backup_at, job)]
    return Parsed(records=kept, rejects=parsed.rejects, fresh_as_of=max((r.backup_at for r in kept), default=None))


def _is_wanted(moment: datetime, job: Job) -> bool:
    return (job.since is None or moment >= job.since) and (job.until is None or moment < job.until)


def _files(job: Job) -> list[Path]:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    found = sorted(set(_matching(job.options.paths, job.base)))
    if not found:
        raise SourceError(f"No file matches {', '.join(job.options.paths)} below {job.base}: mend paths.")
    if len(found) > FILES:
        raise SourceError(f"{len(found):,} files match, over {FILES:,}: narrow paths, or remove old files.")
    return found


def _matching(patterns: list[str], base: Path) -> Iterator[Path]:
    for pattern in patterns:
        yield from (path for path in map(Path, glob.iglob(str(base / pattern))) if path.is_file())  # noqa: PTH207 - absolute ones too


def _read(path: Path) -> bytes:
    with path.open("rb") as handle:
        data = handle.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise SourceError(f"{path.name} is over {FILE_BYTES // 2**20} MiB: rotate it.")
    return data

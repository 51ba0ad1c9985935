"""A job that must report, as a backup: the file that it touches may not grow too old."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import Field

from tasks.checks import Check, CheckOptions, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.heartbeat import beat

PARSER = "uptime_heartbeat/1"


class Options(CheckOptions):
    """A file that a job touches when it is done: `backup.sh && touch heartbeats/backup`."""

    path: str = Field(
        min_length=1,
        max_length=1000,
        description="File, relative to this file; may hold * as in backups/*.sql.gz: the newest counts.",
    )
    within_seconds: float = Field(
        gt=0, le=86_400 * 400, description="How old the last report may be, seconds: the job's interval and some grace."
    )


async def collect(job: Job) -> Outcome:
    """Check one."""
    return (await collect_many([job]))[0]


async def collect_many(jobs: Sequence[Job]) -> list[Outcome]:
    """Check all of them and land all results as one batch."""
    return await collect_checks(jobs, _prepare, check_type="heartbeat", collector="uptime_heartbeat", parser=PARSER)


async def check(job: Job) -> str:
    """Check once and say what was seen; raises as `tasks.checks.try_check`."""
    return await try_check(job, _prepare)


async def _prepare(job: Job) -> Check:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    path = job.base / options.path
    return Check(target=f"file:{options.path}", run=partial(beat, path, options.within_seconds))

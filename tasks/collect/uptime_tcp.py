"""A TCP port that must take connections, as of a mail server or a database."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import Field

from tasks.checks import Check, CheckOptions, IpVersion, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.probe_tcp import Endpoint, probe_tcp

PARSER = "uptime_tcp/1"


class Options(CheckOptions):
    """A TCP port that must take connections."""

    host: str = Field(default="", max_length=253, description="Host; that of the home page when left out.")
    port: int = Field(ge=1, le=65_535, description="Port.")
    greeting: str | None = Field(
        default=None, min_length=1, max_length=200, description="Text that the server must say first, as 220 of SMTP."
    )
    ip_version: IpVersion | None = Field(default=None, description="4 or 6 to check over that one only.")


async def collect(job: Job) -> Outcome:
    """Check one."""
    return (await collect_many([job]))[0]


async def collect_many(jobs: Sequence[Job]) -> list[Outcome]:
    """Check all of them and land all results as one batch."""
    return await collect_checks(jobs, _prepare, check_type="tcp", collector="uptime_tcp", parser=PARSER)


async def check(job: Job) -> str:
    """Check once and say what was seen; raises as `tasks.checks.try_check`."""
    return await try_check(job, _prepare)


async def _prepare(job: Job) -> Check:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    endpoint = Endpoint(
        host=options.host or job.context.host,
        port=options.port,
        timeout_seconds=options.timeout_seconds,
        ip_version=options.ip_version,
    )
    target = f"tcp://{endpoint.host}:{endpoint.port}"
    return Check(target=target, run=partial(probe_tcp, endpoint, greeting=options.greeting))

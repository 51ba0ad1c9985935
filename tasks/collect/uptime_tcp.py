"""A TCP port that must take connections, as of a mail server or a database."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import Field

from tasks.checks import Check, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.endpoint_options import EndpointOptions
from tasks.probe_tcp import probe_tcp

PARSER = "uptime_tcp/1"


class Options(EndpointOptions):
    """A TCP port that must take connections."""

    greeting: str | None = Field(
        default=None, min_length=1, max_length=200, description="Text that the server must say first, as 220 of SMTP."
    )


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
    endpoint = options.endpoint(job.context)
    target = f"tcp://{endpoint.host}:{endpoint.port}"
    return Check(target=target, run=partial(probe_tcp, endpoint, greeting=options.greeting))

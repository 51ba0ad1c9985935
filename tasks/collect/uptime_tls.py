"""A TLS server: its certificate is accepted, lasts, and the protocol is not too old."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks.checks import Check, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.endpoint_options import EndpointOptions
from tasks.probe_tcp import probe_tls

PARSER = "uptime_tls/1"


class Options(EndpointOptions):
    """The certificate and the protocol of a TLS server."""

    every_seconds: float = Field(default=3600, gt=0, le=86_400, description="How often it is checked, seconds.")
    port: int = Field(default=443, ge=1, le=65_535, description="Port.")
    days: float = Field(default=14, ge=0, le=365, description="Days that the certificate must last.")
    oldest_version: Literal["TLSv1.2", "TLSv1.3"] = Field(default="TLSv1.2", description="Oldest protocol allowed.")
    ca_file: Path | None = Field(default=None, description="Authorities of a private CA (PEM), relative to this file.")


async def collect(job: Job) -> Outcome:
    """Check one."""
    return (await collect_many([job]))[0]


async def collect_many(jobs: Sequence[Job]) -> list[Outcome]:
    """Check all of them and land all results as one batch."""
    return await collect_checks(jobs, _prepare, check_type="tls", collector="uptime_tls", parser=PARSER)


async def check(job: Job) -> str:
    """Check once and say what was seen; raises as `tasks.checks.try_check`."""
    return await try_check(job, _prepare)


async def _prepare(job: Job) -> Check:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    endpoint = options.endpoint(job.context)
    run = partial(
        probe_tls,
        endpoint,
        days=options.days,
        oldest_version=options.oldest_version,
        ca_file=str(job.base / options.ca_file) if options.ca_file else None,
    )
    return Check(target=f"tls://{endpoint.host}:{endpoint.port}", run=run)

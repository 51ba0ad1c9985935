"""A TLS server: its certificate is accepted, lasts, and the protocol is not too old."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks.checks import Check, CheckOptions, IpVersion, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.probe_tcp import Endpoint, probe_tls

PARSER = "uptime_tls/1"


class Options(CheckOptions):
    """The certificate and the protocol of a TLS server."""

    every_seconds: float = Field(default=3600, gt=0, le=86_400, description="How often it is checked, seconds.")
    host: str = Field(default="", max_length=253, description="Host; that of the home page when left out.")
    port: int = Field(default=443, ge=1, le=65_535, description="Port.")
    days: float = Field(default=14, ge=0, le=365, description="Days that the certificate must last.")
    oldest_version: Literal["TLSv1.2", "TLSv1.3"] = Field(default="TLSv1.2", description="Oldest protocol allowed.")
    ip_version: IpVersion | None = Field(default=None, description="4 or 6 to check over that one only.")
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
    endpoint = Endpoint(
        host=options.host or job.context.host,
        port=options.port,
        timeout_seconds=options.timeout_seconds,
        ip_version=options.ip_version,
    )
    run = partial(
        probe_tls,
        endpoint,
        days=options.days,
        oldest_version=options.oldest_version,
        ca_file=str(job.base / options.ca_file) if options.ca_file else None,
    )
    return Check(target=f"tls://{endpoint.host}:{endpoint.port}", run=run)

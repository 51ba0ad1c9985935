"""When the registration of the site's domain ends, asked of its registry once a day over RDAP."""

from __future__ import annotations

from pydantic import Field

from tasks.checks import CheckOptions, land_results
from tasks.contracts import Job, OpenUrl, Outcome
from tasks.errors import SourceError
from tasks.probe_result import ProbeResult
from tasks.rdap import check_domain

PARSER = "domain_rdap/1"


class Options(CheckOptions):
    """The registration of a domain."""

    every_seconds: float = Field(default=86_400, gt=0, le=86_400 * 7, description="How often it is asked for, seconds.")
    timeout_seconds: float = Field(default=20, gt=0, le=60, description="Deadline of one question.")
    domain: str = Field(
        default="", max_length=253, description="Domain; that of the home page when left out, found by the registry."
    )
    days: float = Field(default=30, ge=0, le=365, description="Days that the registration must last.")
    server: OpenUrl | None = Field(default=None, description="RDAP server, in place of the one that IANA names.")


async def collect(job: Job) -> Outcome:
    """Ask once; a registry that limits questions is not asked again."""
    result = await _ask(job)
    (outcome,) = land_results(
        [job], [f"domain:{result.host}"], [[result]], check_type="domain", collector="domain_rdap", parser=PARSER
    )
    return outcome


async def check(job: Job) -> str:
    """Ask once and say what was seen.

    Raises:
        SourceError: the registry does not say.
    """
    result = await _ask(job)
    if result.outcome == "unknown" or result.certificate is None:
        raise SourceError(f"{result.host}: {result.message}", can_retry=True)
    return f"{result.outcome}: registered until {result.certificate.not_after:%Y-%m-%d}"


async def _ask(job: Job) -> ProbeResult:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    return await check_domain(
        options.domain or job.context.host,
        days=options.days,
        folder=job.reference,
        server=str(options.server) if options.server else None,
        timeout_seconds=options.timeout_seconds,
    )

"""The security headers of a page: there, and with the values that were agreed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pydantic import Field

from tasks.checks import Check, Pattern, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.probe import probe_once
from tasks.probe_content import Expectation
from tasks.probe_options import PageOptions, probe_of

PARSER = "uptime_headers/1"

# OWASP Secure Headers Project: what a page without special needs can have. The policies are each site's own.
BASICS: dict[str, str | None] = {
    "Strict-Transport-Security": r"(?i).*max-age=\"?[1-9]\d{6,}.*",
    "X-Content-Type-Options": r"(?i)nosniff",
    "Referrer-Policy": None,
}


class Options(PageOptions):
    """Response headers that must be there."""

    every_seconds: float = Field(default=3600, gt=0, le=86_400, description="How often it is checked, seconds.")
    required: dict[str, Pattern | None] = Field(
        default=BASICS,
        description="Header names, each with a regular expression (RE2) for its whole value, or null for any value.",
    )


async def collect(job: Job) -> Outcome:
    """Check one page."""
    return (await collect_many([job]))[0]


async def collect_many(jobs: Sequence[Job]) -> list[Outcome]:
    """Check every page and land all results as one batch."""
    return await collect_checks(jobs, _prepare, check_type="headers", collector="uptime_headers", parser=PARSER)


async def check(job: Job) -> str:
    """Check once and say what was seen; raises as `tasks.checks.try_check`."""
    return await try_check(job, _prepare)


async def _prepare(job: Job) -> Check:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    probe = await probe_of(job, options, Expectation(header_patterns=options.required))
    return Check(target=probe.url, run=partial(probe_once, probe))

"""Performance of pages in the laboratory: Lighthouse in a Chromium here, strictly one run at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Literal

from pydantic import Field

from tasks import audit_programs
from tasks.audit_pages import pages_of, private_hosts
from tasks.audits import AuditOptions, audit_each
from tasks.contracts import Job, Outcome
from tasks.journey_gate import Gate
from tasks.lighthouse_landing import records_of
from tasks.lighthouse_run import How, Ran, run_once
from warehouse.records import AuditRun, Record

PARSER = "audits_lighthouse/1"
AUDITOR = "lighthouse"


class Options(AuditOptions):
    """Lighthouse on pages of a site; a page takes half a minute to two."""

    page_seconds: float = Field(default=120, ge=5, le=600, description="Deadline of one run.")
    runs: int = Field(default=3, ge=1, le=9, description="Runs of each page; the median run counts.")
    form_factors: list[Literal["mobile", "desktop"]] = Field(
        default=["mobile"], min_length=1, description="Screens, each a series of its own."
    )
    throttling_method: Literal["simulate", "devtools", "provided"] = Field(
        default="simulate", description="How a slow connection is made; another one is another series."
    )
    memory_mb: int = Field(default=3000, ge=500, le=64_000, description="Memory that Chromium and node may hold, MB.")
    browser: str | None = Field(
        default=None,
        min_length=1,
        description="Name or path of the Chromium to start; the first that is installed when left out.",
    )


async def collect(job: Job) -> Outcome:
    """Run each page several times and land the median; a page that can't be audited is unknown, with the cause.

    Raises:
        SourceError: the pages can't be told.
    """
    options = _options(job)
    pages = await pages_of(job, options)
    async with Gate(private_hosts(job, options)).serving() as gate:

        async def audit(todo: tuple[str, str]) -> tuple[AuditRun, list[Record]]:
            page, form_factor = todo
            started_at = datetime.now(UTC)
            ran = await _ran(page, form_factor, options, gate.port)
            return records_of(
                job,
                AUDITOR,
                page,
                started_at,
                ran,
                form_factor=form_factor,
                throttling_method=options.throttling_method,
            )

        return await audit_each(job, list(product(pages, options.form_factors)), audit, PARSER)


async def check(job: Job) -> str:
    """Say which programs and pages would be used; nothing is run.

    Raises:
        SourceError: a program is missing, or the pages can't be told.
    """
    options = _options(job)
    audit_programs.node()
    version, browser = audit_programs.lighthouse().version, audit_programs.chromium(options.browser)
    pages = await pages_of(job, options)
    return f"Lighthouse {version} with {browser}, {len(pages)} pages, {options.runs} runs each"


async def _ran(page: str, form_factor: str, options: Options, proxy_port: int) -> list[Ran]:
    """Run a page as often as asked for; what gives no figures the first time is not tried again."""
    how = How(
        form_factor=form_factor,
        throttling_method=options.throttling_method,
        seconds=options.page_seconds,
        memory_bytes=options.memory_mb << 20,
        browser=options.browser,
        proxy_port=proxy_port,
    )
    ran: list[Ran] = []
    for _ in range(options.runs):
        ran.append(await run_once(page, how))
        if ran[-1].result.outcome in ("error", "unknown"):
            break
    return ran


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

"""Performance of pages in the laboratory: Lighthouse in a Chromium here, strictly one run at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field

from tasks import audit_programs
from tasks.audit_pages import pages_of, private_hosts
from tasks.audits import CAUSES, AuditOptions, audit_each
from tasks.contracts import Job, Outcome
from tasks.journey_gate import Gate
from tasks.journey_run import StepError
from tasks.lighthouse_landing import records_of
from tasks.lighthouse_run import How, Ran, failed, run_once
from tasks.probe_result import CAUSES as PROBE_CAUSES
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
            ran = await _ran(page, form_factor, options, gate)
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


async def _ran(page: str, form_factor: str, options: Options, gate: Gate) -> list[Ran]:
    """Run a page as often as asked for; what gives no figures the first time is not tried again."""
    how = How(
        form_factor=form_factor,
        throttling_method=options.throttling_method,
        seconds=options.page_seconds,
        memory_bytes=options.memory_mb << 20,
        browser=options.browser,
        proxy_port=gate.port,
    )
    ran: list[Ran] = []
    for _ in range(options.runs):
        gate.failures.clear()
        ran.append(explained(await run_once(page, how), page, gate.failures))
        if ran[-1].result.outcome in ("error", "unknown"):
            break
    return ran


def explained(ran: Ran, page: str, failures: Mapping[str, StepError]) -> Ran:
    """Return a run that had no answer with the reason that the gate saw; Chromium behind it knows none."""
    failure = failures.get(urlsplit(page).hostname or "") or next(
        (one for one in failures.values() if one.cause == "address_refused"), None
    )
    if ran.result.cause != "no_answer" or failure is None:
        return ran
    probe = next((cause for cause, meaning in PROBE_CAUSES.items() if meaning == str(failure)), "")
    known = {"dns": "dns", "refused": "refused", "reset": "refused"}.get(probe, failure.cause)
    cause = known if known in CAUSES else "no_answer"
    return replace(ran, result=replace(failed(cause, str(failure)), form_factor=ran.result.form_factor))


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

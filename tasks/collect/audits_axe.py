"""Accessibility of pages by axe-core in Chromium, every frame included.

Without a browser its pages are unknown, and their HTML alone is judged beside that, as `audits_static` does.
"""

from __future__ import annotations

from pydantic import Field

from tasks import audit_programs, axe_browser, static_audit
from tasks.accessibility_landing import is_cut, records
from tasks.audit_formats.axe import page_result
from tasks.audit_pages import pages_of, private_hosts
from tasks.audits import AuditOptions, land, run_record, shown_url
from tasks.axe_browser import PageAudit
from tasks.contracts import Job, Outcome
from tasks.errors import SourceError
from tasks.journey_run import StepError
from warehouse.records import AccessibilityFinding, AccessibilityRun, AuditRun

PARSER = "audits_axe/1"
AUDITOR = "axe"


class Options(AuditOptions):
    """Pages examined by axe-core."""

    browser: str | None = Field(
        default=None,
        min_length=1,
        description="Name or path of the Chromium to start; the first that is installed when left out.",
    )


async def collect(job: Job) -> Outcome:
    """Audit the pages of one site in one browser, two at a time."""
    options = _options(job)
    urls = await pages_of(job, options)
    audit = _Audit(job)
    failure = await _run(job, options, urls, audit)
    if failure is not None:
        done = {run.page_url for run in audit.runs}
        rest = [url for url in urls if shown_url(url) not in done]
        audit.runs += [audit.record(url, failure.cause, str(failure)) for url in rest]
        runs, looked, found = await static_audit.audit_pages(job, options, rest)
        audit.runs += runs
        audit.looked += looked
        audit.found += found
    return land(
        job, audit.runs, {AccessibilityRun.table: audit.looked, AccessibilityFinding.table: audit.found}, PARSER
    )


async def check(job: Job) -> str:
    """Audit the first page, keep nothing, and say what was seen.

    Raises:
        SourceError: there is no browser or no axe-core, or the page can't be examined.
    """
    options = _options(job)
    urls = await pages_of(job, options)
    audit = _Audit(job)
    failure = await _run(job, options, urls[:1], audit)
    if failure is not None:
        raise SourceError(str(failure))
    (run,) = audit.runs
    if run.outcome in ("error", "unknown"):
        raise SourceError(f"{run.page_url}: {run.message}")
    return f"{len(urls)} pages; {len(audit.found)} findings on the first, by axe-core {run.tool_version}"


async def _run(job: Job, options: Options, urls: list[str], audit: _Audit) -> audit_programs.MissingProgramError | None:
    """Audit the pages; return what is missing for that, if anything."""
    try:
        axe = audit_programs.axe()
        audit.version = axe.version
        chromium = audit_programs.chromium(options.browser)
        await axe_browser.audit_pages(
            urls,
            axe.file.read_text(encoding="utf-8"),
            browser=chromium,
            private_hosts=private_hosts(job, options),
            page_seconds=options.page_seconds,
            on_page=lambda page: audit.add(page, len(urls)),
        )
    except audit_programs.MissingProgramError as error:
        return error
    except StepError as error:
        return audit_programs.MissingProgramError("no_browser", str(error))
    return None


class _Audit:
    """Gathers the rows of one collection, page by page."""

    def __init__(self, job: Job) -> None:
        self.runs: list[AuditRun] = []
        self.looked: list[AccessibilityRun] = []
        self.found: list[AccessibilityFinding] = []
        self.version: str | None = None
        self._job = job

    def record(self, url: str, cause: str, message: str) -> AuditRun:
        """Return the row of a page that was not examined."""
        return run_record(
            self._job,
            AUDITOR,
            url,
            self._job.context.collected_at,
            cause=cause,
            message=message,
            tool_version=self.version,
        )

    def add(self, page: PageAudit, page_count: int) -> None:
        """Take what came of one page."""
        result = page_result(page.result, page.url) if page.result is not None else None
        cause = page.cause or ("limit_reached" if result and is_cut(result) else None)
        run = run_record(
            self._job,
            AUDITOR,
            page.url,
            page.started_at,
            cause=cause,
            message=page.message,
            tool_version=self.version,
            final_url=page.final_url,
            duration_ms=page.duration_ms,
            status=page.status,
            form_factor="desktop",
        )
        self.runs.append(run)
        if result is not None:
            looked, found = records(run, result, page.frame_count)
            self.looked.append(looked)
            self.found += found
        if self._job.on_progress:
            self._job.on_progress(len(self.runs), page_count)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

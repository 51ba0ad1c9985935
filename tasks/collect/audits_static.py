"""Accessibility of pages by their HTML alone, without a browser: a lower bound, never compared with axe-core."""

from __future__ import annotations

from tasks.audit_pages import pages_of
from tasks.audits import AuditOptions, land
from tasks.contracts import Job, Outcome
from tasks.errors import SourceError
from tasks.static_audit import PARSER, audit_pages
from warehouse.records import AccessibilityFinding, AccessibilityRun


class Options(AuditOptions):
    """Pages judged by their HTML."""


async def collect(job: Job) -> Outcome:
    """Audit the pages of one site."""
    options = _options(job)
    runs, looked, found = await audit_pages(job, options, await pages_of(job, options))
    return land(job, runs, {AccessibilityRun.table: looked, AccessibilityFinding.table: found}, PARSER)


async def check(job: Job) -> str:
    """Audit the first page, keep nothing, and say what was seen.

    Raises:
        SourceError: the page can't be judged.
    """
    options = _options(job)
    urls = await pages_of(job, options)
    ((run,), _, found) = await audit_pages(job, options, urls[:1])
    if run.outcome in ("error", "unknown"):
        raise SourceError(f"{run.page_url}: {run.message}")
    return f"{len(urls)} pages; {len(found)} findings on the first, by its HTML alone"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

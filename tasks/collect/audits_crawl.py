"""Content of a site as its visitors meet it: broken links, error pages, titles, forms, sitemap, robots.txt.

The crawl keeps to the site, to robots.txt and to its limits, and asks slowly. What was not asked, or gave no clear
answer, is not known; never broken, and never fine.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from tasks import crawl, crawl_issues
from tasks.audit_pages import pages_of, private_hosts
from tasks.audits import AuditOptions, land, run_record, shown_url
from tasks.contracts import Job, Outcome
from tasks.crawl_issues import Issue
from tasks.crawler import Asked, Crawl, Limits, is_own
from tasks.errors import SourceError
from tasks.page_facts import hosts
from tasks.redact import redact
from tasks.site_fetch import Asking
from warehouse.records import AuditRun, CrawledPage, CrawlIssue

PARSER = "audits_crawl/1"
AUDITOR = "crawl"


class Options(AuditOptions):
    """A crawl of a site, from its pages and its sitemap."""

    fills: ClassVar[str] = "audit_run"

    max_pages: int = Field(default=200, ge=1, le=2000, description="Pages that are read at most.")
    max_files: int = Field(default=300, ge=0, le=5000, description="Pictures and files of the site asked for at most.")
    max_others: int = Field(
        default=50, ge=0, le=1000, description="Links and files of other sites asked for at most, a sample of them."
    )
    max_megabytes: int = Field(default=200, ge=1, le=5000, description="What is read at most, MB.")
    max_seconds: float = Field(default=1800, ge=1, le=21_600, description="Time that a crawl takes at most, seconds.")
    per_second: float = Field(default=2.0, gt=0, le=20, description="Requests a second to one host at most.")
    follow_links: bool = Field(default=True, description="Read pages that only links lead to, too.")
    ca_file: Path | None = Field(default=None, description="Authorities of a private CA (PEM), relative to this file.")


async def collect(job: Job) -> Outcome:
    """Crawl the site, and land what was asked and what is wrong."""
    options = _options(job)
    started_at = datetime.now(UTC)
    return land_crawl(job, started_at, await _crawled(job, options, await pages_of(job, options)))


def land_crawl(job: Job, started_at: datetime, crawled: Crawl) -> Outcome:
    """Land what a crawl asked and what is wrong, as one batch."""
    run = run_record(
        job,
        AUDITOR,
        job.context.url,
        started_at,
        cause=crawled.cause,
        message=crawled.message,
        tool_version=PARSER,
        final_url=crawled.home_url,
        duration_ms=crawled.duration_ms,
        status=crawled.status,
    )
    pages = [_page_record(run, one) for one in crawled.asked]
    issues = [_issue_record(run, one) for one in crawl_issues.issues(crawled)]
    return land(job, [run], {CrawledPage.table: pages, CrawlIssue.table: issues}, PARSER)


async def check(job: Job) -> str:
    """Ask for robots.txt and the first page, keep nothing, and say what was seen.

    Raises:
        SourceError: the page can't be read, or robots.txt keeps us out.
    """
    options = _options(job).model_copy(
        update={"max_pages": 1, "max_files": 0, "max_others": 0, "follow_links": False, "max_seconds": 60.0}
    )
    crawled = await _crawled(job, options, (await pages_of(job, options))[:1])
    if not any(one.page for one in crawled.asked):
        raise SourceError(f"{job.context.url}: {crawled.message or 'it gives no page'}.")
    return f"the first page can be read; the sitemap names {len(crawled.sitemap):,} pages"


async def _crawled(job: Job, options: Options, pages: list[str]) -> Crawl:
    return await crawl.crawl(
        pages,
        job.context.host,
        Asking(
            private_hosts=private_hosts(job, options),
            seconds=min(options.page_seconds, 15.0),
            ca_file=str(job.base / options.ca_file) if options.ca_file else None,
        ),
        Limits(
            pages=options.max_pages,
            files=options.max_files,
            others=options.max_others,
            size=options.max_megabytes * 1_000_000,
            seconds=options.max_seconds,
            per_second=options.per_second,
            is_following=options.follow_links,
        ),
        sitemap=options.sitemap,
        on_progress=job.on_progress,
    )


def _page_record(run: AuditRun, asked: Asked) -> CrawledPage:
    page, response = asked.page, asked.response
    loaded = [*page.loaded, *page.images] if page else []
    return CrawledPage(
        run_id=run.run_id,
        site_id=run.site_id,
        source_id=run.source_id,
        crawled_at=run.started_at,
        url=shown_url(asked.url),
        kind=asked.kind,
        outcome=asked.outcome,
        status=response.status if response else None,
        cause=asked.cause,
        final_url=shown_url(asked.final_url) if asked.redirect_count else None,
        redirect_count=asked.redirect_count,
        content_type=(response.first("content-type") or "")[:100] or None if response else None,
        body_bytes=asked.size,
        duration_ms=asked.duration_ms,
        title=redact(page.title)[:200] if page else None,
        third_party_hosts=[host for host in hosts(loaded) if not is_own(host, run_host(run))][:200],
    )


def _issue_record(run: AuditRun, issue: Issue) -> CrawlIssue:
    is_address = issue.target.startswith(("http:", "https:"))
    page, target = shown_url(issue.page_url), (shown_url(issue.target) if is_address else redact(issue.target))[:500]
    return CrawlIssue(
        run_id=run.run_id,
        site_id=run.site_id,
        source_id=run.source_id,
        crawled_at=run.started_at,
        issue_key=crawl_issues.key(issue.kind, page, target),
        kind=issue.kind,
        page_url=page,
        target=target,
        detail=redact(issue.detail)[:300],
    )


def run_host(run: AuditRun) -> str:
    """Return the host of the site that was crawled."""
    return hosts([run.page_url])[0]


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

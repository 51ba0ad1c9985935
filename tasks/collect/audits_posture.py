"""How well the responses of a site protect its visitors: headers, cookies, redirects, TLS; its mail policies, files.

Three requests a page: https, http, and one in the name of another origin. Files that should not be there are asked for
only where `exposed_files` says so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator

from tasks import posture_audit
from tasks.audit_pages import pages_of, private_hosts
from tasks.audits import AuditOptions, land, run_record, shown_url
from tasks.contracts import Job, OpenUrl, Outcome
from tasks.errors import SourceError
from tasks.posture import ALGORITHM, Test
from tasks.posture_audit import Finding, Posture
from tasks.probe_dns import split_nameserver
from tasks.redact import redact
from tasks.site_fetch import Asking
from warehouse.records import AuditRun, PostureFinding, PostureTest, Record

PARSER = "audits_posture/1"
AUDITOR = "posture"


class Options(AuditOptions):
    """Security headers of pages, and what else the site shows of itself."""

    fills: ClassVar[str] = "audit_run"

    exposed_files: bool = Field(
        default=False, description="Ask for files that should not be there: .git, .env, backups. The owner must agree."
    )
    http_url: OpenUrl | None = Field(
        default=None, description="Address of the site over plain http; the same host on port 80 when left out."
    )
    mail_domain: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9.-]+$",
        description="Domain whose SPF and DMARC are asked; the site's when left out.",
    )
    nameserver: str | None = Field(
        default=None, description="Resolver to ask, as 192.0.2.53 or 192.0.2.53:5353; the system's when left out."
    )
    ca_file: Path | None = Field(default=None, description="Authorities of a private CA (PEM), relative to this file.")

    @field_validator("nameserver")
    @classmethod
    def _is_nameserver(cls, value: str | None) -> str | None:
        if value is not None:
            split_nameserver(value)
        return value


async def collect(job: Job) -> Outcome:
    """Audit every page, then the domain and, where that is agreed, the files of the site."""
    options = _options(job)
    pages = await pages_of(job, options)
    audited: list[tuple[AuditRun, Posture]] = []
    for number, page in enumerate(pages):
        run, posture = await _audited(job, options, page)
        if number == 0:
            posture.findings.extend(await _of_site(job, options, posture))
        audited.append((run, posture))
        if job.on_progress:
            job.on_progress(number + 1, len(pages))
    return land_audits(job, audited)


def land_audits(job: Job, audited: Sequence[tuple[AuditRun, Posture]]) -> Outcome:
    """Land runs with what each saw, as one batch."""
    tests = [_test_record(run, test) for run, posture in audited for test in posture.tests]
    findings = [_finding_record(run, one) for run, posture in audited for one in posture.findings]
    found: dict[str, Sequence[Record]] = {PostureTest.table: tests, PostureFinding.table: findings}
    return land(job, [run for run, _ in audited], found, PARSER)


async def check(job: Job) -> str:
    """Audit the first page, keep nothing, and say what was seen.

    Raises:
        SourceError: the page can't be audited.
    """
    options = _options(job)
    run, posture = await _audited(job, options, (await pages_of(job, options))[0])
    if not posture.tests:
        raise SourceError(f"{run.page_url}: {run.message}")
    first = posture.tests[0]
    return f"score {first.score}, grade {first.grade}, {first.known_count} of 12 tests known"


async def _audited(job: Job, options: Options, page: str) -> tuple[AuditRun, Posture]:
    started_at, start = datetime.now(UTC), time.perf_counter()
    http_url = str(options.http_url) if options.http_url else None
    posture = await posture_audit.audit(page, http_url, _asking(job, options))
    return run_of(job, page, started_at, posture, round((time.perf_counter() - start) * 1000, 1)), posture


def run_of(job: Job, page: str, started_at: datetime, posture: Posture, duration_ms: float | None) -> AuditRun:
    """Return the run that saw a posture."""
    return run_record(
        job,
        AUDITOR,
        page,
        started_at,
        cause=posture.cause,
        message=posture.message,
        tool_version=ALGORITHM,
        final_url=posture.final_url,
        duration_ms=duration_ms,
        status=posture.status,
    )


async def _of_site(job: Job, options: Options, posture: Posture) -> list[Finding]:
    """Return what is asked once a site: mail policies of its domain, and files."""
    domain = options.mail_domain or posture_audit.domain_of(job.context.host)
    found = await posture_audit.of_domain(domain, options.nameserver) if domain else []
    if options.exposed_files and posture.final_url:
        found += await posture_audit.of_files(posture.final_url, _asking(job, options))
    return found


def _asking(job: Job, options: Options) -> Asking:
    return Asking(
        private_hosts=private_hosts(job, options),
        seconds=min(options.page_seconds, 20.0),
        ca_file=str(job.base / options.ca_file) if options.ca_file else None,
    )


def _test_record(run: AuditRun, test: Test) -> PostureTest:
    return PostureTest(
        run_id=run.run_id,
        site_id=run.site_id,
        source_id=run.source_id,
        page_url=run.page_url,
        audited_at=run.started_at,
        test=test.test,
        outcome=test.outcome,
        points=test.points,
        is_passed=test.is_passed,
        detail=test.detail,
        score=test.score,
        grade=test.grade,
        known_count=test.known_count,
        algorithm=test.algorithm,
    )


def _finding_record(run: AuditRun, finding: Finding) -> PostureFinding:
    return PostureFinding(
        run_id=run.run_id,
        site_id=run.site_id,
        source_id=run.source_id,
        page_url=run.page_url,
        audited_at=run.started_at,
        kind=finding.kind,
        outcome=finding.outcome,
        target=shown_url(finding.target)[:500],
        detail=redact(finding.detail)[:300],
    )


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

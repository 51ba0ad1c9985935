"""What the collectors of checks share: from jobs to results, from results to rows."""

from __future__ import annotations

import math
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from tasks.contracts import Job, Outcome, UptimeOptions
from tasks.errors import SourceError
from tasks.probe_batch import confirm_all
from tasks.probe_connect import ProbeFailureError
from tasks.probe_content import check_pattern
from tasks.probe_result import ProbeResult
from tasks.redact import redact
from warehouse.records import CheckResult

IpVersion = Literal[4, 6]
Pattern = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(check_pattern)]


class CheckOptions(UptimeOptions):
    """What every check may say."""

    every_seconds: float = Field(
        default=60,
        gt=0,
        le=86_400,
        description="How often it is checked, seconds: every slot of the deployment, or fewer.",
    )
    timeout_seconds: float = Field(default=10, gt=0, le=60, description="Deadline of one check, all phases included.")

    @property
    def expected_every_seconds(self) -> int:
        """Return how often it is checked."""
        return math.ceil(self.every_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A check that is ready to run: `target` is what its rows name as address, `run` makes one attempt."""

    target: str
    run: Callable[[], Awaitable[ProbeResult]]


Preparation = Callable[[Job], Awaitable[Check]]


async def collect_checks(
    jobs: Sequence[Job], prepare: Preparation, *, check_type: str, collector: str, parser: str
) -> list[Outcome]:
    """Run the check of every job at once and land all results as one batch."""
    checks = [await _prepared(job, prepare) for job in jobs]
    anchors = sorted({anchor for job in jobs for anchor in job.vantage_anchors})
    attempts = await confirm_all([check.run for check in checks], anchors=anchors)
    targets = [check.target for check in checks]
    return land_results(jobs, targets, attempts, check_type=check_type, collector=collector, parser=parser)


def land_results(
    jobs: Sequence[Job],
    targets: Sequence[str],
    attempts: Sequence[Sequence[ProbeResult]],
    *,
    check_type: str,
    collector: str,
    parser: str,
) -> list[Outcome]:
    """Land the attempts of each job as one batch."""
    rows = [
        row
        for job, target, tries in zip(jobs, targets, attempts, strict=True)
        for row in records(job, target, tries, check_type=check_type)
    ]
    if rows:
        jobs[0].spool.land(uuid.uuid4().hex, {"check_result": rows}, collector=collector, parser_version=parser)
    return [outcome(tries) for tries in attempts]


async def try_check(job: Job, prepare: Preparation) -> str:
    """Check once and say what was seen; a site that is down is a source that works.

    Raises:
        SourceError: the check itself could not run.
    """
    check = await prepare(job)
    ((*_, last),) = await confirm_all([check.run])
    if last.outcome == "unknown":
        raise SourceError(f"{redact(check.target)}: {last.message}", can_retry=True)
    took = f" in {last.total_ms:.0f} ms" if last.total_ms is not None else ""
    return f"{last.outcome}: {last.message or last.status or 'as expected'}{took}"


async def _prepared(job: Job, prepare: Preparation) -> Check:
    """Return the check of a job; what it lacks, as a secret, makes its result unknown and spoils no other."""
    try:
        return await prepare(job)
    except (SourceError, ProbeFailureError) as error:
        lost = ProbeResult(
            checked_at=datetime.now(UTC), outcome="unknown", cause="configuration", message=str(error)[:200]
        )

        async def tell(result: ProbeResult) -> ProbeResult:
            return result

        return Check(target=job.context.url, run=partial(tell, lost))


def outcome(tries: Sequence[ProbeResult]) -> Outcome:
    """Return what the check did; one that could not run is a failed collection, whatever the site did meanwhile."""
    last = tries[-1]
    is_known = last.outcome != "unknown"
    return Outcome(
        state="complete" if is_known else "failed",
        landed={"check_result": len(tries)},
        fresh_as_of=last.checked_at if is_known else None,
        message=last.message,
    )


def records(job: Job, target: str, tries: Sequence[ProbeResult], *, check_type: str) -> list[CheckResult]:
    """Return one row for each attempt."""
    options = job.options
    assert isinstance(options, CheckOptions)  # noqa: S101 - by kind
    return [
        CheckResult(
            site_id=job.context.site_id,
            source_id=job.context.source_id,
            url=redact(target),
            slot_at=tries[0].checked_at,
            checked_at=result.checked_at,
            attempt=number,
            interval_seconds=options.every_seconds,
            outcome=result.outcome,
            cause=result.cause,
            status=result.status,
            dns_ms=result.dns_ms,
            connect_ms=result.connect_ms,
            tls_ms=result.tls_ms,
            first_byte_ms=result.first_byte_ms,
            total_ms=result.total_ms,
            certificate_not_after_at=result.certificate.not_after if result.certificate else None,
            is_certificate_valid=result.certificate.is_valid if result.certificate else None,
            message=result.message,
            check_type=check_type,
            final_url=result.final_url,
            redirect_count=None if result.redirects is None else len(result.redirects),
            body_ms=result.body_ms,
            address=result.address,
            certificate_subject=result.certificate.subject[:1000] if result.certificate else None,
            certificate_issuer=result.certificate.issuer[:1000] if result.certificate else None,
            certificate_why_not=result.certificate.why_not if result.certificate else None,
            tls_version=result.tls_version,
        )
        for number, result in enumerate(tries, start=1)
    ]

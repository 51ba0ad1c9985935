"""Uptime by our own check: every site of a batch at once, fresh connections, failures confirmed at once."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator

from tasks.contracts import Job, OpenUrl, Outcome, SourceOptions
from tasks.errors import SourceError
from tasks.probe import Probe, ProbeResult, probe_all
from tasks.redact import redact
from warehouse.records import CheckResult

PARSER = "uptime_http/1"


class Options(SourceOptions):
    """An HTTP(S) check of one address."""

    fills: ClassVar[str] = "check_result"

    url: OpenUrl | None = Field(default=None, description="Address to check; the home page when left out.")
    every_seconds: float = Field(default=60, gt=0, le=86_400, description="How often it is checked, seconds.")
    timeout_seconds: float = Field(default=10, gt=0, le=60, description="Deadline of one check, all phases included.")
    expected_status: str = Field(default="200-399", description="Statuses that count as up, as 200-399 or 200,301.")
    ca_file: Path | None = Field(default=None, description="Authorities of a private CA (PEM), relative to this file.")

    @field_validator("expected_status")
    @classmethod
    def _readable(cls, value: str) -> str:
        status_ranges(value)
        return value

    @property
    def expected_every_seconds(self) -> int:
        """Return how often it is checked."""
        return math.ceil(self.every_seconds)


def status_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """Read `200-399` or `200,301` as inclusive ranges; raises ValueError for anything else."""
    ranges = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*", part)
        if not match:
            raise ValueError(f"{text!r} is no list of statuses; write it as 200-399 or 200,301")
        ranges.append((int(match[1]), int(match[2] or match[1])))
    return tuple(ranges)


async def collect(job: Job) -> Outcome:
    """Check one site."""
    return (await collect_many([job]))[0]


async def collect_many(jobs: Sequence[Job]) -> list[Outcome]:
    """Check every site and land all results as one batch."""
    probes = [_probe(job) for job in jobs]
    attempts = await probe_all(probes)
    records = [
        record
        for job, probe, tries in zip(jobs, probes, attempts, strict=True)
        for record in _records(job, probe, tries)
    ]
    if records:
        jobs[0].spool.land(uuid.uuid4().hex, {"check_result": records}, collector="uptime_http", parser_version=PARSER)
    return [_outcome(tries) for tries in attempts]


async def check(job: Job) -> str:
    """Check once and say what was seen; a site that is down is a source that works.

    Raises:
        SourceError: the check itself could not run.
    """
    ((*_, last),) = await probe_all([_probe(job)])
    if last.outcome == "unknown":
        raise SourceError(f"{_probe(job).url}: {last.message}", can_retry=True)
    return f"{last.outcome}: {last.message or last.status} in {last.total_ms:.0f} ms"


def _probe(job: Job) -> Probe:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    return Probe(
        url=str(options.url or job.context.url),
        timeout_seconds=options.timeout_seconds,
        expected_status=status_ranges(options.expected_status),
        ca_file=str(job.base / options.ca_file) if options.ca_file else None,
    )


def _outcome(tries: Sequence[ProbeResult]) -> Outcome:
    """Return what the check did; one that could not run is a failed collection, whatever the site did meanwhile."""
    last = tries[-1]
    is_known = last.outcome != "unknown"
    return Outcome(
        state="complete" if is_known else "failed",
        landed={"check_result": len(tries)},
        fresh_as_of=last.checked_at if is_known else None,
        message=last.message,
    )


def _records(job: Job, probe: Probe, tries: Sequence[ProbeResult]) -> list[CheckResult]:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    return [
        CheckResult(
            site_id=job.context.site_id,
            source_id=job.context.source_id,
            url=redact(probe.url),
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
        )
        for number, result in enumerate(tries, start=1)
    ]

"""The DNS records of a name, held against what they should be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

from pydantic import Field, field_validator

from tasks.checks import Check, CheckOptions, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.probe_dns import Question, probe_dns, split_nameserver

PARSER = "uptime_dns/1"


class Options(CheckOptions):
    """The records of one name and type."""

    every_seconds: float = Field(default=300, gt=0, le=86_400, description="How often it is checked, seconds.")
    timeout_seconds: float = Field(default=5, gt=0, le=60, description="Deadline of one check.")
    name: str = Field(default="", max_length=253, description="Name; the host of the home page when left out.")
    record_type: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"] = Field(
        default="A", description="Type of record."
    )
    expected: list[str] = Field(
        default_factory=list, description="Records that must be there, as `10 mail.example.com`; any when left out."
    )
    is_exact: bool = Field(default=False, description="Whether no other record may be there.")
    nameserver: str | None = Field(
        default=None,
        description="Address of the name server to ask, with a port if not 53; the system's when left out.",
    )

    @field_validator("nameserver")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                split_nameserver(value)
            except ValueError:
                raise ValueError(f"{value!r} is no IP address; write it as 192.0.2.53 or 192.0.2.53:5353") from None
        return value


async def collect(job: Job) -> Outcome:
    """Check one."""
    return (await collect_many([job]))[0]


async def collect_many(jobs: Sequence[Job]) -> list[Outcome]:
    """Check all of them and land all results as one batch."""
    return await collect_checks(jobs, _prepare, check_type="dns", collector="uptime_dns", parser=PARSER)


async def check(job: Job) -> str:
    """Check once and say what was seen; raises as `tasks.checks.try_check`."""
    return await try_check(job, _prepare)


async def _prepare(job: Job) -> Check:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    question = Question(
        name=options.name or job.context.host,
        record_type=options.record_type,
        expected=tuple(options.expected),
        is_exact=options.is_exact,
        nameserver=options.nameserver,
        timeout_seconds=options.timeout_seconds,
    )
    return Check(target=f"dns:{question.name}?type={question.record_type}", run=partial(probe_dns, question))

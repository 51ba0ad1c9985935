"""Uptime by our own check: every site of a batch at once, fresh connections, failures confirmed at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from tasks.checks import Check, Pattern, collect_checks, try_check
from tasks.contracts import Job, Outcome
from tasks.probe import probe_once
from tasks.probe_content import Expectation, check_json_path
from tasks.probe_options import PageOptions, probe_of

PARSER = "uptime_http/2"


class Options(PageOptions):
    """An HTTP(S) check of one address: is it up, and does it say what it should."""

    text_present: list[str] = Field(default_factory=list, description="Texts that must be in the page.")
    text_absent: list[str] = Field(default_factory=list, description="Texts that must not be, as of a database error.")
    pattern: Pattern | None = Field(default=None, description="Regular expression (RE2) that must match the page.")
    json_path: Annotated[str, AfterValidator(check_json_path)] | None = Field(
        default=None, description="Place of a JSON answer that must hold something, as $.status or $.checks[0].state."
    )
    json_value: str | None = Field(default=None, description="What must stand there, as text; anything when left out.")
    limit_seconds: float | None = Field(
        default=None, gt=0, le=60, description="An answer that takes longer is down, cause slow."
    )

    @model_validator(mode="after")
    def _whole(self) -> Options:
        if self.json_value is not None and self.json_path is None:
            raise ValueError("json_value needs json_path, which says where it stands")
        return self


async def collect(job: Job) -> Outcome:
    """Check one site."""
    return (await collect_many([job]))[0]


async def collect_many(jobs: Sequence[Job]) -> list[Outcome]:
    """Check every site and land all results as one batch."""
    return await collect_checks(jobs, _prepare, check_type="http", collector="uptime_http", parser=PARSER)


async def check(job: Job) -> str:
    """Check once and say what was seen; raises as `tasks.checks.try_check`."""
    return await try_check(job, _prepare)


async def _prepare(job: Job) -> Check:
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    expected = Expectation(
        text_present=tuple(options.text_present),
        text_absent=tuple(options.text_absent),
        pattern=options.pattern,
        json_path=options.json_path,
        json_value=options.json_value,
    )
    probe = await probe_of(job, options, expected, options.limit_seconds)
    return Check(target=probe.url, run=partial(probe_once, probe))

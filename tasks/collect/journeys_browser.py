"""Journeys in real Chromium: what visitors do, scripts included."""

from __future__ import annotations

import functools

from pydantic import Field

from tasks import journey_browser
from tasks.contracts import Job, Outcome
from tasks.journey_landing import Engine, private_hosts, run_all, try_all
from tasks.journeys import JourneyOptions

PARSER = "journeys_browser/1"


class Options(JourneyOptions):
    """Journeys in Chromium."""

    browser: str | None = Field(
        default=None,
        min_length=1,
        description="Name or path of the Chromium to start; the first that is installed when left out.",
    )


async def collect(job: Job) -> Outcome:
    """Run the journeys of one site in one browser, each with cookies of its own."""
    options = _options(job)
    return await run_all(job, options, _engine(job, options), "browser", PARSER)


async def check(job: Job) -> str:
    """Run the journeys that write nothing once, and say what was seen.

    Raises:
        SourceError: the browser does not start, or a journey can't be run.
    """
    options = _options(job)
    return await try_all(job, options, _engine(job, options))


def _engine(job: Job, options: Options) -> Engine:
    return functools.partial(journey_browser.opened, options.browser, private_hosts(job, options), options.step_seconds)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

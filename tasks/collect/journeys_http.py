"""Journeys without a browser: requests, cookies and forms, for functions that need no scripts."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import AsyncIterator

from tasks import journey_http
from tasks.contracts import Job, Outcome
from tasks.journey_landing import Engine, private_hosts, run_all, try_all
from tasks.journey_run import OpenPage
from tasks.journeys import JourneyOptions

PARSER = "journeys_http/1"


class Options(JourneyOptions):
    """Journeys by HTTP, without scripts."""


async def collect(job: Job) -> Outcome:
    """Run the journeys of one site, each with cookies of its own."""
    options = _options(job)
    return await run_all(job, options, _engine(job, options), "http", PARSER)


async def check(job: Job) -> str:
    """Run the journeys that write nothing once, and say what was seen.

    Raises:
        SourceError: a journey can't be run.
    """
    options = _options(job)
    return await try_all(job, options, _engine(job, options))


def _engine(job: Job, options: Options) -> Engine:
    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[OpenPage]:
        yield functools.partial(journey_http.open_page, private_hosts(job, options), options.step_seconds)

    return opened


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

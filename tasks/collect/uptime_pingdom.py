"""Uptime history from Pingdom, by its API 3.1: results, or outages. Never run against the vendor.

https://docs.pingdom.com/api/. Choose one of the two and stay with it: both in one source would tell one time twice.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, HttpUrl, model_validator

from tasks.contracts import Job, OpenUrl, Outcome, Parsed, SecretReference
from tasks.errors import SourceError
from tasks.uptime_formats import pingdom
from tasks.uptime_history import Wanted
from tasks.uptime_import import (
    CHUNK,
    PAGES,
    Api,
    HistoryOptions,
    check_day,
    check_files,
    connect,
    import_files,
    import_window,
)

PARSER = f"uptime_pingdom/{pingdom.VERSION}"
PAGE = 1000
MARGIN = timedelta(minutes=30)
"""Asked for on both sides: a failure is confirmed by the result beside it."""


class Options(HistoryOptions):
    """Results or outages of one check kept by Pingdom: by its API, or from saved answers."""

    monitor: str | None = Field(default=None, pattern=r"^\d{1,18}$", description="Id of the check; needed for the API.")
    token: SecretReference | None = Field(default=None, description="API token, read access, as {env: NAME}.")
    url: OpenUrl = Field(default=HttpUrl("https://api.pingdom.com/api/3.1/"), description="The API.")
    history: Literal["results", "outages"] = Field(
        default="results", description="results: every check, with response times; outages: confirmed states alone."
    )
    every_seconds: float | None = Field(default=None, gt=0, description="Interval of the check; else Pingdom's own.")
    paths: list[str] = Field(default=[], description="Saved answers of one check, instead of the API.")

    @model_validator(mode="after")
    def _one_way(self) -> Options:
        if bool(self.paths) == bool(self.token) or (self.token and not self.monitor):
            raise ValueError("give either token and monitor, or paths")
        return self


async def collect(job: Job) -> Outcome:
    """Import the window of the job, a week at a time; from files all that they hold.

    Raises:
        SourceError: the API was not reached or refused.
    """
    options = _options(job)
    if options.paths:
        return import_files(job, pingdom, _wanted(options), options.paths, parser=PARSER)
    return await import_window(job, lambda since, until: _ask(job, options, since, until), parser=PARSER, chunk=CHUNK)


async def check(job: Job) -> str:
    """Ask for the last day.

    Raises:
        SourceError: as `collect`, or there is nothing.
    """
    options = _options(job)
    if options.paths:
        return check_files(job, pingdom, _wanted(options), options.paths)
    return await check_day(lambda since, until: _ask(job, options, since, until), "Pingdom")


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


def _wanted(options: Options, since: datetime | None = None, until: datetime | None = None) -> Wanted:
    more = {"every_seconds": str(options.every_seconds)} if options.every_seconds else {}
    return Wanted(since=since, until=until, options=more)


async def _ask(job: Job, options: Options, since: datetime, until: datetime) -> Parsed:
    assert options.token is not None  # noqa: S101 - by the model
    token = await job.secret(options.token)
    async with connect(options.url, token=token) as client:
        api = Api(client, "Pingdom", token)
        told = (await api.json("GET", f"checks/{options.monitor}")).get("check")
        payload = {"check": told} | await (_results if options.history == "results" else _outages)(
            api, str(options.monitor), since, until
        )
    return pingdom.parse(json.dumps(payload).encode(), job.context, _wanted(options, since, until))


async def _results(api: Api, check_id: str, since: datetime, until: datetime) -> dict[str, Any]:
    query = {"from": _unix(since - MARGIN), "to": _unix(until + MARGIN), "limit": str(PAGE)}
    results: list[Any] = []
    for page in range(PAGES):
        answer = await api.json("GET", f"results/{check_id}", params={**query, "offset": str(page * PAGE)})
        found = answer.get("results")
        if not isinstance(found, list):
            raise SourceError("Pingdom answered without results: is the url right?")
        results += found
        if len(found) < PAGE:
            return {"results": results}
    raise SourceError(f"Pingdom gave over {PAGES * PAGE:,} results of one week: is the url right?")


async def _outages(api: Api, check_id: str, since: datetime, until: datetime) -> dict[str, Any]:
    query = {"from": _unix(since), "to": _unix(until)}
    return await api.json("GET", f"summary.outage/{check_id}", params=query)


def _unix(at: datetime) -> str:
    return str(int(at.timestamp()))

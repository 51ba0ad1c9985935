"""Uptime history from Better Stack, by its API: incidents, and the monitor for its life. Never run against the vendor.

https://betterstack.com/docs/uptime/api/list-all-incidents/. Incidents are asked for from `look_back_days` before the
window on: one that began earlier may reach into it.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, HttpUrl, model_validator

from tasks.contracts import Job, OpenUrl, Outcome, Parsed, SecretReference
from tasks.errors import SourceError
from tasks.uptime_formats import better_stack
from tasks.uptime_history import Wanted
from tasks.uptime_import import (
    PAGES,
    Api,
    HistoryOptions,
    check_day,
    check_files,
    connect,
    import_files,
    import_window,
)

PARSER = f"uptime_better_stack/{better_stack.VERSION}"


class Options(HistoryOptions):
    """Incidents of a monitor kept by Better Stack: by its API, or from saved answers."""

    token: SecretReference | None = Field(default=None, description="API token of Uptime, as {env: NAME}.")
    url: OpenUrl = Field(default=HttpUrl("https://uptime.betterstack.com/"), description="The API.")
    look_back_days: float = Field(
        default=31, ge=0, le=1000, description="How far before the window incidents are read."
    )
    paths: list[str] = Field(default=[], description="Saved answers, instead of the API.")

    @model_validator(mode="after")
    def _one_way(self) -> Options:
        if bool(self.paths) == bool(self.token):
            raise ValueError("give either token or paths")
        return self


async def collect(job: Job) -> Outcome:
    """Import the incidents that touch the window of the job, and the time between them.

    Raises:
        SourceError: the API was not reached or refused, or several monitors match.
    """
    options = _options(job)
    if options.paths:
        return import_files(job, better_stack, Wanted(monitor=options.monitor), options.paths, parser=PARSER)
    return await import_window(job, lambda since, until: _ask(job, options, since, until), parser=PARSER)


async def check(job: Job) -> str:
    """Ask for the last day.

    Raises:
        SourceError: as `collect`, or there is nothing.
    """
    options = _options(job)
    if options.paths:
        return check_files(job, better_stack, Wanted(monitor=options.monitor), options.paths)
    return await check_day(lambda since, until: _ask(job, options, since, until), "Better Stack")


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


async def _ask(job: Job, options: Options, since: datetime, until: datetime) -> Parsed:
    assert options.token is not None  # noqa: S101 - by the model
    token = await job.secret(options.token)
    asked_at = datetime.now(UTC)
    dates = {
        "from": f"{since - timedelta(days=options.look_back_days):%Y-%m-%d}",
        "to": f"{until:%Y-%m-%d}",
        "per_page": "50",
    }
    async with connect(options.url, token=token) as client:
        api = Api(client, "Better Stack", token)
        payload = {
            "monitors": await _pages(api, "/api/v2/monitors", {}),
            "incidents": await _pages(api, "/api/v3/incidents", dates),
        }
    wanted = Wanted(monitor=options.monitor, since=since, until=until, asked_at=asked_at)
    return better_stack.parse(json.dumps(payload).encode(), job.context, wanted)


async def _pages(api: Api, path: str, query: dict[str, str]) -> list[Any]:
    found: list[Any] = []
    answer = await api.json("GET", path, params=query)
    for _ in range(PAGES):
        if not isinstance(answer.get("data"), list):
            raise SourceError("Better Stack answered without data: is the url right?")
        found += answer["data"]
        pagination = answer["pagination"] if isinstance(answer.get("pagination"), dict) else {}
        if not pagination.get("next"):
            return found
        answer = await api.json("GET", api.own(pagination["next"]))
    raise SourceError(f"Better Stack gave over {PAGES} pages: ask for a shorter window.")

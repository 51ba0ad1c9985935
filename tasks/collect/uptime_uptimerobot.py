"""Uptime history from UptimeRobot, by its API v2, which has the log. Never run against the vendor.

https://uptimerobot.com/api/legacy/. The free plan allows ten requests a minute. The log is asked for from
`look_back_days` before the window on: what began earlier and still held is told only there.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, HttpUrl, model_validator

from tasks.contracts import Job, OpenUrl, Outcome, Parsed, SecretReference
from tasks.errors import SourceError
from tasks.uptime_formats import uptimerobot
from tasks.uptime_history import Wanted, number_of, objects
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

PARSER = f"uptime_uptimerobot/{uptimerobot.VERSION}"
PAGE = 50


class Options(HistoryOptions):
    """States of a monitor kept by UptimeRobot: by its API, or from saved answers."""

    key: SecretReference | None = Field(default=None, description="API key, read-only, as {env: NAME}.")
    url: OpenUrl = Field(default=HttpUrl("https://api.uptimerobot.com/v2/"), description="The API.")
    look_back_days: float = Field(default=90, ge=0, le=1000, description="How far before the window the log is read.")
    paths: list[str] = Field(default=[], description="Saved answers of getMonitors, instead of the API.")

    @model_validator(mode="after")
    def _one_way(self) -> Options:
        if bool(self.paths) == bool(self.key):
            raise ValueError("give either key or paths")
        return self


async def collect(job: Job) -> Outcome:
    """Import the states that touch the window of the job; from files all that they hold.

    Raises:
        SourceError: the API was not reached or refused, or several monitors match.
    """
    options = _options(job)
    if options.paths:
        return import_files(job, uptimerobot, Wanted(monitor=options.monitor), options.paths, parser=PARSER)
    return await import_window(job, lambda since, until: _ask(job, options, since, until), parser=PARSER)


async def check(job: Job) -> str:
    """Ask for the last day.

    Raises:
        SourceError: as `collect`, or there is nothing.
    """
    options = _options(job)
    if options.paths:
        return check_files(job, uptimerobot, Wanted(monitor=options.monitor), options.paths)
    return await check_day(lambda since, until: _ask(job, options, since, until), "UptimeRobot")


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


async def _ask(job: Job, options: Options, since: datetime, until: datetime) -> Parsed:
    assert options.key is not None  # noqa: S101 - by the model
    key = await job.secret(options.key)
    form: dict[str, Any] = {
        "api_key": key,
        "format": "json",
        "logs": "1",
        "logs_start_date": str(int((since - timedelta(days=options.look_back_days)).timestamp())),
        "logs_end_date": str(int(until.timestamp())),
        "limit": str(PAGE),
    }
    if options.monitor and options.monitor.isascii() and options.monitor.isdigit():
        form["monitors"] = options.monitor
    monitors: list[dict[str, Any]] = []
    asked_at = datetime.now(UTC)
    async with connect(options.url) as client:
        api = Api(client, "UptimeRobot", key)
        for page in range(PAGES):
            answer = await api.json("POST", "getMonitors", data={**form, "offset": str(page * PAGE)})
            if answer.get("stat") != "ok":
                # Its words may repeat the key.
                told = json.dumps(answer).replace(key, "[redacted]")
                uptimerobot.parse(told.encode(), job.context, Wanted())
                raise SourceError(f"{options.url} does not answer as UptimeRobot does: is the url right?")
            monitors += (found := objects(answer.get("monitors")))
            pagination = answer["pagination"] if isinstance(answer.get("pagination"), dict) else {}
            if not found or len(monitors) >= (number_of(pagination.get("total")) or 0):
                break
    wanted = Wanted(monitor=options.monitor, since=since, until=until, asked_at=asked_at)
    return uptimerobot.parse(json.dumps({"stat": "ok", "monitors": monitors}).encode(), job.context, wanted)

"""Uptime history from Uptime Kuma: its database, or its public status page. See `tasks.uptime_formats.uptime_kuma`.

The database (`kuma.db`, or a copy of it) holds all beats that Kuma keeps. A status page holds the last 100 beats only,
so that a daily run sees under two hours of a check a minute: run `import-uptime` hourly there, or read the database.
"""

from __future__ import annotations

import json
from datetime import datetime
from urllib.parse import quote

from pydantic import Field, model_validator

from tasks.contracts import Job, OpenUrl, Outcome, Parsed
from tasks.errors import SourceError
from tasks.uptime_formats import uptime_kuma
from tasks.uptime_history import Wanted
from tasks.uptime_import import Api, HistoryOptions, check_files, connect, import_files, land

PARSER = f"uptime_kuma/{uptime_kuma.VERSION}"


class Options(HistoryOptions):
    """Beats kept by Uptime Kuma: `paths` of its database, or `url` and `slug` of a public status page."""

    paths: list[str] = Field(default=[], description="kuma.db, or copies of it: files, folders or globs.")
    url: OpenUrl | None = Field(default=None, description="Address of Uptime Kuma.")
    slug: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,200}$", description="Name of the status page.")
    every_seconds: float | None = Field(default=None, gt=0, description="Interval of the monitor; else Kuma's own.")

    @model_validator(mode="after")
    def _one_way(self) -> Options:
        if bool(self.paths) == bool(self.url) or bool(self.url) != bool(self.slug):
            raise ValueError("give either paths, or url and slug")
        return self


async def collect(job: Job) -> Outcome:
    """Import the window of the job from the database, or what the status page shows.

    Raises:
        SourceError: nothing could be read, or several monitors match.
    """
    options = _options(job)
    if options.paths:
        wanted = _wanted(options, job.since, job.until)
        return import_files(job, uptime_kuma, wanted, options.paths, parser=PARSER)
    return land(job, await _page(job, options), PARSER)


async def check(job: Job) -> str:
    """Read the database, or ask for the status page.

    Raises:
        SourceError: as `collect`, or there is nothing.
    """
    options = _options(job)
    if options.paths:
        return check_files(job, uptime_kuma, _wanted(options, job.since, job.until), options.paths)
    count = len((await _page(job, options)).records)
    if not count:
        raise SourceError(f"The status page {options.slug} shows no beats of this monitor.")
    return f"{count:,} beats on the status page"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


def _wanted(options: Options, since: datetime | None = None, until: datetime | None = None) -> Wanted:
    more = {"every_seconds": str(options.every_seconds)} if options.every_seconds else {}
    return Wanted(monitor=options.monitor, since=since, until=until, options=more)


async def _page(job: Job, options: Options) -> Parsed:
    async with connect(options.url) as client:
        api = Api(client, "Uptime Kuma")
        slug = quote(str(options.slug))
        beats = await api.json("GET", f"/api/status-page/heartbeat/{slug}")
        names = await api.json("GET", f"/api/status-page/{slug}")
    payload = json.dumps({**beats, "publicGroupList": names.get("publicGroupList")}).encode()
    return uptime_kuma.parse(payload, job.context, _wanted(options))

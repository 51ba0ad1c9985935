"""Uptime history from CSV files of any tool. See `tasks.uptime_formats.uptime_csv` for the columns.

A file is read whole each time; what was imported before changes nothing.
"""

from __future__ import annotations

from pydantic import Field

from tasks.contracts import Job, Outcome
from tasks.uptime_formats import uptime_csv
from tasks.uptime_history import Wanted
from tasks.uptime_import import HistoryOptions, check_files, import_files, in_zone

PARSER = f"uptime_csv/{uptime_csv.VERSION}"


class Options(HistoryOptions):
    """Results as CSV files, one a line."""

    paths: list[str] = Field(min_length=1, description="Files, folders or globs.")
    time_zone: str | None = Field(
        default=None, description="Zone of times that name none; the site's own when left out."
    )
    every_seconds: float | None = Field(
        default=None, gt=0, description="Interval of the monitor; else the column interval, or the usual distance."
    )
    time_column: str | None = Field(default=None, description="Column with the time, where it has no usual name.")
    outcome_column: str | None = Field(default=None, description="Column with up or down.")
    response_column: str | None = Field(default=None, description="Column with the response time, ms.")
    monitor_column: str | None = Field(default=None, description="Column with the monitor.")


async def collect(job: Job) -> Outcome:
    """Import all files.

    Raises:
        SourceError: no file could be read, or several monitors match.
    """
    options = _options(job)
    return import_files(in_zone(job, options.time_zone), uptime_csv, _wanted(options), options.paths, parser=PARSER)


async def check(job: Job) -> str:
    """Read the newest file.

    Raises:
        SourceError: as `collect`.
    """
    options = _options(job)
    return check_files(in_zone(job, options.time_zone), uptime_csv, _wanted(options), options.paths)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


def _wanted(options: Options) -> Wanted:
    names = [name for name in uptime_csv.OPTIONS if name != "monitor"]
    more = {name: str(getattr(options, name)) for name in names if getattr(options, name)}
    return Wanted(monitor=options.monitor, options=more)

"""WAF and access logs in files: local or mounted folders, rotated, compressed, growing.

Incremental by file identity and offset (see `tasks.log_files`): safe to run twice, at any moment, and after a
kill. What one run reads is landed in batches, each together with the cursor.
"""

from __future__ import annotations

from pydantic import Field

from tasks.contracts import Job, Outcome
from tasks.errors import SourceError
from tasks.log_files import find_files, local_file, states_from
from tasks.log_landing import LogOptions, cursor_name, land_pieces, pieces_of, try_first


class Options(LogOptions):
    """WAF audit logs or web server access logs in files."""

    paths: list[str] = Field(
        min_length=1, description="Files or globs, relative to this file; include the rotated ones, as access.log*."
    )


async def collect(job: Job) -> Outcome:
    """Read what is new in every file of the source, parse it and land it."""
    options = _options(job)
    files = [local_file(path) for path in find_files(options.paths, job.base)]
    if not files:
        return Outcome(state="failed", message=f"No file matches {', '.join(options.paths)} below {job.base}.")
    problems: list[str] = []
    with job.spool.hold_cursor(cursor_name(job)) as cursor:
        pieces = pieces_of(files, states_from(cursor), options.log_format.cut, problems, job)
        landed = land_pieces(job, options, "waf_logs", pieces)
    return Outcome.of(landed, problems)


async def check(job: Job) -> str:
    """Parse the first block of the newest file and say what there is.

    Raises:
        SourceError: no file, or the newest one is not in the format.
    """
    options = _options(job)
    files = find_files(options.paths, job.base)
    if not files:
        raise SourceError(
            f"No file matches {', '.join(options.paths)} below {job.base}: mend paths, or wait for the first log."
        )
    records = try_first(job, options, local_file(files[-1]))
    return f"{len(files)} files, {records:,} records in the first block of {files[-1].name}"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

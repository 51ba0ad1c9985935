"""WAF and access logs in files: local or mounted folders, rotated, compressed, growing.

Incremental by file identity and offset (see `tasks.log_files`): safe to run twice, at any moment, and after a
kill. What one run reads is landed in batches, each together with the cursor.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pydantic import Field

from tasks import log_files
from tasks.contracts import Job, Outcome
from tasks.errors import SourceError
from tasks.log_landing import LogOptions, Piece, context_of, cursor_name, land_pieces, outcome_of
from tasks.waf_parse import LogParser


class Options(LogOptions):
    """WAF audit logs or web server access logs in files."""

    paths: list[str] = Field(
        min_length=1, description="Files or globs, relative to this file; include the rotated ones, as access.log*."
    )


async def collect(job: Job) -> Outcome:
    """Read what is new in every file of the source, parse it and land it."""
    options = _options(job)
    files = log_files.find_files(options.paths, job.base)
    if not files:
        return Outcome(state="failed", message=f"No file matches {', '.join(options.paths)} below {job.base}.")
    problems: list[str] = []

    def pieces(states: list[log_files.FileState]) -> Iterator[Piece]:
        done, total = 0, sum(path.stat().st_size for path in files)
        for path in files:
            try:
                for block in log_files.read_new(path, states, options.log_format.cut):
                    states = log_files.update(states, block.state)
                    yield Piece(block, str(path), partial(log_files.cursor_of, states))
            except OSError as error:
                problems.append(f"{path.name}: {error.strerror or error}")
            done += path.stat().st_size if path.exists() else 0
            if job.on_progress:
                job.on_progress(done, total)

    with job.spool.hold_cursor(cursor_name(job)) as cursor:
        landed = land_pieces(job, options, "waf_logs", pieces(log_files.states_from(cursor)))
    return outcome_of(landed, problems)


async def check(job: Job) -> str:
    """Parse the first block of the newest file and say what there is.

    Raises:
        SourceError: no file, or the newest one is not in the format.
    """
    options = _options(job)
    files = log_files.find_files(options.paths, job.base)
    if not files:
        raise SourceError(
            f"No file matches {', '.join(options.paths)} below {job.base}: mend paths, or wait for the first log."
        )
    log_format = options.log_format
    block = next(iter(log_files.read_all(files[-1], log_format.cut)))
    parser = LogParser(log_format, context_of(job, options), options.format_options)
    tables = parser.parse(block, str(files[-1]))
    records, rejects = tables[log_format.fills].num_rows, tables["reject"].num_rows
    if rejects > records:
        first = tables["reject"].to_pylist()[0]
        raise SourceError(f"{files[-1]} is not {log_format.name}: line {first['line_number']}, {first['reason']}.")
    return f"{len(files)} files, {records:,} records in the first block of {files[-1].name}"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

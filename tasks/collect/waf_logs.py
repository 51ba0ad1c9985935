"""WAF and access logs in files: local or mounted folders, rotated, gzipped, growing.

Incremental by file identity and offset (see `tasks.log_files`): safe to run twice, at any moment, and after a
kill. What one run reads is landed in batches of about `BATCH_BYTES` of text, each together with the cursor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
from pydantic import Field, field_validator

from tasks import log_files
from tasks.contracts import Job, Outcome, SourceOptions
from tasks.errors import SourceError
from tasks.waf_parse import LogParser, format_named, formats
from warehouse.spool import batch_id_of

BATCH_BYTES = 64 << 20
"""Text that goes into one batch at most, give or take one block; bounds the memory of a run."""


class Options(SourceOptions):
    """WAF audit logs or web server access logs in files."""

    format: str = Field(description="Log format; `upkeep formats` lists them.")
    paths: list[str] = Field(
        min_length=1, description="Files or globs, relative to this file; include the rotated ones, as access.log*."
    )
    time_zone: str | None = Field(
        default=None, description="Zone of logs that name none; the site's own when left out."
    )
    every_hours: float = Field(default=24, gt=0, description="Longest silence that is still normal, hours.")

    @field_validator("format")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in formats():
            raise ValueError(f"{value!r} is no log format; allowed: {', '.join(formats())}")
        return value

    @property
    def fills(self) -> str:  # type: ignore[override]  # the table depends on the format
        """Return the table that the format fills."""
        return format_named(self.format).fills

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest silence that is still normal."""
        return int(self.every_hours * 3600)


class _Batch:
    """What is read and not yet landed."""

    def __init__(self) -> None:
        self.tables: dict[str, list[pa.Table]] = {}
        self.parts: list[tuple[str, int, int]] = []
        self.byte_count = 0

    def add(self, tables: Mapping[str, pa.Table], block: log_files.Block) -> None:
        for name, table in tables.items():
            if table.num_rows:
                self.tables.setdefault(name, []).append(table)
        self.parts.append((block.state.file_id, block.start_offset, block.state.offset))
        self.byte_count += block.state.offset - block.start_offset


async def collect(job: Job) -> Outcome:
    """Read what is new in every file of the source, parse it and land it."""
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    log_format = format_named(options.format)
    context = replace(job.context, time_zone=options.time_zone or job.context.time_zone)
    files = log_files.find_files(options.paths, job.base)
    if not files:
        return Outcome(state="failed", message=f"No file matches {', '.join(options.paths)} below {job.base}.")
    parser, landed, problems = LogParser(log_format, context), Counter[str](), []
    cursor_name = f"{context.site_id}.{context.source_id}"
    total = sum(path.stat().st_size for path in files)
    with job.spool.hold_cursor(cursor_name) as cursor:
        states, batch, done = log_files.states_from(cursor), _Batch(), 0

        def land() -> None:
            nonlocal batch
            if batch.parts:
                tables = {name: pa.concat_tables(parts) for name, parts in batch.tables.items()}
                job.spool.land(
                    batch_id_of("waf_logs", log_format.parser, cursor_name, batch.parts),
                    tables,
                    collector="waf_logs",
                    parser_version=log_format.parser,
                    cursor=(cursor_name, log_files.cursor_of(states)),
                )
                landed.update({name: table.num_rows for name, table in tables.items()})
            batch = _Batch()

        for path in files:
            try:
                for block in log_files.read_new(path, states):
                    batch.add(parser.parse(block, str(path)), block)
                    states = log_files.update(states, block.state)
                    if batch.byte_count >= BATCH_BYTES:
                        land()
            except OSError as error:
                problems.append(f"{path.name}: {error.strerror or error}")
            done += path.stat().st_size
            if job.on_progress:
                job.on_progress(done, total)
        if batch.tables or states != log_files.states_from(cursor):
            land()
    return _outcome(landed, problems)


async def check(job: Job) -> str:
    """Parse the first block of the newest file and say what there is.

    Raises:
        SourceError: no file, or the newest one is not in the format.
    """
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    files = log_files.find_files(options.paths, job.base)
    if not files:
        raise SourceError(
            f"No file matches {', '.join(options.paths)} below {job.base}: mend paths, or wait for the first log."
        )
    log_format = format_named(options.format)
    block = next(iter(log_files.read_all(files[-1])))
    tables = LogParser(log_format, job.context).parse(block, str(files[-1]))
    records, rejects = tables[log_format.fills].num_rows, tables["reject"].num_rows
    if rejects > records:
        first = tables["reject"].to_pylist()[0]
        raise SourceError(f"{files[-1]} is not {log_format.name}: line {first['line_number']}, {first['reason']}.")
    return f"{len(files)} files, {records:,} records in the first block of {files[-1].name}"


def _outcome(landed: Counter[str], problems: list[str]) -> Outcome:
    rejected = landed.pop("reject", 0)
    state = "partial" if rejected or problems else "complete" if landed else "empty"
    return Outcome(state=state, landed=dict(landed), reject_count=rejected, message="; ".join(problems) or None)

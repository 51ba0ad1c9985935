"""Parse blocks of a log on every core and land them in batches, each with the cursor that says how far it goes.

What every source of logs shares, wherever its lines come from.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pyarrow as pa
from pydantic import Field, field_validator

from tasks.contracts import Context, Job, SourceOptions
from tasks.errors import SourceError
from tasks.log_files import Block, Cut, FileState, LogFile, cursor_of, prune, read_new, update
from tasks.traffic import Classifier
from tasks.waf_parse import LogFormat, LogParser, check_options, format_named, formats, parse_blocks
from warehouse.spool import Landing, batch_id_of

BATCH_BYTES = 512 << 20
"""Text that goes into one batch at most, give or take one block: what a run that is killed has to read again."""

MANY_PROBLEMS = 20
"""So many files that can't be read, and the others are not tried."""


class LogOptions(SourceOptions):
    """What every source of logs may say."""

    format: str = Field(description="Log format; `upkeep formats` lists them.")
    format_options: dict[str, str] = Field(
        default_factory=dict, description="Options of the format; `upkeep formats` lists their names."
    )
    time_zone: str | None = Field(
        default=None, description="Zone of logs that name none; the site's own when left out."
    )
    every_hours: float = Field(default=24, gt=0, description="Longest silence that is still normal, hours.")
    reverse_dns: bool = Field(
        default=False, description="Ask DNS whether a bot is who it claims to be, where no published range says so."
    )

    @field_validator("format")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in formats():
            raise ValueError(f"{value!r} is no log format; allowed: {', '.join(formats())}")
        return value

    @property
    def log_format(self) -> LogFormat:
        """Return the format."""
        return format_named(self.format)

    @property
    def fills(self) -> str:  # type: ignore[override]  # the table depends on the format
        """Return the table that the format fills."""
        return self.log_format.fills

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest silence that is still normal."""
        return int(self.every_hours * 3600)


@dataclass(frozen=True, slots=True)
class Piece:
    """A block with the name of its file, and the cursor that holds once it is landed."""

    block: Block
    file: str
    cursor: Callable[[], Any]


def context_of(job: Job, options: LogOptions) -> Context:
    """Return the context of the job with the zone of its logs.

    Raises:
        ConfigurationError: the format has no such option.
    """
    check_options(options.log_format, options.format_options)
    return replace(job.context, time_zone=options.time_zone or job.context.time_zone)


def land_pieces(job: Job, options: LogOptions, collector: str, pieces: Iterable[Piece]) -> Counter[str]:
    """Parse and land what comes, and return the rows by table; hold the cursor of `cursor_name(job)` around it."""
    log_format, context = options.log_format, context_of(job, options)
    classifier = Classifier(job.reference, ask_dns=options.reverse_dns)
    landed: Counter[str] = Counter()
    landing: Landing | None = None
    parts: list[tuple[str, int, int]] = []
    size = 0

    def finish(last: Piece, landing: Landing) -> None:
        batch_id = batch_id_of(collector, log_format.parser, cursor_name(job), parts)
        landing.finish(batch_id, (cursor_name(job), last.cursor()))
        landed.update(landing.counts)

    try:
        for piece, found in parse_blocks(log_format, context, options.format_options, classifier, pieces):
            landing = landing or job.spool.start(collector=collector, parser_version=log_format.parser)
            landing.add(found)
            state, last = piece.block.state, piece
            parts.append((state.file_id, piece.block.start_offset, state.offset))
            size += state.offset - piece.block.start_offset
            if size >= BATCH_BYTES:
                finish(last, landing)
                landing, parts, size = None, [], 0
        if landing:
            finish(last, landing)
    except BaseException:
        if landing:
            landing.discard()
        raise
    return +landed


def _states_cursor(states: Sequence[FileState]) -> Callable[[], Any]:
    return partial(cursor_of, states)


def pieces_of(
    files: Sequence[LogFile],
    states: Sequence[FileState],
    cut: Cut,
    problems: list[str],
    job: Job,
    cursor_at: Callable[[Sequence[FileState]], Callable[[], Any]] = _states_cursor,
) -> Iterator[Piece]:
    """Yield what is new in each file; a file that can't be read is a sentence in `problems` and the others go on.

    `cursor_at` gives the cursor for the states after a block, of which the last is that of the block's file.
    """
    states = prune(states, {file.name for file in files})
    done, total = 0, sum(file.size for file in files)
    for file in files:
        try:
            for block in read_new(file, states, cut):
                states = update(states, block.state)
                yield Piece(block, file.name, cursor_at(states))
        except OSError as error:
            problems.append(f"{file.name}: {error.strerror or error}")
            if len(problems) == MANY_PROBLEMS:
                problems.append("the files after it are left for the next run")
                return
        done += file.size
        if job.on_progress:
            job.on_progress(done, total)


def try_first(job: Job, options: LogOptions, file: LogFile) -> int:
    """Parse the first block of a file and return its records.

    Raises:
        SourceError: it is not in the format.
        OSError: it can't be read.
    """
    log_format = options.log_format
    block = next(iter(read_new(file, [], log_format.cut)), None)
    if block is None:
        return 0
    tables = LogParser(log_format, context_of(job, options), options.format_options).parse(block, file.name)
    records: int = tables[log_format.fills].num_rows
    rejects: int = tables["reject"].num_rows
    if rejects > records:
        first = tables["reject"].to_pylist()[0]
        raise SourceError(f"{file.name} is not {log_format.name}: line {first['line_number']}, {first['reason']}.")
    return records


def piece_of(lines: Sequence[str], name: str, cursor: Any, numbers: Sequence[int] | None = None) -> Piece:
    """Return lines that come from no file, as answers of a service, as a piece; `name` says which they are.

    Args:
        lines: without line ends.
        name: stands as the file of rejects.
        cursor: holds once the lines are landed.
        numbers: of the lines; counted from 1 when left out.
    """
    table = pa.table(
        {
            "line_number": pa.array(numbers or range(1, len(lines) + 1), pa.int64()),
            "line": pa.array(lines, pa.string()),
        }
    )
    size = sum(len(line) for line in lines)
    content = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    state = FileState(file_id=content[:16], head_length=0, head_sha256=content, offset=size, line_count=len(lines))
    return Piece(Block(state, 0, table, []), name, lambda: cursor)


def cursor_name(job: Job) -> str:
    """Return the name of the job's cursor."""
    return f"{job.context.site_id}.{job.context.source_id}"

"""WAF and access logs in an S3-compatible bucket: AWS, Cloudflare R2, MinIO, Ceph, Wasabi and others.

So come AWS WAF logs (`AWSLogs/<account>/WAFLogs/<region>/<web ACL>/%Y/%m/%d/`), logs of load balancers
(`AWSLogs/<account>/elasticloadbalancing/<region>/%Y/%m/%d/`) and of CloudFront (`cdn/E2EXAMPLE.%Y-%m-%d-`), and what
Cloudflare Logpush writes to S3 or R2 (`http/%Y%m%d/`, gzipped JSON lines). Name the day in `prefix`: without it every
run lists all that was ever written.

Each object is read once, known by its key, size and time of writing; one that comes late is taken in as long as it is
of the last `look_back_days`, older ones by `upkeep collect waf-logs --since`. One that grew, or was copied, goes on
where it was, like a file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import Field, field_validator

from tasks.bucket_options import BucketOptions, open_bucket
from tasks.buckets import fetched_ahead
from tasks.contracts import Job, Outcome
from tasks.errors import SourceError
from tasks.log_files import FileState, LogFile, cursor_of, is_read, states_from
from tasks.log_landing import LogOptions, cursor_name, land_pieces, pieces_of, try_first

AHEAD = 8
"""Objects fetched while the ones before are parsed."""
TAKEN = 300_000
"""Objects remembered as read; of days before them, all count as read."""
_DAY = timedelta(days=1)


class Options(BucketOptions, LogOptions):
    """WAF or access logs in an S3-compatible bucket."""

    prefix: str = Field(
        default="", description="What the keys start with; %Y, %m and %d stand for the day, as AWSLogs/.../%Y/%m/%d/."
    )
    keys: str = Field(
        default="*", description="Glob that the whole key matches, as *app.my-balancer.*; all by default."
    )
    look_back_days: int = Field(default=3, ge=1, le=366, description="How many days each run looks back, days.")

    @field_validator("prefix")
    @classmethod
    def _only_days(cls, value: str) -> str:
        if re.search(r"%(?![Ymd])", value):
            raise ValueError("only %Y, %m and %d may stand in a prefix")
        return value


async def collect(job: Job) -> Outcome:
    """Read the objects that are new, parse them and land them.

    Raises:
        SourceError: the bucket is missing, forbidden or out of reach.
    """
    options = _options(job)
    bucket = await open_bucket(job, options)
    problems: list[str] = []
    with job.spool.hold_cursor(cursor_name(job)) as cursor:
        memory, states = _Memory.of(cursor), states_from((cursor or {}).get("states"))
        since = job.since or (memory.until or job.context.collected_at) - options.look_back_days * _DAY
        listed = bucket.files(options.prefix, options.keys, since, job.until or job.context.collected_at)
        new = [file for file in listed if not memory.has(file)]
        by_name, done = {file.name: file for file in new}, list[LogFile]()

        def cursor_at(now: Sequence[FileState]) -> Callable[[], Any]:
            file = by_name.get(now[-1].name)
            if file and is_read(file, now[-1]):
                done.append(file)
            # What is landed lags behind what is read: the cursor is of this moment.
            return partial(memory.cursor, len(done), done, now)

        with fetched_ahead(new) as files:
            pieces = pieces_of(files, states, options.log_format.cut, problems, job, cursor_at)
            landed = land_pieces(job, options, "waf_logs_s3", pieces)
    return Outcome.of(landed, problems)


async def check(job: Job) -> str:
    """List the last days and parse the first block of the newest object.

    Raises:
        SourceError: the bucket can't be listed, holds nothing there, or something else.
    """
    options, now = _options(job), job.context.collected_at
    files = (await open_bucket(job, options)).files(
        options.prefix, options.keys, now - options.look_back_days * _DAY, now
    )
    if not files:
        raise SourceError(
            f"The bucket {options.bucket} holds nothing below {options.prefix!r} of the last "
            f"{options.look_back_days} days: mend prefix or keys, or wait for the first log."
        )
    try:
        records = try_first(job, options, files[-1])
    except OSError as error:
        raise SourceError(f"{files[-1].name} can't be read: {error}.") from None
    return f"{len(files):,} objects, {records:,} records in the first block of {files[-1].name}"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


@dataclass(frozen=True, slots=True)
class _Memory:
    """Which objects were read: by the day they were written, a short hash of key, size and time each."""

    taken: Mapping[str, frozenset[str]] = field(default_factory=dict)
    floor: str = ""
    """All that was written on this day or before counts as read; empty until there were very many objects."""
    until: datetime | None = None
    """When the newest of them was written; files are read in the order of that time."""

    @classmethod
    def of(cls, cursor: Any) -> _Memory:
        if not cursor:
            return cls()
        taken = {day: frozenset(text.split()) for day, text in cursor["taken"].items()}
        return cls(taken, cursor["floor"], cursor["until"] and datetime.fromisoformat(cursor["until"]))

    def has(self, file: LogFile) -> bool:
        day, mark = _mark(file)
        return day <= self.floor or mark in self.taken.get(day, ())

    def cursor(self, count: int, done: Sequence[LogFile], states: Sequence[FileState]) -> Any:
        """Return what the cursor stores once the first `count` files of `done` are landed."""
        memory = self._with(done[:count])
        return {
            "until": memory.until and memory.until.isoformat(),
            "floor": memory.floor,
            "taken": {day: " ".join(sorted(marks)) for day, marks in memory.taken.items()},
            "states": cursor_of(states),
        }

    def _with(self, files: Sequence[LogFile]) -> _Memory:
        taken, floor = {day: set(marks) for day, marks in self.taken.items()}, self.floor
        for day, mark in map(_mark, files):
            taken.setdefault(day, set()).add(mark)
        while sum(map(len, taken.values())) > TAKEN:
            floor = max(floor, min(taken))
            del taken[min(taken)]
        times = [_written(file) for file in files] + ([self.until] if self.until else [])
        return _Memory({day: frozenset(taken[day]) for day in sorted(taken)}, floor, max(times, default=None))


def _written(file: LogFile) -> datetime:
    return datetime.fromtimestamp(file.mtime_ns / 1e9, UTC)


def _mark(file: LogFile) -> tuple[str, str]:
    day = _written(file).date().isoformat()
    return day, hashlib.sha256(f"{file.name}|{file.size}|{file.mtime_ns}".encode()).hexdigest()[:16]

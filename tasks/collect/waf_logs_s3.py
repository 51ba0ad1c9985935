"""WAF and access logs in an S3-compatible bucket: AWS WAF, ALB and CloudFront logs, Cloudflare Logpush to S3 or R2.

Each object is read once, known by its key, size and time; one that comes late is taken in as long as it was written
within `look_back_days`, older ones with `upkeep collect waf-logs --since`. Read with Arrow's own S3 client, which is
here already for the columns: https://arrow.apache.org/docs/python/generated/pyarrow.fs.S3FileSystem.html
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from pydantic import Field, HttpUrl

from tasks.contracts import Job, Outcome, SecretReference
from tasks.errors import SourceError
from tasks.log_files import LogFile, states_from
from tasks.log_landing import LogOptions, cursor_name, land_pieces, outcome_of, pieces_of, try_first


class Options(LogOptions):
    """WAF or access logs in an S3-compatible bucket."""

    bucket: str = Field(min_length=1, description="Bucket.")
    prefix: str = Field(default="", description="Only keys that start so, as AWSLogs/123456789012/WAFLogs/.")
    region: str = Field(default="us-east-1", description="Region of the bucket; auto for R2.")
    endpoint: HttpUrl | None = Field(default=None, description="Address of the service where it is not AWS.")
    access_key: SecretReference | None = Field(
        default=None, description="Access key id; AWS's own chain when left out."
    )
    secret_key: SecretReference | None = Field(default=None, description="Secret access key.")
    look_back_days: int = Field(default=7, ge=1, description="Objects written within so many days are looked at.")


async def collect(job: Job) -> Outcome:
    """Read the objects that are new, parse them and land them."""
    options = _options(job)
    store = await _store(job, options)
    since = job.since or job.context.collected_at - timedelta(days=options.look_back_days)
    files = [file for file in _list(store, options) if file.mtime_ns >= since.timestamp() * 1e9]
    problems: list[str] = []
    with job.spool.hold_cursor(cursor_name(job)) as cursor:
        pieces = pieces_of(files, states_from(cursor), options.log_format.cut, problems, job)
        landed = land_pieces(job, options, "waf_logs_s3", pieces)
    return outcome_of(landed, problems)


async def check(job: Job) -> str:
    """List the bucket and parse the first block of the newest object.

    Raises:
        SourceError: the bucket can't be listed, holds nothing there, or something else.
    """
    options = _options(job)
    files = _list(await _store(job, options), options)
    if not files:
        raise SourceError(f"The bucket {options.bucket} holds nothing below {options.prefix!r}: mend prefix.")
    try:
        records = try_first(job, options, files[-1])
    except OSError as error:
        raise SourceError(f"{files[-1].name} can't be read: {error}") from None
    return f"{len(files)} objects, {records:,} records in the first block of {files[-1].name}"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


async def _store(job: Job, options: Options) -> Any:
    from pyarrow import fs

    more: dict[str, Any] = {}
    if options.endpoint:
        parts = urlsplit(str(options.endpoint))
        more |= {"endpoint_override": parts.netloc, "scheme": parts.scheme}
    if options.access_key and options.secret_key:
        more |= {"access_key": await job.secret(options.access_key), "secret_key": await job.secret(options.secret_key)}
    return fs.S3FileSystem(region=options.region, connect_timeout=10, request_timeout=60, **more)


def _list(store: Any, options: Options) -> list[LogFile]:
    """Return the objects below the prefix, oldest first.

    Raises:
        SourceError: the bucket is missing, forbidden or out of reach.
    """
    from pyarrow import fs

    folder = options.prefix.rpartition("/")[0]
    where = f"{options.bucket}/{folder}".rstrip("/")
    try:
        found = store.get_file_info(fs.FileSelector(where, recursive=True))
    except OSError as error:
        raise SourceError(f"The bucket {options.bucket} can't be listed: {_short(error)}", can_retry=True) from None
    start = f"{options.bucket}/{options.prefix}"
    files = [
        LogFile(info.path, info.size, info.mtime_ns, partial(_fetch, store, info.path))
        for info in found
        if info.is_file and info.path.startswith(start) and info.size
    ]
    return sorted(files, key=lambda file: (file.mtime_ns, file.name))


def _fetch(store: Any, path: str) -> BinaryIO:
    """Copy an object into a file without a name, so that memory stays small and it can be read from any place."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
    with store.open_input_stream(path, compression=None) as stream:
        shutil.copyfileobj(stream, copy, 1 << 20)
    copy.seek(0)
    return copy


def _short(error: OSError) -> str:
    return str(error).split(" (Request ID")[0][:300]

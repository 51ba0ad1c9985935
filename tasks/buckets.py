"""A bucket of an S3-compatible service: list it by day, fetch objects ahead, say in one sentence what it refuses.

By Arrow's own client, which is here already: it speaks HTTP and HTTPS, names buckets in the path or in the host, and
lists key, size and time of writing, which tell a version as an ETag does.
https://arrow.apache.org/docs/python/generated/pyarrow.fs.S3FileSystem.html
"""

from __future__ import annotations

import contextlib
import fnmatch
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO

import pyarrow as pa

from tasks.errors import SourceError
from tasks.log_files import LogFile

AHEAD = 8
"""Objects fetched while the ones before are parsed."""
_DAY = timedelta(days=1)
_REFUSALS = (
    ("NO_SUCH_BUCKET", "there is no such bucket there; mend bucket or endpoint"),
    ("INVALID_ACCESS_KEY_ID|InvalidAccessKeyId", "the access key is not known there; mend access_key or endpoint"),
    ("SIGNATURE_DOES_NOT_MATCH|SignatureDoesNotMatch", "the secret key is not that of the access key; mend secret_key"),
    ("ACCESS_DENIED|AccessDenied|status 403", "the key may not read it; allow it s3:ListBucket and s3:GetObject"),
    ("PermanentRedirect|status 301", "it is in another region; mend region"),
    ("NETWORK_CONNECTION|curlCode", "the service was not reached; mend endpoint or the network"),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket: what is in it, and how to get it."""

    system: Any
    """The `pyarrow.fs.S3FileSystem`."""
    name: str
    secrets: Sequence[str] = ()
    """What must never stand in a message."""

    def files(self, prefix: str, keys: str, since: datetime, until: datetime) -> list[LogFile]:
        """Return the objects of the days in [since, until), or written then where the prefix names no day; by time.

        Raises:
            SourceError: the bucket can't be listed.
        """
        first, last = since.astimezone(UTC), until.astimezone(UTC) - timedelta(microseconds=1)
        days = (last.date() - first.date()).days
        starts = {f"{self.name}/{(first + n * _DAY).strftime(prefix)}" for n in range(days + 1)}
        if "%" not in prefix:
            starts = {f"{self.name}/{prefix}"}
        found = [info for folder in sorted({s.rpartition("/")[0] for s in starts}) for info in self._list(folder)]
        files = [
            self._file(info)
            for info in found
            if info.size and info.path.startswith(tuple(starts))
            if fnmatch.fnmatchcase(info.path.partition("/")[2], keys)
            if "%" in prefix or since.timestamp() <= info.mtime_ns / 1e9 <= until.timestamp() + 1
        ]
        return sorted(files, key=lambda file: (file.mtime_ns, file.name))

    def below(self, prefix: str) -> list[LogFile]:
        """Return every object whose key starts with the prefix, which is empty or ends with a slash; empty ones too.

        Raises:
            SourceError: the bucket can't be listed.
        """
        # A folder has no size; some services keep an object for it.
        return [self._file(info) for info in self._list(f"{self.name}/{prefix}".rstrip("/")) if info.is_file]

    def _file(self, info: Any) -> LogFile:
        return LogFile(f"s3://{info.path}", info.size, info.mtime_ns, partial(self._fetch, info.path))

    def _list(self, folder: str) -> Any:
        from pyarrow import fs

        try:
            return self.system.get_file_info(fs.FileSelector(folder, recursive=True))
        except FileNotFoundError:
            return []  # no object of that day
        except OSError as error:
            raise SourceError(
                f"The bucket {self.name} can't be listed: {self._reason(error)}.", can_retry=True
            ) from None

    def _fetch(self, path: str) -> BinaryIO:
        """Copy an object into a file without a name: memory stays small, and it can be read from any place."""
        copy = tempfile.TemporaryFile()  # noqa: SIM115 - the reader closes it
        try:
            # Without compression=None Arrow unpacks by the key's ending.
            with self.system.open_input_stream(path, compression=None) as stream:
                shutil.copyfileobj(stream, copy, 1 << 20)
        except (OSError, pa.ArrowInvalid) as error:  # a key with an empty part, as a//b, is invalid to Arrow
            copy.close()
            raise OSError(self._reason(error)) from None
        copy.seek(0)
        return copy

    def _reason(self, error: Exception) -> str:
        text = re.sub(r" \(Request ID.*|\. Detail: .*", "", str(error), flags=re.DOTALL)
        for secret in self.secrets:
            text = text.replace(secret, "[redacted]")
        return next((words for pattern, words in _REFUSALS if re.search(pattern, text)), text[:300].rstrip("."))


@contextlib.contextmanager
def fetched_ahead(files: Sequence[LogFile]) -> Iterator[list[LogFile]]:
    """Yield the files so that opening one also starts to fetch the next ones."""
    waiting: dict[int, Future[BinaryIO]] = {}
    todo = iter(range(len(files)))
    with ThreadPoolExecutor(AHEAD) as pool:

        def take(number: int) -> BinaryIO:
            while number not in waiting or len(waiting) < AHEAD:
                following = next(todo, None)
                if following is None:
                    break
                waiting[following] = pool.submit(files[following].open)
            return waiting.pop(number).result()

        try:
            yield [replace(file, open=partial(take, number)) for number, file in enumerate(files)]
        finally:
            for future in waiting.values():
                with contextlib.suppress(OSError):
                    future.result().close()

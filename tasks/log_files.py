"""Read log files that grow, rotate and get compressed (gz, bz2, zst), each line once.

A file is known by its first bytes (at most `HEAD_BYTES`, after decompression) and by the bytes before the place where
the last reading ended, not by its name or inode: it stays the same file when logrotate renames it and when it is
gzipped, and two files that start alike are two. How far each file was read is an offset in decompressed bytes, so a
half-read `access.log` goes on where it was in `access.log.2.gz`.

A compressed file that ends early or is damaged keeps the lines before; that is a reject with file, line and reason.
"""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from tasks.log_blocks import LINES, TAIL_BYTES, Block, Cut, Cutter, FileState, LineReject, sha

__all__ = ["Block", "Cut", "FileState", "LineReject"]

HEAD_BYTES = 1024
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"))
_INFLATED = 1 << 20
QUIET_SECONDS = 3600.0
"""A plain file untouched for so long is finished: its last line counts even without a line end."""
KEPT_STATES = 2000
"""States kept of files that are gone, so that one that comes back is not read again."""


def find_files(patterns: Sequence[str], base: Path) -> list[Path]:
    """Return the files that match any of the globs, each once, oldest first (by modification time, then name)."""
    found = {Path(name) for pattern in patterns for name in glob.glob(str(base / pattern), recursive=True)}  # noqa: PTH207 - absolute patterns
    files = [path for path in found if path.is_file()]
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name))


def states_from(cursor: Any) -> list[FileState]:
    """Turn a stored cursor into states; None is an empty one."""
    return [FileState(**item) for item in cursor or []]


def cursor_of(states: Sequence[FileState]) -> list[dict[str, Any]]:
    """Turn states into what a cursor stores."""
    return [asdict(state) for state in states]


def update(states: Sequence[FileState], new: FileState) -> list[FileState]:
    """Return the states with that of one file replaced or added, as the newest."""
    return [*(state for state in states if state.file_id != new.file_id), new]


def prune(states: Sequence[FileState], names: Collection[str], keep: int = KEPT_STATES) -> list[FileState]:
    """Return the states of files that are there, and the newest ones of those that are gone: they may come back."""
    gone = [state for state in states if state.name not in names]
    dropped = {state.file_id for state in gone[: max(0, len(gone) - keep)]}
    return [state for state in states if state.file_id not in dropped]


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file to read: on a disk, or an object of a bucket."""

    name: str
    size: int
    mtime_ns: int
    open: Callable[[], BinaryIO]
    """Opens a real file, which can be sought and has a descriptor."""


def local_file(path: Path) -> LogFile:
    """Return a file of a disk as it is now.

    Raises:
        OSError: it is not there.
    """
    stat = path.stat()
    return LogFile(str(path), stat.st_size, stat.st_mtime_ns, lambda: path.open("rb"))


def is_read(file: LogFile, state: FileState) -> bool:
    """Return whether a state is of this very file, read to its end."""
    return (state.name, state.size, state.mtime_ns) == (file.name, file.size, file.mtime_ns)


def read_new(file: LogFile | Path, states: Sequence[FileState], cut: Cut = LINES) -> Iterator[Block]:
    """Yield what a file has beyond what its state says; a file not seen before is read from its start.

    Raises:
        OSError: the file can't be opened or read.
    """
    if isinstance(file, Path):
        file = local_file(file)
    if any(is_read(file, state) for state in states):
        return
    with file.open() as raw:
        codec = _codec(raw)
        head = _head(raw, codec)
        if not head and codec is None:
            return
        state, tail = _known(raw, codec, head, states)
        state = replace(state, head_length=len(head), head_sha256=sha(head))
        is_finished = codec is not None or time.time() - file.mtime_ns / 1e9 > QUIET_SECONDS
        seen = replace(state, name=file.name, size=file.size, mtime_ns=file.mtime_ns)
        chunks = _chunks(raw, codec, state.offset, cut.block_bytes)
        yield from Cutter(state, cut, tail).blocks(chunks, seen, is_finished=is_finished)


def read_all(path: Path, cut: Cut = LINES) -> Iterator[Block]:
    """Yield every line of a file, whatever was read before; the last line counts without a line end too."""
    with path.open("rb") as raw:
        codec = _codec(raw)
        state = FileState(file_id=path.name, head_length=0, head_sha256="")
        yield from Cutter(state, cut).blocks(_chunks(raw, codec, 0, cut.block_bytes), state, is_finished=True)


def _codec(raw: BinaryIO) -> str | None:
    start = raw.read(4)
    return next((codec for magic, codec in _MAGIC if start.startswith(magic)), None)


def _known(raw: BinaryIO, codec: str | None, head: bytes, states: Sequence[FileState]) -> tuple[FileState, bytes]:
    """Return the state of a file with the bytes before its offset; a state at the start where it is a new file.

    The longest head is the surest. A file that starts like another but goes on differently gets an id of its own.
    """
    file_id = sha(head or _text(raw, None, 0, HEAD_BYTES))
    heads = {length: sha(head[:length]) for length in {s.head_length for s in states} if 0 < length <= len(head)}
    for state in sorted(states, key=lambda s: -s.head_length):
        if heads.get(state.head_length) == state.head_sha256:
            tail = _text(raw, codec, max(0, state.offset - TAIL_BYTES), state.offset)
            if state.tail_sha256 in ("", sha(tail)):
                return state, tail
            file_id = sha(f"{file_id}|{state.tail_sha256}".encode())
    return FileState(file_id=file_id[:16], head_length=0, head_sha256=""), b""


def _head(raw: BinaryIO, codec: str | None) -> bytes:
    """Return the first bytes of the text, whole lines only where there are fewer than HEAD_BYTES."""
    head = _text(raw, codec, 0, HEAD_BYTES)
    return head if len(head) == HEAD_BYTES else head[: head.rfind(b"\n") + 1] or head


def _text(raw: BinaryIO, codec: str | None, start: int, end: int) -> bytes:
    """Return the text from `start` to `end`, or to where it ends."""
    text = b""
    for chunk in _chunks(raw, codec, start, max(1, end - start)):
        if isinstance(chunk, LineReject) or len(text := text + chunk) >= end - start:
            break
    return text[: end - start]


def _chunks(raw: BinaryIO, codec: str | None, offset: int, size: int) -> Iterator[bytes | memoryview | LineReject]:
    """Yield the text from `offset`, and a reject where compressed data is cut short or damaged.

    What is yielded may be overwritten when the next is asked for.
    """
    if codec is None:
        raw.seek(offset)
        buffer = memoryview(bytearray(size))
        while count := raw.readinto(buffer):  # type: ignore[attr-defined]
            yield buffer[:count]
        return
    stream, done, kept = _inflate(raw, codec), 0, bytearray()
    while True:
        try:
            chunk = stream.read(_INFLATED)
        except OSError as error:
            # What was inflated before the damage is lost with a failed read: take it byte by byte.
            kept += _before_damage(_inflate(raw, codec), done)[max(0, offset - done) :]
            what = "ends early" if "runcated" in str(error) else f"is damaged ({error})"
            yield bytes(kept)
            yield LineReject(None, f"the {codec} file {what}; the lines before were kept, copy the file again", "")
            return
        kept += chunk[max(0, offset - done) :]
        done += len(chunk)
        if kept and (not chunk or len(kept) >= size):
            yield bytes(kept)
            kept.clear()
        if not chunk:
            return


def _inflate(raw: BinaryIO, codec: str) -> pa.CompressedInputStream:
    # A descriptor of its own: the stream closes what it reads from.
    own = os.fdopen(os.dup(raw.fileno()), "rb")
    own.seek(0)
    return pa.CompressedInputStream(pa.PythonFile(own, mode="r"), codec)


def _before_damage(stream: pa.CompressedInputStream, done: int) -> bytes:
    good = bytearray()
    try:
        while done:
            done -= len(stream.read(min(done, _INFLATED)))
        while byte := stream.read(1):
            good += byte
    except OSError:
        pass
    return bytes(good)

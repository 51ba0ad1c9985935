"""Read log files that grow, rotate and get compressed (gz, bz2, zst), each line once, in blocks that fit into memory.

A file is known by its first bytes (at most `HEAD_BYTES`, after decompression), not by its name or inode: it stays
the same file when logrotate renames it and when it is gzipped. How far each file was read is an offset in
decompressed bytes, so a half-read `access.log` goes on where it was in `access.log.2.gz`.

Bad input never stops good lines: a line that is not UTF-8 or longer than `LINE_BYTES`, and a compressed file that ends
early, become rejects with file, line number and reason.

Where a record has several lines (`record_end`), blocks are cut after whole records. Where lines depend on a header
(`header`), each block knows the last one before it.
"""

from __future__ import annotations

import glob
import hashlib
import io
import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

HEAD_BYTES = 1024
LINE_BYTES = 1 << 20
RECORD_BYTES = 8 << 20
"""Longest record of several lines; a longer one is rejected line by line."""
_MAGIC = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zstd"))
_INFLATED = 1 << 20
BLOCK_BYTES = 8 << 20
QUIET_SECONDS = 3600.0
"""A plain file untouched for so long is finished: its last line counts even without a line end."""


@dataclass(frozen=True, slots=True)
class FileState:
    """How far a file was read: `offset` decompressed bytes, `line_count` lines; `size`, `mtime_ns` of the file then."""

    file_id: str
    head_length: int
    head_sha256: str
    offset: int = 0
    line_count: int = 0
    name: str = ""
    size: int = -1
    mtime_ns: int = 0
    header: str = ""


@dataclass(frozen=True, slots=True)
class LineReject:
    """A line, or with `line_number` None the rest of a file, that could not be read."""

    line_number: int | None
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Block:
    """Some whole lines of one file: columns `line_number` (from 1) and `line`; rejected lines are empty."""

    state: FileState
    """The state of the file once this block is landed."""
    start_offset: int
    lines: pa.Table
    rejects: Sequence[LineReject]
    header: str = ""
    """The last header before the block; empty where there is none."""


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


def prune(states: Sequence[FileState], names: Collection[str], keep: int = 2000) -> list[FileState]:
    """Return the states of files that are there, and the newest ones of those that are gone: they may come back."""
    gone = [state for state in states if state.name not in names]
    dropped = {state.file_id for state in gone[: max(0, len(gone) - keep)]}
    return [state for state in states if state.file_id not in dropped]


@dataclass(frozen=True, slots=True)
class Cut:
    """How the lines of a format hang together: patterns over bytes, with `re.MULTILINE` where they need it."""

    record_end: re.Pattern[bytes] | None = None
    """Matches the end of a record of several lines, its line end included."""
    header: re.Pattern[bytes] | None = None
    """Matches a line that later lines depend on."""


LINES = Cut()


@dataclass(frozen=True, slots=True)
class LogFile:
    """A file to read: on a disk, or an object of a bucket, which is `is_immutable`: its name and version tell it."""

    name: str
    size: int
    mtime_ns: int
    open: Callable[[], BinaryIO]
    """Opens a real file, which can be sought and has a descriptor."""
    is_immutable: bool = False


def local_file(path: Path) -> LogFile:
    """Return a file of a disk as it is now.

    Raises:
        OSError: it is not there.
    """
    stat = path.stat()
    return LogFile(str(path), stat.st_size, stat.st_mtime_ns, lambda: path.open("rb"))


def read_new(file: LogFile | Path, states: Sequence[FileState], cut: Cut = LINES) -> Iterator[Block]:
    """Yield what a file has beyond what its state says; a file not seen before is read from its start.

    Raises:
        OSError: the file can't be opened or read.
    """
    if isinstance(file, Path):
        file = local_file(file)
    if any((s.name, s.size, s.mtime_ns) == (file.name, file.size, file.mtime_ns) for s in states):
        return
    with file.open() as raw:
        codec = _codec(raw)
        head = _head(raw, codec)
        if not head:
            return
        if file.is_immutable:
            file_id = _sha(f"{file.name}|{file.size}|{file.mtime_ns}".encode())[:16]
            known = next((s for s in states if s.file_id == file_id), None)
        else:
            file_id, known = _sha(head)[:16], _match(head, states)
        state = known or FileState(file_id=file_id, head_length=0, head_sha256="")
        state = replace(state, head_length=len(head), head_sha256=_sha(head))
        is_old = time.time() - file.mtime_ns / 1e9 > QUIET_SECONDS
        is_finished = codec is not None or file.is_immutable or is_old
        seen = replace(state, name=file.name, size=file.size, mtime_ns=file.mtime_ns)
        yield from _Cutter(state, cut).blocks(_chunks(raw, codec, state.offset), seen, is_finished=is_finished)


def read_all(path: Path, cut: Cut = LINES) -> Iterator[Block]:
    """Yield every line of a file, whatever was read before; the last line counts without a line end too."""
    with path.open("rb") as raw:
        codec = _codec(raw)
        state = FileState(file_id=path.name, head_length=0, head_sha256="")
        yield from _Cutter(state, cut).blocks(_chunks(raw, codec, 0), state, is_finished=True)


def _codec(raw: BinaryIO) -> str | None:
    start = raw.read(4)
    return next((codec for magic, codec in _MAGIC if start.startswith(magic)), None)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _head(raw: BinaryIO, codec: str | None) -> bytes:
    """Return the first bytes of the text, whole lines only where there are fewer than HEAD_BYTES."""
    head = b""
    for chunk in _chunks(raw, codec, 0, size=HEAD_BYTES):
        if isinstance(chunk, LineReject) or len(head) >= HEAD_BYTES:
            break
        head += chunk
    head = head[:HEAD_BYTES]
    return head if len(head) == HEAD_BYTES else head[: head.rfind(b"\n") + 1] or head


def _match(head: bytes, states: Sequence[FileState]) -> FileState | None:
    """Return the state whose head is the start of this one; the longest head is the surest."""
    for state in sorted(states, key=lambda s: -s.head_length):
        if 0 < state.head_length <= len(head) and _sha(head[: state.head_length]) == state.head_sha256:
            return state
    return None


def _chunks(raw: BinaryIO, codec: str | None, offset: int, size: int = BLOCK_BYTES) -> Iterator[bytes | LineReject]:
    """Yield the text from `offset`, and a reject where compressed data is cut short or damaged."""
    if codec is None:
        raw.seek(offset)
        while chunk := raw.read(size):
            yield chunk
        return
    size, done = min(size, _INFLATED), 0
    stream = _inflate(raw, codec)
    while True:
        try:
            chunk = stream.read(size)
        except OSError as error:
            # What was inflated before the damage is lost with a failed read: take it byte by byte.
            yield _before_damage(_inflate(raw, codec), done)[max(0, offset - done) :]
            what = "ends early" if "runcated" in str(error) else f"is damaged ({error})"
            yield LineReject(None, f"the {codec} file {what}; the lines before were kept, copy the file again", "")
            return
        if not chunk:
            return
        if kept := chunk[max(0, offset - done) :]:
            yield kept
        done += len(chunk)


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


class _Cutter:
    """Cuts bytes into blocks of whole lines, or of whole records, and keeps the count."""

    def __init__(self, state: FileState, cut: Cut) -> None:
        self._state, self._cut = state, cut

    def blocks(self, chunks: Iterator[bytes | LineReject], seen: FileState, *, is_finished: bool) -> Iterator[Block]:
        """Yield the blocks; `seen` marks the state of the last one as read to the end."""
        carry, is_skipping = b"", False
        rejects: list[LineReject] = []
        for chunk in chunks:
            if isinstance(chunk, LineReject):
                rejects.append(replace(chunk, line_number=self._state.line_count + 1))
                break
            data = carry + chunk if carry else chunk
            if is_skipping:
                end = data.find(b"\n")
                data = self._skip(data, len(data) if end < 0 else end + 1)
                is_skipping = end < 0
            end = self._last_end(data)
            carry = data[end:]
            block = self._block(data[:end], rejects)
            rejects = []
            if len(carry) > (RECORD_BYTES if self._cut.record_end else LINE_BYTES):
                block.rejects.append(_too_long(self._state.line_count + 1, carry))  # type: ignore[attr-defined]
                end = carry.rfind(b"\n") + 1
                self._skip(carry, len(carry))
                carry, is_skipping = b"", end < len(carry)
                block = replace(block, state=self._state)
            if block.lines.num_rows or block.rejects:
                yield block
        # A line that is still being written is taken up by the next run: then the file must not count as seen.
        tail, rest = (carry, b"") if is_finished and not rejects else (b"", carry)
        block = self._block(tail if tail.endswith(b"\n") or not tail else tail + b"\n", rejects)
        state = replace(
            seen,
            size=-1 if rest and not is_finished else seen.size,
            offset=self._state.offset - bool(tail and not tail.endswith(b"\n")),
            line_count=self._state.line_count,
            header=self._state.header,
        )
        # Always one last block, so that the file is known as read to here even where nothing came of it.
        yield replace(block, state=state)

    def _last_end(self, data: bytes) -> int:
        """Return the position after the last whole line or record."""
        if self._cut.record_end is None:
            return data.rfind(b"\n") + 1
        end = 0
        for match in self._cut.record_end.finditer(data):
            end = match.end()
        return end

    def _block(self, data: bytes, rejects: list[LineReject]) -> Block:
        """Make a block of whole lines and move the state behind it."""
        start, found = self._state, list(rejects)
        lines = _lines(data, start.line_count + 1, found)
        header = start.header
        if self._cut.header:
            # A header at the very start is that of its own lines too.
            for match in self._cut.header.finditer(data):
                header = match.group(0).decode("utf-8", "replace").rstrip("\r\n")
                if start.offset + match.start() == 0:
                    start = replace(start, header=header)
        self._state = replace(
            start, offset=start.offset + len(data), line_count=start.line_count + lines.num_rows, header=header
        )
        return Block(self._state, start.offset, lines, found, start.header)

    def _skip(self, data: bytes, count: int) -> bytes:
        lines = data.count(b"\n", 0, count)
        self._state = replace(self._state, offset=self._state.offset + count, line_count=self._state.line_count + lines)
        return data[count:]


def _too_long(line_number: int, line: bytes) -> LineReject:
    reason = f"the line is longer than {LINE_BYTES:,} bytes; shorten what the server logs"
    return LineReject(line_number, reason, line[:200].decode("utf-8", "backslashreplace"))


def _lines(data: bytes, first_line: int, rejects: list[LineReject]) -> pa.Table:
    """Cut whole lines into a table, without copying the text where it is sound; bad lines become empty."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        data = _decode_each(data, first_line, rejects).encode()
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    offsets = np.concatenate(([0], ends + 1)).astype(np.int32)
    for index in np.flatnonzero(np.diff(offsets) > LINE_BYTES):
        rejects.append(_too_long(first_line + int(index), data[offsets[index] : offsets[index] + 200]))
    whole = pa.Array.from_buffers(pa.string(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(data)])
    values = pc.utf8_rtrim(whole, "\r\n")
    if len(rejects):
        values = pc.if_else(pc.greater(pc.binary_length(values), LINE_BYTES), "", values)
    numbers = np.arange(first_line, first_line + len(ends), dtype=np.int64)
    return pa.table({"line_number": pa.array(numbers), "line": values})


def _decode_each(data: bytes, first_line: int, rejects: list[LineReject]) -> str:
    good = []
    for number, line in enumerate(io.BytesIO(data), start=first_line):
        try:
            good.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            reason = f"byte {error.start + 1} of the line is not UTF-8 (0x{line[error.start]:02x})"
            rejects.append(LineReject(number, reason, line[:200].decode("utf-8", "backslashreplace").rstrip("\n")))
            good.append("\n")
    return "".join(good)

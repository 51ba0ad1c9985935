"""Read log files that grow, rotate and get compressed, each line once, in blocks that fit into memory.

A file is known by its first bytes (at most `HEAD_BYTES`, after decompression), not by its name or inode: it stays
the same file when logrotate renames it and when it is gzipped. How far each file was read is an offset in
decompressed bytes, so a half-read `access.log` goes on where it was in `access.log.2.gz`.

Bad input never stops good lines: a line that is not UTF-8 or longer than `LINE_BYTES`, and a gzip that ends early,
become rejects with file, line number and reason.
"""

from __future__ import annotations

import glob
import gzip
import hashlib
import io
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

HEAD_BYTES = 1024
LINE_BYTES = 1 << 20
_GZIP_READ = 1 << 18
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
    """Return the states with that of one file replaced or added."""
    return [*(state for state in states if state.file_id != new.file_id), new]


def read_new(path: Path, states: Sequence[FileState]) -> Iterator[Block]:
    """Yield what a file has beyond what its state says; a file not seen before is read from its start.

    Raises:
        OSError: the file can't be opened or read.
    """
    stat = path.stat()
    if any((s.name, s.size, s.mtime_ns) == (str(path), stat.st_size, stat.st_mtime_ns) for s in states):
        return
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        head = _head(raw, is_gzip=is_gzip)
        if not head:
            return
        raw.seek(0)
        known = _match(head, states)
        state = known or FileState(file_id=_sha(head)[:16], head_length=0, head_sha256="")
        state = replace(state, head_length=len(head), head_sha256=_sha(head))
        is_finished = is_gzip or time.time() - stat.st_mtime > QUIET_SECONDS
        seen = replace(state, name=str(path), size=stat.st_size, mtime_ns=stat.st_mtime_ns)
        yield from _blocks(raw, state, seen, is_gzip=is_gzip, is_finished=is_finished)


def read_all(path: Path) -> Iterator[Block]:
    """Yield every line of a file, whatever was read before; the last line counts without a line end too."""
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        state = FileState(file_id=path.name, head_length=0, head_sha256="")
        yield from _blocks(raw, state, state, is_gzip=is_gzip, is_finished=True)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _head(raw: BinaryIO, *, is_gzip: bool) -> bytes:
    """Return the first bytes of the text, whole lines only where there are fewer than HEAD_BYTES."""
    try:
        head = gzip.GzipFile(fileobj=raw).read(HEAD_BYTES) if is_gzip else raw.read(HEAD_BYTES)
    except (OSError, EOFError, zlib.error):
        raw.seek(0)
        head = zlib.decompressobj(wbits=31).decompress(raw.read(1 << 16), HEAD_BYTES)
    return head if len(head) == HEAD_BYTES else head[: head.rfind(b"\n") + 1] or head


def _match(head: bytes, states: Sequence[FileState]) -> FileState | None:
    """Return the state whose head is the start of this one; the longest head is the surest."""
    for state in sorted(states, key=lambda s: -s.head_length):
        if 0 < state.head_length <= len(head) and _sha(head[: state.head_length]) == state.head_sha256:
            return state
    return None


def _chunks(raw: BinaryIO, offset: int, *, is_gzip: bool) -> Iterator[bytes | LineReject]:
    """Yield the decompressed bytes from `offset`, and a reject where a gzip is cut short or damaged."""
    if not is_gzip:
        raw.seek(offset)
        while chunk := raw.read(BLOCK_BYTES):
            yield chunk
        return
    # zlib itself: gzip's own reader would throw away what it read before the damage.
    inflater, to_skip = zlib.decompressobj(wbits=31), offset
    data = raw.read(_GZIP_READ)
    while data:
        before = inflater.copy()
        try:
            chunk = inflater.decompress(data, BLOCK_BYTES)
        except zlib.error as error:
            yield _before_damage(before, data)[to_skip:]
            reason = f"the gzip data is damaged ({error}); the lines before were kept, copy the file again"
            yield LineReject(None, reason, "")
            return
        data = inflater.unconsumed_tail
        if inflater.eof:
            data = inflater.unused_data or raw.read(_GZIP_READ)
            inflater = zlib.decompressobj(wbits=31) if data else inflater
        elif not data:
            data = raw.read(_GZIP_READ)
        kept, to_skip = chunk[to_skip:], max(0, to_skip - len(chunk))
        if kept:
            yield kept
    if not inflater.eof:
        yield LineReject(None, "the gzip file ends early; the lines before were kept, copy the file again", "")


def _before_damage(inflater: Any, data: bytes) -> bytes:
    """Return what can be inflated before the damage: zlib gives nothing of a piece that it fails on, so go by bytes."""
    good = b""
    for index in range(len(data)):
        try:
            good += inflater.decompress(data[index : index + 1])
        except zlib.error:
            break
    return good


def _blocks(raw: BinaryIO, state: FileState, seen: FileState, *, is_gzip: bool, is_finished: bool) -> Iterator[Block]:
    """Cut the bytes into blocks of whole lines; `seen` marks the state of the last block as read to the end."""
    carry, is_skipping = b"", False
    rejects: list[LineReject] = []
    for chunk in _chunks(raw, state.offset, is_gzip=is_gzip):
        if isinstance(chunk, LineReject):
            rejects.append(replace(chunk, line_number=state.line_count + 1))
            break
        data = carry + chunk
        if is_skipping:
            end = data.find(b"\n")
            dropped = len(data) if end < 0 else end + 1
            state = replace(state, offset=state.offset + dropped, line_count=state.line_count + (end >= 0))
            data, is_skipping = data[dropped:], end < 0
        cut = data.rfind(b"\n") + 1
        start, carry = state, data[cut:]
        state = replace(state, offset=state.offset + cut, line_count=state.line_count + data.count(b"\n", 0, cut))
        block_rejects, rejects = rejects, []
        lines = _lines(data[:cut], start.line_count + 1, block_rejects)
        if len(carry) > LINE_BYTES:
            block_rejects.append(_too_long(state.line_count + 1, carry))
            state, carry, is_skipping = replace(state, offset=state.offset + len(carry)), b"", True
        if lines.num_rows or block_rejects:
            yield Block(state, start.offset, lines, block_rejects)
    tail, carry = (carry + b"\n", b"") if carry and is_finished and not rejects else (b"", carry)
    lines = _lines(tail, state.line_count + 1, rejects)
    # A line that is still being written is taken up by the next run: then the file must not count as seen.
    size = -1 if carry and not is_gzip else seen.size
    state = replace(
        seen, size=size, offset=state.offset + max(0, len(tail) - 1), line_count=state.line_count + lines.num_rows
    )
    # Always one last block, so that the file is known as read to here even where nothing came of it.
    yield Block(state, state.offset, lines, rejects)


def _too_long(line_number: int, line: bytes) -> LineReject:
    reason = f"the line is longer than {LINE_BYTES:,} bytes; shorten what the server logs"
    return LineReject(line_number, reason, line[:200].decode("utf-8", "backslashreplace"))


def _lines(data: bytes, first_line: int, rejects: list[LineReject]) -> pa.Table:
    """Split whole lines into a table of 64k-row batches (DuckDB scans batches in parallel); bad lines become empty."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = _decode_each(data, first_line, rejects)
    values = pc.list_flatten(pc.split_pattern(pa.array([text]), "\n"))
    values = values.slice(0, len(values) - 1)
    too_long = pc.greater(pc.binary_length(values), LINE_BYTES)
    if pc.any(too_long).as_py():
        for index in pc.indices_nonzero(too_long).to_pylist():
            rejects.append(_too_long(first_line + index, values[index].as_py().encode()))
        values = pc.if_else(too_long, "", values)
    numbers = pa.array(range(first_line, first_line + len(values)), pa.int64())
    table = pa.table({"line_number": numbers, "line": values})
    return pa.Table.from_batches(table.to_batches(max_chunksize=1 << 14), table.schema)


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

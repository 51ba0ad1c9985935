"""Cut the bytes of a log into blocks of whole lines, or of whole records, that fit into memory.

Bad input never stops good lines: a line that is not UTF-8 or longer than `LINE_BYTES`, and a record of several lines
longer than `RECORD_BYTES`, become rejects with line number and reason.

Where a record has several lines (`Cut.record_end`), blocks are cut after whole records. Where lines depend on a header
(`Cut.header`), each block knows the last one before it.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

BLOCK_BYTES = 32 << 20
"""Text of a block: planning the SQL of a format costs as much as a few MB of parsing."""
LINE_BYTES = 1 << 20
RECORD_BYTES = 8 << 20
"""Longest record of several lines: a longer one is rejected and skipped."""
MARK_BYTES = 4 << 10
"""Longest text that `Cut.record_end` may match."""
TAIL_BYTES = 1 << 10
_NEWLINE = 10
_NEAR = 64 << 10
"""So many bytes are searched for the last line end before all are: nearly all lines are shorter."""
_LINE_END = re.compile(rb"\n")
_BOM = b"\xef\xbb\xbf"


_Bytes: TypeAlias = bytes | memoryview


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
    tail_sha256: str = ""
    """Of the last bytes before `offset`, at most TAIL_BYTES."""
    is_torn: bool = False
    """Whether `offset` lies in a line or record that was rejected for its length."""


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
    """The last header before the block, or the one that the file starts with; empty where there is none."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How the lines of a format hang together: patterns over bytes, with `re.MULTILINE` where they need it."""

    record_end: re.Pattern[bytes] | None = None
    """Matches the end of a record of several lines, its line end included, in at most MARK_BYTES."""
    header: re.Pattern[bytes] | None = None
    """Matches a line that later lines depend on; `\\A` is the start of the file."""
    line_bytes: int = LINE_BYTES
    """Longest line, for what packs many records into one."""
    has_binary: bool = False
    """Whether bytes that are not UTF-8 belong there: they become `\\xHH` in the text, and cost no line."""

    @property
    def block_bytes(self) -> int:
        """Return the text of a block; records must be able to outgrow one, since only what is left over is measured."""
        return RECORD_BYTES if self.record_end else BLOCK_BYTES


LINES = Cut()


def sha(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


class Cutter:
    """Cuts bytes into blocks of whole lines, or of whole records, and keeps the count."""

    def __init__(self, state: FileState, cut: Cut, tail: bytes = b"") -> None:
        """Go on where `state` ends; `tail` are the bytes before."""
        self._state, self._cut, self._tail = state, cut, tail
        self._buffer = bytearray()
        self._limit = RECORD_BYTES if cut.record_end else cut.line_bytes

    def blocks(self, chunks: Iterable[_Bytes | LineReject], seen: FileState, *, is_finished: bool) -> Iterator[Block]:
        """Yield the blocks; `seen` marks the state of the last one as read to the end.

        A chunk may be overwritten once the next one is asked for.
        There is always a last one, so that the file is known as read to here even where nothing came of it.
        """
        waiting: Block | None = None
        for block in self._blocks(chunks, seen, is_finished=is_finished):
            if waiting and not block.lines.num_rows and not block.rejects:
                waiting = replace(waiting, state=block.state)
                continue
            if waiting:
                yield waiting
            waiting = block
        if waiting:
            yield waiting

    def _blocks(self, chunks: Iterable[_Bytes | LineReject], seen: FileState, *, is_finished: bool) -> Iterator[Block]:
        carry, is_torn = b"", self._state.is_torn
        rejects: list[LineReject] = []
        for chunk in chunks:
            if isinstance(chunk, LineReject):
                rejects.append(replace(chunk, line_number=self._state.line_count + 1))
                break
            data: _Bytes = self._joined(carry, chunk)
            if is_torn:
                data, is_torn = self._skip_rest(data)
            end = 0 if is_torn else self._last_end(data)
            carry = bytes(data[end:])
            if end:
                yield self._block(data[:end], [])
            if not is_torn and len(carry) > self._limit:
                long = self._block(b"", [self._too_long(carry)])
                data, is_torn = self._skip_rest(carry)
                carry = bytes(data)
                yield replace(long, state=self._state)
        # What is still being written is taken up by the next run: then the file must not count as seen.
        is_whole = is_finished and not rejects and not is_torn
        tail, rest = (carry, b"") if is_whole else (b"", carry)
        block = self._block(tail, rejects)
        state = replace(
            seen,
            size=-1 if rest and not is_finished else seen.size,
            offset=self._state.offset,
            line_count=self._state.line_count,
            header=self._state.header,
            tail_sha256=self._state.tail_sha256,
            is_torn=is_torn,
        )
        yield replace(block, state=state)

    def _joined(self, carry: bytes, chunk: _Bytes) -> memoryview:
        """Return both as one text, in a buffer that is used again: fresh memory costs more than copying."""
        size = len(carry) + len(chunk)
        if size > len(self._buffer):
            self._buffer = bytearray(size)
        joined = memoryview(self._buffer)[:size]
        joined[: len(carry)] = carry
        joined[len(carry) :] = chunk
        return joined

    def _last_end(self, data: _Bytes) -> int:
        """Return the position after the last whole line or record."""
        if self._cut.record_end is None:
            near = max(0, len(data) - _NEAR)
            end = bytes(data[near:]).rfind(b"\n") + 1
            return near + end if end else bytes(data[:near]).rfind(b"\n") + 1
        end = 0
        for match in self._cut.record_end.finditer(data):
            end = match.end()
        return end

    def _skip_rest(self, data: _Bytes) -> tuple[_Bytes, bool]:
        """Drop the rest of what is too long; return what follows, and whether its end is still to come."""
        # From 1 for a record: the start of these bytes need not be the start of a line.
        match = self._cut.record_end.search(data, 1) if self._cut.record_end else _LINE_END.search(data)
        rest = MARK_BYTES if self._cut.record_end else 0
        end = match.end() if match else max(0, len(data) - rest)
        self._move(data[:end], bytes(data[:end]).count(b"\n"), is_torn=match is None)
        return data[end:], match is None

    def _block(self, data: _Bytes, rejects: list[LineReject]) -> Block:
        """Make a block of whole lines, of which the very last may lack its end, and move the state behind it."""
        start, found = self._state, list(rejects)
        text = data[len(_BOM) :] if start.offset == 0 and data[: len(_BOM)] == _BOM else data
        before, after = self._headers(text)
        if self._cut.record_end:
            # A record may hold a body of any encoding: its other lines are good, and no reject may show it.
            text = str(text, "utf-8", "replace").encode()
        elif self._cut.has_binary:
            text = str(text, "utf-8", "backslashreplace").encode()
        text = text if text[-1:] == b"\n" or not text else bytes(text) + b"\n"
        lines = _lines(text, start.line_count + 1, found, self._cut.line_bytes)
        self._state = replace(start, header=after)
        self._move(data, lines.num_rows, is_torn=False)
        return Block(self._state, start.offset, lines, found, before)

    def _headers(self, data: _Bytes) -> tuple[str, str]:
        """Return the header that holds for a block and the one that holds after it."""
        before = after = self._state.header
        if self._cut.header is None or not data:
            return before, after
        # With a byte before it, only a file starts where \A matches.
        skipped = 0 if self._state.offset == 0 else 1
        for match in self._cut.header.finditer(b"\n" * skipped + bytes(data), skipped):
            after = match.group(0).decode("utf-8", "replace").strip("\r\n")
            if match.start() == 0:
                before = after
        return before, after

    def _move(self, data: _Bytes, line_count: int, *, is_torn: bool) -> None:
        self._tail = (self._tail + bytes(data[-TAIL_BYTES:]))[-TAIL_BYTES:]
        self._state = replace(
            self._state,
            offset=self._state.offset + len(data),
            line_count=self._state.line_count + line_count,
            tail_sha256=sha(self._tail),
            is_torn=is_torn,
        )

    def _too_long(self, text: bytes) -> LineReject:
        what = "record" if self._cut.record_end else "line"
        return _too_long(self._state.line_count + 1, b"" if self._cut.record_end else text, what, self._limit)


def _too_long(line_number: int, text: bytes, what: str = "line", limit: int = LINE_BYTES) -> LineReject:
    reason = f"the {what} is longer than {limit:,} bytes; shorten what the server logs"
    return LineReject(line_number, reason, text[:200].decode("utf-8", "backslashreplace"))


def _lines(data: _Bytes, first_line: int, rejects: list[LineReject], limit: int) -> pa.Table:
    """Cut whole lines into a table, copying the text once where it is sound; bad lines become empty."""
    offsets, whole = _whole_lines(data)
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        data = _decode_each(data, first_line, rejects).encode()
        offsets, whole = _whole_lines(data)
    for index in np.flatnonzero(np.diff(offsets) > limit):
        rejects.append(_too_long(first_line + int(index), bytes(data[offsets[index] :][:200]), limit=limit))
    values = pc.ascii_rtrim(whole, "\r\n")
    if len(rejects):
        values = pc.if_else(pc.greater(pc.binary_length(values), limit), "", values)
    numbers = np.arange(first_line, first_line + len(whole), dtype=np.int64)
    return pa.table({"line_number": pa.array(numbers), "line": values})


def _whole_lines(data: _Bytes) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return where the lines start and end, and the lines with their ends; no text is copied."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)
    offsets = np.concatenate(([0], ends + 1)).astype(np.int32)
    return offsets, pa.Array.from_buffers(pa.string(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(data)])


def _decode_each(data: _Bytes, first_line: int, rejects: list[LineReject]) -> str:
    good = []
    for number, line in enumerate(io.BytesIO(data), start=first_line):
        try:
            good.append(line.decode("utf-8"))
        except UnicodeDecodeError as error:
            reason = f"byte {error.start + 1} of the line is not UTF-8 (0x{line[error.start]:02x})"
            rejects.append(LineReject(number, reason, line[:200].decode("utf-8", "backslashreplace").rstrip("\n")))
            good.append("\n")
    return "".join(good)

"""A file is read once, whatever happens to it: growth, rotation, compression, damage."""

from __future__ import annotations

import bz2
import gzip
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import log_blocks, log_files

CODECS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "zstd": lambda data: pa.Codec("zstd").compress(data).to_pybytes(),
}
MANY = [f"line {n} {n * 7919 % 50_021}" for n in range(200_000)]


def text(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def drain(
    path: Path, states: list[log_files.FileState], cut: log_files.Cut = log_blocks.LINES
) -> tuple[list[str], list[log_files.LineReject], list]:
    lines, rejects = [], []
    for block in log_files.read_new(path, states, cut):
        lines += [line for line in block.lines["line"].to_pylist() if line]
        rejects += block.rejects
        states = log_files.update(states, block.state)
    return lines, rejects, states


def test_a_growing_file_gives_only_what_is_new(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("one\ntwo\n")
    assert drain(log, [])[0] == ["one", "two"]
    _, _, states = drain(log, [])
    with log.open("a") as out:
        out.write("three\nhalf a li")
    lines, _, states = drain(log, states)
    assert lines == ["three"]
    with log.open("a") as out:
        out.write("ne\n")
    assert drain(log, states)[0] == ["half a line"]


def test_a_half_read_file_goes_on_after_rotation_and_compression(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("first\n")
    _, _, states = drain(log, [])
    with log.open("a") as out:
        out.write("second\n")
    rotated = tmp_path / "access.log.1.gz"
    rotated.write_bytes(gzip.compress(log.read_bytes()))
    log.write_text("a new file\n")
    lines, _, states = drain(rotated, states)
    assert lines == ["second"]
    assert drain(log, states)[0] == ["a new file"]
    assert drain(rotated, states)[0] == []


def test_line_numbers_go_on_where_the_last_reading_ended(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("a\nb\n")
    _, _, states = drain(log, [])
    with log.open("a") as out:
        out.write("c\n")
    (block,) = log_files.read_new(log, states)
    assert block.lines["line_number"].to_pylist() == [3]


@pytest.mark.parametrize("codec", CODECS)
def test_a_compressed_file_is_told_by_its_first_bytes_and_may_have_several_streams(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "access.log.3"
    path.write_bytes(CODECS[codec](text(MANY[:100_000])) + CODECS[codec](text(MANY[100_000:])))
    lines, rejects, states = drain(path, [])
    assert (lines, rejects) == (MANY, [])
    assert drain(path, states)[:2] == ([], [])


@pytest.mark.parametrize("codec", CODECS)
def test_a_truncated_file_keeps_the_good_lines_and_is_said_once(tmp_path: Path, codec: str) -> None:
    whole = CODECS[codec](text(MANY))
    path = tmp_path / "access.log.2.gz"
    path.write_bytes(whole[: len(whole) // 2])
    lines, rejects, states = drain(path, [])
    assert len(lines) > 1000
    assert lines == MANY[: len(lines)]
    assert [r.reason for r in rejects] == [
        f"the {codec} file ends early; the lines before were kept, copy the file again"
    ]
    assert rejects[0].line_number == len(lines) + 1
    assert drain(path, states)[:2] == ([], [])
    path.write_bytes(whole)
    rest, rejects, _ = drain(path, states)
    assert lines + rest == MANY
    assert rejects == []


@pytest.mark.parametrize("codec", CODECS)
def test_a_damaged_file_keeps_the_good_lines_and_says_so(tmp_path: Path, codec: str) -> None:
    whole = bytearray(CODECS[codec](text(MANY)) + CODECS[codec](text(MANY)))
    whole[len(whole) * 3 // 4 : len(whole) * 3 // 4 + 64] = b"\xff" * 64
    path = tmp_path / "access.log.gz"
    path.write_bytes(whole)
    lines, rejects, _ = drain(path, [])
    assert len(lines) >= 200_000
    assert lines[:200_000] == MANY
    assert any(f"the {codec} file is damaged" in r.reason for r in rejects)


@pytest.mark.parametrize("codec", CODECS)
def test_a_file_of_which_nothing_can_be_inflated_is_said_once(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(CODECS[codec](text(MANY))[:12])
    lines, rejects, states = drain(path, [])
    assert (lines, len(rejects)) == ([], 1)
    assert "copy the file again" in rejects[0].reason
    assert drain(path, states)[:2] == ([], [])
    path.write_bytes(CODECS[codec](text(MANY)))
    assert drain(path, states)[0] == MANY


@pytest.mark.parametrize("codec", CODECS)
def test_an_empty_file_is_nothing_and_no_error(tmp_path: Path, codec: str) -> None:
    plain, packed = tmp_path / "a.log", tmp_path / "a.log.1"
    plain.touch()
    packed.write_bytes(CODECS[codec](b""))
    assert drain(plain, [])[:2] == ([], [])
    assert drain(packed, [])[:2] == ([], [])


def test_two_files_that_start_alike_are_two(tmp_path: Path) -> None:
    same = [f"the same first line {n}" for n in range(100)]
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    one.write_bytes(text([*same, "only in one"]))
    two.write_bytes(text([*same, "only in two", "more"]))
    lines, _, states = drain(one, [])
    assert lines == [*same, "only in one"]
    lines, _, states = drain(two, states)
    assert lines == [*same, "only in two", "more"]
    assert len({state.file_id for state in states}) == 2
    for path in (one, two):
        with path.open("ab") as out:
            out.write(b"grown\n")
        lines, _, states = drain(path, states)
        assert lines == ["grown"], path


def test_a_file_that_is_written_anew_with_the_same_start_is_read_anew(tmp_path: Path) -> None:
    head = [f"# a long header, line {n}, that is the same in each file" for n in range(50)]
    path = tmp_path / "export.csv"
    path.write_bytes(text([*head, "monday", "tuesday"]))
    _, _, states = drain(path, [])
    path.write_bytes(text([*head, "wednesday"]))
    assert drain(path, states)[0] == [*head, "wednesday"]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"\xef\xbb\xbfone\ntwo\n")
    lines, _, states = drain(path, [])
    assert lines == ["one", "two"]
    with path.open("ab") as out:
        out.write(b"three\n")
    assert drain(path, states)[0] == ["three"]


RECORDS = log_files.Cut(record_end=re.compile(rb"^--[0-9a-f]+-Z--\r?\n", re.MULTILINE))


def blocks(path: Path, states: list[log_files.FileState], cut: log_files.Cut) -> tuple[list[list[str]], list]:
    found = []
    for block in log_files.read_new(path, states, cut):
        states = log_files.update(states, block.state)
        if lines := block.lines["line"].to_pylist():
            found.append(lines)
    return found, states


def test_blocks_end_where_records_end_and_the_rest_waits(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(b"--1-A--\nbody --1-Z-- not alone\n--1-Z--\n--2-A--\nhalf a re")
    found, states = blocks(path, [], RECORDS)
    assert found == [["--1-A--", "body --1-Z-- not alone", "--1-Z--"]]
    with path.open("ab") as out:
        out.write(b"cord\n--2-Z--\n--3-A--\n")
    found, states = blocks(path, states, RECORDS)
    assert found == [["--2-A--", "half a record", "--2-Z--"]]
    os.utime(path, (1, 1))
    found, states = blocks(path, states, RECORDS)
    assert found == [["--3-A--"]], "an unfinished record counts once the file is quiet"
    assert blocks(path, states, RECORDS)[0] == []


def test_a_record_that_is_too_long_is_said_and_skipped_whole(tmp_path: Path) -> None:
    path = tmp_path / "audit.log"
    line = b"x" * 999 + b"\n"
    long = b"--2-A--\n" + line * (3 * log_blocks.RECORD_BYTES // len(line)) + b"--2-Z--\n"
    path.write_bytes(b"--1-A--\n--1-Z--\n" + long + b"--3-A--\n--3-Z--\n")
    lines, rejects, states = drain(path, [], RECORDS)
    assert lines == ["--1-A--", "--1-Z--", "--3-A--", "--3-Z--"]
    assert [(r.line_number, r.reason) for r in rejects] == [
        (3, "the record is longer than 8,388,608 bytes; shorten what the server logs")
    ]
    assert states[0].line_count == path.read_bytes().count(b"\n")


@pytest.mark.parametrize(("cut", "end"), [(log_blocks.LINES, b"\n"), (RECORDS, b"\n--1-Z--\n")])
def test_what_is_too_long_and_still_being_written_is_said_once(tmp_path: Path, cut: log_files.Cut, end: bytes) -> None:
    path = tmp_path / "audit.log"
    path.write_bytes(b"x" * (2 * log_blocks.BLOCK_BYTES))
    lines, rejects, states = drain(path, [], cut)
    assert (lines, len(rejects), states[0].is_torn) == ([], 1, True)
    with path.open("ab") as out:
        out.write(b"y" * 5_000 + end + b"--2-A--\n--2-Z--\n")
    lines, rejects, states = drain(path, states, cut)
    assert (lines, rejects, states[0].is_torn) == (["--2-A--", "--2-Z--"], [], False)


@pytest.mark.parametrize("cut_at", range(1, 40))
def test_records_come_whole_wherever_a_run_ended(tmp_path: Path, cut_at: int) -> None:
    whole = b"--1-A--\none\n--1-Z--\n--2-A--\ntwo\n--2-Z--\n"
    path = tmp_path / "audit.log"
    path.write_bytes(whole[:cut_at])
    first, states = blocks(path, [], RECORDS)
    path.write_bytes(whole)
    second, _ = blocks(path, states, RECORDS)
    assert [line for found in first + second for line in found] == whole.decode().splitlines()
    for found in first + second:
        assert (found[0][3:], found[-1][3:]) == ("-A--", "-Z--")


def test_where_bytes_belong_they_are_kept_readable_and_lines_may_be_longer(tmp_path: Path) -> None:
    log = tmp_path / "dump.sql"
    log.write_bytes(b"a\xff\xfe\\xff\nb\n" + b"c" * (2 << 20) + b"\xff\n" + b"d" * (5 << 20) + b"\ne\n")
    cut = log_files.Cut(line_bytes=4 << 20, has_binary=True)
    lines, rejects, states = drain(log, [], cut)
    assert [line[:12] for line in lines] == ["a\\xff\\xfe\\xf", "b", "c" * 12, "e"]
    assert [(r.line_number, r.reason) for r in rejects] == [
        (4, "the line is longer than 4,194,304 bytes; shorten what the server logs")
    ]
    assert (states[0].line_count, states[0].offset) == (5, log.stat().st_size)


FIELDS = log_files.Cut(header=re.compile(rb"^#Fields:[^\n]*\n", re.MULTILINE))
FIRST = log_files.Cut(header=re.compile(rb"\A[^\n]*\n"))


def headers(path: Path, states: list[log_files.FileState], cut: log_files.Cut) -> tuple[list[str], list]:
    found = []
    for block in log_files.read_new(path, states, cut):
        states = log_files.update(states, block.state)
        if block.lines.num_rows:
            found.append(block.header)
    return found, states


def test_a_block_knows_the_header_before_it_in_a_later_run_too(tmp_path: Path) -> None:
    path = tmp_path / "u_ex.log"
    path.write_bytes(b"#Software: x\n#Fields: a b\r\n1 2\n")
    found, states = headers(path, [], FIELDS)
    assert found == [""], "the header is inside: the format sees its line"
    for more, expected in (
        (b"3 4\n", "#Fields: a b"),
        (b"#Fields: c d\n5 6\n", "#Fields: a b"),
        (b"7\n", "#Fields: c d"),
    ):
        with path.open("ab") as out:
            out.write(more)
        found, states = headers(path, states, FIELDS)
        assert found == [expected]


def test_the_first_line_of_a_file_is_its_header_and_no_other_line_is(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * (log_blocks.BLOCK_BYTES // 2))
    found, states = headers(path, [], FIRST)
    assert found == ["a,b"] * 3
    with path.open("ab") as out:
        out.write(b"3,4\n")
    assert headers(path, states, FIRST)[0] == ["a,b"]


def test_states_of_files_that_are_gone_do_not_pile_up_and_the_newest_stay(tmp_path: Path) -> None:
    states = [log_files.FileState(f"{n}", 1, "", name=f"{n}.log") for n in range(3000)]
    kept = log_files.prune(states, {"5.log"})
    assert len(kept) == log_files.KEPT_STATES + 1
    assert {"5.log", "2999.log", "1000.log"} <= {state.name for state in kept}
    assert not {"4.log", "999.log"} & {state.name for state in kept}


READ = """
import re, sys
from pathlib import Path
from tasks import log_files
end = re.compile(rb"^--Z--\\n", re.M) if sys.argv[2] == "records" else None
rejects = [r for block in log_files.read_new(Path(sys.argv[1]), [], log_files.Cut(end)) for r in block.rejects]
print(len(rejects), int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from /proc")
@pytest.mark.parametrize("what", ["lines", "records"])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_a_gigabyte_without_a_line_end_fits_into_300_mb(tmp_path: Path, what: str, *, is_compressed: bool) -> None:
    path = tmp_path / "zeros.log"
    if is_compressed:
        path.write_bytes(gzip.compress(bytes(1 << 20), 1) * 1024)
    else:
        with path.open("wb") as out:
            out.truncate(1 << 30)
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path), what], capture_output=True, text=True, timeout=120, check=True
    )
    rejects, megabytes = map(int, done.stdout.split())
    assert rejects == 1
    assert megabytes < 300


def test_bytes_that_are_not_utf8_cost_only_their_line(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"good\nbad \xff\xfe\nalso good\n")
    lines, rejects, _ = drain(log, [])
    assert lines == ["good", "also good"]
    assert [(r.line_number, r.reason) for r in rejects] == [(2, "byte 5 of the line is not UTF-8 (0xff)")]


def test_a_line_of_5_mb_costs_only_itself(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"good\n" + b"x" * 5_000_000 + b"\nalso good\n")
    lines, rejects, _ = drain(log, [])
    assert lines == ["good", "also good"]
    assert [r.line_number for r in rejects] == [2]
    assert "longer than 1,048,576 bytes" in rejects[0].reason


def test_a_line_longer_than_a_block_costs_only_itself(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"good\n" + b"x" * (3 * log_blocks.BLOCK_BYTES) + b"\nalso good\n")
    lines, rejects, states = drain(log, [])
    assert lines == ["good", "also good"]
    assert [r.line_number for r in rejects] == [2]
    assert states[0].line_count == 3


def test_an_unfinished_last_line_counts_once_the_file_is_quiet(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text("done\nno line end")
    lines, _, states = drain(log, [])
    assert lines == ["done"]
    os.utime(log, (1, 1))
    lines, _, states = drain(log, states)
    assert lines == ["no line end"]
    assert drain(log, states)[0] == []


@settings(deadline=None, max_examples=40)
@given(
    pieces=st.lists(
        st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), min_size=1), max_size=5),
        max_size=5,
    )
)
def test_any_growth_gives_every_line_once(tmp_path_factory, pieces: list[list[str]]) -> None:
    log = tmp_path_factory.mktemp("log") / "a.log"
    log.write_bytes(b"head\n")
    got, _, states = drain(log, [])
    for piece in pieces:
        with log.open("ab") as out:
            out.write("".join(f"{line}\n" for line in piece).encode())
        lines, rejects, states = drain(log, states)
        assert rejects == []
        got += lines
    assert got == ["head", *(line for piece in pieces for line in piece)]

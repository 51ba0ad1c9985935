"""A file is read once, whatever happens to it: growth, rotation, compression, damage."""

from __future__ import annotations

import gzip
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks import log_files


def drain(path: Path, states: list[log_files.FileState]) -> tuple[list[str], list[log_files.LineReject], list]:
    lines, rejects = [], []
    for block in log_files.read_new(path, states):
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
    (block, _) = log_files.read_new(log, states)
    assert block.lines["line_number"].to_pylist() == [3]


def test_a_truncated_gzip_keeps_the_good_lines_and_is_said_once(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"line %d\n" % n for n in range(50_000)))
    cut = tmp_path / "access.log.2.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    lines, rejects, states = drain(cut, [])
    assert len(lines) > 1000
    assert lines == [f"line {n}" for n in range(len(lines))]
    assert [r.reason for r in rejects] == ["the gzip file ends early; the lines before were kept, copy the file again"]
    assert rejects[0].line_number == len(lines) + 1
    assert drain(cut, states)[:2] == ([], [])
    cut.write_bytes(whole)
    rest, rejects, _ = drain(cut, states)
    assert lines + rest == [f"line {n}" for n in range(50_000)]
    assert rejects == []


def test_damaged_gzip_data_keeps_the_good_lines(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(b"".join(b"line %d\n" % (n * 7919 % 50_000) for n in range(50_000))))
    whole[len(whole) // 2 : len(whole) // 2 + 64] = b"\xff" * 64
    path = tmp_path / "access.log.gz"
    path.write_bytes(whole)
    lines, rejects, _ = drain(path, [])
    assert len(lines) > 100
    assert len(rejects) >= 1


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
    log.write_bytes(b"good\n" + b"x" * (3 * log_files.BLOCK_BYTES) + b"\nalso good\n")
    lines, rejects, states = drain(log, [])
    assert lines == ["good", "also good"]
    assert [r.line_number for r in rejects] == [2]
    assert states[0].line_count == 3


def test_an_unfinished_last_line_counts_once_the_file_is_quiet(tmp_path: Path) -> None:
    import os

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

"""A log with everything wrong in it keeps its good lines, and each reject has file, line and reason."""

from __future__ import annotations

import asyncio
import gzip
from pathlib import Path

from tasks import collecting
from tasks.sites import parse_sites
from tasks.try_format import parse_file
from tests.conftest import CASES
from warehouse.connection import open_live

GOOD = '192.0.2.1 - - [23/Nov/2026:05:00:09 +0000] "GET /{n} HTTP/1.1" 200 1 "-" "-"\n'
SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: UTC
    owner: {name: O, email: o@a.example}
    sources: [{kind: waf_logs, id: access, format: access-combined, paths: ["logs/access.log*"]}]
"""


def collect(settings) -> dict:
    settings.sites_file.write_text(SITES)
    (job,) = collecting.jobs(parse_sites(SITES, "s"), settings, ["waf_logs"])
    report = asyncio.run(collecting.collect(job))
    collecting.load_landed(settings)
    return report.row


def query(settings, sql: str) -> list[tuple]:
    with open_live(settings.warehouse) as con:
        return con.execute(sql).fetchall()


def test_bad_input_costs_only_itself_and_is_told_with_file_line_and_reason(settings) -> None:
    logs = settings.sites_file.parent / "logs"
    logs.mkdir()
    good = [GOOD.format(n=n).encode() for n in range(6)]
    bad = [b"nonsense ?token=hunter2\n", b"\xff\xfe broken\n", b"x" * 5_000_000 + b"\n"]
    (logs / "access.log").write_bytes(good[0] + bad[0] + good[1] + bad[1] + good[2] + bad[2] + good[3])
    whole = gzip.compress(b"".join(GOOD.format(n=n).encode() for n in range(100, 40_000)))
    (logs / "access.log.1.gz").write_bytes(whole[: len(whole) // 2])
    row = collect(settings)
    assert (row["state"], row["rejected"]) == ("partial", 4)
    kept = query(settings, "SELECT path FROM raw.http_request WHERE length(path) = 2 ORDER BY path")
    assert kept == [("/0",), ("/1",), ("/2",), ("/3",)]
    ((from_gzip,),) = query(settings, "SELECT count(*) FROM raw.http_request WHERE length(path) > 2")
    assert from_gzip > 1000
    rejects = query(settings, "SELECT file, line_number, reason, excerpt FROM raw.reject ORDER BY file, line_number")
    assert [(Path(file).name, line) for file, line, _, _ in rejects] == [
        ("access.log", 2), ("access.log", 4), ("access.log", 6), ("access.log.1.gz", from_gzip + 1),
    ]  # fmt: skip
    reasons = [reason for _, _, reason, _ in rejects]
    assert reasons[0] == "the line is not in the combined log format"
    assert reasons[1] == "byte 1 of the line is not UTF-8 (0xff)"
    assert "longer than 1,048,576 bytes" in reasons[2]
    assert "the gzip file ends early" in reasons[3]
    assert "hunter2" not in str(rejects)
    assert collect(settings)["state"] == "empty"
    assert query(settings, "SELECT count(*) FROM raw.http_request") == [(4 + from_gzip,)]
    assert query(settings, "SELECT count(*) FROM raw.reject") == [(4,)]


def test_a_source_without_files_failed_and_is_not_empty(settings) -> None:
    row = collect(settings)
    assert row["state"] == "failed"
    assert "No file matches logs/access.log*" in row["message"]
    assert query(settings, "SELECT state FROM raw.collection_run") == [("failed",)]


def test_a_body_of_another_encoding_costs_nothing_and_is_shown_nowhere(tmp_path: Path) -> None:
    sound = CASES / "waf" / "modsecurity-v2-native" / "shop.log"
    whole = sound.read_bytes()
    boundary = whole[: whole.index(b"-A--")]
    end = whole.index(boundary + b"-F--")
    log = tmp_path / "audit.log"
    log.write_bytes(whole[:end] + boundary + b"-C--\nname=caf\xe9&password=secret\xff\n\n" + whole[end:])
    wanted, found = list(parse_file("modsecurity-v2-native", sound)), list(parse_file("modsecurity-v2-native", log))
    assert sum(len(t.records) for t in found) == sum(len(t.records) for t in wanted)
    assert [t.rejects for t in found] == [t.rejects for t in wanted]

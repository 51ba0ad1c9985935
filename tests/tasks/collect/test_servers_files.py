"""Figures that servers push and backups by their files: each once, what is none is told, what is too small failed."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tasks import collecting
from tasks.collect import backups_files, servers_files
from tasks.contracts import Context, Job
from tasks.errors import SourceError
from tasks.server_metrics import parse
from warehouse.connection import open_live

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
CONTEXT = Context(site_id="one", source_id="s", time_zone="Europe/Berlin", host="one.example", collected_at=NOW)
GOOD = {"measured_at": "2026-07-01T23:10:00Z", "server": "web-1", "metric": "cpu_busy_ratio", "value": 0.25}


def line(**more: Any) -> str:
    return json.dumps(GOOD | more) + "\n"


def job(settings, folder: Path, module: Any, pattern: str, **more: Any) -> Job:
    kind = module.__name__.rpartition(".")[2]
    options = module.Options(kind=kind, paths=[pattern], **more)
    return Job(context=CONTEXT, options=options, spool=settings.spool, base=folder)


def collect(settings, a_job: Job) -> Any:
    outcome = asyncio.run(collecting.collect(a_job)).outcome
    collecting.load_landed(settings)
    return outcome


def rows(settings, sql: str) -> list[tuple[Any, ...]]:
    with open_live(settings.warehouse) as con:
        return con.execute(sql).fetchall()


def test_a_file_that_grows_and_its_csv_twin_give_each_figure_once(settings, tmp_path: Path) -> None:
    pushed = job(settings, tmp_path, servers_files, "*")
    (tmp_path / "web.jsonl").write_text(line())
    assert collect(settings, pushed).state == "complete"
    (tmp_path / "web.jsonl").write_text(line() + line(metric="disk_size_bytes", value=9, device="/var"))
    (tmp_path / "old.csv").write_text(
        "measured_at,server,metric,value,device\n2026-07-01T23:10:00Z,web-1,cpu_busy_ratio,0.25,\n"
    )
    collect(settings, pushed)
    collect(settings, pushed)
    assert rows(
        settings,
        "SELECT metric, device, value, interval_seconds, event_date::VARCHAR FROM raw.server_metric ORDER BY 1",
    ) == [
        ("cpu_busy_ratio", None, 0.25, 300.0, "2026-07-02"),
        ("disk_size_bytes", "/var", 9.0, 300.0, "2026-07-02"),
    ]
    assert asyncio.run(servers_files.check(pushed)).startswith("1 figures of web-1 in old.csv")


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"value": 25}, "not per cent"),
        ({"value": -1}, "value"),
        ({"value": "NaN"}, "value"),
        ({"metric": "cpu"}, "metric"),
        ({"metric": "disk_size_bytes"}, "mount point"),
        ({"device": "/"}, "no device"),
        ({"measured_at": "2026-07-01T23:10:00"}, "measured_at"),
        ({"measured_at": "2027-07-01T23:10:00Z"}, "clock"),
        ({"server": " "}, "server"),
    ],
)
def test_a_line_that_is_no_figure_is_quarantined_and_says_why(more: dict[str, Any], word: str) -> None:
    parsed = parse((line() + line(**more)).encode(), Path("a.jsonl"), CONTEXT)
    (problem,) = parsed.rejects
    assert len(parsed.records) == 1 and problem.line_number == 2 and word in problem.reason


@given(st.binary(max_size=200), st.sampled_from(["a.csv", "a.jsonl"]))
@examples(max_examples=50)
def test_any_bytes_give_figures_rejects_or_one_sentence(data: bytes, name: str) -> None:
    try:
        parse(b"measured_at,server,metric,value\n" * (name == "a.csv") + data, Path(name), CONTEXT)
    except SourceError as error:
        assert "UTF-8" in str(error)


def test_no_file_and_one_without_figures_are_told(settings, tmp_path: Path) -> None:
    pushed = job(settings, tmp_path, servers_files, "*.jsonl")
    with pytest.raises(SourceError, match="mend paths"):
        asyncio.run(servers_files.check(pushed))
    (tmp_path / "a.jsonl").write_text("cpu 3\n")
    with pytest.raises(SourceError, match="has no figure: it is no line of JSON"):
        asyncio.run(servers_files.check(pushed))


def backup(folder: Path, day: int, size: int) -> None:
    path = folder / f"dump-{day}.sql.gz"
    path.write_bytes(b"x" * size)
    stamp = (datetime(2026, 7, 1, 2, tzinfo=UTC) + timedelta(days=day)).timestamp()
    os.utime(path, (stamp, stamp))


def test_a_backup_far_smaller_than_those_before_it_failed_and_stays_failed(settings, tmp_path: Path) -> None:
    source = job(settings, tmp_path, backups_files, "*.gz")
    for day, size in enumerate([100, 104, 102, 20, 0, 101]):
        backup(tmp_path, day, size)
    assert collect(settings, source).landed_count == 6
    wanted = ["succeeded", "succeeded", "succeeded", "failed", "failed", "succeeded"]
    states = "SELECT state, message FROM raw.backup ORDER BY backup_at"
    assert [state for state, _ in rows(settings, states)] == wanted
    assert rows(settings, states)[3][1] == "it has 20 bytes; those before it had 102"
    for day in range(3):
        (tmp_path / f"dump-{day}.sql.gz").unlink()
    assert collect(settings, source).state == "empty"
    backup(tmp_path, 6, 30)
    collect(settings, source)
    assert [state for state, _ in rows(settings, states)] == [*wanted, "failed"], "it is judged by those that are gone"


def test_a_file_that_is_being_written_waits_and_one_written_again_is_another_backup(settings, tmp_path: Path) -> None:
    source = job(settings, tmp_path, backups_files, "*.gz", proves="restore_test")
    backup(tmp_path, 0, 5)
    (tmp_path / "new.gz").write_bytes(b"x")
    os.utime(tmp_path / "new.gz", (NOW.timestamp() - 30, NOW.timestamp() - 30))
    collect(settings, source)
    backup(tmp_path, 0, 6)
    os.utime(tmp_path / "dump-0.sql.gz", (NOW.timestamp() - 3600,) * 2)
    collect(settings, source)
    assert rows(settings, "SELECT kind, bytes, location FROM raw.backup ORDER BY backup_at") == [
        ("restore_test", 5, "dump-0.sql.gz"),
        ("restore_test", 6, "dump-0.sql.gz"),
    ]
    assert (
        asyncio.run(backups_files.check(source)) == "1 files; the last, dump-0.sql.gz, succeeded 2026-07-10 11:00 UTC"
    )


def test_without_files_nothing_is_known(settings, tmp_path: Path) -> None:
    outcome = collect(settings, job(settings, tmp_path, backups_files, "*.gz"))
    assert outcome.state == "failed" and "mend paths" in outcome.message

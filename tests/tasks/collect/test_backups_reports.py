"""Reports of backup jobs are taken once each; a line that is none is quarantined and harms no other."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tasks import collecting, report_files
from tasks.collect import backups_reports
from tasks.collect.backups_reports import check, parse
from tasks.contracts import Context, Job
from tasks.errors import SourceError
from warehouse.connection import open_live
from warehouse.records import Backup

NOW = datetime(2026, 7, 2, 12, tzinfo=UTC)
CONTEXT = Context(
    site_id="one", source_id="jobs", time_zone="Europe/Berlin", host="one.example", collected_at=NOW
)  # fmt: skip
GOOD = {"backup_at": "2026-07-01T23:10:00+00:00", "state": "succeeded", "bytes": 10, "location": "s3"}


def line(**more: Any) -> str:
    return json.dumps(GOOD | more) + "\n"


def job(settings, folder: Path, **more: Any) -> Job:
    options = backups_reports.Options(kind="backups_reports", paths=["backups/*.jsonl"])
    return Job(**({"context": CONTEXT, "options": options, "spool": settings.spool, "base": folder} | more))


def collect(settings, folder: Path, **more: Any) -> Any:
    report = asyncio.run(collecting.collect(job(settings, folder, **more)))
    collecting.load_landed(settings)
    return report.outcome


def rows(settings, sql: str = "SELECT kind, state, bytes FROM raw.backup ORDER BY ALL") -> list[tuple[Any, ...]]:
    with open_live(settings.warehouse) as con:
        return con.execute(sql).fetchall()


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "backups").mkdir()
    return tmp_path


def test_a_file_that_grows_and_one_that_was_rotated_give_each_report_once(settings, folder: Path) -> None:
    file = folder / "backups" / "jobs.jsonl"
    file.write_text(line())
    assert collect(settings, folder).state == "complete"
    file.write_text(line() + line(kind="restore_test", bytes=None))
    (folder / "backups" / "jobs.1.jsonl").write_text(line())
    collect(settings, folder)
    collect(settings, folder)
    assert rows(settings) == [("backup", "succeeded", 10), ("restore_test", "succeeded", None)]


def test_the_day_is_the_one_of_the_site() -> None:
    (record,) = parse(line().encode(), "f", CONTEXT).records
    assert isinstance(record, Backup)
    assert record.event_date == date(2026, 7, 2), "23:10 UTC is the next day in Berlin"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("backup done\n", "JSON"),
        ("[" * 100_000 + "\n", "JSON"),
        ("[]\n", "the line"),
        (line(state="ok"), "state"),
        (line(kind="dump"), "kind"),
        (line(bytes=-1), "bytes"),
        (line(bytes=True), "bytes"),
        (line(backup_at="2026-07-01T02:10:00"), "backup_at"),
        (line(backup_at="2026-08-01T02:10:00Z"), "clock"),
        ('{"backup_at": "2026-07-01T02:10:00Z"}\n', "state"),
    ],
)
def test_a_line_that_is_no_report_is_quarantined_and_says_why(settings, folder: Path, text: str, word: str) -> None:
    (folder / "backups" / "jobs.jsonl").write_text(line() + text + line(kind="restore_test"))
    outcome = collect(settings, folder)
    assert (outcome.state, outcome.landed_count, outcome.reject_count) == ("partial", 2, 1)
    ((number, reason),) = rows(settings, "SELECT line_number, reason FROM raw.reject")
    assert number == 2
    assert word in reason


def test_a_secret_in_a_message_is_not_kept() -> None:
    (record,) = parse(line(message="rclone failed, token=hunter2", state="failed").encode(), "f", CONTEXT).records
    assert isinstance(record, Backup)
    assert record.message
    assert "hunter2" not in record.message


def test_a_window_takes_what_lies_in_it(settings, folder: Path) -> None:
    (folder / "backups" / "jobs.jsonl").write_text(line() + line(backup_at="2026-06-30T02:00:00Z", bytes=1))
    collect(settings, folder, since=datetime(2026, 7, 1, tzinfo=UTC))
    assert rows(settings) == [("backup", "succeeded", 10)]


def test_no_file_and_one_too_large_are_told(settings, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = collect(settings, folder)
    assert outcome.state == "failed"
    assert "mend paths" in outcome.message
    monkeypatch.setattr(report_files, "FILE_BYTES", 150)
    (folder / "backups" / "a.jsonl").write_text(line() * 9)
    (folder / "backups" / "b.jsonl").write_text(line())
    outcome = collect(settings, folder)
    assert (outcome.state, outcome.landed_count) == ("partial", 1)
    assert "a.jsonl is over" in outcome.message


def test_check_says_when_the_last_ones_succeeded(settings, folder: Path) -> None:
    with pytest.raises(SourceError, match="mend paths"):
        asyncio.run(check(job(settings, folder)))
    (folder / "backups" / "a.jsonl").write_text(line() + line(backup_at="2026-07-02T01:00:00Z", state="failed"))
    said = asyncio.run(check(job(settings, folder)))
    assert said == "2 reports; last backup 2026-07-01 23:10 UTC, no tested restore"


@given(st.binary(max_size=200))
@examples(max_examples=50)
def test_any_bytes_give_reports_or_rejects(data: bytes) -> None:
    parsed = parse(data, "f", CONTEXT)
    assert len(parsed.records) + len(parsed.rejects) == sum(bool(text.strip()) for text in data.split(b"\n"))

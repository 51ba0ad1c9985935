"""Exports of a helpdesk: each ticket once, the newest word counts, what is none is told, people are left out."""

from __future__ import annotations

import asyncio
import codecs
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from tasks import collecting
from tasks.collect import tickets_files
from tasks.collect.tickets_files import check, parse
from tasks.contracts import Context, Job
from tasks.errors import SourceError
from warehouse.connection import open_live
from warehouse.records import Ticket

NOW = datetime(2026, 7, 10, 12, tzinfo=UTC)
CONTEXT = Context(site_id="one", source_id="desk", time_zone="Europe/Berlin", host="one.example", collected_at=NOW)
CSV = """ticket_id,created_at,subject,status
1,2026-07-01 14:05,The site is down,open
2,2026-07-01T15:00:00Z,New picture on the home page,open
"""


def options(**more: Any) -> tickets_files.Options:
    return tickets_files.Options(**{"kind": "tickets_files", "paths": ["tickets/*"]} | more)


def read(text: str, name: str = "t.csv", **more: Any) -> Any:
    return parse(text.encode(), Path(name), CONTEXT, options(**more))


def job(settings, folder: Path, **more: Any) -> Job:
    return Job(context=CONTEXT, options=options(**more), spool=settings.spool, base=folder)


def collect(settings, folder: Path, **more: Any) -> Any:
    outcome = asyncio.run(collecting.collect(job(settings, folder, **more))).outcome
    collecting.load_landed(settings)
    return outcome


def rows(settings, sql: str) -> list[tuple[Any, ...]]:
    with open_live(settings.warehouse) as con:
        return con.execute(sql).fetchall()


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "tickets").mkdir()
    return tmp_path


def test_times_without_a_zone_are_those_of_the_site_and_words_tell_an_outage() -> None:
    first, second = read(CSV).records
    assert isinstance(first, Ticket) and isinstance(second, Ticket)
    assert (first.created_at, first.is_about_outage) == (datetime(2026, 7, 1, 12, 5, tzinfo=UTC), True)
    assert (second.created_at, second.is_about_outage) == (datetime(2026, 7, 1, 15, tzinfo=UTC), False)


@pytest.mark.parametrize(
    ("subject", "is_about_outage"),
    [
        ("Website OFFLINE since 9", True),
        ("Seite nicht erreichbar!", True),
        ("The drop down menu overlaps", False),
        ("Scroll down is slow", False),
        ("Offliner plugin", False),
        ("500 more newsletters", False),
        ("Checkout gives error 500", True),
    ],
)
def test_a_subject_says_whether_it_is_about_an_outage(subject: str, is_about_outage: bool) -> None:
    (ticket,) = read(
        json.dumps({"ticket_id": 1, "created_at": "2026-07-01T12:00Z", "subject": subject}), "t.jsonl"
    ).records
    assert ticket.is_about_outage is is_about_outage and ticket.ticket_id == "1"


def test_columns_of_an_export_and_the_tickets_of_one_client() -> None:
    text = "Number;Opened;Client;Title;Type\n7;2026-07-01 09:00;Harbour;Call ann@one.example, pass=hunter2;Incident\n8;2026-07-01 09:00;Other;x;y\n"
    names = {"ticket_id": "Number", "created_at": "Opened", "subject": "Title", "category": "Type"}
    (ticket,) = read(text, columns=names, only={"Client": "Harbour"}, outage_categories=["incident"]).records
    assert isinstance(ticket, Ticket)
    assert (ticket.ticket_id, ticket.is_about_outage) == ("7", True)
    assert "ann" not in ticket.subject and "hunter2" not in ticket.subject


def test_the_newest_word_on_a_ticket_counts_in_any_order(settings, folder: Path) -> None:
    later = CSV.replace("The site is down,open", "The site is down,solved")
    for name, text, day in (("b.csv", later, 2), ("a.csv", CSV, 1)):
        (folder / "tickets" / name).write_text(text)
        stamp = datetime(2026, 7, day, tzinfo=UTC).timestamp()
        os.utime(folder / "tickets" / name, (stamp, stamp))
    for _ in range(2):
        assert collect(settings, folder).state == "complete"
    assert rows(settings, "SELECT ticket_id, status FROM staging.ticket ORDER BY ALL") == [
        ("1", "solved"),
        ("2", "open"),
    ]
    assert rows(settings, "SELECT count(*) FROM raw.ticket") == [(3,)]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("3,soon,x,open", "created_at"),
        (",2026-07-01,x,open", "ticket_id"),
        ("3,2026-07-01,x", "columns"),
        ("3,2027-07-01,x,open", "zone of the export"),
    ],
)
def test_a_line_that_is_no_ticket_is_quarantined_and_says_why(settings, folder: Path, line: str, word: str) -> None:
    (folder / "tickets" / "a.csv").write_text(CSV + line + "\n4,2026-07-02 10:00,fine,open\n")
    outcome = collect(settings, folder)
    assert (outcome.state, outcome.landed_count, outcome.reject_count) == ("partial", 3, 1)
    ((number, reason),) = rows(settings, "SELECT line_number, reason FROM raw.reject")
    assert number == 4 and word in reason


def test_utf_16_as_spreadsheets_write_it_and_what_is_no_text() -> None:
    assert len(parse(codecs.BOM_UTF16_LE + CSV.encode("utf-16-le"), Path("t.csv"), CONTEXT, options()).records) == 2
    with pytest.raises(SourceError, match="export it as UTF-8"):
        parse(b"ticket_id\n\xff", Path("t.csv"), CONTEXT, options())


def test_check_says_what_there_is_or_what_to_mend(settings, folder: Path) -> None:
    with pytest.raises(SourceError, match="mend paths"):
        asyncio.run(check(job(settings, folder)))
    (folder / "tickets" / "a.csv").write_text(CSV)
    assert asyncio.run(check(job(settings, folder))) == "2 tickets, 1 about an outage"
    with pytest.raises(SourceError, match="Mend columns"):
        asyncio.run(check(job(settings, folder, columns={"ticket_id": "status", "created_at": "status"})))


@given(st.binary(max_size=300), st.sampled_from(["t.csv", "t.jsonl"]))
@examples(max_examples=100)
def test_any_bytes_give_tickets_rejects_or_one_sentence(data: bytes, name: str) -> None:
    try:
        parsed = parse(b"ticket_id,created_at\n" * (name == "t.csv") + data, Path(name), CONTEXT, options())
    except SourceError:
        return
    assert all(item.reason for item in parsed.rejects)

"""The section on servers and backups says what the data say, and what is not known is never room, rest or a backup."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tasks import page_one
from tasks.analyse import servers
from tasks.analyse.servers import ServersView
from tasks.answers import Answers
from tasks.page_one import Before, Measured
from tasks.quarter_data import QuarterData
from tasks.quarters import parse_quarter
from tasks.report_model import Dial, Fact, NoData, Part, Section
from tests.tasks.recommend.asking import scope
from warehouse.connection import dicts
from warehouse.records import Site

DAYS = 92
BEFORE = Before(quarter="2026Q2", values={}, known_ratio=1.0)


def noon(day: int) -> datetime:
    return datetime(2026, 7, 1, 12, tzinfo=UTC) + timedelta(days=day)


def source(con: duckdb.DuckDBPyConnection, name: str, fills: str, every_seconds: int = 93_600) -> None:
    con.execute(
        "INSERT INTO raw.source BY NAME SELECT 'one' AS site_id, $name AS source_id, 'k' AS kind, $fills AS fills, $every AS"
        " expected_every_seconds, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS configured_at, 'p' AS parser_version, 'b' AS batch_id",
        {"name": name, "fills": fills, "every": every_seconds},
    )


def measure(con: duckdb.DuckDBPyConnection, metric: str, values: dict[int, float], device: str | None = None) -> None:
    rows = [
        ("one", "s", "web-1.one.example", metric, device, noon(day), value, 300.0, noon(day).date(), "p", "b")
        for day, value in values.items()
    ]
    con.executemany(f"INSERT INTO raw.server_metric VALUES ({', '.join('?' * 11)})", rows)


def report(con: duckdb.DuckDBPyConnection, days: Iterable[int], kind: str = "backup", state: str = "succeeded") -> None:
    rows = [("one", "jobs", kind, noon(day), state, "s3", 1, None, noon(day).date(), "p", "b") for day in days]
    con.executemany(f"INSERT INTO raw.backup VALUES ({', '.join('?' * 11)})", rows)


def data(con: duckdb.DuckDBPyConnection) -> QuarterData:
    """Return the quarter as it stands now; what was answered before is forgotten."""
    for (name,) in con.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall():
        con.execute(f"DROP TABLE {name}")
    (row,) = dicts(con.execute("SELECT * FROM staging.site"))
    site = Site(**{field.name: row[field.name] for field in fields(Site)})
    return QuarterData(Answers(con, "x"), site, parse_quarter("2026Q3"), scope(con))


def view(con: duckdb.DuckDBPyConnection) -> ServersView:
    made = servers.view(data(con))
    assert isinstance(made, ServersView)
    return made


def facts(made: ServersView) -> list[str]:
    return [fact.text for fact in made.stats]


def test_a_site_without_servers_leaves_the_section_out_and_a_silent_source_does_not(con) -> None:
    made = servers.view(data(con))
    assert isinstance(made, NoData) and made.is_left_out
    source(con, "s", "server_metric")
    made = servers.view(data(con))
    assert isinstance(made, NoData) and not made.is_left_out
    assert servers.dial(data(con), made).score is None


@pytest.mark.parametrize(("days", "text"), [
    (range(DAYS - 14, DAYS), "20 days"),
    (range(DAYS - 13, DAYS), "not known"),
    (range(DAYS - 40, DAYS - 7), "not known"),  # last measured more than seven days before the end
    (range(DAYS - 40, DAYS - 6), "20 days"),
])  # fmt: skip
def test_a_disk_is_known_if_measured_in_the_last_week_and_on_14_of_30_days(con, days: range, text: str) -> None:
    measure(con, "disk_available_bytes", {day: 20.0 + days[-1] - day for day in days}, "/")
    made = view(con)
    assert facts(made)[0] == text
    (bar,) = made.disks
    assert (bar.name, bar.text, bar.value is None) == ("web-1 /", text, text == "not known")
    assert ("whether the disks have room" in made.lead) is (text == "not known")


def test_one_disk_that_is_not_known_keeps_the_others_from_passing_for_all(con) -> None:
    measure(con, "disk_available_bytes", dict.fromkeys(range(DAYS), 10.0**9), "/")
    assert facts(view(con))[0] == "over a year"
    measure(con, "disk_available_bytes", {DAYS - 1: 10.0}, "/new")
    made = view(con)
    assert facts(made)[0] == "not known"
    assert [bar.text for bar in made.disks] == ["over a year", "not known"]


@pytest.mark.parametrize(("days", "text", "tone"), [(30, "95%", "bad"), (29, "not known", "unknown")])
def test_memory_is_known_after_30_days(con, days: int, text: str, tone: str) -> None:
    measure(con, "memory_used_ratio", dict.fromkeys(range(days), 0.95))
    made = view(con)
    assert (made.stats[1].text, made.stats[1].tone, made.loads[0].text) == (text, tone, text)
    assert made.lead.startswith("Memory of web-1 is 95% used" if days == 30 else "It is not known")


def test_each_day_of_a_backup_job_is_made_failed_or_without_proof(con) -> None:
    source(con, "jobs", "backup")
    report(con, [day for day in range(2, DAYS) if day not in (10, 11, 20)])
    report(con, [20], state="failed")
    report(con, [42], kind="restore_test")
    made = view(con)
    (strip,) = made.backups
    expected: list[str | None] = ["made"] * DAYS
    expected[0] = expected[1] = "before"
    expected[10] = expected[11] = None
    expected[20] = "failed"
    assert (list(strip.days), list(strip.tested), strip.text) == (expected, [42], "87 of 90 days")
    assert facts(made)[2:] == ["3 of 90", "50 days"]
    assert made.stats[2].note == "1 of them failed"
    assert "whether the disks have room" in made.lead


def test_what_is_wrong_stands_in_the_conclusion_and_the_rest_is_counted(con) -> None:
    source(con, "jobs", "backup")
    report(con, range(30))
    measure(con, "memory_used_ratio", dict.fromkeys(range(DAYS), 0.97))
    measure(con, "is_reboot_required", {day: float(day >= 60) for day in range(DAYS)})
    made = view(con)
    assert made.lead == (
        "Nothing proves a backup on 62 of 92 days and memory of web-1 is 97% used at busy times; 2 more things need a look."
    )
    assert made.restarts == [("web-1", "not known", "30 August")]
    assert facts(made)[3] == "never"


def ticket(con: duckdb.DuckDBPyConnection, number: int, opened: int, solved: int | None) -> None:
    con.execute(
        "INSERT INTO raw.ticket BY NAME SELECT 'one' AS site_id, 'desk' AS source_id, $id AS ticket_id, $id AS content_sha256, $opened"
        "::TIMESTAMPTZ AS created_at, $solved::TIMESTAMPTZ AS resolved_at, $opened::TIMESTAMPTZ AS exported_at, 's' AS subject,"
        " false AS is_about_outage, $opened::DATE AS event_date, 'p' AS parser_version, 'b' AS batch_id",
        {"id": str(number), "opened": noon(opened), "solved": None if solved is None else noon(solved)},
    )


def support(con: duckdb.DuckDBPyConnection) -> tuple[str, str]:
    made = data(con)
    card = page_one.lanes(made, made.site, [], has_inventory=False)[0]
    return card.headline, card.text


def test_the_support_card_says_what_tickets_say_and_not_measured_only_without_a_helpdesk(con) -> None:
    assert support(con)[0] == "Not measured"
    source(con, "desk", "ticket")
    assert support(con)[0] == "Tickets not known"
    ticket(con, 1, 3, None)
    assert support(con) == ("1 ticket", "The helpdesk does not say which of them are solved.")
    ticket(con, 2, -9, 2)
    ticket(con, 3, 80, 95)  # solved after the quarter
    ticket(con, 4, 5, 6)
    assert support(con) == ("3 tickets", "2 solved, 2 open at the end.")


class _Module:
    """A file of a section, as page one sees it."""

    def __init__(self, weight: int, *tones: str) -> None:
        self.SECTION = Section(title=str(weight), order=weight, weight=weight)
        self.tones = tones

    def dial(self, *_: object) -> Dial:
        return Dial(name=self.SECTION.title, score=50, note="", tone=self.tones[0])  # type: ignore[arg-type]

    def figures(self, *_: object) -> list[Fact]:
        return [
            Fact(label=f"{self.SECTION.title}-{n}", text="1", value=1.0, unit="count", query="q", tone=tone)  # type: ignore[arg-type]
            for n, tone in enumerate(self.tones)
        ]


def test_page_one_shows_what_is_bad_before_what_is_well_and_the_first_always(con) -> None:
    made: list[Any] = [
        _Module(10, "good", "good"), _Module(20, "good"), _Module(30, "good", "bad"), _Module(40, "good"), _Module(50, "bad"),
        _Module(60, "bad"), _Module(70, "warn"),
    ]  # fmt: skip
    sections = [Measured(Part(name=module.SECTION.title, title="", view=object()), module) for module in made]
    assert [dial.name for dial in page_one.dials(data(con), sections, BEFORE)] == ["10", "20", "50", "60", "70"]
    assert [fact.label for fact in page_one.figures(data(con), sections, BEFORE)] == [
        "10-0",
        "50-0",
        "60-0",
        "70-0",
        "20-0",
        "30-0",
    ]


def test_an_export_of_tickets_speaks_for_the_days_before_it_and_until_the_next_is_due(con) -> None:
    source(con, "desk", "ticket", every_seconds=7 * 86_400)
    ticket(con, 1, 3, 4)
    ticket(con, 2, 20, None)
    days = con.execute(
        "SELECT min(day_date), max(day_date), count(*), sum(row_count) FROM marts.source_day WHERE source_id = 'desk'"
    ).fetchall()
    assert days == [(noon(3).date(), noon(26).date(), 24, 2)]

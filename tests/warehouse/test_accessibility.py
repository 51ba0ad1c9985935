"""What audits of accessibility say together: states of criteria, what is new, fixed or back, and what people decided."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tasks.accessibility_landing import records
from tasks.audit_formats.axe import page_result
from warehouse import migrate
from warehouse.connection import prepare
from warehouse.records import (
    AccessibilityAssertion,
    AccessibilityDecision,
    AuditRun,
    Record,
)

START = datetime(2026, 7, 6, 8, tzinfo=UTC)
TESTED = [{"id": "color-contrast", "tags": ["wcag2aa", "wcag143"]}, {"id": "image-alt", "tags": ["wcag2a", "wcag111"]}]


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with contextlib.closing(duckdb.connect()) as con:
        prepare(con)
        migrate.apply(con)
        yield con


def insert(con: duckdb.DuckDBPyConnection, record: Record, batch: str) -> None:
    row = {name: getattr(record, name) for name in record.schema().names} | {"parser_version": "p", "batch_id": batch}
    con.execute(f"INSERT INTO raw.{record.table} BY NAME SELECT {', '.join(f'${n} AS {n}' for n in row)}", row)


def rule(rule_id: str, *nodes: tuple[str, str], impact: str = "serious") -> dict[str, Any]:
    tags: list[str] = {"image-alt": ["wcag2a", "wcag111"], "color-contrast": ["wcag2aa", "wcag143"], "tabindex": ["best-practice"],
            "link-name": ["wcag2a", "wcag244", "wcag412"]}[rule_id]  # fmt: skip
    return {"id": rule_id, "impact": impact, "tags": tags, "help": rule_id,
            "nodes": [{"html": html, "target": [target]} for html, target in nodes]}  # fmt: skip


def audit(
    con: duckdb.DuckDBPyConnection,
    week: int,
    *rules: dict[str, Any],
    review: tuple[dict[str, Any], ...] = (),
    page: str = "https://one.example/",
    cause: str | None = None,
    outcome: str = "complete",
    version: str = "4.14.1",
    auditor: str = "axe",
) -> str:
    """Add one run of one page in one week, and return its id."""
    at = START + timedelta(weeks=week)
    run = AuditRun(
        run_id=f"{auditor}{week}{page}{version}", site_id="one", source_id="audits-axe", auditor=auditor, tool_version=version,
        page_url=page, final_url=page, started_at=at, duration_ms=1.0, outcome=outcome, cause=cause, status=200, message=None,
        form_factor=None, throttling_method=None, details_file=None,
    )  # fmt: skip
    insert(con, run, f"w{week}")
    if outcome in ("complete", "incomplete"):
        result = {"violations": list(rules), "incomplete": list(review), "passes": TESTED, "url": page}
        looked, found = records(run, page_result(json.loads(json.dumps(result))))
        for record in (looked, *found):
            insert(con, record, f"w{week}")
    return run.run_id


def states(con: duckdb.DuckDBPyConnection, week: int, *criteria: str) -> list[str]:
    day = (START + timedelta(weeks=week)).date()
    rows = dict(
        con.execute(
            "SELECT criterion, state FROM marts.accessibility_criterion_day WHERE day_date = ? AND auditor = 'axe'",
            [day],
        ).fetchall()
    )
    assert len(rows) == 86
    return [rows[criterion] for criterion in criteria]


def changes(con: duckdb.DuckDBPyConnection, week: int) -> list[tuple[str, str]]:
    day = (START + timedelta(weeks=week)).date()
    return con.execute(
        "SELECT change, selector FROM marts.accessibility_change WHERE day_date = ? ORDER BY ALL", [day]
    ).fetchall()


IMAGE = ("<img src=/a.png>", "img")
LOW = ("<p class=low>", "p.low")


def test_each_criterion_is_in_one_state_and_none_is_said_to_be_met(con) -> None:
    audit(
        con,
        0,
        rule("image-alt", IMAGE),
        rule("tabindex", ("<b tabindex=3>", "b")),
        review=(rule("color-contrast", LOW),),
    )
    audit(con, 0, page="https://one.example/about")
    audit(con, 0, page="https://one.example/slow", outcome="unknown", cause="timeout")
    assert states(con, 0, "1.1.1", "1.4.3", "2.4.7", "2.4.3") == [
        "fails",
        "needs_review",
        "not_testable",
        "not_testable",
    ]
    audit(con, 1)
    assert states(con, 1, "1.1.1", "1.4.3", "2.4.7") == ["no_failure_found", "no_failure_found", "not_testable"]
    audit(con, 2, outcome="unknown", cause="no_browser")
    assert set(states(con, 2, "1.1.1", "1.4.3", "2.4.7")) == {"unknown"}
    audit(con, 3, outcome="incomplete", cause="never_idle")
    assert set(states(con, 3, "1.1.1", "1.4.3")) == {"unknown"}
    (row,) = con.execute(
        "SELECT page_count, complete_page_count, failing_page_count, failing_rules FROM marts.accessibility_criterion_day"
        " WHERE criterion = '1.1.1' AND day_date = '2026-07-06'"
    ).fetchall()
    assert row == (3, 2, 1, ["image-alt"])


def test_a_finding_of_two_criteria_fails_both_and_is_one_failure_of_its_page(con) -> None:
    audit(con, 0, rule("link-name", ("<a href=/x>", "a")))
    assert states(con, 0, "2.4.4", "4.1.2") == ["fails", "fails"]
    (row,) = con.execute(
        "SELECT failure_count, level_a_count, review_count FROM marts.accessibility_page_day"
    ).fetchall()
    assert row == (1, 1, 0)


def test_counts_of_a_page_without_a_result_are_not_zero(con) -> None:
    audit(con, 0, outcome="error", cause="http_error")
    (row,) = con.execute(
        "SELECT outcome, cause, failure_count, best_practice_count FROM marts.accessibility_page_day"
    ).fetchall()
    assert row == ("error", "http_error", None, None)


def test_what_is_new_fixed_or_back_is_told_once_where_it_happened(con) -> None:
    other = ("<img src=/b.png>", "img:nth-child(2)")
    audit(con, 0, rule("image-alt", IMAGE))
    audit(con, 1, rule("image-alt", IMAGE, other))
    audit(con, 2, rule("image-alt", other))
    audit(con, 3, rule("image-alt", IMAGE, other))
    assert [changes(con, week) for week in range(4)] == [
        [], [("new", "img:nth-child(2)")], [("fixed", "img")], [("regressed", "img")],
    ]  # fmt: skip


def test_an_element_that_moved_or_was_edited_is_the_same(con) -> None:
    audit(con, 0, rule("image-alt", ("<img src=/a.png>", "main > img")))
    audit(con, 1, rule("image-alt", ("<img src=/a.png>", "main > div > img")))
    audit(con, 2, rule("image-alt", ("<img src=/a.png loading=lazy>", "main > div > img")))
    assert [changes(con, week) for week in range(3)] == [[], [], []]


def test_an_audit_that_was_not_complete_or_of_another_version_mends_nothing(con) -> None:
    audit(con, 0, rule("image-alt", IMAGE))
    audit(con, 1, outcome="incomplete", cause="too_slow")
    audit(con, 2, outcome="unknown", cause="crashed")
    audit(con, 3, auditor="static")
    audit(con, 4, version="5.0.0")
    audit(con, 5, page="https://one.example/about")
    assert con.execute("SELECT * FROM marts.accessibility_change").fetchall() == []
    audit(con, 6)
    assert changes(con, 6) == [("fixed", "img")]


def decide(con: duckdb.DuckDBPyConnection, decision: str, hour: int) -> None:
    ((key, content),) = con.execute(
        "SELECT finding_key, content_sha256 FROM staging.accessibility_finding WHERE rule_id = 'color-contrast'"
        " ORDER BY started_at LIMIT 1"
    ).fetchall()
    made = AccessibilityDecision(
        site_id="one", finding_key=key, content_sha256=content, page_url="https://one.example/", rule_id="color-contrast",
        decision=decision, reason="looked", decided_by="Ann", decided_at=START + timedelta(hours=hour),
    )  # fmt: skip
    insert(con, made, f"d{hour}")


def test_a_decision_holds_until_the_content_changes(con) -> None:
    audit(con, 0, review=(rule("color-contrast", LOW),))
    decide(con, "dismissed", 1)
    assert states(con, 0, "1.4.3") == ["no_failure_found"]
    decide(con, "confirmed", 2)
    assert states(con, 0, "1.4.3") == ["fails"]
    audit(con, 1, review=(rule("color-contrast", LOW),))
    assert states(con, 1, "1.4.3") == ["fails"]
    audit(con, 2, review=(rule("color-contrast", ("<p class='low pale'>", "p.low")),))
    assert states(con, 2, "1.4.3") == ["needs_review"]


def test_the_newest_statement_of_a_person_counts(con) -> None:
    for number, (outcome, day) in enumerate([("failed", date(2026, 7, 1)), ("passed", date(2026, 9, 1))]):
        insert(
            con,
            AccessibilityAssertion(
                site_id="one", source_id="m", assertion_key=str(number), page_url=None, criterion="2.4.7", outcome=outcome,
                checked_date=day, is_manual=True, asserted_by="Ann", note=None,
            ),
            str(number),
        )  # fmt: skip
    ((level, outcome),) = con.execute("SELECT level, outcome FROM marts.accessibility_assertion").fetchall()
    assert (level, outcome) == ("AA", "passed")


def test_an_audit_covers_the_days_until_the_next_one_as_far_as_it_is_known(con) -> None:
    con.execute("""
        INSERT INTO raw.source BY NAME SELECT 'one' AS site_id, 'audits-axe' AS source_id, 'audits_axe' AS kind,
          'audit_run' AS fills, 8 * 86400 AS expected_every_seconds, TIMESTAMPTZ '2026-01-01 00:00:00Z' AS configured_at,
          1 AS confirm_down, 1 AS confirm_of, 1 AS confirm_up, 'p' AS parser_version, 'b' AS batch_id""")
    audit(con, 0)
    audit(con, 0, page="https://one.example/slow", outcome="unknown", cause="timeout")
    rows = con.execute("SELECT day_date, coverage_ratio, row_count FROM marts.source_day ORDER BY day_date").fetchall()
    assert rows[0] == (date(2026, 7, 6), 0.5, 2)
    assert [(row[0], *row[1:]) for row in rows[1:]] == [(date(2026, 7, 6 + day), 0.5, 0) for day in range(1, 8)]

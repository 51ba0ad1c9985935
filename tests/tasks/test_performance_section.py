"""The section on performance keeps visitors and laboratory apart, and says of what nothing is known."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tasks.analyse import performance
from tasks.quarter_data import QuarterData
from tasks.quarters import parse_quarter
from tasks.render import vitals
from tasks.report_model import NoData
from tests.tasks.recommend.asking import at, insert, scope
from tests.tasks.recommend.test_performance import PAGE, common, field, lab
from tests.tasks.render.test_chart_edges import ACCENT, HOSTILE, SVG, parsed
from warehouse.records import AuditRun, PageOpportunity, PageResource


def view(con: duckdb.DuckDBPyConnection) -> Any:
    class Asked:
        """Stands for the answers of a snapshot."""

        def frame(self, sql: str, parameters: dict[str, Any]) -> Any:
            return con.execute(sql, {name: value for name, value in parameters.items() if f"${name}" in sql}).df()

    data = QuarterData(Asked(), None, parse_quarter("2026Q3"), scope(con))  # type: ignore[arg-type]
    return performance.view(data)


def lose(con: duckdb.DuckDBPyConnection, day: int, page: str) -> None:
    insert(
        con, AuditRun, run_id=f"{page}{day}", site_id="one", source_id="s", auditor="lighthouse", page_url=page, started_at=at(day),
        outcome="unknown", cause="timeout", message="the audit was not done in time", form_factor="mobile",
    )  # fmt: skip


def test_what_was_never_set_up_is_left_out_and_what_failed_is_not(con) -> None:
    missing = view(con)
    assert isinstance(missing, NoData)
    assert missing.is_left_out
    lose(con, 4, PAGE)
    missing = view(con)
    assert (missing.is_left_out, missing.missing) == (False, "no page could be measured")
    assert performance.dial(None, missing).score is None  # type: ignore[arg-type]


def test_without_visitors_the_laboratory_speaks_for_itself_only(con) -> None:
    for day, lcp in ((0, 2400.0), (8, 2600.0), (22, 5100.0)):
        lab(con, day, 0.6, lcp_ms=lcp, cls=0.02, tbt_ms=90.0, total_bytes=2e6)
    lab(con, 8, 0.9, "https://one.example/b")
    lose(con, 30, "https://one.example/slow")
    made = view(con)
    assert made.lead == "In the laboratory the pages have 60 to 90 of 100 points; what visitors saw is not known."
    assert [fact.tone for fact in made.stats] == ["unknown", "unknown", "unknown", "warn"]
    assert list(made.trend) == [2.4, 2.6, None, 5.1, *[None] * 9]
    assert made.trend_title == "Main content shown (LCP), seconds: laboratory, / on phones"
    assert made.pages[0] == ("/", "phones", "60", "60 to 60", "5.1 s", "90 ms", "0.02")
    assert made.pages_note.startswith("1 page could not be measured lately, which is unknown and not slow: /slow")
    assert made.shares == []
    assert performance.dial(None, made).note == "in the laboratory"  # type: ignore[arg-type]


def test_where_visitors_are_known_the_curve_is_theirs_and_no_week_is_filled_by_the_laboratory(con) -> None:
    lab(con, 0, 0.9, lcp_ms=900.0)
    field(con, "lcp_ms", 3100, day=8)
    field(con, "lcp_ms", 3000, day=9, form_factor="desktop")
    field(con, "cls", 0.3, day=8, good_ratio=0.4, fair_ratio=0.3, poor_ratio=0.3)
    made = view(con)
    assert list(made.trend) == [None, 3.1, *[None] * 11]
    assert made.trend_title.endswith("75th percentile of visits on phones, the whole site")
    assert [(fact.text, fact.tone) for fact in made.stats] == [
        ("3.1 s", "warn"),
        ("not known", "unknown"),
        ("0.30", "bad"),
        ("90", "good"),
    ]
    assert [name for name, *_ in made.shares] == ["Phones, LCP", "Phones, CLS", "Desktops, LCP"]
    dial = performance.dial(None, made)  # type: ignore[arg-type]
    assert (dial.score, dial.note) == (40, "of visits good")


def test_weight_and_advice_are_those_of_the_newest_measurement(con) -> None:
    for day, size in ((1, 9e6), (8, 3e6)):
        lab(con, day, 0.5, total_bytes=size)
        own = common(day, PAGE, form_factor="mobile")
        for kind, part in (("image", 0.5), ("script", 0.25), ("media", 0.25), ("third-party", 0.9)):
            insert(con, PageResource, **own, resource_type=kind, request_count=1, transfer_bytes=size * part)
        insert(con, PageOpportunity, **own, audit_id="images", title="Smaller images", categories=["performance"], score=0.0, lcp_saving_ms=1000.0 * day, saving_bytes=2e6)  # fmt: skip
        insert(con, PageOpportunity, **own, audit_id="alt", title="Alt", categories=["accessibility"], score=0.0)
    made = view(con)
    assert list(made.weights) == [("/", "3.0 MB", [1.5, 0.75, 0.0, 0.0, 0.0, 0.75])]
    assert list(made.advice) == [("Smaller images", "1", "8.0 s of LCP, 2.0 MB")]


@pytest.mark.parametrize("values", [[], [None] * 13, [2.0], [0.0, None, 70.0], [1.0] * 13])
def test_bands_are_whole_whatever_the_series(values: list[float | None]) -> None:
    root = parsed(vitals.banded(values, (2.5, 4.0), ["1 Jul"] * len(values), "LCP", ACCENT))
    assert root.get("data-values") == ",".join("" if value is None else f"{value:g}" for value in values)
    assert len(list(root.iter(f"{SVG}circle"))) == sum(value is not None for value in values)
    assert {"good", "needs improvement", "poor"} <= {element.text for element in root.iter(f"{SVG}text")}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_words_in_bars(text: str) -> None:
    for markup in (
        vitals.shares([(text, text, (0.5, 0.3, 0.2))], text),
        vitals.stacks([(text, text, (1.0, 0.0))], [text, "b"], text, ACCENT, 236),
    ):
        root = parsed(markup)
        assert root[0].text == text
        assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {"svg", "title", "rect", "text"}

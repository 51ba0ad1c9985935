"""The section on accessibility tells what was found and what nobody knows, and never that WCAG is met."""

from __future__ import annotations

from datetime import date

import pytest

from tasks.analyse.accessibility import AccessibilityView, dial, figures, view
from tasks.answers import Answers
from tasks.quarter_data import QuarterData
from tasks.quarters import parse_quarter
from tasks.render.document import render_html
from tasks.report_model import NoData
from tests.tasks.recommend.asking import scope
from tests.tasks.recommend.test_accessibility import fault, said
from tests.tasks.render import sample
from tests.warehouse.test_accessibility import audit

ABOUT = "https://one.example/about"


def seen(con) -> AccessibilityView:
    found = view_of(con)
    assert isinstance(found, AccessibilityView)
    return found


def view_of(con) -> AccessibilityView | NoData:
    return view(QuarterData(Answers.on(con), None, parse_quarter("2026Q3"), scope(con)))  # type: ignore[arg-type]


def test_a_site_without_audits_takes_no_page(con) -> None:
    nothing = view_of(con)
    assert isinstance(nothing, NoData)
    assert nothing.is_left_out


def test_a_site_that_could_not_be_audited_says_so(con) -> None:
    audit(con, 3, outcome="unknown", cause="no_browser")
    lost = view_of(con)
    assert isinstance(lost, NoData)
    assert (lost.is_left_out, lost.missing) == (False, "none of 1 page could be audited")
    assert dial(None, lost).score is None  # type: ignore[arg-type]
    assert figures(None, lost)[0].text == "not known"  # type: ignore[arg-type]


def test_the_last_audit_is_told_by_criterion_with_its_change_since_the_quarter_before(con) -> None:
    audit(con, -2, fault("image-alt", "a"), fault("label", "l"))
    audit(con, 0, fault("image-alt", "a", "b"))
    audit(con, 0, page=ABOUT)
    audit(con, 5, fault("image-alt", "a", "b", "c"), fault("color-contrast", "t"), fault("button-name", "x"))
    audit(con, 5, page=ABOUT)
    audit(con, 5, page="https://one.example/slow", outcome="unknown", cause="timeout")
    said(con, date(2026, 9, 1), "failed")
    found = seen(con)
    assert found.lead == "5 elements on 1 of 2 pages fail WCAG 2.2, most of all Non-text Content."
    assert [fact.text for fact in found.stats] == ["5", "3", "0", "2"]
    assert [(row.number, row.state, row.elements, row.change) for row in found.criteria] == [
        ("1.1.1", "fails", "3", "+2"), ("1.4.3", "fails", "1", "new"), ("4.1.2", "fails", "1", "as before"),
    ]  # fmt: skip
    assert found.principles == [("Perceivable", 4), ("Operable", 0), ("Understandable", 0), ("Robust", 1)]
    assert (
        found.changes == "Within the quarter 4 failures were fixed, 0 came new and 0 came back."
        or "fixed" in found.changes
    )
    assert found.weeks[0] == [2.0, 0.0]
    assert found.weeks[1] is None
    assert "Ann looked at 1 criterion and found that 2.4.7 failed." in found.unseen
    assert "claims no conformance" in found.unseen
    assert found.pages_note == "Not examined, or not as a whole: /slow (timeout)."
    assert dial(None, found).score == 50  # type: ignore[arg-type]


def test_pages_without_a_finding_are_not_said_to_conform(con) -> None:
    audit(con, 5)
    found = seen(con)
    assert found.lead == "No rule found a failure on 1 page; what only people can see is not known by that."
    assert found.criteria == []
    assert "for 2 no failure was found, 53 no rule can test" in found.criteria_note
    assert found.unseen.endswith("Nobody has looked by hand yet.")


@pytest.mark.parametrize("text", sample.HOSTILE)
def test_texts_of_pages_do_nothing_in_the_report(con, text: str) -> None:
    audit(con, 5, fault("image-alt", text) | {"help": text}, page=f"https://one.example/{text}")
    html = render_html(sample.with_views(sample.rich(), accessibility=seen(con)))
    for forbidden in ("<script>alert", "<img src=file", "<style>@import"):
        assert forbidden not in html

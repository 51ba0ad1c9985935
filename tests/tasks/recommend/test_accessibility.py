"""Rules on accessibility speak where an audit or a person found a fault, and never take silence for good."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import ask, measure
from tests.tasks.recommend.test_ux_journey_failing import run as journey
from tests.warehouse.test_accessibility import audit, insert, rule
from warehouse.records import AccessibilityAssertion

PAGES = {"accessibility_contrast": "color-contrast", "accessibility_text_alternatives": "image-alt", "accessibility_labels": "label",
         "accessibility_target_size": "target-size"}  # fmt: skip
AUDITED = [*PAGES, "accessibility_journey_blocked", "accessibility_criterion_regressed"]
TAGS = {"label": ["wcag2a", "wcag412"], "target-size": ["wcag22aa", "wcag258"], "button-name": ["wcag2a", "wcag412"]}


def fault(rule_id: str, *selectors: str, impact: str = "critical") -> dict[str, Any]:
    nodes = [{"html": f"<i class={name}>", "target": [name]} for name in selectors]
    tags = TAGS[rule_id] if rule_id in TAGS else rule(rule_id)["tags"]
    return {"id": rule_id, "impact": impact, "tags": tags, "help": f"help of {rule_id}", "nodes": nodes}


def said(con: duckdb.DuckDBPyConnection, day: date, outcome: str, criterion: str = "2.4.7", **more: Any) -> None:
    usual: dict[str, Any] = {"page_url": None, "is_manual": True, "asserted_by": "Ann", "note": "The menu hides it"}
    record = AccessibilityAssertion(
        site_id="one", source_id="m", assertion_key=f"{day}{criterion}", criterion=criterion, outcome=outcome, checked_date=day, **(usual | more)
    )  # fmt: skip
    insert(con, record, f"{day}{criterion}")


@pytest.mark.parametrize("name", [*AUDITED, "accessibility_focus_not_visible", "accessibility_manual_check_due"])
def test_without_data_nothing_is_known(con, name: str) -> None:
    (answer,) = ask(con, name)
    assert isinstance(answer, Unknown)


@pytest.mark.parametrize("name", AUDITED)
def test_pages_that_could_not_be_audited_are_no_good_news(con, name: str) -> None:
    audit(con, 3, outcome="unknown", cause="timeout")
    (answer,) = ask(con, name)
    assert isinstance(answer, Unknown)


@pytest.mark.parametrize(("name", "rule_id"), PAGES.items())
def test_a_fault_is_counted_over_the_newest_audit_of_each_page(con, name: str, rule_id: str) -> None:
    audit(con, 0, fault(rule_id, "a", "b", "c"))
    audit(con, 11, fault(rule_id, "a", "b"))
    audit(con, 11, fault(rule_id, "d"), fault("button-name", "x"), page="https://one.example/contact")
    audit(con, 11, page="https://one.example/about")
    audit(con, 11, fault(rule_id, "e", "f"), auditor="static")
    (answer,) = ask(con, name)
    assert isinstance(answer, Recommendation)
    assert answer.evidence.text == f"3 elements on 2 of 3 pages, audit of 21 Sept; most on the home page: a ({rule_id})"
    assert answer.evidence.value == 3
    assert answer.why.startswith("3 elements on 2 pages")
    assert (answer.subject, answer.rule.area, answer.reach) == ("site", "accessibility", pytest.approx(2 / 3))
    assert measure(con, answer) == 3
    audit(con, 12)
    audit(con, 12, page="https://one.example/contact")
    (quiet,) = ask(con, name)
    assert isinstance(quiet, Silent)
    assert measure(con, answer) == 0


def test_an_audit_that_was_cut_short_proves_a_fault_and_mends_none(con) -> None:
    audit(con, 10, fault("image-alt", "a"))
    audit(con, 11, outcome="incomplete", cause="too_slow")
    assert isinstance(ask(con, "accessibility_text_alternatives")[0], Silent)
    (answer,) = ask(con, "accessibility_contrast")
    audit(con, 12, fault("image-alt", "a", "b"), outcome="incomplete", cause="too_slow")
    (answer,) = ask(con, "accessibility_text_alternatives")
    assert isinstance(answer, Recommendation)
    assert answer.evidence.value == 2
    assert measure(con, answer) == 1


def test_the_html_alone_counts_only_where_no_browser_ever_looked(con) -> None:
    audit(con, 10, fault("image-alt", "a"), auditor="static")
    (answer,) = ask(con, "accessibility_text_alternatives")
    assert isinstance(answer, Recommendation)
    audit(con, -1, fault("image-alt", "a"))
    (answer,) = ask(con, "accessibility_text_alternatives")
    assert isinstance(answer, Unknown)


def test_a_critical_failure_on_a_page_of_a_journey_comes_first(con) -> None:
    audit(con, 5, fault("button-name", "b"), page="https://one.example/about")
    (answer,) = ask(con, "accessibility_journey_blocked")
    assert isinstance(answer, Unknown)
    journey(con, 10)
    (answer,) = ask(con, "accessibility_journey_blocked")
    assert isinstance(answer, Unknown)
    assert "no page of a journey was audited" in answer.missing
    audit(
        con,
        6,
        fault("image-alt", "i", impact="serious"),
        fault("color-contrast", "t"),
        page="https://one.example/product/?a=1",
    )
    assert isinstance(ask(con, "accessibility_journey_blocked")[0], Silent)
    audit(con, 7, fault("button-name", "b", "c"), page="https://one.example/product/?a=1")
    (answer,) = ask(con, "accessibility_journey_blocked")
    assert isinstance(answer, Recommendation)
    assert (answer.band, answer.subject) == ("high", "https://one.example/product/?a=1")
    assert answer.title == "Remove what stops people on /product/"
    assert "2 critical failures of level A" in answer.evidence.text
    assert measure(con, answer) == 2


def test_a_criterion_that_was_mended_and_fails_again_is_told_with_its_day(con) -> None:
    name = "accessibility_criterion_regressed"
    audit(con, 0, fault("image-alt", "a"))
    audit(con, 1, fault("image-alt", "a"))
    assert isinstance(ask(con, name)[0], Silent)
    audit(con, 2)
    audit(con, 3, fault("image-alt", "b", "c"))
    (answer,) = ask(con, name)
    assert isinstance(answer, Recommendation)
    assert answer.title == "Mend 1.1.1 Non-text Content again, and find what undid it"
    assert "from 27 Jul on 2 elements of 1 page (image-alt)" in answer.evidence.text
    assert measure(con, answer) == 2
    audit(con, 4)
    assert isinstance(ask(con, name)[0], Silent)


def test_a_criterion_is_not_mended_by_pages_that_were_not_audited(con) -> None:
    audit(con, 0, fault("image-alt", "a"))
    audit(con, 0, page="https://one.example/about")
    audit(con, 1, outcome="error", cause="http_error")
    audit(con, 1, page="https://one.example/about")
    audit(con, 2, fault("image-alt", "a"))
    assert isinstance(ask(con, "accessibility_criterion_regressed")[0], Silent)


def test_a_hidden_focus_is_told_by_people_until_they_say_otherwise(con) -> None:
    name = "accessibility_focus_not_visible"
    said(con, date(2026, 5, 1), "failed", page_url="https://one.example/shop")
    audit(con, 5)
    (answer,) = ask(con, name)
    assert isinstance(answer, Recommendation)
    assert answer.evidence.text == "2.4.7 failed on /shop, by Ann on 1 May 2026: The menu hides it"
    assert measure(con, answer) == 1
    said(con, date(2026, 9, 2), "passed", page_url="https://one.example/shop")
    assert isinstance(ask(con, name)[0], Silent)
    assert measure(con, answer) == 0
    said(con, date(2026, 9, 3), "cant_tell", criterion="2.4.11")
    said(con, date(2026, 9, 4), "failed", criterion="2.4.11", is_manual=False)
    assert isinstance(ask(con, name)[0], Silent)


def test_an_old_pass_is_not_known_to_hold(con) -> None:
    said(con, date(2026, 5, 1), "passed")
    assert isinstance(ask(con, "accessibility_focus_not_visible")[0], Unknown)


def test_a_quarter_without_a_look_by_a_person_asks_for_one(con) -> None:
    name = "accessibility_manual_check_due"
    audit(con, 5)
    (answer,) = ask(con, name)
    assert isinstance(answer, Recommendation)
    assert answer.why.endswith("nobody has looked yet.")
    said(con, date(2026, 6, 1), "passed")
    said(con, date(2026, 8, 1), "untested", criterion="1.4.3")
    (answer,) = ask(con, name)
    assert isinstance(answer, Recommendation)
    assert answer.why.endswith("the last manual check was on 1 Jun 2026.")
    assert measure(con, answer) == 0
    said(con, (datetime(2026, 8, 1, tzinfo=UTC) + timedelta(days=5)).date(), "passed", criterion="1.4.3")
    assert isinstance(ask(con, name)[0], Silent)
    assert measure(con, answer) == 1

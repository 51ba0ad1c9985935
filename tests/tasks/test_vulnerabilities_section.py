"""The section on vulnerabilities counts what is open, says how soon flaws were mended, and what nobody looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.analyse import vulnerabilities
from tasks.quarter_data import QuarterData
from tasks.quarters import parse_quarter
from tasks.report_model import NoData
from tests.tasks.recommend.asking import scope
from tests.tasks.recommend.inventory import Place, place


@pytest.fixture(name="one")
def _one() -> Iterator[Place]:
    with place() as made:
        yield made


def view(one: Place) -> Any:
    class Asked:
        """Stands for the answers of a snapshot."""

        def frame(self, sql: str, parameters: dict[str, Any]) -> Any:
            return one.con.execute(sql, {name: value for name, value in parameters.items() if f"${name}" in sql}).df()

    return vulnerabilities.view(QuarterData(Asked(), None, parse_quarter("2026Q3"), scope(one.con)))  # type: ignore[arg-type]


def test_without_lists_or_feeds_the_section_is_left_out_and_says_why(one) -> None:
    missing = view(one)
    assert isinstance(missing, NoData)
    assert missing.missing == "no inventory of this site is in the warehouse"
    one.listing(3, {"name": "forms", "version": "5.1"})
    assert view(one).missing == "no feed of advisories was fetched"
    assert vulnerabilities.figures(None, view(one))[0].value is None  # type: ignore[arg-type]


def test_what_is_open_and_what_ended_is_told_with_its_days(one) -> None:
    one.feed()
    one.advisory("CVE-2026-10001", "forms", (None, "5.2", True), cvss_score=9.8)
    one.advisory("CVE-2026-10002", "slider", (None, "2.0", True), cvss_score=7.0, published_at="2026-07-15T00:00:00Z")
    one.advisory("CVE-2026-10003", "gone", (None, "9", False))
    one.exploited("CVE-2026-10001", "2026-07-20", "2026-08-10")
    one.predicted("CVE-2026-10001", 0.0004)
    for number in range(0, 92, 7):
        if number not in (56, 63):
            rest = [{"name": "gone", "version": "1"}] if number < 40 else []
            slider = {"name": "slider", "version": "1.0" if number < 30 else "2.0"}
            one.listing(number, {"name": "forms", "version": "5.1"}, slider, *rest)
    made = view(one)
    assert made.lead == (
        "1 known flaw is open in 1 component, the oldest for 92 days. 1 of them is known to be exploited."
    )
    assert [(fact.text, fact.note) for fact in made.stats] == [
        ("1", "1 exploited"), ("92 days", "agreed: 7 days"), ("1", "median after a fix: 21 days"), ("0", "of 2"),
    ]  # fmt: skip
    assert made.open == [("forms", "5.1", "5.2", "CVE-2026-10001", "exploited, CVSS 9.8, EPSS under 1%", "92")]
    assert made.ended == [
        ("gone", "CVE-2026-10003", "removed", "42", "no fix known"),
        ("slider", "CVE-2026-10002", "patched", "21", "21"),
    ]
    assert made.latency_note == ("Of 1 security update 0 came within the 7 days agreed since a fix was there.")
    assert made.weeks == [
        [1, 1, 0], [1, 1, 0], [1, 2, 0], [1, 2, 0], [1, 2, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0],
        None, None, [1, 0, 0], [1, 0, 0], [1, 0, 0],
    ]  # fmt: skip


def test_a_component_without_a_feed_and_an_old_list_are_not_known(one) -> None:
    one.feed()
    one.advisory("CVE-2026-10001", "forms", (None, "5.2", True))
    one.listing(3, {"name": "forms", "version": "5.1"}, {"name": "left-pad", "version": "1.0.0", "ecosystem": "npm"})
    made = view(one)
    assert made.lead.endswith("Of 1 component no current feed speaks: not known.")
    assert made.open[0][4:] == ("not scored", "89*")
    assert "whether it was still open is not known" in made.open_note
    assert made.weeks[0] == [0, 1, 0]
    assert made.weeks[2:] == [None] * 11
    assert (made.stats[3].text, made.stats[3].tone) == ("1", "unknown")


def test_no_known_flaw_is_said_with_care(one) -> None:
    one.feed()
    for number in range(0, 92, 7):
        one.listing(number, {"name": "forms", "version": "5.1"})
    made = view(one)
    assert made.lead == "No known flaw was open in what is installed when the quarter ended."
    assert made.open == []
    assert made.weeks == [[0, 0, 0]] * 13
    assert made.latency_note == "No security update was applied in the quarter that is known of."
    assert "wordfence-intelligence (1 Oct 2026)" in made.source_note

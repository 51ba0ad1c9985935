"""The state of components: abandoned, closed, failed, taken back, unused, held; what nobody tells is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import ask, measure
from tests.tasks.recommend.inventory import Place, place


@pytest.fixture(name="one")
def _one() -> Iterator[Place]:
    with place() as made:
        yield made


def plugin(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "status": "active", **more}


@pytest.mark.parametrize(
    ("rule", "components", "subject", "title"),
    [
        (
            "abandoned",
            [
                plugin("old", directory_state="listed", directory_updated_date="2024-09-30"),
                plugin("edge", directory_state="listed", directory_updated_date="2024-10-01"),
                plugin("new", directory_state="listed", directory_updated_date="2026-09-01"),
            ],
            "wordpress-plugin",
            "Replace what is abandoned: old (last changed September 2024)",
        ),
        (
            "abandoned",
            [
                plugin("acme/mail", ecosystem="Packagist", is_abandoned=True, replacement="acme/post"),
                plugin("acme/fine", ecosystem="Packagist", is_abandoned=False),
            ],
            "Packagist",
            "Replace what is abandoned: acme/mail (replaced by acme/post)",
        ),
        (
            "closed",
            [plugin("gone", directory_state="closed"), plugin("here", directory_state="listed")],
            "wordpress-plugin",
            "Replace or remove what the directory has closed: gone",
        ),
        (
            "inactive",
            [
                *(plugin(name, status="inactive") for name in ("d", "b", "c", "a")),
                plugin("e"),
                plugin("m", status="must-use"),
            ],
            "wordpress-plugin",
            "Remove what nobody uses: a, b, c and 1 more",
        ),
        (
            "inactive",
            [
                plugin(name, ecosystem="wordpress-theme", status=status)
                for name, status in {
                    "mine": "active",
                    "base": "parent",
                    "twentyone": "inactive",
                    "other": "inactive",
                }.items()
            ],
            "wordpress-theme",
            "Remove what nobody uses: other",
        ),
        (
            "held",
            [
                plugin("php", ecosystem="deb", is_held=True),
                plugin("db", ecosystem="deb", is_held=True, hold_reason="until March"),
                plugin("free", ecosystem="deb", is_held=False),
            ],
            "deb",
            "Release what is held back, or say why: php",
        ),
    ],
)
def test_what_is_so_is_one_line_for_each_ecosystem(one, rule, components, subject, title) -> None:
    one.listing(3, plugin("another", ecosystem="npm"))
    one.listing(80, *components)
    answers = ask(one.con, f"updates_{rule}")
    (answer,) = [answer for answer in answers if isinstance(answer, Recommendation)]
    assert (answer.subject, answer.title) == (subject, title)
    assert measure(one.con, answer) == answer.evidence.value
    named = {row["name"] for row in answer.evidence.sample}
    one.listing(91, *(component for component in components if component["name"] not in named))
    assert measure(one.con, answer) == 0
    assert not [answer for answer in ask(one.con, f"updates_{rule}") if isinstance(answer, Recommendation)]


@pytest.mark.parametrize("rule", ["abandoned", "closed", "inactive", "held", "failed", "rolled_back"])
def test_without_a_list_that_tells_of_it_the_answer_is_unknown(one, rule: str) -> None:
    (answer,) = ask(one.con, f"updates_{rule}")
    assert (type(answer), answer.missing) == (Unknown, "no inventory of the quarter")
    one.listing(-8, plugin("before", directory_state="listed", is_held=False, is_auto_update=True))
    assert type(ask(one.con, f"updates_{rule}")[0]) is Unknown
    if rule != "rolled_back":
        if rule in ("abandoned", "closed", "inactive"):  # a server without such components has none of them
            one.listing(4, plugin("bash", ecosystem="deb", status=None))
            assert [type(answer) for answer in ask(one.con, f"updates_{rule}")] == [Silent]
        one.listing(5, {"name": "mute", "version": "1"})
        (answer,) = ask(one.con, f"updates_{rule}")
        assert (type(answer), answer.missing) == (Unknown, "no inventory of the quarter tells of it")


@pytest.mark.parametrize(
    ("days", "change", "is_told"),
    [
        ((0, 1, 3), {}, True),
        ((0, 3), {}, False),
        ((0, 0.5, 1), {}, False),
        ((0, 1, 3), {"is_auto_update": False}, False),
        ((0, 1, 3), {"update_state": "unknown", "latest_version": None}, False),
    ],
)
def test_an_update_that_should_come_by_itself_and_stays_on_offer_has_failed(one, days, change, is_told) -> None:
    for number in days:
        one.listing(number, plugin("forms", latest_version="1.1", is_auto_update=True) | change)
    answers = ask(one.con, "updates_failed")
    assert [isinstance(answer, Recommendation) for answer in answers] == [is_told]
    if is_told:
        assert answers[0].title == "Find out why updates fail: forms"
        one.listing(5, plugin("forms", is_auto_update=True) | {"version": "1.1"})
        assert [type(answer) for answer in ask(one.con, "updates_failed")] == [Silent]
        assert measure(one.con, answers[0]) == 0


def test_lists_that_are_not_fresh_prove_no_failed_update(one) -> None:
    for number in (0, 2, 4):
        one.listing(number, plugin("forms", latest_version="1.1", is_auto_update=True, fresh_as_of_at=None))
    assert [type(answer) for answer in ask(one.con, "updates_failed")] == [Silent]


def test_a_package_that_dpkg_left_half_done_twice_has_failed(one) -> None:
    one.listing(0, plugin("libc6", ecosystem="deb", status="iF"), plugin("curl", ecosystem="deb", status="ii"))
    assert [type(answer) for answer in ask(one.con, "updates_failed")] == [Silent]
    one.listing(7, plugin("libc6", ecosystem="deb", status="iF"), plugin("curl", ecosystem="deb", status="iU"))
    (answer,) = ask(one.con, "updates_failed")
    assert answer.title == "Find out why updates fail: libc6"


def test_an_update_that_was_taken_back_is_told_until_another_comes(one) -> None:
    def deb(version: str, **more: Any) -> dict[str, Any]:
        return {"name": "nginx", "version": version, "ecosystem": "deb", "status": "ii", **more}

    one.moved(4, "nginx", "upgrade", "1.0", "1.1")
    one.moved(5, "nginx", "downgrade", "1.1", "1.0")
    one.listing(7, deb("1.0"), plugin("forms") | {"version": "2.0"})
    one.listing(14, deb("1.0"), plugin("forms") | {"version": "1.9"})
    found = {answer.subject: answer.title for answer in ask(one.con, "updates_rolled_back")}
    assert found == {
        "deb": "Bring back the update that was taken back: nginx",
        "wordpress-plugin": "Bring back the update that was taken back: forms",
    }
    one.listing(21, deb("1.0", is_held=True, hold_reason="until the new module"), plugin("forms") | {"version": "2.0"})
    assert [type(answer) for answer in ask(one.con, "updates_rolled_back")] == [Silent]
    one.moved(25, "nginx", "upgrade", "1.0", "1.2")
    one.listing(28, deb("1.2"), plugin("forms") | {"version": "2.1"})
    assert [type(answer) for answer in ask(one.con, "updates_rolled_back")] == [Silent]


def test_a_median_later_than_agreed_is_told_with_what_still_waits(one) -> None:
    assert type(ask(one.con, "updates_patched_late")[0]) is Unknown
    names = [f"p{number}" for number in range(6)]
    for number in range(0, 91, 7):
        # p0 to p2 are updated after 35 and more days, p3 after 7; p4 and p5 never.
        late = {"p0": 35, "p1": 42, "p2": 49, "p3": 7}
        one.listing(
            number,
            *(
                plugin(name) | ({"version": "1.1"} if number >= late.get(name, 999) else {"latest_version": "1.1"})
                for name in names
            ),
        )
    (answer,) = ask(one.con, "updates_patched_late")
    assert answer.subject == "routine"
    assert answer.title == "Apply updates sooner (routine)"
    assert answer.evidence.text == "median of 6 updates (routine): 46 days, agreed: 30 days; 2 still outstanding"
    assert measure(one.con, answer) == 15.5


def test_few_updates_and_those_in_time_are_silent(one) -> None:
    for number in (0, 7):
        one.listing(
            number, *(plugin(f"p{n}") | ({"version": "1.1"} if number else {"latest_version": "1.1"}) for n in range(6))
        )
    assert [type(answer) for answer in ask(one.con, "updates_patched_late")] == [Silent]

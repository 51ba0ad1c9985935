"""Updates that are late: how grave the flaws are that they mend, and how long they take, against a slow walk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

import pytest

from tasks.recommendation import Recommendation, Silent
from tests.tasks.recommend.asking import END, ask, measure, scope
from tests.tasks.recommend.inventory import Place, day, place


@pytest.fixture(name="one")
def _one() -> Iterator[Place]:
    with place() as made:
        yield made


def package(name: str = "forms", **more: Any) -> dict[str, Any]:
    return {"name": name, "version": "1.0", "latest_version": "1.5", "is_security_update": True, **more}


def overdue(one: Place) -> Recommendation:
    (answer,) = ask(one.con, "updates_security_overdue")
    assert answer.evidence.value == measure(one.con, answer)
    return answer


@pytest.mark.parametrize(
    ("flaw", "epss", "is_exploited", "expected"),
    [
        (
            {"severity": "critical"},
            None,
            False,
            " It mends a critical flaw: CVE-1 in forms (critical by its advisory).",
        ),
        ({"cvss_score": 9.0}, None, False, " It mends a critical flaw: CVE-1 in forms (CVSS 9.0)."),
        ({"cvss_score": 5.0}, 0.5, False, " It mends a critical flaw: CVE-1 in forms (CVSS 5.0, EPSS 50%)."),
        ({}, None, True, " It mends a critical flaw: CVE-1 in forms (known to be exploited)."),
        ({"cvss_score": 8.9}, 0.49, False, " No flaw that is mended by that is known to be critical."),
        ({"severity": "unknown"}, None, False, " How grave the flaws are that it mends is not known."),
        (None, None, False, " How grave the flaws are that it mends is not known."),
    ],
)
def test_the_flaws_that_an_update_mends_say_how_grave_it_is(one, flaw, epss, is_exploited, expected) -> None:
    for number in (70, 77, 84, 91):
        one.listing(number, package())
    if flaw is not None:
        one.advisory("CVE-1", "forms", (None, "1.4", True), **flaw)
    if epss is not None:
        one.predicted("CVE-1", epss)
    if is_exploited:
        one.exploited("CVE-1", "2026-09-01", None)
    answer = overdue(one)
    assert answer.why.endswith("past the agreed 7 days, by 15 days: forms." + expected)
    is_critical, is_known = "critical flaw:" in expected, "not known" not in expected
    assert answer.severity == (5 if is_critical else 4)
    assert answer.floor == ("medium" if is_known and not is_critical else "high")
    assert answer.likelihood == (0.9 if is_exploited else epss or 0.5)


def test_what_the_version_on_offer_does_not_mend_and_what_is_accepted_does_not_count(one) -> None:
    for number in (70, 77, 84, 91):
        one.listing(number, package())
    one.advisory("CVE-1", "forms", (None, "1.5.1", True), cvss_score=9.9)
    assert overdue(one).why.endswith("How grave the flaws are that it mends is not known.")
    one.advisory("CVE-2", "forms", (None, "1.5", True), cvss_score=9.8)
    assert "CVE-2 in forms (CVSS 9.8)" in overdue(one).why
    one.con.execute(
        "INSERT INTO raw.finding_decision BY NAME SELECT 'one' AS site_id, 'wordpress-plugin' AS ecosystem, 'forms' AS name, 'CVE-2' AS flaw,"
        " DATE '2026-12-31' AS accepted_until_date, 'r' AS reason, 'A' AS decided_by, $at AS decided_at, 'p' AS parser_version, 'b' AS batch_id",
        {"at": day(80)},
    )
    assert "CVE-2" not in overdue(one).why


def test_flaws_that_are_not_critical_weigh_as_much_after_thirty_days(one) -> None:
    one.advisory("CVE-1", "forms", (None, "1.4", True), cvss_score=7.5)
    for number in (61, 68, 75, 82, 89):
        one.listing(number, package())
    # 31 August to 1 October are 31 days.
    answer = overdue(one)
    assert (answer.severity, answer.floor) == (4, "high")
    one.con.execute("DELETE FROM raw.component_observation WHERE collected_at < $at", {"at": day(62)})
    assert (overdue(one).severity, overdue(one).floor) == (4, "medium")


def test_the_critical_ones_are_named_first_and_each_update_counts_once(one) -> None:
    names = ("a", "b", "c", "d")
    for number in (60, 67, 74, 81, 88):
        one.listing(number, *(package(name) for name in names if name != "d" or number > 70))
    for number, name in enumerate(names):
        one.advisory(f"CVE-{number}1", name, (None, "1.4", True), cvss_score=9.1 if name == "d" else 4.0)
        one.advisory(f"CVE-{number}2", name, (None, "1.3", True), cvss_score=3.0)
    answer = overdue(one)
    assert answer.why == (
        "4 security updates are past the agreed 7 days, the oldest by 25 days: d, a, b and 1 more. "
        "1 of them mends a critical flaw: CVE-31 in d (CVSS 9.1)."
    )
    assert answer.evidence.row_count == 8


def test_what_was_removed_needs_no_update_and_took_no_days(one) -> None:
    names = [f"p{number}" for number in range(6)]
    routine = [package(name, is_security_update=None) for name in names]
    for number in (0, 7, 40):
        one.listing(number, package(), *routine)
    one.listing(47, package("kept", latest_version=None, is_security_update=None), *routine)
    assert [type(answer) for answer in ask(one.con, "updates_security_overdue")] == [Silent]
    found = (
        "SELECT name, closed_at, is_removed FROM marts.update_outstanding WHERE name IN ('forms', 'p0') ORDER BY name"
    )
    assert one.con.execute(found).fetchall() == [("forms", day(47), True), ("p0", None, False)]
    assert [answer.subject for answer in ask(one.con, "updates_patched_late")] == ["routine"]
    one.listing(54, package("kept", latest_version=None, is_security_update=None))
    assert [type(answer) for answer in ask(one.con, "updates_patched_late")] == [Silent]
    one.con.execute("UPDATE raw.batch SET reject_count = 1 WHERE batch_id IN ('batch4', 'batch5')")
    assert one.con.execute(found).fetchall() == [("forms", None, False), ("p0", None, False)], "lists in part"


# How long updates took, walked through slowly.

SLA = {"security": 7, "routine": 30}


@dataclass
class Part:
    """A component: when it had which version, what was offered from which list on, when flaws of it became known."""

    name: str
    ecosystem: str
    versions: list[tuple[int, str]]
    offers: dict[str, tuple[int, bool]]
    flaws: list[tuple[float, str, bool]]
    """Day of disclosure, first version without it, whether that is said to mend it."""
    logged: dict[str, float]


def made_up(rng: random.Random, number: int, days: list[int]) -> Part:
    at, versions = 0, [(days[0], "1.0")]
    for version in ("1.1", "1.2"):
        at += rng.randint(1, 6)
        if at < len(days):
            versions.append((days[at], version))
    offers, logged = {}, {}
    ecosystem = rng.choice(["wordpress-plugin", "deb"])
    for place_, (first, version) in enumerate(versions):
        end = versions[place_ + 1][0] if place_ + 1 < len(versions) else 999
        stay = [one for one in days if first <= one < end]
        if rng.random() < 0.7:
            offers[version] = (rng.choice(stay), rng.random() < 0.5)
        if end < 999 and ecosystem == "deb" and rng.random() < 0.6:
            logged[version] = rng.uniform(stay[-1], end)
    flaws = [
        (rng.choice([-20.0, rng.uniform(-5, 95)]), rng.choice(["1.1", "1.2", "1.3"]), rng.random() < 0.8)
        for _ in range(rng.choice([0, 1, 1, 2]))
    ]
    return Part(f"p{number}", ecosystem, versions, offers, flaws, logged)


def walk(parts: list[Part], days: list[int]) -> dict[str, list[tuple[int, bool]]]:
    """Return for each kind the days that updates took at least, and whether they still wait."""
    took: dict[str, list[tuple[int, bool]]] = {"security": [], "routine": []}

    def between(start: datetime, end: datetime) -> int:
        return max((end.date() - start.date()).days, 0)

    end_of_quarter = datetime(END.year, END.month, END.day, tzinfo=day(0).tzinfo)
    for part in parts:
        for number, (first, version) in enumerate(part.versions):
            after = part.versions[number + 1] if number + 1 < len(part.versions) else None
            stay = [one for one in days if first <= one < (after[0] if after else 999)]
            seen, last = day(stay[0]), day(stay[-1])
            offered, is_announced = part.offers.get(version, (None, False))
            known = [day(at) for at, fixed, is_fixed in part.flaws if is_fixed and version < fixed]
            if after:
                closed = day(after[0])
                mended = [
                    day(at)
                    for at, fixed, is_fixed in part.flaws
                    if is_fixed and version < fixed <= after[1] and day(at) < closed
                ]
                starts = [min(mended)] if mended else []
                starts += [day(offered)] if is_announced and offered is not None else []
                if starts:
                    start = max(min(starts), seen)
                    logged = part.logged.get(version)
                    done = day(logged) if logged is not None else max(last, start)
                    if (day(logged) if logged is not None else closed) < end_of_quarter:
                        took["security"].append((between(start, done), False))
                elif offered is not None and not is_announced:
                    took["routine"].append((between(day(offered), closed), False))
                continue
            waits = [(max(one, seen), last) for one in known if max(one, seen) < end_of_quarter]
            waits += [(day(offered), end_of_quarter)] if is_announced and offered is not None else []
            if waits:
                waited = between(min(start for start, _ in waits), max(until for _, until in waits))
                if waited > SLA["security"]:
                    took["security"].append((waited, True))
            elif offered is not None and (waited := between(day(offered), end_of_quarter)) > SLA["routine"]:
                took["routine"].append((waited, True))
    return took


@pytest.mark.parametrize("seed", range(12))
def test_how_long_updates_took_is_what_a_slow_walk_through_the_lists_gives(one, seed: int) -> None:
    rng = random.Random(seed)
    days = sorted(rng.sample(range(1, 91), 8))
    parts = [made_up(rng, number, days) for number in range(14)]
    for number in days:
        rows = []
        for part in parts:
            version = [version for first, version in part.versions if first <= number][-1]
            since, is_announced = part.offers.get(version, (999, False))
            rows.append(
                {"name": part.name, "ecosystem": part.ecosystem, "version": version}
                | ({"latest_version": "9", "is_security_update": is_announced or None} if number >= since else {})
            )
        one.listing(number, *rows)
    for part in parts:
        for number, (at, fixed, is_fixed) in enumerate(part.flaws):
            flaw = f"CVE-{part.name}-{number}"
            one.advisory(flaw, part.name, (None, fixed, True), ecosystem=part.ecosystem, published_at=day(at))
            if not is_fixed:
                one.con.execute(
                    "UPDATE raw.advisory_range SET fixed_version = NULL, fixed_key = NULL WHERE advisory_id = $id",
                    {"id": f"id-{flaw}"},
                )
        for (_, old), (_, new) in zip(part.versions, part.versions[1:], strict=False):
            if old in part.logged:
                one.moved(part.logged[old], part.name, "upgrade", old, new)
    expected = walk(parts, days)
    rule = next(iter(ask(one.con, "updates_patched_late"))).rule
    found = {row["subject"]: row for row in scope(one.con).query(rule.evidence_sql, scope(one.con).parameters)}
    assert {kind: (row["update_count"], row["median_days"], row["open_count"]) for kind, row in found.items()} == {
        kind: (len(took), median(days for days, _ in took), sum(is_open for _, is_open in took))
        for kind, took in expected.items()
        if took
    }
    late = {kind for kind, took in expected.items() if len(took) >= 5 and median(d for d, _ in took) > SLA[kind]}
    answers = ask(one.con, "updates_patched_late")
    assert {answer.subject for answer in answers if isinstance(answer, Recommendation)} == late
    assert late or [type(answer) for answer in answers] == [Silent]

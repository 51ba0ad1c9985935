"""Known flaws: one line for each component, the exploited ones first, the smallest update that mends; unknown is said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.mending import update_for
from tasks.recommendation import Recommendation, Silent, Unknown
from tests.tasks.recommend.asking import ask, measure, scope
from tests.tasks.recommend.inventory import Place, day, place
from warehouse.records import InventoryFile

RULES = ("security_exploited_flaw", "security_probed_flaw", "security_grave_flaw")


@pytest.fixture(name="one")
def _one() -> Iterator[Place]:
    with place() as made:
        made.feed()
        made.feed("cisa-kev", 92, "none")
        made.attacked(3, "/")
        yield made


def weekly(one: Place, *components: dict[str, Any], until: int = 91) -> None:
    for number in range(0, until, 7):
        one.listing(number, *components)


def advice(one: Place) -> dict[str, Recommendation]:
    found = [(rule, answer) for rule in RULES for answer in ask(one.con, rule)]
    return {f"{rule} {a.subject}": a for rule, a in found if isinstance(a, Recommendation)}


def test_one_update_is_one_line_and_the_exploited_flaw_comes_first(one) -> None:
    weekly(one, {"name": "forms", "version": "5.1"}, {"name": "quiet", "version": "1.0"})
    for number, last in enumerate(("5.2", "5.9", "5.3"), start=1):
        one.advisory(f"CVE-2026-1000{number}", "forms", (None, last, True), cvss_score=9.8 if number == 1 else 5.0)
    one.exploited("CVE-2026-10002", "2026-07-20", "2026-08-10")
    one.attacked(20, "/wp-content/plugins/Forms/upload.php", count=7)
    (answer,) = advice(one).values()
    assert (answer.rule.id, answer.subject) == ("security.exploited_flaw", "wordpress-plugin/forms")
    assert answer.title == "Update forms to 5.9: fixes 3 known flaws"
    assert answer.band == "act now"
    assert answer.why == (
        "CVE-2026-10002 in forms 5.1 is known to be exploited since 20 July 2026, to be mended by 10 August 2026; "
        "it was open for 92 days. Attackers went for its files 7 times while a flaw was open."
    )
    assert measure(one.con, answer) == 1


def test_exploited_and_not_yet_due_is_high(one) -> None:
    weekly(one, {"name": "forms", "version": "5.1"})
    one.advisory("CVE-2026-10001", "forms", (None, "5.2", True))
    one.exploited("CVE-2026-10001", "2026-09-29", "2026-10-20")
    (answer,) = advice(one).values()
    assert answer.floor == "high"


def test_what_became_known_to_be_exploited_after_the_quarter_is_not_of_it(one) -> None:
    weekly(one, {"name": "forms", "version": "5.1"})
    one.advisory("CVE-2026-10001", "forms", (None, "5.2", True))
    one.exploited("CVE-2026-10001", "2026-10-05", None)
    assert advice(one) == {}


@pytest.mark.parametrize(
    ("installed", "flaws", "title"),
    [
        # The smallest of the branch, though 5.0.4 of another branch is smaller than none and 5.2.3 is larger.
        (
            "5.1.2",
            [[("5.0", "5.0.4", True), ("5.1", "5.1.9", True), ("5.2", "5.2.3", True)]],
            "to 5.1.9: fixes 1 known flaw",
        ),
        # 5.1.9 mends the first and not the second; 5.2 mends the second and has the first: only 5.2.3 mends both.
        (
            "5.1.2",
            [[("5.1", "5.1.9", True), ("5.2", "5.2.3", True)], [("5.1", "5.2", True)]],
            "to 5.2.3: fixes 2 known flaws",
        ),
        # Two versions mend all: the one that stays in the branch.
        ("6.1.2", [[("6.0", "6.1.5", True)], [("6.0", "6.1.4", True)]], "to 6.1.5: fixes 2 known flaws"),
        ("5.1.2", [[("5.0", "5.1.9", False)], [("5.0", "5.1.3", True)]], "to 5.1.3: fixes 1 of 2 known flaws"),
        ("5.1.2", [[(None, "5.9", False)]], "1 known flaw without a fix"),
        # A fix that is not above what is installed is none.
        ("5.1.2", [[("5.0", "5.1.2", False)]], "1 known flaw without a fix"),
    ],
)
def test_the_update_is_the_smallest_that_leaves_the_fewest_flaws(one, installed, flaws, title) -> None:
    weekly(one, {"name": "forms", "version": installed})
    for number, ranges in enumerate(flaws, start=1):
        one.advisory(f"CVE-2026-1000{number}", "forms", *ranges, cvss_score=9.1)
    (answer,) = advice(one).values()
    verb = "Replace or disable forms: " if "without" in title else "Update forms "
    assert answer.title == verb + title
    assert f"to {installed}:" not in answer.title


def test_a_grave_flaw_speaks_once_it_is_past_what_was_agreed(one) -> None:
    weekly(one, *({"name": name, "version": "1.0"} for name in ("critical", "likely", "mild", "fresh", "mended")))
    for number, (name, score) in enumerate({"critical": 9.0, "likely": 4.0, "mild": 8.9, "mended": 9.9}.items()):
        one.advisory(f"CVE-2026-2000{number}", name, (None, "1.1", True), cvss_score=score)
    one.advisory("CVE-2026-20009", "fresh", (None, "1.1", True), cvss_score=9.9, published_at="2026-09-27T00:00:00Z")
    one.predicted("CVE-2026-20001", 0.5)
    one.predicted("CVE-2026-20002", 0.499)
    one.listing(
        91,
        *({"name": name, "version": "1.0"} for name in ("critical", "likely", "mild", "fresh")),
        {"name": "mended", "version": "1.1"},
    )
    found = advice(one)
    assert sorted(found) == [
        "security_grave_flaw wordpress-plugin/critical", "security_grave_flaw wordpress-plugin/likely",
    ]  # fmt: skip
    first = found["security_grave_flaw wordpress-plugin/critical"]
    assert first.evidence.text == (
        "CVE-2026-20000 in critical 1.0 (CVSS 9.0) was open for 92 days since a fix was known; agreed: 7 days"
    )
    assert (first.evidence.value, first.floor) == (85, "high")
    likely = found["security_grave_flaw wordpress-plugin/likely"]
    assert "CVSS 4.0, EPSS 50%" in likely.evidence.text
    assert likely.likelihood < found["security_grave_flaw wordpress-plugin/critical"].likelihood + 0.01


def test_a_flaw_without_a_fix_is_open_since_it_was_known(one) -> None:
    weekly(one, {"name": "forms", "version": "5.1"})
    one.advisory("CVE-2026-10001", "forms", (None, "5.1", False), cvss_score=9.8, published_at="2026-09-01T00:00:00Z")
    (answer,) = advice(one).values()
    assert answer.title == "Replace or disable forms: 1 known flaw without a fix"
    assert "was open for 30 days and nobody offers a fix" in answer.evidence.text
    assert answer.floor == "medium"


def test_a_flaw_at_which_attackers_were_seen_is_told_with_the_number(one) -> None:
    weekly(one, {"name": "forms", "version": "5.1"}, {"name": "slider", "version": "1"})
    one.advisory("CVE-2026-10001", "forms", (None, "5.9", True), cvss_score=6.1)
    one.advisory("CVE-2026-10002", "slider", (None, "2", True), cvss_score=6.1)
    one.attacked(20, "/x", "Exploit of cve-2026-10001 in Forms", count=12)
    one.attacked(20, "/x", "CVE-2026-100011", count=3)
    one.attacked(120, "/x", "CVE-2026-10002")
    one.attacked(20, "/wp-content/plugins/slider-pro/a.php", count=3)
    (answer,) = advice(one).values()
    assert answer.rule.id == "security.probed_flaw"
    assert answer.title == "Update forms to 5.9: fixes 1 known flaw"
    assert answer.why == (
        "CVE-2026-10001 in forms 5.1 (CVSS 6.1) was open for 92 days. Attackers tried a flaw of it by its name 12 times while it was open."
    )
    assert answer.likelihood == pytest.approx(0.65)


def test_the_packages_of_a_server_are_one_line(one) -> None:
    packages = [{"ecosystem": "deb", "name": name, "version": "1.0-1"} for name in ("a", "b", "c", "d")]
    weekly(one, *packages)
    one.feed("debian-tracker", 92, "deb")
    for number, name in enumerate("abcd"):
        one.advisory(f"CVE-2026-3000{number}", name, (None, "1.0-2", True), ecosystem="deb", cvss_score=9.8)
    (answer,) = advice(one).values()
    assert answer.subject == "server packages"
    assert answer.title == "Update the server’s packages (a, b, c and 1 more): fixes 4 known flaws"


def test_what_a_scanner_alone_tells_is_mended_by_the_version_that_it_names(one) -> None:
    weekly(one, {"name": "left-pad", "version": "1.0.0", "ecosystem": "npm"})
    row = {"ecosystem": "npm", "name": "left-pad", "version": "1.0.0", "flaw_id": "GHSA-1", "advisories": ["npm-audit"]}
    rows = [row | {"fixed_version": "1.2.0"}, row | {"flaw_id": "GHSA-2", "fixed_version": None}]
    assert update_for(scope(one.con), rows) == ("1.2.0", 1)
    assert update_for(scope(one.con), rows[1:]) == ("", 0)
    assert update_for(scope(one.con), [row | {"fixed_version": "1.0.0"}]) == ("", 0)


def test_an_accepted_flaw_and_one_that_can_not_be_compared_are_no_advice(one) -> None:
    weekly(one, {"name": "forms", "version": ""})
    one.advisory("CVE-2026-10001", "forms", (None, "5.9", True), cvss_score=9.8)
    assert advice(one) == {}


@pytest.mark.parametrize("rule", RULES)
def test_silence_is_only_where_lists_and_feeds_are_current_and_cover_all(one, rule: str) -> None:
    weekly(one, {"name": "forms", "version": "5.1"})
    assert [type(answer) for answer in ask(one.con, rule)] == [Silent]
    one.listing(91, {"name": "left-pad", "version": "1.0.0", "ecosystem": "npm"})
    (answer,) = ask(one.con, rule)
    assert isinstance(answer, Unknown)
    assert answer.missing == "no current feed of advisories covers npm (1)"


@pytest.mark.parametrize(
    ("feed", "installed", "is_covered"),
    [
        ("Packagist", "Packagist", True),
        ("Packagist", "Packagist:https://packages.drupal.org/8", False),
        ("Debian:11", "Debian:12", False),
        ("Debian:12", "Debian:12", True),
    ],
)
def test_a_feed_of_another_release_or_registry_covers_nothing(one, feed: str, installed: str, is_covered: bool) -> None:
    weekly(one, {"name": "forms", "version": "5.1", "advisory_ecosystem": installed})
    one.feed("osv", 92, feed)
    (answer,) = ask(one.con, "security_grave_flaw")
    assert isinstance(answer, Silent if is_covered else Unknown)


@pytest.mark.parametrize("rule", RULES)
def test_without_lists_feeds_or_logs_the_answer_is_unknown(rule: str) -> None:
    with place() as one:
        (answer,) = ask(one.con, rule)
        assert "no inventory has come" in answer.missing
        weekly(one, {"name": "forms", "version": "5.1"}, until=60)
        one.feed(number=60)
        one.advisory("CVE-2026-10001", "forms", (None, "5.9", True), cvss_score=9.8)
        one.exploited("CVE-2026-10001", "2026-07-05", "2026-07-10")
        (answer,) = ask(one.con, rule)
        assert isinstance(answer, Unknown)
        assert "no current feed of advisories covers wordpress-plugin (1)" in answer.missing
        assert "last listed: wordpress-plugin on 26 August" in answer.missing
        own = {
            "security_exploited_flaw": "no current feed tells what is exploited",
            "security_probed_flaw": "no firewall log",
        }
        assert own.get(rule, "") in answer.missing
        if rule == "security_exploited_flaw":
            assert "forms was last listed on 26 August, with a known flaw" in answer.missing


def test_an_ecosystem_that_is_proved_to_be_gone_is_no_doubt_and_no_flaw(one) -> None:
    package = {"name": "left-pad", "version": "1.0", "ecosystem": "npm"}
    one.advisory("CVE-2026-10001", "left-pad", (None, "5.9", True), cvss_score=9.8, ecosystem="npm")

    def said() -> list[Any]:
        (answer,) = ask(one.con, "security_grave_flaw")
        return [type(answer), "npm" in getattr(answer, "missing", "")]

    def file(number: int, *ecosystems: str) -> None:
        one.put(
            InventoryFile, f"batch{one.bundles}", site_id="one", source_id="s", bundle_id=f"{number:06.1f}", collected_at=day(number),
            file="package-lock.json", ecosystems=list(ecosystems),
        )  # fmt: skip

    weekly(one, {"name": "forms", "version": "5.1"}, package, until=60)
    file(56, "npm")
    for number in (63, 70, 77, 84, 91):
        one.listing(number, {"name": "forms", "version": "5.1"})
    assert said() == [Unknown, True]
    file(91)
    assert said() == [Silent, False]

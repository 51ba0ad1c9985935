"""Results of audit tools are read whole, in every shape in which they are saved."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks import try_format, wcag
from tasks.accessibility import keys, snippet
from tasks.audit_format import audit_formats
from tasks.audit_formats.axe import read_pages
from tasks.errors import SourceError
from tasks.json_text import decode
from tests.conftest import CASES

AXE = CASES / "audit" / "axe"
RESULT = json.loads((AXE / "inaccessible.json").read_text())
JUNK: tuple[Any, ...] = (7, -1.5, "x", True, None, [7], {"x": 7}, "9" * 300, "\ud800", [[[]]])


def tried(tmp_path: Path, value: Any, name: str = "auto") -> list[dict[str, Any]]:
    path = tmp_path / "results.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return [record for block in try_format.parse_file(name, path) for record in block.records]


def axe(rule: dict[str, Any], group: str = "violations") -> dict[str, Any]:
    node = {"html": "<p>", "target": ["p"], "any": [], "all": [], "none": []}
    return {"url": "https://one.example/", group: [{"id": "r", "impact": "minor", "tags": [], "nodes": [node]} | rule]}


def test_there_are_86_criteria_with_the_levels_of_the_standard() -> None:
    levels = [criterion.level for criterion in wcag.criteria().values()]
    assert [levels.count(level) for level in wcag.LEVELS] == [31, 24, 31]
    assert "4.1.1" not in wcag.criteria()
    assert list(wcag.criteria())[:2] == ["1.1.1", "1.2.1"]
    assert wcag.criteria()["1.4.12"].name == "Text Spacing"


def test_every_format_has_a_case() -> None:
    assert set(audit_formats()) <= {path.name for path in AXE.parent.iterdir()}


def test_each_element_of_the_bad_page_is_a_record_with_its_criteria_and_their_level(tmp_path: Path) -> None:
    records = tried(tmp_path, RESULT)
    violations = [record for record in records if record["outcome"] == "violation"]
    assert (len(violations), len(records)) == (49, 53)
    found = {(r["rule_id"], r["level"], *r["success_criteria"]) for r in violations if r["kind"] == "wcag"}
    assert {
        ("color-contrast", "AA", "1.4.3"), ("image-alt", "A", "1.1.1"), ("link-name", "A", "2.4.4", "4.1.2"),
        ("target-size", "AA", "2.5.8"), ("autocomplete-valid", "AA", "1.3.5"), ("meta-viewport", "AA", "1.4.4"),
    } <= found  # fmt: skip
    assert len({rule for rule, *_ in found}) == 20
    best = {record["rule_id"] for record in records if record["kind"] == "best_practice"}
    assert best == {"landmark-one-main", "page-has-heading-one", "region", "tabindex", "frame-tested"}
    assert all(
        record["level"] is None and not record["success_criteria"] for record in records if record["rule_id"] in best
    )
    review = {r["rule_id"]: r["message_key"] for r in records if r["outcome"] == "needs_review"}
    assert review["color-contrast"] == "bgGradient"
    image = next(record for record in violations if record["rule_id"] == "image-alt")
    assert image["selector"] == "body > img"
    assert image["snippet"].startswith("<img")
    assert (image["url"], image["impact"]) == ("http://127.0.0.1:8131/bad.html", "critical")


def test_the_good_page_is_silent_and_a_page_all_the_same() -> None:
    (page,) = read_pages((AXE / "good.json").read_text())
    assert list(page.findings) == []
    assert (page.url, page.engine_version) == ("http://127.0.0.1:8131/good.html", "4.14.1")
    assert "1.4.3" in page.tested_criteria
    assert "2.4.11" not in page.tested_criteria


@pytest.mark.parametrize(
    "wrap",
    [
        lambda result: [result],
        lambda result: {"axe": result},
        lambda result: {"results": [result]},
        lambda result: {"url": "http://127.0.0.1:8131/bad.html", "results": {k: v for k, v in result.items() if k != "url"}},
        lambda result: {"pages": [{"frames": [{"response": result}]}]},
        lambda result: [{"pageUrl": "http://127.0.0.1:8131/bad.html", "violations": result["violations"], "incomplete": result["incomplete"]}],
        lambda result: json.dumps(result) + "\n" + json.dumps({"url": "x", "violations": []}) + "\n",
    ],
)  # fmt: skip
def test_wrapped_results_give_the_same_records(tmp_path: Path, wrap) -> None:
    assert tried(tmp_path, wrap(RESULT)) == tried(tmp_path, RESULT)


def test_violations_alone_are_read_without_an_address(tmp_path: Path) -> None:
    records = tried(tmp_path, RESULT["violations"])
    assert len(records) == 49
    assert {record["url"] for record in records} == {None}


def test_a_finding_of_several_criteria_has_the_level_that_fails_first(tmp_path: Path) -> None:
    (record,) = tried(tmp_path, axe({"tags": ["wcag2aaa", "wcag143", "wcag249", "wcag1412", "wcag412"]}), "axe")
    assert record["success_criteria"] == ("1.4.3", "1.4.12", "2.4.9", "4.1.2")
    assert record["level"] == "A"


def test_parsing_is_shown_apart_and_is_no_failure_of_wcag_2_2(tmp_path: Path) -> None:
    (record,) = tried(tmp_path, axe({"id": "duplicate-id", "tags": ["wcag2a-obsolete", "wcag411"]}), "axe")
    assert (record["kind"], record["success_criteria"], record["level"]) == ("obsolete", (), None)


def test_selectors_of_frames_and_shadow_roots_are_one_text(tmp_path: Path) -> None:
    node = {"html": "<b>", "target": ["#frame", ["#host", "b"]], "impact": "serious"}
    (record,) = tried(tmp_path, axe({"nodes": [node]}), "axe")
    assert record["selector"] == "#frame >>> #host >>> b"
    assert record["impact"] == "serious"


def test_what_visitors_typed_and_secrets_are_not_kept() -> None:
    assert (
        snippet('<input type="email" value="ann@one.example" name="m">')
        == '<input type="email" value="[redacted]" name="m">'
    )
    assert snippet("<input name=csrf type=hidden value='a b'>") == '<input name=csrf type=hidden value="[redacted]">'
    assert snippet('<input type="submit" value="Send">') == '<input type="submit" value="Send">'
    assert (
        snippet('<div data-csrf-token="abc">ann@one.example\x1b[2J</div>')
        == "<div data-csrf-token=[redacted] [2J</div>"
    )
    assert "s3cret" not in snippet('<a href="/x?token=s3cret&a=1">')
    assert "s3cret" not in snippet('<textarea value="s3cret')
    assert len(snippet("<p>" + "x" * 5000)) == 300


def found_in(*elements: str) -> list[str]:
    nodes = [{"html": html, "target": [f"p:nth-child({number})"]} for number, html in enumerate(elements)]
    (page,) = read_pages(json.dumps(axe({"nodes": nodes})))
    return keys(page.findings, "https://one.example/", "axe")


def test_a_finding_is_known_again_when_its_place_or_its_passing_values_change() -> None:
    one, two = found_in('<input id="f-17" value="a">', "<img src=/a.png?v=1>")
    assert found_in("<p>new</p>", '<input id="f-99"  value="b">', "<img src=/a.png?v=2>")[1:] == [one, two]


def test_equal_elements_are_findings_of_their_own_and_other_elements_too() -> None:
    first, second, third = found_in("<img src=/a.png>", "<img src=/a.png>", "<img src=/b.png>")
    assert len({first, second, third}) == 3
    assert found_in("<img src=/a.png>") == [first]


def test_a_file_without_results_is_refused_in_one_sentence(tmp_path: Path) -> None:
    for text in ("", "{", "[]", "{}", '{"a": 1}', "7"):
        with pytest.raises(SourceError):
            tried(tmp_path, text, "axe")


def test_no_damage_raises_anything_else_or_loses_what_is_whole() -> None:
    chance = random.Random(7)
    for _ in range(300):
        result = copy.deepcopy(RESULT)
        place: Any = result
        for _ in range(chance.randrange(9)):
            inner = [
                value
                for value in (place.values() if isinstance(place, dict) else place)
                if isinstance(value, dict | list) and value
            ]
            place = chance.choice(inner) if inner else place
        place[chance.choice(list(place) if isinstance(place, dict) else range(len(place)))] = chance.choice(JUNK)
        try:
            pages = read_pages(json.dumps(result))
        except SourceError:
            continue
        for page in pages:
            for one in page.findings:
                one.snippet.encode()
                one.selector.encode()
        if place is not result:
            assert any(page.findings or page.rejects for page in pages)


@given(st.binary(max_size=300) | st.text(',;\t\r\n"criterion outcome1.', max_size=60).map(str.encode))
def test_bytes_that_are_no_text_are_of_no_format(data: bytes) -> None:
    for one in audit_formats().values():
        assert one.module.detect(decode(data)) in (True, False)

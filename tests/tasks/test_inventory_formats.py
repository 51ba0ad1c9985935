"""Every format reads its cases to the expected answer, and no damaged file is ever taken for good news."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tasks import try_format
from tasks.errors import SourceError
from tasks.inventory_format import Inventory, Source, inventory_formats
from tasks.json_text import decode
from tasks.versions import is_newer
from tests.conftest import CASES

HERE = CASES / "inventory"
INPUTS = sorted(path for path in HERE.glob("*/*") if not path.name.endswith(".expected.json"))
PROOF = "COMPOSER_CACHE_DIR=/dev/null composer outdated --all --locked --format=json"
JUNK: tuple[Any, ...] = (7, -1.5, "x", True, [7], {"x": 7}, "9" * 300, "\ud800", [[[]]])
"""Values of the wrong type at any place; none of them says that there is nothing."""


def expected(path: Path) -> dict[str, Any]:
    return json.loads(path.with_name(f"{path.name}.expected.json").read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def test_every_format_has_a_case() -> None:
    assert {path.parent.name for path in INPUTS} == set(inventory_formats())


@pytest.mark.parametrize("path", INPUTS, ids=name_of)
def test_a_case_is_read_to_its_expected_answer(path: Path) -> None:
    wanted = expected(path)
    options = wanted.pop("options", {})
    try:
        (tried,) = try_format.parse_file(path.parent.name, path, options=options)
    except SourceError as error:
        assert {"error": str(error)} == wanted
        return
    made = {"records": tried.records, "rejects": tried.rejects}
    assert json.loads(json.dumps(made, default=lambda at: at.isoformat())) == wanted


@pytest.mark.parametrize("path", [path for path in INPUTS if "error" not in expected(path)], ids=name_of)
def test_a_case_is_known_by_its_looks_where_it_has_any(path: Path) -> None:
    if expected(path)["records"] and path.name != "core-version.txt":
        assert try_format.detect(path).name == path.parent.name


def test_an_answer_of_composer_proves_something_only_without_its_cache() -> None:
    entry = {"name": "acme/one", "version": "1.0.0", "latest": "1.0.0", "latest-status": "up-to-date"}
    read = inventory_formats()["composer-outdated"].read
    states = [
        read(json.dumps({"locked": [entry]}), Source(command=command)).components[0].update_state
        for command in (PROOF, PROOF.removeprefix("COMPOSER_CACHE_DIR=/dev/null "))
    ]
    assert states == ["none", "unknown"]


def check(name: str, text: str, *, had: str = "") -> None:
    """Assert that what is read of a damaged text claims nothing that it does not show.

    `had` says what the text had before: findings or components. Of a list that is not whole nothing follows.
    """
    try:
        found: Inventory = inventory_formats()[name].read(text, Source(command=PROOF, distribution="Debian:12"))
    except SourceError:
        return
    for item in found.components:
        assert item.update_state in ("available", "none", "unknown")
        if item.update_state == "available":
            assert is_newer(item.ecosystem, item.latest_version or "", item.version)
        if item.update_state == "none":
            assert name == "composer-outdated"
            assert item.version_key is not None
            assert "up-to-date" in text
    if had == "findings":
        assert found.findings or found.rejects, f"{name} takes a damaged scan for one without findings"
    if had == "components" and inventory_formats()[name].is_whole_list:
        assert found.components or found.rejects, f"{name} takes a damaged list for one of nothing"


def damage(text: str, rng: random.Random) -> str:
    """Return the text with one to three damages of bytes and lines."""
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(text) + 1)
        length = rng.choice((1, 1, 4, 40, 400))
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:at]
        elif kind == 1:
            text = text[:at] + text[at + length :]
        elif kind == 2:
            text = text[:at] + "".join(rng.choices('\x00\x1b"{}[],:\\\n\t|é\ud83d', k=length)) + text[at:]
        elif kind == 3:
            text = text[:at] + text[at : at + length] * 3 + text[at + length :]
        else:
            lines = text.splitlines(keepends=True)
            rng.shuffle(lines)
            text = "".join(lines)
    return text


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with each of its keys."""
    for key, child in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        yield value, key
        if isinstance(child, dict | list):
            yield from places(child)


def misfit(value: Any, rng: random.Random) -> str:
    """Return the JSON with a value of the wrong type at one place."""
    made = copy.deepcopy(value)
    container, key = rng.choice(list(places(made)))
    old = container[key]
    container[key] = rng.choice([junk for junk in JUNK if type(junk) is not type(old)])
    return json.dumps(made)


def documents() -> list[tuple[str, str, Any, str]]:
    """Return format, text, its JSON where it is a container, and whether it has findings or components, of every case."""
    made = []
    for path in INPUTS:
        text = decode(path.read_bytes())
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        records = expected(path).get("records", [])
        kinds = {"findings" if "advisory_ids" in record else "components" for record in records}
        made.append((path.parent.name, text, value or None, max(kinds, default="")))
    return made


def run(count: int, seed: int) -> None:
    """Check that many damaged files, drawn from all cases."""
    rng, known = random.Random(seed), documents()
    for number in range(count):
        name, text, value, had = known[number % len(known)]
        if value is not None and rng.random() < 0.5:
            check(name, misfit(value, rng), had=had)
        else:
            check(name, damage(text, rng))


def test_a_damaged_file_is_no_crash_and_no_false_good_news() -> None:
    run(1_500, seed=1)


@pytest.mark.slow
def test_a_hundred_thousand_damaged_files_are_no_crash_and_no_false_good_news() -> None:
    run(100_000, seed=2)


@pytest.mark.parametrize("name", sorted(inventory_formats()))
@pytest.mark.parametrize("text", ["", "\n", "null", "[" * 5000, '{"a":' * 5000, "\ufeff", "PHP Fatal error: x", "7"])
def test_an_answer_that_is_none_is_an_error_or_nothing_but_rejects(name: str, text: str) -> None:
    try:
        found = inventory_formats()[name].read(text, Source())
    except SourceError:
        return
    assert not found.is_scan
    assert not (found.components or found.findings or found.changes)

"""Every format has a case: a small log and, beside it, what each of its records is."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from tasks.try_format import COLUMNS, detect, parse_file
from tasks.waf_parse import format_named, formats
from tests.conftest import CASES

WAF = CASES / "waf"
ANSWERS = sorted(WAF.glob("*/*.expected.jsonl"))
DERIVED = {"bot_class", "bot_name", "bot_identity", "path_class"}
"""Made from other columns: a case may name them and need not."""
ACTIONS = {"allow", "block", "challenge", "challenge_passed", "log", "rate_limit", "redirect", "unknown"}


def log_of(answer: Path) -> Path:
    stem = answer.name.removesuffix(".expected.jsonl")
    (log,) = [p for p in answer.parent.glob(f"{stem}.*") if p.suffix not in (".json", ".jsonl")]
    return log


def plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def test_every_format_has_a_case() -> None:
    assert {answer.parent.name for answer in ANSWERS} == set(formats())


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda p: f"{p.parent.name}/{p.name.removesuffix('.expected.jsonl')}")
def test_a_case_gives_its_answer_and_is_told_by_its_head(answer: Path) -> None:
    log, log_format = log_of(answer), format_named(answer.parent.name)
    options = answer.with_name(answer.name.replace(".expected.jsonl", ".options.json"))
    given = json.loads(options.read_text()) if options.exists() else {}
    found = [record for tried in parse_file(log_format.name, log, options=given) for record in tried.records]
    expected = [json.loads(line) for line in answer.read_text().splitlines()]
    assert len(found) == len(expected)
    for record, wanted in zip(found, expected, strict=True):
        compared = (set(COLUMNS[log_format.fills]) - DERIVED) | wanted.keys()
        actual = {name: plain(record[name]) for name in compared if record[name] is not None}
        assert actual == {name: value for name, value in wanted.items() if value is not None}
    if not given:
        assert detect(log).name == log_format.name


@pytest.mark.parametrize("name", sorted(formats()))
def test_a_format_only_knows_our_actions(name: str) -> None:
    words = getattr(format_named(name).module, "ACTIONS", {})
    assert set(words.values()) <= ACTIONS
    assert all(word == word.lower() for word in words)

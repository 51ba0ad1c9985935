"""Sucuri's audit trail: blocked or not, reasons in prose, time zones, and every shape of an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import sucuri
from tests.tasks.waf_formats.modsecurity import everything, parse

# Sucuri, "Website Firewall API" (sucuri_is_blocked is 0 or 1) and the words that exports have instead.
WORDS = {
    1: ("block", True), "1": ("block", True), "true": ("block", True), "blocked": ("block", True), "Denied": ("block", True),
    0: ("allow", None), "0": ("allow", None), "false": ("allow", None), "allowed": ("allow", None), "challenged": ("challenge", True),
}  # fmt: skip

# Reasons as audit trails have them; there is no public list of all.
REASONS = {
    "SQL injection was detected and blocked": "sqli", "XSS attempt was detected and blocked": "xss", "RFI attack blocked": "rfi",
    "LFI attempt was detected and blocked": "lfi", "Directory traversal attempt blocked": "lfi", "Backdoor access denied": "web_shell",
    "Malicious file upload blocked": "upload", "Brute force password guessing attempt blocked": "login", "DDOS attempt was blocked": "dos",
    "Exploit blocked by virtual patching": "rce", "Scanner denied": "scanner", "Bad bot access denied": "bot",
    "Spam comment blocked": "bot", "Country not allowed": "geo", "Blacklisted IP": "reputation", "Evasion attempt blocked": "protocol",
    "Access denied by the owner": "custom",
}  # fmt: skip


def row(**changes: Any) -> dict[str, Any]:
    return {
        "checksum": "c1", "request_date": "23-Nov-2026", "request_time": "05:00:09", "request_timezone": "+0000", "http_status": 403,
        "remote_addr": "203.0.113.5", "request_method": "GET", "resource_path": "/index.php?id=1&token=hunter2", "http_host": "Shop.example",
        "http_protocol": "HTTP/1.1", "http_user_agent": "curl/8", "sucuri_is_blocked": 1, "http_cookie": "hunter2",
    } | changes  # fmt: skip


def line(**changes: Any) -> str:
    return json.dumps(row(**changes)) + "\n"


@pytest.mark.parametrize(("word", "meaning"), WORDS.items())
def test_every_documented_word_has_its_meaning(word: Any, meaning: tuple[str, bool | None]) -> None:
    (found,) = parse("sucuri", line(sucuri_is_blocked=word)).events
    assert (found["action"], found["is_enforced"], found["would_block"]) == (*meaning, False)
    assert found["action_raw"] == str(word)


def test_the_words_with_a_meaning_are_documented() -> None:
    assert sucuri.ACTIONS.keys() == {str(word).lower() for word in WORDS}


@pytest.mark.parametrize("word", ["maybe", None])
def test_another_word_is_unknown(word: str | None) -> None:
    (found,) = parse("sucuri", line(sucuri_is_blocked=word)).events
    assert (found["action"], found["action_raw"], found["is_enforced"]) == ("unknown", word, None)


@pytest.mark.parametrize(("reason", "attack_class"), REASONS.items())
def test_every_reason_stands_for_its_class_and_for_a_block(reason: str, attack_class: str) -> None:
    found = parse("sucuri", line(sucuri_is_blocked=None, sucuri_block_reason=reason, sucuri_block_code="SQLI10"))
    (event,) = found.events
    assert (event["action"], event["is_enforced"], event["action_raw"]) == ("block", True, reason)
    assert (event["attack_class"], found.rules(event)) == (attack_class, ["SQLI10"])


@pytest.mark.parametrize(
    "answer",
    [
        [row()],
        {"status": 1, "output": [row()]},
        {"status": 1, "output": {"0": row()}},
        {"status": 0, "output": {"total_lines": 1, "access_logs": [row()]}},
    ],
)
def test_every_shape_of_an_answer_gives_its_rows(answer: Any) -> None:
    found = parse("sucuri", json.dumps(answer) + "\n")
    assert ([event["request_id"] for event in found.events], found.rejects) == (["c1"], [])


@pytest.mark.parametrize(
    ("zone", "moment", "is_assumed"),
    [
        ("+0000", "2026-11-23T05:00:09+00:00", False),
        ("-0500", "2026-11-23T10:00:09+00:00", False),
        (None, "2026-11-23T10:00:09+00:00", True),
        ("EST", "2026-11-23T10:00:09+00:00", True),
    ],
)
def test_a_time_without_an_offset_is_in_the_zone_of_the_source(zone: str | None, moment: str, is_assumed: bool) -> None:
    (event,) = parse("sucuri", line(request_timezone=zone), "America/New_York").events
    assert (event["event_at"].isoformat(), event["is_zone_assumed"]) == (moment, is_assumed)


def test_a_row_is_a_request_and_its_export_too() -> None:
    found = parse("sucuri", line())
    (event,) = found.events
    assert [event[n] for n in ("client_ip", "host", "path", "query", "user_agent", "status")] == [
        "203.0.113.5", "shop.example", "/index.php", "id=1&token=[redacted]", "curl/8", 403,
    ]  # fmt: skip
    assert "hunter2" not in everything(found)
    header = "request_date,request_time,remote_addr,resource_path,http_user_agent,sucuri_block_reason\n"
    found = parse("sucuri", header + '23-Nov-2026,05:00:11,203.0.113.9,/a,"a,b",Scanner denied\n23-Nov-2026,05:00:12\n')
    assert [(e["action"], e["user_agent"], e["path"]) for e in found.events] == [("block", "a,b", "/a")]
    assert [number for number, _, _ in found.rejects] == [3]


def test_missing_fields_cost_no_line_and_bad_lines_only_themselves() -> None:
    found = parse(
        "sucuri", line(remote_addr="x", http_status="-", resource_path=None) + "{\n" + line(request_date="soon")
    )
    (event,) = found.events
    assert [event[n] for n in ("client_ip", "status", "path", "attack_class")] == [None] * 4
    assert sorted(number for number, _, _ in found.rejects) == [2, 3]

"""Wordfence's table of hits: what each action stands for, packed values, and the ways the table is exported."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tasks.waf_formats import wordfence
from tests.tasks.waf_formats.modsecurity import everything, parse

# Wordfence, source of the plug-in: wfLog, wfWAF's attack data and wordfenceClass (column action of wfHits).
# action, is_enforced, would_block.
ACTIONS = {
    "": ("allow", None, False), "loginOK": ("allow", None, False), "logout": ("allow", None, False), "scan:detectproxy": ("allow", None, False),
    "loginFailValidUsername": ("log", None, False), "loginFailInvalidUsername": ("log", None, False), "user:passwordReset": ("log", None, False),
    "blocked": ("block", True, False), "blocked:waf": ("block", True, False), "blocked:waf-always": ("block", True, False),
    "blocked:wordfence": ("block", True, False), "blocked:wfsn": ("block", True, False), "blocked:wfsnrepeat": ("block", True, False),
    "lockedOut": ("block", True, False), "throttled": ("rate_limit", True, False), "cbl:redirect": ("redirect", True, False),
    "learned:waf": ("log", False, True), "logged:waf": ("log", False, True),
}  # fmt: skip

# Categories of the firewall's rules; without one the action or its description tells.
CLASSES = [
    ("sqli", "", "blocked:waf", "sqli"), ("xss", "", "blocked:waf", "xss"), ("lfi", "", "blocked:waf", "lfi"),
    ("rfi", "", "blocked:waf", "rfi"), ("rce", "", "blocked:waf", "rce"), ("ssrf", "", "blocked:waf", "ssrf"),
    ("file_upload", "", "blocked:waf", "upload"), ("traversal", "", "blocked:waf", "lfi"), ("file_download", "", "blocked:waf", "lfi"),
    ("auth-bypass", "", "blocked:waf", "login"), ("brute-force", "", "blocked:waf", "login"), ("username_enumeration", "", "blocked:waf", "login"),
    ("xxe", "", "blocked:waf", "php"), ("obji", "", "blocked:waf", "php"), (None, "", "lockedOut", "login"), (None, "", "blocked:wfsn", "reputation"),
    (None, "", "throttled", "rate"), (None, "SQL Injection in POST body: id", "blocked:waf", "sqli"), (None, "blocked country", "blocked", "geo"),
    (None, "Fake Google crawler", "blocked:wordfence", "bot"), (None, "manual block", "blocked:wordfence", "custom"), (None, "", "loginOK", None),
]  # fmt: skip


def packed(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def row(**changes: Any) -> str:
    return json.dumps({
        "id": 5, "attackLogTime": 0.0, "ctime": 1795410009.25, "IP": "00000000000000000000ffffcb007105", "statusCode": 403,
        "URL": "https://Shop.example/a?id=1&token=hunter2", "referer": "", "UA": "curl/8", "action": "blocked:waf",
        "actionDescription": "", "actionData": None,
    } | changes) + "\n"  # fmt: skip


def data(**changes: Any) -> str:
    return json.dumps(
        {
            "failedRules": ["59", "2"],
            "paramKey": packed("request.body[content]"),
            "paramValue": packed("1' OR 1=1"),
            **changes,
        }
    )


def events(text: str) -> list[dict[str, Any]]:
    return parse("wordfence", text).events


@pytest.mark.parametrize(("word", "meaning"), ACTIONS.items())
def test_every_action_of_the_plugin_has_its_meaning(word: str, meaning: tuple[str, bool | None, bool]) -> None:
    for written in (word, word.upper()):
        (found,) = events(row(action=written))
        assert (found["action"], found["is_enforced"], found["would_block"]) == meaning
        assert found["action_raw"] == (written or None)


def test_the_words_with_a_meaning_are_those_of_the_plugin() -> None:
    assert wordfence.ACTIONS.keys() == {word.lower() for word in ACTIONS}


def test_another_word_is_unknown() -> None:
    (found,) = events(row(action="shadowBanned"))
    assert (found["action"], found["action_raw"], found["is_enforced"]) == ("unknown", "shadowBanned", None)


@pytest.mark.parametrize(("category", "description", "action", "attack_class"), CLASSES)
def test_every_category_stands_for_its_class(
    category: str | None, description: str, action: str, attack_class: str | None
) -> None:
    (found,) = events(row(action=action, actionDescription=description, actionData=data(category=category)))
    assert (found["attack_class"], found["attack_classes"]) == (attack_class, [attack_class] if attack_class else [])


@pytest.mark.parametrize(
    ("param", "target", "matched"),
    [
        ("request.body[content]", "ARGS_POST:content", "x"),
        ("request.queryString[id]", "ARGS_GET:id", "x"),
        ("request.body[pwd]", "ARGS_POST:pwd", "[redacted]"),
        ("request.cookies[session]", "REQUEST_COOKIES:session", "[redacted]"),
        ("request.headers[User-Agent]", "REQUEST_HEADERS:User-Agent", "x"),
    ],
)
def test_what_was_packed_is_named_and_secrets_are_hidden(param: str, target: str, matched: str) -> None:
    found = parse("wordfence", row(actionData=data(category="sqli", paramKey=packed(param), paramValue=packed("x"))))
    hits = found.hits[found.events[0]["event_id"]]
    assert [(hit["rule_id"], hit["target"], hit["matched"]) for hit in hits] == [
        ("59", target, matched),
        ("2", target, matched),
    ]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("00000000000000000000ffffcb007105", "203.0.113.5"),
        ("0x20010DB8000000000000000000000009", "2001:db8::9"),
        (base64.b64encode(bytes(10) + b"\xff\xff\xcb\x00\x71\x05").decode(), "203.0.113.5"),
        ("203.0.113.5", "203.0.113.5"),
        ("somewhere", None),
        (None, None),
    ],
)
def test_an_address_is_read_however_it_was_exported(written: str | None, address: str | None) -> None:
    assert events(row(IP=written))[0]["client_ip"] == address


def test_a_row_is_a_request_in_universal_time() -> None:
    found = parse("wordfence", row() + row(id=6, attackLogTime=1795410010.5), "America/New_York")
    first, second = found.events
    assert (first["event_at"].isoformat(), first["is_zone_assumed"]) == ("2026-11-23T05:00:09.250000+00:00", False)
    assert second["event_at"].isoformat() == "2026-11-23T05:00:10.500000+00:00"
    assert [first[n] for n in ("host", "path", "query", "user_agent", "status", "request_id")] == [
        "shop.example", "/a", "id=1&token=[redacted]", "curl/8", 403, "5",
    ]  # fmt: skip
    assert "hunter2" not in everything(found)


def test_missing_fields_cost_no_line_and_bad_lines_only_themselves() -> None:
    found = parse("wordfence", row(URL=None, UA=None, statusCode="x", actionData="{") + "{\n" + row(ctime="soon"))
    (event,) = found.events
    assert [event[n] for n in ("host", "path", "user_agent", "status")] == [None] * 4
    assert [(number, reason) for number, reason, _ in sorted(found.rejects)] == [
        (2, "the line is not a JSON object of a row of wfHits"),
        (3, "the row has no ctime in unix time"),
    ]

"""Akamai's security events: what each action stands for, and the lists of rules as they are packed."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from tasks.waf_formats import akamai_siem
from tests.tasks.waf_formats.modsecurity import everything, parse

# Akamai, "SIEM action and attack-type exceptions", "SIEM event data" (appliedAction) and the actions of Bot Manager.
ACTIONS = {
    "alert": ("log", False), "monitor": ("log", False),
    "deny": ("block", True), "deny_custom": ("block", True), "deny_custom_84281": ("block", True), "abort": ("block", True),
    "tarpit": ("block", True), "slow": ("block", True),
    "delay": ("rate_limit", True),
    "challenge": ("challenge", True), "serve_alternate": ("redirect", True), "redirect": ("redirect", True),
    "allow": ("allow", None), "ignore": ("allow", None), "none": ("allow", None), "skip": ("allow", None),
}  # fmt: skip

# Tags and rules of Kona, of the automated attack groups, and of the network layer lists.
CLASSES = [
    ("950002", "AKAMAI/WEB_ATTACK/SQLI", "sqli"), ("SQL-INJECTION-ANOMALY", "", "sqli"), ("XSS-ANOMALY", "", "xss"),
    ("3000001", "OWASP_CRS/WEB_ATTACK/XSS", "xss"), ("CMD-INJECTION-ANOMALY", "", "rce"), ("3000033", "AKAMAI/WEB_ATTACK/LFI", "lfi"),
    ("3000004", "AKAMAI/WEB_ATTACK/RFI", "rfi"), ("3000005", "AKAMAI/WEB_ATTACK/PHP", "php"), ("1", "AKAMAI/TROJAN", "web_shell"),
    ("SLOW-POST", "", "dos"), ("BOT-BROWSER-IMPERSONATOR", "", "bot"), ("IPBLOCK", "", "reputation"), ("REP_123", "", "reputation"),
    ("RATE-LIMIT", "", "rate"), ("GEO-BLOCK", "", "geo"), ("3", "OWASP_CRS/AUTOMATION/TOOLS", "scanner"),
    ("4", "OWASP_CRS/PROTOCOL_VIOLATION", "protocol"), ("941100", "", "xss"), ("60012345", "", "custom"), ("5", "", None),
]  # fmt: skip


def packed(*items: str) -> str:
    return quote(";".join(base64.b64encode(item.encode()).decode() for item in items), safe="")


def event(attack: dict[str, Any] | None = None, **message: Any) -> str:
    return json.dumps({
        "attackData": {"clientIP": "203.0.113.5", "appliedAction": "deny"} | (attack or {}),
        "geo": {"asn": "64500", "country": "GB"},
        "httpMessage": {
            "bytes": "266", "host": "Shop.example", "method": "GET", "path": "%2findex.php", "protocol": "HTTP/1.1", "status": "403",
            "query": "id%3d1%26token%3dhunter2", "requestHeaders": "User-Agent%3a%20curl%2f8.5%0d%0aCookie%3a%20a%3dhunter2",
            "requestId": "r1", "start": "1795410009.25",
        } | message,
    }) + "\n"  # fmt: skip


@pytest.mark.parametrize(("word", "meaning"), ACTIONS.items())
def test_every_documented_action_has_its_meaning(word: str, meaning: tuple[str, bool | None]) -> None:
    for written in (word, word.upper()):
        (found,) = parse("akamai-siem", event({"appliedAction": written})).events
        assert (found["action"], found["is_enforced"]) == meaning
        assert (found["action_raw"], found["would_block"]) == (written, False)


def test_the_words_with_a_meaning_are_documented() -> None:
    assert akamai_siem.ACTIONS.keys() <= ACTIONS.keys()


@pytest.mark.parametrize("word", ["denying", "something_new"])
def test_a_word_that_is_not_documented_is_unknown(word: str) -> None:
    (found,) = parse("akamai-siem", event({"appliedAction": word})).events
    assert (found["action"], found["action_raw"], found["is_enforced"]) == ("unknown", word, None)


@pytest.mark.parametrize(("rule", "tag", "attack_class"), CLASSES)
def test_every_group_of_rules_stands_for_its_class(rule: str, tag: str, attack_class: str | None) -> None:
    (found,) = parse("akamai-siem", event({"rules": packed(rule), "ruleTags": packed(tag) if tag else ""})).events
    assert found["attack_class"] == attack_class


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["alert", "deny"], "block"),
        (["alert", "deny_custom_84281"], "block"),
        (["alert", "alert"], "log"),
        (["monitor", "challenge"], "challenge"),
        ([], "unknown"),
    ],
)
def test_without_an_applied_action_the_strongest_of_the_rules_counts(actions: list[str], action: str) -> None:
    rules = packed(*(str(n) for n in range(len(actions))))
    (found,) = parse(
        "akamai-siem", event({"appliedAction": "", "ruleActions": packed(*actions), "rules": rules})
    ).events
    assert found["action"] == action


def test_an_event_is_one_request_with_its_rules_in_order() -> None:
    found = parse(
        "akamai-siem",
        event({
            "rules": packed("950002", "3000081"), "ruleActions": packed("alert", "deny"), "ruleMessages": packed("Anomaly", "SQL; attack"),
            "ruleTags": packed("OWASP_CRS/POLICY", "AKAMAI/WEB_ATTACK/SQLI"), "ruleSelectors": packed("ARGS:password", "ARGS:id"),
            "ruleData": packed("hunter2", "1 or 1=1"),
        }),
        "America/New_York",
    )  # fmt: skip
    (request,) = found.events
    assert (request["event_at"].isoformat(), request["is_zone_assumed"]) == ("2026-11-23T05:00:09.250000+00:00", False)
    assert [request[name] for name in ("host", "path", "query", "user_agent", "asn", "country", "bytes")] == [
        "shop.example", "/index.php", "id=1&token=[redacted]", "curl/8.5", 64500, "GB", 266,
    ]  # fmt: skip
    hits = found.hits[request["event_id"]]
    assert [(hit["rule_id"], hit["target"], hit["matched"], hit["message"], hit["tags"]) for hit in hits] == [
        ("950002", "ARGS:password", "[redacted]", "Anomaly", ["alert"]),
        ("3000081", "ARGS:id", "1 or 1=1", "SQL; attack", ["deny"]),
    ]
    assert request["attack_classes"] == ["protocol", "sqli"]
    assert "hunter2" not in everything(found)


def test_an_empty_item_keeps_the_lists_beside_each_other() -> None:
    attack = {"rules": packed("a", "b"), "ruleSelectors": packed("", "ARGS:id"), "ruleData": packed("x", "y")}
    (hits,) = parse("akamai-siem", event(attack)).hits.values()
    assert [(hit["rule_id"], hit["target"]) for hit in hits] == [("a", None), ("b", "ARGS:id")]


def test_the_token_of_the_next_page_is_no_event_and_bad_lines_cost_only_themselves() -> None:
    text = (
        event()
        + '{"offset": "abc;def", "total": 1, "limit": 100}\n{"a": 1}\n{\n'
        + event(start="soon")
        + event(requestId="r2")
    )
    found = parse("akamai-siem", text)
    assert [request["request_id"] for request in found.events] == ["r1", "r2"]
    assert [(line, reason) for line, reason, _ in sorted(found.rejects)] == [
        (3, "the line has no attackData and httpMessage"),
        (4, "the line is not a JSON object of a security event"),
        (5, "the event has no start in unix time"),
    ]


def test_cut_lists_and_missing_fields_cost_no_line() -> None:
    text = event(
        {"rules": packed("950002")[:-7], "clientIP": "x"}, bytes="", status=None, requestHeaders=None, path=None
    )
    (found,) = parse("akamai-siem", text).events
    assert [found[name] for name in ("client_ip", "bytes", "status", "user_agent", "path")] == [None] * 5

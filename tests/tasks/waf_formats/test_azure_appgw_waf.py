"""Azure Application Gateway's WAF log: what each action stands for, and the records of a transaction as one request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import azure_appgw_waf
from tests.tasks.waf_formats.modsecurity import everything, parse

# Microsoft, "Resource logs for Azure Web Application Firewall" (action) and "Azure Web Application Firewall JavaScript
# challenge": action, is_enforced, would_block.
ACTIONS = {
    "Blocked": ("block", True, False), "Block": ("block", True, False), "JSChallengeBlock": ("block", True, False),
    "Detected": ("log", False, True),
    "Matched": ("log", None, False), "Log": ("log", None, False),
    "Allowed": ("allow", None, False), "Allow": ("allow", None, False),
    "JSChallenge": ("challenge", True, False), "JSChallengeIssued": ("challenge", True, False),
    "JSChallengePass": ("challenge_passed", None, False), "JSChallengeValid": ("challenge_passed", None, False),
}  # fmt: skip

# Microsoft, "Web Application Firewall DRS and CRS rule groups and rules": set, rule, class.
CLASSES = [
    ("OWASP_CRS", "911100", "method"), ("OWASP_CRS", "913101", "scanner"), ("OWASP_CRS", "920350", "protocol"),
    ("OWASP_CRS", "921110", "protocol"), ("OWASP_CRS", "930100", "lfi"), ("OWASP_CRS", "931100", "rfi"), ("OWASP_CRS", "932100", "rce"),
    ("OWASP_CRS", "933100", "php"), ("OWASP_CRS", "941100", "xss"), ("OWASP_CRS", "942100", "sqli"), ("OWASP_CRS", "943100", "session"),
    ("OWASP_CRS", "944100", "java"), ("OWASP_CRS", "949110", None), ("Microsoft_BotManagerRuleSet", "100100", "bot"),
    ("Custom", "BlockGeo", "custom"),
]  # fmt: skip


def record(action: str = "Matched", transaction: str = "T1", **changes: Any) -> str:
    return json.dumps({
        "timeStamp": "2019-09-26T22:29:07.1234567Z", "category": "ApplicationGatewayFirewallLog",
        "properties": {
            "clientIp": "203.0.113.5", "clientPort": "0", "requestUri": "/a?1=1&token=hunter2", "ruleSetType": "OWASP_CRS",
            "ruleSetVersion": "3.2", "ruleId": "942100", "ruleGroup": "REQUEST-942-APPLICATION-ATTACK-SQLI", "action": action,
            "message": "SQL Injection Attack Detected via libinjection", "site": "Global", "hostname": "Shop.example:443",
            "transactionId": transaction,
            "details": {"message": "Warning. detected SQLi using libinjection.", "data": "Matched Data: 1 found within ARGS:id: 1"},
        } | changes,
    }) + "\n"  # fmt: skip


def verdict(action: str, transaction: str = "T1") -> str:
    message = "Mandatory rule. Cannot be disabled. Inbound Anomaly Score Exceeded (Total Score: 8)"
    return record(action, transaction, ruleId="949110", message=message, details={"message": "Access denied"})


@pytest.mark.parametrize(("word", "meaning"), ACTIONS.items())
def test_every_documented_action_has_its_meaning_whatever_its_case(word: str, meaning: tuple[str, Any, bool]) -> None:
    for written in (word, word.lower(), word.upper()):
        (found,) = parse("azure-appgw-waf", record(written)).events
        assert (found["action"], found["is_enforced"], found["would_block"]) == meaning
        assert found["action_raw"] == written


def test_the_words_with_a_meaning_are_documented() -> None:
    assert azure_appgw_waf.ACTIONS.keys() == {word.lower() for word in ACTIONS}


def test_a_word_that_is_not_documented_is_unknown() -> None:
    (found,) = parse("azure-appgw-waf", record("Quarantined")).events
    assert (found["action"], found["action_raw"], found["is_enforced"]) == ("unknown", "Quarantined", None)


@pytest.mark.parametrize(("ruleset", "rule", "attack_class"), CLASSES)
def test_every_group_of_rules_stands_for_its_class(ruleset: str, rule: str, attack_class: str | None) -> None:
    found = parse("azure-appgw-waf", record(ruleSetType=ruleset, ruleId=rule))
    ((hit,),) = found.hits.values()
    assert (hit["attack_class"], hit["is_verdict"]) == (attack_class, rule == "949110")


@pytest.mark.parametrize(
    ("last", "action", "is_enforced", "would_block"),
    [("Blocked", "block", True, False), ("Detected", "log", False, True), ("Matched", "log", None, False)],
)
def test_the_records_of_a_transaction_are_one_request(
    last: str, action: str, is_enforced: bool | None, would_block: bool
) -> None:
    text = record() + record(ruleId="920350", requestUri="/a?1=1&token=hunter2") + verdict(last)
    found = parse("azure-appgw-waf", text + record(transaction="T2"), "America/New_York")
    first, second = found.events
    assert (first["action"], first["is_enforced"], first["would_block"]) == (action, is_enforced, would_block)
    assert (first["action_raw"], first["score"], second["request_id"]) == (last, 8, "T2")
    assert (found.rules(first), first["attack_class"]) == (["942100", "920350", "949110"], "sqli")
    assert (first["event_at"].isoformat(), first["is_zone_assumed"]) == ("2019-09-26T22:29:07.123456+00:00", False)
    assert [first[n] for n in ("client_ip", "host", "path", "query")] == [
        "203.0.113.5", "shop.example", "/a", "1=1&token=[redacted]",
    ]  # fmt: skip
    assert "hunter2" not in everything(found)


@pytest.mark.parametrize(
    ("details", "target", "matched"),
    [
        ({"data": "Matched Data: x found within [ARGS:id:x]"}, "ARGS:id", "Matched Data: x found within [ARGS:id:x]"),
        ({"data": "Matched Data: x found within ARGS:password: x"}, "ARGS:password", "[redacted]"),
        ({"message": 'Warning. Pattern match "x" at REQUEST_HEADERS:Host.', "data": "1"}, "REQUEST_HEADERS:Host", "1"),
        (None, None, None),
    ],
)
def test_a_match_says_where_and_secrets_are_hidden(details: Any, target: str | None, matched: str | None) -> None:
    ((hit,),) = parse("azure-appgw-waf", record(details=details)).hits.values()
    assert (hit["target"], hit["matched"]) == (target, matched)


def test_other_categories_are_left_out_and_bad_lines_cost_only_themselves() -> None:
    access = json.dumps(
        {"timeStamp": "2019-09-26T22:29:07Z", "category": "ApplicationGatewayAccessLog", "properties": {}}
    )
    bare = record(transaction="", clientIp="", hostname="", details=None, ruleId=None)
    found = parse("azure-appgw-waf", access + "\n{\n" + bare + record().replace("2019-09-26T", "soon"))
    (event,) = found.events
    assert [event[name] for name in ("client_ip", "host", "request_id")] == [None] * 3
    assert [(line, reason) for line, reason, _ in found.rejects] == [
        (2, "the line is not a JSON object"),
        (4, "the event has no time as 2026-11-23T05:00:09.1234567Z"),
    ]

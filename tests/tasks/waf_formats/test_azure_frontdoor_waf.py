"""Azure Front Door's WAF log: what each action stands for in both modes, and the records of a request as one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import azure_frontdoor_waf
from tests.tasks.waf_formats.modsecurity import everything, parse

# Microsoft, "Azure Web Application Firewall monitoring and logging" (Front Door, Action), and the actions of rules in
# "WAF on Azure Front Door" (Redirect, CAPTCHA).
ACTIONS = {
    "Allow": "allow", "allow": "allow", "Block": "block", "block": "block", "Log": "log", "log": "log", "Redirect": "redirect",
    "AnomalyScoring": "log", "logandscore": "log",
    "JSChallenge": "challenge", "JS Challenge": "challenge", "JSChallengeIssued": "challenge", "JSChallengePass": "challenge_passed",
    "JSChallengeValid": "challenge_passed", "JSChallengeBlock": "block", "CAPTCHA": "challenge", "CaptchaChallenge": "challenge",
}  # fmt: skip

# Microsoft, "Web Application Firewall DRS and CRS rule groups and rules": one of each group, as the log names it.
CLASSES = {
    "Microsoft_DefaultRuleSet-1.1-SQLI-942100": "sqli",
    "Microsoft_DefaultRuleSet-2.1-METHOD-ENFORCEMENT-911100": "method",
    "Microsoft_DefaultRuleSet-2.1-PROTOCOL-ENFORCEMENT-920300": "protocol",
    "Microsoft_DefaultRuleSet-2.1-PROTOCOL-ATTACK-921110": "protocol",
    "Microsoft_DefaultRuleSet-2.1-LFI-930100": "lfi",
    "Microsoft_DefaultRuleSet-2.1-RFI-931100": "rfi",
    "Microsoft_DefaultRuleSet-2.1-RCE-932100": "rce",
    "Microsoft_DefaultRuleSet-2.1-PHP-933100": "php",
    "Microsoft_DefaultRuleSet-2.1-NODEJS-934100": "nodejs",
    "Microsoft_DefaultRuleSet-2.1-XSS-941100": "xss",
    "Microsoft_DefaultRuleSet-2.1-FIX-943100": "session",
    "Microsoft_DefaultRuleSet-2.1-JAVA-944100": "java",
    "Microsoft_DefaultRuleSet-2.1-MS-ThreatIntel-WebShells-99005002": "web_shell",
    "Microsoft_DefaultRuleSet-2.1-MS-ThreatIntel-AppSec-99030001": "lfi",
    "Microsoft_DefaultRuleSet-2.1-MS-ThreatIntel-SQLI-99031001": "sqli",
    "Microsoft_DefaultRuleSet-2.1-MS-ThreatIntel-CVEs-99001001": "rce",
    "Microsoft_BotManagerRuleSet-1.1-BadBots-Bot100100": "bot",
    "Microsoft_DefaultRuleSet-2.1-BLOCKING-EVALUATION-949110": None,
    "BlockCountries": "custom",
}


def record(action: str = "Block", **changes: Any) -> str:
    """The documented entry, with a secret in the query."""
    return json.dumps({
        "time": "2020-06-09T22:32:17.8376810Z", "category": "FrontdoorWebApplicationFirewallLog",
        "properties": {
            "clientIP": "203.0.113.5", "clientPort": "52097", "socketIP": "203.0.113.99", "action": action,
            "requestUri": "https://wafdemofrontdoorwebapp.azurefd.net:443/a?q=%27%20or%201=1&token=hunter2",
            "ruleName": "Microsoft_DefaultRuleSet-1.1-SQLI-942100", "policy": "WafDemoCustomPolicy", "policyMode": "prevention",
            "host": "wafdemofrontdoorwebapp.azurefd.net", "trackingReference": "T1",
            "details": {"matches": [{"matchVariableName": "QueryParamValue:q", "matchVariableValue": "' or 1=1"}]},
        } | changes,
    }) + "\n"  # fmt: skip


@pytest.mark.parametrize(("word", "action"), ACTIONS.items())
def test_every_documented_action_has_its_meaning_and_detection_stops_nothing(word: str, action: str) -> None:
    (found,) = parse("azure-frontdoor-waf", record(word)).events
    assert (found["action"], found["action_raw"], found["would_block"]) == (action, word, False)
    assert found["is_enforced"] is True
    (found,) = parse("azure-frontdoor-waf", record(word, policyMode="Detection")).events
    assert (found["action"], found["action_raw"], found["is_enforced"]) == ("log", word, False)
    assert found["would_block"] is (action in ("block", "challenge", "redirect"))


def test_the_words_with_a_meaning_are_documented() -> None:
    assert azure_frontdoor_waf.ACTIONS.keys() == {word.lower() for word in ACTIONS}


def test_a_word_that_is_not_documented_is_unknown() -> None:
    (found,) = parse("azure-frontdoor-waf", record("Quarantine")).events
    assert (found["action"], found["action_raw"], found["would_block"]) == ("unknown", "Quarantine", False)


@pytest.mark.parametrize(("rule", "attack_class"), CLASSES.items())
def test_every_group_of_rules_stands_for_its_class(rule: str, attack_class: str | None) -> None:
    found = parse("azure-frontdoor-waf", record(ruleName=rule))
    (event,) = found.events
    ((hit,),) = found.hits.values()
    assert (event["attack_class"], hit["is_verdict"]) == (attack_class, rule.endswith("949110"))


@pytest.mark.parametrize(
    ("name", "target", "matched"),
    [
        ("QueryParamValue:q", "ARGS_GET:q", "x"),
        ("PostParamValue:pwd", "ARGS_POST:pwd", "[redacted]"),
        ("JsonValue:user.password", "ARGS_POST:user.password", "[redacted]"),
        ("CookieValue:session", "REQUEST_COOKIES:session", "[redacted]"),
        ("HeaderValue:Authorization", "REQUEST_HEADERS:Authorization", "[redacted]"),
        ("HeaderValue:User-Agent", "REQUEST_HEADERS:User-Agent", "x"),
        ("UrlPath", "UrlPath", "x"),
    ],
)
def test_a_match_is_named_as_modsecurity_does_and_secrets_are_hidden(name: str, target: str, matched: str) -> None:
    details = {"matches": [{"matchVariableName": name, "matchVariableValue": "x"}]}
    ((hit,),) = parse("azure-frontdoor-waf", record(details=details)).hits.values()
    assert (hit["target"], hit["matched"]) == (target, matched)


def test_the_documented_entry_with_its_verdict_is_one_request() -> None:
    text = record("AnomalyScoring") + record(ruleName="Microsoft_DefaultRuleSet-2.1-BLOCKING-EVALUATION-949110")
    found = parse("azure-frontdoor-waf", text + record("Log", trackingReference="T2"), "America/New_York")
    first, second = found.events
    assert (first["action"], second["action"], found.rules(first)) == ("block", "log", ["942100", "949110"])
    assert (first["event_at"].isoformat(), first["is_zone_assumed"]) == ("2020-06-09T22:32:17.837681+00:00", False)
    assert [first[n] for n in ("client_ip", "peer_ip", "host", "path", "query")] == [
        "203.0.113.5", "203.0.113.99", "wafdemofrontdoorwebapp.azurefd.net", "/a", "q=%27%20or%201=1&token=[redacted]",
    ]  # fmt: skip
    assert "hunter2" not in everything(found)


def test_other_categories_are_left_out_and_bad_lines_cost_only_themselves() -> None:
    access = json.dumps(
        {"time": "2020-06-09T22:32:17Z", "category": "FrontDoorAccessLog", "properties": {"clientIp": "203.0.113.5"}}
    )
    bare = record(trackingReference="", details=None, ruleName=None, host=None, clientIP=None, policyMode=None)
    found = parse("azure-frontdoor-waf", access + "\n{\n" + bare + record().replace("2020-06-09T", "soon"))
    (event,) = found.events
    assert [event[name] for name in ("client_ip", "request_id", "is_enforced")] == [None] * 3
    assert event["host"] == "wafdemofrontdoorwebapp.azurefd.net"
    assert [(line, reason) for line, reason, _ in found.rejects] == [
        (2, "the line is not a JSON object"),
        (4, "the event has no time as 2026-11-23T05:00:09.1234567Z"),
    ]

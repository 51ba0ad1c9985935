"""AWS WAF: what was done with a request, what only would have been, and which rule stands for which attack."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import aws_waf
from tests.tasks.waf_formats.modsecurity import WAF, everything, parse

# https://docs.aws.amazon.com/waf/latest/APIReference/API_RuleAction.html and ..._ActionCondition.html
WORDS = ["ALLOW", "BLOCK", "COUNT", "CAPTCHA", "CHALLENGE", "EXCLUDED_AS_COUNT", "MONETIZE"]

# https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html, -use-case.html, -ip-rep.html,
# -bot.html, -atp.html, -acfp.html and -anti-ddos.html: every prefix of a rule's name there, and a rule of each group.
RULES = {
    ("AWSManagedRulesCommonRuleSet", "NoUserAgent_HEADER"): "bot",
    ("AWSManagedRulesCommonRuleSet", "UserAgent_BadBots_HEADER"): "bot",
    ("AWSManagedRulesCommonRuleSet", "SizeRestrictions_QUERYSTRING"): "protocol",
    ("AWSManagedRulesCommonRuleSet", "SizeRestrictions_Cookie_HEADER"): "protocol",
    ("AWSManagedRulesCommonRuleSet", "EC2MetaDataSSRF_QUERYARGUMENTS"): "ssrf",
    ("AWSManagedRulesCommonRuleSet", "GenericLFI_URIPATH"): "lfi",
    ("AWSManagedRulesCommonRuleSet", "RestrictedExtensions_URIPATH"): "lfi",
    ("AWSManagedRulesCommonRuleSet", "GenericRFI_BODY"): "rfi",
    ("AWSManagedRulesCommonRuleSet", "CrossSiteScripting_COOKIE"): "xss",
    ("AWSManagedRulesCommonRuleSet", "SomethingNew_BODY"): None,
    ("AWSManagedRulesAdminProtectionRuleSet", "AdminProtection_URIPATH"): "scanner",
    ("AWSManagedRulesKnownBadInputsRuleSet", "JavaDeserializationRCE_HEADER"): "java",
    ("AWSManagedRulesKnownBadInputsRuleSet", "Log4JRCE_QUERYSTRING"): "java",
    ("AWSManagedRulesKnownBadInputsRuleSet", "ReactJSRCE_BODY"): "nodejs",
    ("AWSManagedRulesKnownBadInputsRuleSet", "Host_localhost_HEADER"): "protocol",
    ("AWSManagedRulesKnownBadInputsRuleSet", "PROPFIND_METHOD"): "method",
    ("AWSManagedRulesKnownBadInputsRuleSet", "ExploitablePaths_URIPATH"): "scanner",
    ("AWSManagedRulesSQLiRuleSet", "SQLi_COOKIE"): "sqli",
    ("AWSManagedRulesSQLiRuleSet", "SQLiExtendedPatterns_BODY_RC_COUNT"): "sqli",
    ("AWSManagedRulesLinuxRuleSet", "LFI_HEADER"): "lfi",
    ("AWSManagedRulesUnixRuleSet", "UNIXShellCommandsVariables_BODY"): "rce",
    ("AWSManagedRulesWindowsRuleSet", "WindowsShellCommands_COOKIE"): "rce",
    ("AWSManagedRulesWindowsRuleSet", "PowerShellCommands_BODY"): "rce",
    ("AWSManagedRulesPHPRuleSet", "PHPHighRiskMethodsVariables_HEADER"): "php",
    ("AWSManagedRulesWordPressRuleSet", "WordPressExploitableCommands_QUERYSTRING"): "php",
    ("AWSManagedRulesWordPressRuleSet", "WordPressExploitablePaths_URIPATH"): "scanner",
    ("AWSManagedRulesAmazonIpReputationList", "AWSManagedIPReputationList"): "reputation",
    ("AWSManagedRulesAmazonIpReputationList", "AWSManagedIPDDoSList"): "reputation",
    ("AWSManagedRulesAnonymousIpList", "HostingProviderIPList"): "reputation",
    ("AWSManagedRulesBotControlRuleSet", "CategoryHttpLibrary"): "bot",
    ("AWSManagedRulesBotControlRuleSet", "TGT_ML_CoordinatedActivityHigh"): "bot",
    ("AWSManagedRulesATPRuleSet", "VolumetricIpHigh"): "login",
    ("AWSManagedRulesACFPRuleSet", "RiskScoreHigh"): "login",
    ("AWSManagedRulesAntiDDoSRuleSet", "DDoSRequests"): "dos",
}


def record(**changes: Any) -> dict[str, Any]:
    request = {
        "clientIp": "203.0.113.7", "country": "GB", "headers": [{"name": "Host", "value": "shop.example"}], "uri": "/a", "args": "",
        "httpVersion": "HTTP/1.1", "httpMethod": "GET", "requestId": "1-abc",
    }  # fmt: skip
    return {
        "timestamp": 1795410009000, "formatVersion": 1, "webaclId": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/a/1",
        "terminatingRuleId": "Default_Action", "terminatingRuleType": "REGULAR", "action": "ALLOW", "ruleGroupList": None,
        "rateBasedRuleList": None, "nonTerminatingMatchingRules": None, "httpRequest": request | changes.pop("request", {}), **changes,
    }  # fmt: skip


def lines(*records: dict[str, Any]) -> str:
    return "".join(json.dumps(item) + "\n" for item in records)


def group(name: str, rule: str, action: str = "BLOCK", **more: Any) -> list[dict[str, Any]]:
    ends = {"ruleId": rule, "action": action, "ruleMatchDetails": None}
    return [
        {"ruleGroupId": name, "terminatingRule": ends, "nonTerminatingMatchingRules": [], "excludedRules": None} | more
    ]


def test_every_documented_action_has_a_meaning() -> None:
    assert {word.lower() for word in WORDS} <= aws_waf.ACTIONS.keys()


@pytest.mark.parametrize(
    ("word", "action"),
    [("ALLOW", "allow"), ("BLOCK", "block"), ("CAPTCHA", "challenge"), ("CHALLENGE", "challenge"), ("MONETIZE", "block"), ("NEW", "unknown")],
)  # fmt: skip
def test_the_action_that_ended_a_request_is_its_action(word: str, action: str) -> None:
    (event,) = parse("aws-waf", lines(record(action=word, terminatingRuleId="own"))).events
    assert (event["action"], event["action_raw"], event["is_enforced"]) == (action, word, True)


@pytest.mark.parametrize(("place", "attack_class"), RULES.items())
def test_every_managed_rule_stands_for_its_attack(place: tuple[str, str], attack_class: str | None) -> None:
    name, rule = place
    blocked = record(
        action="BLOCK", terminatingRuleType="MANAGED_RULE_GROUP", ruleGroupList=group(f"AWS#{name}#Version_2.1", rule)
    )
    found = parse("aws-waf", lines(blocked))
    (event,) = found.events
    (hit,) = found.hits[event["event_id"]]
    assert (event["attack_class"], hit["attack_class"]) == (attack_class, attack_class)
    assert (hit["ruleset"], hit["ruleset_version"], hit["tags"]) == (name, "2.1", ["block"])


@pytest.mark.parametrize(
    ("group_id", "ruleset", "attack_class"),
    [
        ("arn:aws:wafv2:eu-west-1:123456789012:regional/rulegroup/mine/c05-1", "mine", "custom"),
        ("arn:aws:wafv2:eu-west-1:123456789012:regional/rulegroup/ShieldMitigationRuleGroup_1_2_3/c05", "ShieldMitigationRuleGroup_1_2_3", "dos"),
        ("ExampleVendor#OWASP", "OWASP", None),
    ],
)  # fmt: skip
def test_groups_of_others_have_the_class_that_is_known(group_id: str, ruleset: str, attack_class: str | None) -> None:
    found = parse(
        "aws-waf", lines(record(action="BLOCK", terminatingRuleType="GROUP", ruleGroupList=group(group_id, "r")))
    )
    (hit,) = found.hits[found.events[0]["event_id"]]
    assert (hit["ruleset"], hit["attack_class"]) == (ruleset, attack_class)


@pytest.mark.parametrize(
    ("changes", "action", "would_block"),
    [
        ({"nonTerminatingMatchingRules": [{"ruleId": "r", "action": "COUNT"}]}, "log", False),
        ({"nonTerminatingMatchingRules": [{"ruleId": "r", "action": "COUNT", "overriddenAction": "BLOCK"}]}, "log", True),
        ({"nonTerminatingMatchingRules": [{"ruleId": "r", "action": "COUNT", "overriddenAction": "COUNT"}]}, "log", False),
        ({"nonTerminatingMatchingRules": [{"ruleId": "r", "action": "COUNT", "overriddenAction": "CHALLENGE"}]}, "log", True),
        ({"nonTerminatingMatchingRules": [{"ruleId": "r", "action": "Challenge"}]}, "challenge_passed", False),
        ({"captchaResponse": {"responseCode": 0, "solveTimestamp": 1795409000}}, "challenge_passed", False),
        ({"captchaResponse": {"responseCode": 405, "solveTimestamp": 0, "failureReason": "TOKEN_MISSING"}}, "allow", False),
        ({"ruleGroupList": group("AWS#AWSManagedRulesSQLiRuleSet", "SQLi_BODY")}, "log", True),
        ({"ruleGroupList": group("AWS#AWSManagedRulesBotControlRuleSet", "TGT_x", "CAPTCHA")}, "log", True),
        ({"ruleGroupList": group("arn:a:rulegroup/mine/1", "let-through", "ALLOW")}, "log", False),
        ({"terminatingRuleId": "office", "ruleGroupList": group("AWS#AWSManagedRulesSQLiRuleSet", "SQLi_BODY")}, "allow", True),
        ({"action": "BLOCK", "nonTerminatingMatchingRules": [{"ruleId": "r", "action": "COUNT", "overriddenAction": "BLOCK"}]}, "block", False),
        ({"rateBasedRuleList": [{"rateBasedRuleName": "unmatched", "limitKey": "IP"}]}, "allow", False),
        ({}, "allow", False),
    ],
)  # fmt: skip
def test_what_only_would_have_been_blocked_is_told_apart(
    changes: dict[str, Any], action: str, would_block: bool
) -> None:
    (event,) = parse("aws-waf", lines(record(**changes))).events
    assert (event["action"], event["would_block"], event["is_enforced"]) == (action, would_block, not would_block)


def test_a_rate_that_counts_is_a_rate_and_an_allowing_rule_is_no_attack() -> None:
    counted = record(
        terminatingRuleId="office", rateBasedRuleList=[{"rateBasedRuleName": "rate-1"}],
        nonTerminatingMatchingRules=[{"ruleId": "rate-1", "action": "COUNT"}],
    )  # fmt: skip
    found = parse("aws-waf", lines(counted))
    (event,) = found.events
    assert (event["attack_classes"], found.rules(event)) == (["rate"], ["rate-1", "office"])


def test_the_count_of_a_whole_group_is_a_verdict_and_no_attack_of_its_own() -> None:
    both = {"ruleGroupList": group("AWS#AWSManagedRulesSQLiRuleSet", "SQLi_BODY")}
    for name, is_verdict in (("AWS-AWSManagedRulesSQLiRuleSet", True), ("our-sql-group", False)):
        found = parse(
            "aws-waf", lines(record(nonTerminatingMatchingRules=[{"ruleId": name, "action": "COUNT"}], **both))
        )
        (event,) = found.events
        assert event["attack_classes"] == ["sqli"]
        assert [hit["is_verdict"] for hit in found.hits[event["event_id"]]] == [False, is_verdict]


def test_requests_of_one_trace_stay_apart_and_a_line_delivered_twice_is_one() -> None:
    trace = [record(request={"uri": "/a"}), record(request={"uri": "/b"}), record(request={"uri": "/b"})]
    assert [event["path"] for event in parse("aws-waf", lines(*trace)).events] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("detail", "target", "matched"),
    [
        ({"location": "ALL_QUERY_ARGS", "matchedFieldName": "id"}, "ARGS_GET:id", "1 OR 1"),
        ({"location": "ALL_QUERY_ARGS", "matchedFieldName": "password"}, "ARGS_GET:password", "[redacted]"),
        ({"location": "QUERY_STRING"}, "QUERY_STRING", "1 OR 1"),
        ({"location": "URI", "matchedFieldName": ""}, "URI", "1 OR 1"),
        ({"location": "HEADER", "matchedFieldName": "x-id"}, "REQUEST_HEADERS:x-id", "1 OR 1"),
        ({"location": "HEADER", "matchedFieldName": "authorization"}, "REQUEST_HEADERS:authorization", "[redacted]"),
        ({"location": "HEADER"}, "REQUEST_HEADERS", None),
        ({"location": "COOKIE", "matchedFieldName": "sid"}, "REQUEST_COOKIES:sid", "[redacted]"),
        ({"location": "BODY"}, "REQUEST_BODY", "[redacted]"),
        ({"location": "UNKNOWN"}, "REQUEST_BODY", "[redacted]"),
        ({}, None, None),
    ],
)  # fmt: skip
def test_what_matched_is_kept_without_what_may_be_secret(
    detail: dict[str, str], target: str | None, matched: str | None
) -> None:
    details = [{"conditionType": "SQL_INJECTION", "matchedData": ["1", "OR", "1"], **detail}]
    found = parse(
        "aws-waf", lines(record(action="BLOCK", terminatingRuleId="own", terminatingRuleMatchDetails=details))
    )
    (hit,) = found.hits[found.events[0]["event_id"]]
    assert (hit["target"], hit["attack_class"]) == (target, "sqli")
    assert hit["matched"] == matched


def test_labels_of_a_client_are_no_labels() -> None:
    """Only rules can label: a header that looks so changes nothing."""
    label = "awswaf:managed:aws:bot-control:bot:verified"
    headers = [{"name": label, "value": label}, {"name": "User-Agent", "value": label}, {"name": "host", "value": "x"}]
    (event,) = parse(
        "aws-waf", lines(record(request={"headers": headers, "args": label}, labels=[{"name": "mine:" + label}]))
    ).events
    assert event["bot_identity"] != "verified"


def test_odd_values_cost_no_line() -> None:
    odd = [
        record(request={"uri": "/d", "headers": None}),
        record(request={"headers": "none", "country": "-", "requestId": None}),
        record(request={"headers": [{"name": None, "value": None}, {"name": "HOST", "value": "[2001:db8::1]:8443"}]}),
        record(
            request={"uri": "/b"},
            labels="x",
            ruleGroupList="x",
            nonTerminatingMatchingRules={"a": 1},
            rateBasedRuleList=[1],
            responseCodeSent="x",
        ),
        record(
            request={"uri": "/c"},
            ruleGroupList=[None, {"ruleGroupId": None, "terminatingRule": 5, "excludedRules": [None]}],
        ),
    ]
    found = parse("aws-waf", lines(*odd))
    assert (len(found.events), found.rejects) == (5, [])
    assert [event["host"] for event in found.events] == [None, None, "[2001:db8::1]", "shop.example", "shop.example"]
    assert found.events[1]["country"] is None
    assert not found.hits


def test_bad_lines_are_rejected_with_a_reason_and_their_neighbours_kept() -> None:
    no_time, bad_time, other = record(timestamp=None), record(timestamp="yesterday"), record(request={"uri": "/b"})
    text = (
        lines(record()) + '{"webaclId": \n[]\nnull\nrubbish {\n{"action":"ALLOW"}\n' + lines(no_time, bad_time, other)
    )
    found = parse("aws-waf", text)
    assert len(found.events) == 2
    not_one = "the line is not a JSON object of AWS WAF with action and httpRequest"
    assert [(line, reason) for line, reason, _ in found.rejects] == [
        *((line, not_one) for line in range(2, 7)),
        (7, "the line has no timestamp in milliseconds"),
        (8, "the timestamp yesterday is no number of milliseconds"),
    ]


def test_no_cookie_header_or_body_is_kept() -> None:
    torn = parse("aws-waf", 'shop.example"},{"name":"Cookie","value":"session=hunter2"}]}}\n')
    assert torn.rejects and "hunter2" not in everything(torn)
    found = parse(
        "aws-waf", (WAF / "aws-waf" / "kinds.log").read_bytes() + (WAF / "aws-waf" / "managed.log").read_bytes()
    )
    assert "hunter2" not in everything(found)

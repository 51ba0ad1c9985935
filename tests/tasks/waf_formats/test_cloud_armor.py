"""Cloud Armor in the load balancer's log: outcomes, what a preview would have done, and rate limits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import cloud_armor
from tests.tasks.waf_formats.modsecurity import everything, parse

# Google, "Use request logging" (Cloud Armor): outcome ACCEPT, DENY, REDIRECT; configuredAction of a rule; outcome of
# rateLimitAction is RATE_LIMIT_THRESHOLD_CONFORM with ACCEPT, .._EXCEED and BAN_THRESHOLD_EXCEED with the others.
# (configuredAction, outcome) -> action, is_enforced, where the policy is in force.
ENFORCED = {
    ("ALLOW", "ACCEPT"): ("allow", True),
    ("DENY", "DENY"): ("block", True),
    ("REDIRECT", "REDIRECT"): ("redirect", True),
    ("THROTTLE", "ACCEPT"): ("allow", True),
    ("THROTTLE", "DENY"): ("rate_limit", True),
    ("THROTTLE", "REDIRECT"): ("redirect", True),
    ("RATE_BASED_BAN", "ACCEPT"): ("allow", True),
    ("RATE_BASED_BAN", "DENY"): ("rate_limit", True),
}

# Google, "Cloud Armor preconfigured WAF rules overview": signature ids as the log writes them.
CLASSES = {
    "owasp-crs-v030301-id942432-sqli": "sqli", "owasp-crs-v030001-id941110-xss": "xss", "owasp-crs-v030301-id930100-lfi": "lfi",
    "owasp-crs-v030301-id931100-rfi": "rfi", "owasp-crs-v030301-id932100-rce": "rce", "owasp-crs-v030301-id911100-methodenforcement": "method",
    "owasp-crs-v030301-id913101-scannerdetection": "scanner", "owasp-crs-v030301-id921120-protocolattack": "protocol",
    "owasp-crs-v030301-id933100-php": "php", "owasp-crs-v030301-id943100-sessionfixation": "session",
    "owasp-crs-v030301-id944100-java": "java", "owasp-crs-v030301-id934100-nodejs": "nodejs", "owasp-crs-v030001-id044228-cve": "rce",
    "owasp-crs-id000000-json-sqli": "sqli",
}  # fmt: skip


def policy(configured: str, outcome: str, **more: Any) -> dict[str, Any]:
    return {"name": "policy", "priority": 1000, "configuredAction": configured, "outcome": outcome, **more}


def entry(request: dict[str, Any] | None = None, **policies: Any) -> str:
    return json.dumps({
        "insertId": "g1", "timestamp": "2024-08-26T15:30:31.155688069Z",
        "httpRequest": {
            "requestMethod": "GET", "requestUrl": "https://Shop.example:443/p?q=1&token=hunter2", "responseSize": "258", "status": 403,
            "userAgent": "curl/8", "remoteIp": "203.0.113.5:44321", "protocol": "HTTP/2",
        } | (request or {}),
        "jsonPayload": {"@type": "type.googleapis.com/google.cloud.loadbalancing.type.LoadBalancerLogEntry", **policies},
    }) + "\n"  # fmt: skip


@pytest.mark.parametrize(("words", "meaning"), ENFORCED.items())
def test_every_documented_outcome_has_its_meaning(words: tuple[str, str], meaning: tuple[str, bool]) -> None:
    (found,) = parse("cloud-armor", entry(enforcedSecurityPolicy=policy(*words))).events
    assert (found["action"], found["is_enforced"], found["would_block"]) == (*meaning, False)
    assert found["action_raw"] == words[1]


@pytest.mark.parametrize("words", ENFORCED)
@pytest.mark.parametrize("beside", [None, policy("ALLOW", "ACCEPT"), policy("DENY", "DENY")])
def test_a_preview_stops_nothing_and_says_what_it_would(words: tuple[str, str], beside: Any) -> None:
    policies = {"previewSecurityPolicy": policy(*words, preview=True)} | (
        {"enforcedSecurityPolicy": beside} if beside else {}
    )
    (found,) = parse("cloud-armor", entry(**policies)).events
    stops = words[1] != "ACCEPT"
    if beside and beside["outcome"] == "DENY":
        assert (found["action"], found["is_enforced"], found["would_block"]) == ("block", True, False)
    else:
        assert (found["action"], found["would_block"]) == ("log" if stops else "allow", stops)
        assert found["is_enforced"] is (False if stops else beside is not None)


def test_the_words_with_a_meaning_hold_the_outcomes() -> None:
    assert {outcome.lower() for _, outcome in ENFORCED} <= cloud_armor.ACTIONS.keys()


def test_a_word_that_is_not_documented_is_unknown() -> None:
    (found,) = parse("cloud-armor", entry(enforcedSecurityPolicy=policy("DENY", "TARPIT"))).events
    assert (found["action"], found["action_raw"], found["would_block"]) == ("unknown", "TARPIT", False)
    assert found["is_enforced"] is None


@pytest.mark.parametrize(("rule", "attack_class"), CLASSES.items())
def test_every_signature_stands_for_its_class(rule: str, attack_class: str) -> None:
    found = parse("cloud-armor", entry(enforcedSecurityPolicy=policy("DENY", "DENY", preconfiguredExprIds=[rule])))
    (event,) = found.events
    assert (event["attack_class"], found.rules(event)) == (attack_class, [rule])


@pytest.mark.parametrize(
    ("configured", "attack_class"), [("DENY", "custom"), ("THROTTLE", "rate"), ("RATE_BASED_BAN", "rate")]
)
def test_a_rule_of_ones_own_is_named_by_its_priority(configured: str, attack_class: str) -> None:
    found = parse("cloud-armor", entry(enforcedSecurityPolicy=policy(configured, "DENY")))
    assert (found.events[0]["attack_class"], found.rules(found.events[0])) == (attack_class, ["priority 1000"])


def test_an_entry_is_a_request_with_its_match_and_its_weight() -> None:
    match = {"matchedFieldType": "COOKIE_VALUES", "matchedFieldName": "session", "matchedFieldValue": "hunter2"}
    rule = "owasp-crs-v030301-id942432-sqli"
    text = entry(
        enforcedSecurityPolicy=policy("DENY", "DENY", preconfiguredExprIds=[rule], **match),
        remoteIpInfo={"asn": 64500, "regionCode": "GB"},
    )
    found = parse("cloud-armor", text, "America/New_York", sample_rate="0.25")
    (event,) = found.events
    assert (event["event_at"].isoformat(), event["sample_weight"]) == ("2024-08-26T15:30:31.155688+00:00", 4.0)
    assert [event[n] for n in ("client_ip", "host", "path", "query", "asn", "country", "status")] == [
        "203.0.113.5", "shop.example", "/p", "q=1&token=[redacted]", 64500, "GB", 403,
    ]  # fmt: skip
    ((hit,),) = found.hits.values()
    assert (hit["target"], hit["matched"]) == ("REQUEST_COOKIES:session", "[redacted]")
    assert "hunter2" not in everything(found)


@pytest.mark.parametrize("rate", ["0", "x"])
def test_a_rate_that_is_none_weighs_one(rate: str) -> None:
    (found,) = parse("cloud-armor", entry(enforcedSecurityPolicy=policy("DENY", "DENY")), sample_rate=rate).events
    assert found["sample_weight"] == 1.0


def test_requests_without_a_policy_are_left_out_and_bad_lines_cost_only_themselves() -> None:
    judged = {"enforcedSecurityPolicy": policy("DENY", "DENY")}
    bare = entry({"remoteIp": None, "requestUrl": None, "status": None}, **judged)
    found = parse("cloud-armor", entry() + "{\n" + bare + entry(**judged).replace("2024-08-26T", "soon"))
    (event,) = found.events
    assert [event[name] for name in ("client_ip", "path", "status")] == [None] * 3
    assert [(line, reason) for line, reason, _ in found.rejects] == [
        (2, "the line is not a JSON object"),
        (4, "the entry has no timestamp in RFC 3339"),
    ]

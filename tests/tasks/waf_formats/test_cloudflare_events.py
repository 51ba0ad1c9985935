"""Cloudflare's firewall events in both shapes: one request out of several events, and what each product stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import cloudflare_events
from tests.tasks.waf_formats.modsecurity import everything, parse

# https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/firewall_events/ (Action), with those that
# older versions of the page, the dataset http_requests and https://developers.cloudflare.com/waf/tools/validation-checks/
# have beside.
WORDS = [
    "unknown", "allow", "block", "challenge", "jschallenge", "log", "connectionclose", "challengesolved",
    "challengebypassed", "jschallengesolved", "jschallengebypassed", "bypass", "managedchallenge",
    "managedchallengenoninteractivesolved", "managedchallengeinteractivesolved", "managedchallengebypassed",
    "precursorinterstitialpageissued", "precursorinterstitialpagebypassed", "precursorinterstitialpagesolved",
    "challengefailed", "jschallengefailed", "managedchallengeskipped", "jschallengeSolved", "managedChallenge",
    "rewrite", "forceConnectionClose", "skip", "drop", "simulate",
]  # fmt: skip

# The same page (Source). None: no attack that has a class.
SOURCES = {
    "unknown": None, "asn": "reputation", "country": "geo", "ip": "reputation", "iprange": "reputation",
    "securitylevel": "reputation", "zonelockdown": "custom", "firewallrules": "custom", "uablock": "bot", "ratelimit": "rate",
    "bic": "bot", "hot": None, "l7ddos": "dos", "validation": "protocol", "botfight": "bot", "apishield": None,
    "botmanagement": "bot", "dlp": "data_leak", "firewallcustom": "custom", "apishieldschemavalidation": "protocol",
    "apishieldtokenvalidation": None, "apishieldsequencemitigation": None,
    # As GraphQL writes them.
    "firewallCustom": "custom", "rateLimit": "rate", "botManagement": "bot", "sanitycheck": "protocol",
}  # fmt: skip

# Names of rules in https://developers.cloudflare.com/waf/change-log/ and of the OWASP ruleset.
NAMES = {
    "SQLi - Comment": "sqli",
    "NoSQL - Injection": "sqli",
    "Django - SQL Injection - CVE:CVE-2025-64459": "sqli",
    "Generic Payloads XSS Base64 Beta": "xss",
    "XSS, HTML Injection - Script Tag": "xss",
    "GraphQL SSRF": "ssrf",
    "Zimbra - Local File Inclusion - CVE:CVE-2025-68645": "lfi",
    "Vite - WASM Import Path Traversal - CVE:CVE-2025-31125": "lfi",
    "Default Windows User - Directory Traversal": "lfi",
    "PHP - File Inclusion": "lfi",
    "Version Control - Information Disclosure": "lfi",
    "Generic - Remote File Inclusion": "rfi",
    "WordPress - Dangerous File Upload": "upload",
    "Apache Struts - Code Injection - CVE:CVE-2017-5638": "java",
    "Log4j Headers": "java",
    "PHP - Code Injection": "php",
    "React - RCE - CVE:CVE-2025-55182": "nodejs",
    "Command Injection - Common Attack Commands Beta": "rce",
    "Progress Kemp LoadMaster - Remote Code Execution - CVE:CVE-2026-8037": "rce",
    "Vulnerability scanner activity 3": "scanner",
    "Exposed Credentials Check": "login",
    "Anomaly:Header:User-Agent - Fake Bing or MSN Bot": "bot",
    "Manage AI bots": "bot",
    "Anomaly:URL:Path - Multiple Slashes, Relative Paths, CR, LF or NULL 2": "protocol",
    "932160: Remote Command Execution: Unix Shell Code Found": "rce",
    "949110: Inbound Anomaly Score Exceeded": None,
    "Citrix Netscaler ADC - Insufficient Input Validation - CVE:CVE-2026-8451": None,
    "": None,
}


def pushed(**changes: Any) -> dict[str, Any]:
    return {
        "Action": "block", "ClientIP": "203.0.113.7", "ClientRequestHost": "shop.example", "ClientRequestPath": "/a", "RayID": "r1",
        "Datetime": "2026-11-23T05:00:09Z", "RuleID": "rule", "Source": "firewallmanaged", "MatchIndex": 0, "Description": "",
    } | changes  # fmt: skip


def asked(**changes: Any) -> dict[str, Any]:
    return {
        "action": "block", "clientIP": "203.0.113.7", "clientRequestHTTPHost": "shop.example", "clientRequestPath": "/a",
        "rayName": "r1", "datetime": "2026-11-23T05:00:09Z", "ruleId": "rule", "source": "firewallManaged", "matchIndex": 0,
        "description": "", "sampleInterval": 1,
    } | changes  # fmt: skip


def lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def test_every_documented_action_has_a_meaning() -> None:
    assert {word.lower() for word in WORDS} <= cloudflare_events.ACTIONS.keys()


@pytest.mark.parametrize(("source", "attack_class"), SOURCES.items())
@pytest.mark.parametrize("shape", ["pushed", "asked"])
def test_every_documented_source_stands_for_its_class(shape: str, source: str, attack_class: str | None) -> None:
    event = pushed(Source=source) if shape == "pushed" else asked(source=source)
    (found,) = parse("cloudflare-events", lines(event)).events
    assert found["attack_class"] == attack_class


@pytest.mark.parametrize(("name", "attack_class"), NAMES.items())
def test_the_name_of_a_managed_rule_tells_its_attack(name: str, attack_class: str | None) -> None:
    found = parse(
        "cloudflare-events", lines(pushed(Description=name), pushed(RayID="r2", Source="waf", Description=name))
    )
    assert [event["attack_class"] for event in found.events] == [attack_class] * 2
    assert all(hit["is_verdict"] == name.startswith("949110") for hits in found.hits.values() for hit in hits)


def test_a_rule_of_ones_own_is_not_judged_by_its_name() -> None:
    (event,) = parse("cloudflare-events", lines(pushed(Source="firewallcustom", Description="SQLi of the shop"))).events
    assert event["attack_class"] == "custom"


@pytest.mark.parametrize(
    ("events", "action", "attack_class", "rules"),
    [
        ([("skip", "firewallcustom", 1), ("block", "firewallmanaged", 0)], "block", None, ["skip", "block"]),
        ([("log", "l7ddos", 0), ("block", "country", 1)], "block", "geo", ["block", "log"]),
        ([("log", "country", 0)], "log", "geo", ["log"]),
        ([("managedChallenge", "botfight", 0)], "challenge", "bot", ["managedChallenge"]),
        ([("block", "ratelimit", 0), ("log", "firewallcustom", 1)], "rate_limit", "rate", ["log", "block"]),
        ([("managedchallenge", "ratelimit", 0)], "challenge", "rate", ["managedchallenge"]),
        ([("skip", "firewallcustom", 0)], "allow", None, ["skip"]),
        ([("somethingnew", "country", 0)], "unknown", "geo", ["somethingnew"]),
    ],
)  # fmt: skip
def test_the_events_of_a_ray_are_one_request(events, action, attack_class, rules) -> None:
    text = lines(*(pushed(Action=word, Source=source, MatchIndex=index, RuleID=word) for word, source, index in events))
    found = parse("cloudflare-events", text)
    (event,) = found.events
    assert (event["action"], event["attack_class"], found.rules(event)) == (action, attack_class, rules)
    assert event["is_enforced"] == (None if action in ("log", "allow", "unknown") else True)


def test_an_event_delivered_twice_is_one_hit_and_without_a_ray_each_line_is_a_request() -> None:
    twice = parse("cloudflare-events", lines(pushed(), pushed(), pushed(Action="log")))
    assert [len(twice.hits[event["event_id"]]) for event in twice.events] == [2]
    lone = parse("cloudflare-events", lines(pushed(RayID=""), pushed(RayID="", ClientRequestPath="/b")))
    assert [event["request_id"] for event in lone.events] == [None, None]


@pytest.mark.parametrize(
    ("moment", "read"),
    [
        ("2026-11-23T05:00:09Z", "2026-11-23T05:00:09+00:00"),
        ("2026-11-23T05:00:09.123456789Z", "2026-11-23T05:00:09.123456+00:00"),
        ("2026-11-23 05:00:09", "2026-11-23T05:00:09+00:00"),
        (1795410009, "2026-11-23T05:00:09+00:00"),
        (1795410009250000000, "2026-11-23T05:00:09.250000+00:00"),
        ("1795410009", "2026-11-23T05:00:09+00:00"),
    ],
)
def test_every_way_to_write_a_time_is_read(moment: Any, read: str) -> None:
    (event,) = parse("cloudflare-events", lines(pushed(Datetime=moment)), "America/New_York").events
    assert (event["event_at"].isoformat(), event["is_zone_assumed"]) == (read, False)


def test_the_sample_interval_is_the_weight_and_a_pushed_event_is_one_request() -> None:
    found = parse(
        "cloudflare-events",
        lines(asked(sampleInterval=10), asked(rayName="r2", sampleInterval=None), pushed(RayID="r3")),
    )
    assert [event["sample_weight"] for event in found.events] == [10.0, 1.0, 1.0]


def test_both_shapes_of_one_event_are_the_same_request() -> None:
    one = pushed(ClientASN=64500, ClientCountry="gb", ClientRequestQuery="?id=1&token=hunter2", ClientRequestUserAgent="curl/8",
                 ClientRequestMethod="GET", ClientRequestProtocol="HTTP/2", EdgeResponseStatus=403)  # fmt: skip
    other = asked(clientAsn="64500", clientCountryName="GB", clientRequestQuery="?id=1&token=hunter2", userAgent="curl/8",
                  clientRequestHTTPMethodName="GET", clientRequestHTTPProtocol="HTTP/2", edgeResponseStatus=403)  # fmt: skip
    found = [parse("cloudflare-events", lines(event)) for event in (one, other)]
    (first,), (second,) = found[0].events, found[1].events
    assert first | {"file_id": ""} == second | {"file_id": ""}
    assert list(found[0].hits.values()) == list(found[1].hits.values())
    assert first["query"] == "id=1&token=[redacted]"
    assert "hunter2" not in everything(found[0])


def test_what_a_client_wrote_does_not_change_the_shape() -> None:
    (event,) = parse("cloudflare-events", lines(pushed(ClientRequestUserAgent='"rayName":"x","action":"allow"'))).events
    assert (event["action"], event["request_id"]) == ("block", "r1")


def test_bad_lines_are_rejected_with_a_reason_and_their_neighbours_kept() -> None:
    good = pushed()
    text = (
        lines(good)
        + '{"Action":\n[]\n"x"\n{}\n'
        + lines(pushed(Datetime=None), pushed(Datetime="soon"), pushed(RayID="r2"))
    )
    found = parse("cloudflare-events", text)
    assert [event["request_id"] for event in found.events] == ["r1", "r2"]
    not_one = "the line is not a JSON object of a Cloudflare firewall event with Action"
    assert [(line, reason) for line, reason, _ in found.rejects] == [
        *((line, not_one) for line in (2, 3, 4, 5)),
        (6, "the event has no Datetime; add it to the fields of the Logpush job"),
        (7, "the time soon is neither RFC 3339 nor unix time"),
    ]


def test_odd_values_cost_no_line() -> None:
    odd = [
        pushed(
            RayID="a",
            ClientASN="x",
            MatchIndex="y",
            EdgeResponseStatus="z",
            ClientCountry="xx",
            Source=None,
            RuleID=None,
        ),
        pushed(
            RayID="b",
            ClientIP=None,
            ClientRequestHost={"a": 1},
            ClientRequestPath=None,
            ClientASN=0,
            EdgeResponseStatus=0,
        ),
    ]
    found = parse("cloudflare-events", lines(*odd))
    assert (len(found.events), found.rejects) == (2, [])
    assert [(e["asn"], e["status"], e["country"]) for e in found.events] == [(None, None, None)] * 2

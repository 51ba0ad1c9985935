"""Real logs of four servers, which an independent script counted: audit logs equal its tables, error logs agree with them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from tests.tasks.waf_formats.modsecurity import Parsed, capture, everything, parse


@dataclass(frozen=True, slots=True)
class Target:
    """A server of the capture, and what was counted in its audit log."""

    format: str
    audit: str
    error: str
    zone: str
    transactions: int
    without_rule: int
    verdicts: int
    correlations: int
    matches: int
    blocked: int
    would_block: int
    actions: dict[str, int]
    classes: dict[str, int]


CLASSES = ("lfi", "xss", "sqli", "rce", "php", "nodejs", "rfi", "session", "scanner", "protocol", "method")
TARGETS = {
    "nginx-shop": Target(
        "modsecurity-v3-json", "nginx-shop-audit.json.log.gz", "nginx-shop-error.log.gz", "UTC",
        375, 52, 319, 0, 1027, 319, 0, {"block": 319, "rate_limit": 49, "log": 4, "allow": 3},
        dict(zip(CLASSES, (82, 66, 43, 78, 33, 14, 18, 6, 29, 29, 4), strict=True)),
    ),
    "nginx-www": Target(
        "modsecurity-v3-native", "nginx-www-audit.native.log.gz", "nginx-www-error.log.gz", "UTC",
        393, 0, 379, 0, 1582, 0, 379, {"log": 393},
        dict(zip(CLASSES, (82, 67, 136, 82, 34, 14, 26, 6, 64, 39, 4), strict=True)),
    ),
    "apache-shop": Target(
        "modsecurity-v2-native", "apache-shop-audit.native.log.gz", "apache-shop-error.log.gz", "America/New_York",
        330, 3, 323, 323, 1392, 323, 0, {"block": 323, "log": 4, "allow": 3},
        dict(zip(CLASSES, (81, 66, 43, 78, 34, 14, 18, 6, 29, 29, 8), strict=True)),
    ),
    "apache-www": Target(
        "modsecurity-v2-json", "apache-www-audit.json.log.gz", "apache-www-error.log.gz", "America/New_York",
        397, 0, 383, 383, 2018, 0, 383, {"log": 397},
        dict(zip(CLASSES, (81, 67, 139, 82, 35, 14, 26, 6, 64, 39, 8), strict=True)),
    ),
}  # fmt: skip
each_target = pytest.mark.parametrize("name", TARGETS)
PARSED: dict[str, Parsed] = {}


def audit(name: str) -> Parsed:
    if name not in PARSED:
        PARSED[name] = parse(TARGETS[name].format, capture(TARGETS[name].audit))
    return PARSED[name]


def error(name: str) -> Parsed:
    target = TARGETS[name]
    if target.error not in PARSED:
        PARSED[target.error] = parse(f"{name.split('-')[0]}-error", capture(target.error), target.zone)
    return PARSED[target.error]


@each_target
def test_an_audit_log_gives_what_was_counted_in_it(name: str) -> None:
    target, found = TARGETS[name], audit(name)
    assert found.rejects == []
    assert len(found.events) == target.transactions
    assert sum(not found.hits[e["event_id"]] for e in found.events) == target.without_rule
    assert sum("949110" in found.rules(e) for e in found.events) == target.verdicts
    assert sum("980130" in found.rules(e) for e in found.events) == target.correlations
    assert sum(len(hits) for hits in found.hits.values()) == target.matches
    assert Counter(e["action"] for e in found.events) == target.actions
    assert sum(e["action"] == "block" and e["status"] == 403 for e in found.events) == target.blocked
    assert sum(e["would_block"] for e in found.events) == target.would_block


@each_target
def test_an_audit_log_gives_the_transactions_of_each_class(name: str) -> None:
    counted = Counter(c for e in audit(name).events for c in e["attack_classes"])
    assert {c: n for c, n in counted.items() if c != "data_leak"} == TARGETS[name].classes


@each_target
def test_a_score_and_its_threshold_come_with_each_verdict(name: str) -> None:
    found = audit(name)
    for event in found.events:
        inbound = "949110" in found.rules(event)
        assert (event["score"] is not None and event["score"] >= event["threshold"] == 5) or not inbound
        # Not every rule of CRS 3.3 has a tag with its level.
        assert event["paranoia"] in ((None, 1) if name.endswith("shop") else (None, 1, 2))


@each_target
def test_every_hit_says_where_it_matched_and_what(name: str) -> None:
    hits = [hit for hits in audit(name).hits.values() for hit in hits]
    assert all(hit["target"] and hit["message"] and hit["ruleset"] == "OWASP_CRS" for hit in hits)
    assert all(hit["ruleset_version"] == "3.3.4" for hit in hits)
    assert all(hit["matched"] or hit["rule_id"] == "920320" for hit in hits if not hit["is_verdict"])
    assert all(hit["severity"] and hit["score"] and hit["attack_class"] for hit in hits if not hit["is_verdict"])


def joined(name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Return the events of both logs, joined by the unique id."""
    told = {event["request_id"]: event for event in error(name).events if event["request_id"]}
    logged = {
        event["request_id"]: event for event in audit(name).events if event["action_raw"] or event["action"] == "block"
    }
    if name == "nginx-shop":
        logged = {k: e for k, e in logged.items() if e["action"] == "block"}
    assert told.keys() == logged.keys()
    return [(told[key], logged[key]) for key in told]


@each_target
def test_an_error_log_gives_what_was_counted_in_it(name: str) -> None:
    found = error(name)
    assert found.rejects == []
    lines = {"nginx-shop": 319, "nginx-www": 1582, "apache-shop": 1392, "apache-www": 2018}
    assert sum(len(hits) for hits in found.hits.values()) == lines[name]
    assert all(event["is_zone_assumed"] for event in found.events)


@each_target
def test_an_error_log_agrees_with_the_audit_log(name: str) -> None:
    found, other = error(name), audit(name)
    same = ["action", "would_block", "score", "threshold", "client_ip"]
    if name != "nginx-shop":
        # At level warn nginx has the denial only, not what led to it.
        same += ["paranoia", "attack_class", "attack_classes"]
    if name.startswith("nginx"):
        same += ["method", "path", "query", "protocol"]
    for told, logged in joined(name):
        assert {k: told[k] for k in same} == {k: logged[k] for k in same}
        # nginx answers TRACE before it takes the name of the client; the host of the request line is not in either.
        assert told["host"] == logged["host"]
        assert abs(told["event_at"] - logged["event_at"]) <= timedelta(seconds=1)
        if name != "nginx-shop":
            rules = [
                [(h["rule_id"], h["target"], h["matched"]) for h in f.hits[told["event_id"]]] for f in (found, other)
            ]
            assert sorted(map(str, rules[0])) == sorted(map(str, rules[1]))


def test_the_requests_over_the_limit_are_in_both_logs_of_nginx() -> None:
    (told,) = [[e for e in error("nginx-shop").events if e["action"] == "rate_limit"]]
    logged = [e for e in audit("nginx-shop").events if e["action"] == "rate_limit"]
    assert len(told) == len(logged) == 49
    keys = ("event_at", "client_ip", "host", "method", "path")
    assert Counter(tuple(e[k] for k in keys[1:]) for e in told) == Counter(
        tuple(e[k] for k in keys[1:]) for e in logged
    )
    assert {e["status"] for e in told} == {None}
    known = parse("nginx-error", capture("nginx-shop-error.log.gz"), limit_status="429").events
    assert {e["status"] for e in known if e["action"] == "rate_limit"} == {429}


def test_a_denied_request_says_that_the_engine_enforces_and_a_mere_warning_that_it_detects() -> None:
    assert Counter(e["is_enforced"] for e in error("apache-shop").events) == {True: 323, None: 4}
    assert Counter(e["is_enforced"] for e in error("nginx-www").events) == {False: 382, None: 11}
    assert {e["is_enforced"] for e in audit("apache-shop").events} == {True}
    assert {e["is_enforced"] for e in audit("apache-www").events} == {False}


@each_target
def test_no_body_reaches_a_row(name: str) -> None:
    assert "<html><body>page" not in everything(audit(name)) + everything(error(name))

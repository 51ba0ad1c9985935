"""Coraza's two logs: what is one request, what was done with it, and what is left out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tasks.waf_formats.modsecurity import WAF, parse

CASE = (WAF / "coraza" / "caddy.log").read_text().splitlines()
RULE = '[file "/r/{rule}.conf"] [line "1"] [id "{rule}"] [rev ""] [msg "m"] [data ""] [severity "critical"] [ver "OWASP_CRS/4.7.0"]'


def caddy(verb: str, rule: str, name: str = "aaa", ts: Any = 1795410009.5, uri: str = "/") -> str:
    text = f'[client "203.0.113.7"] Coraza: {verb} m {RULE.format(rule=rule)} [hostname ""] [uri "{uri}"] [unique_id "{name}"]\n'
    return json.dumps({"level": "error", "ts": ts, "logger": "http.handlers.waf", "msg": text}, separators=(",", ":"))


@pytest.mark.parametrize(
    ("lines", "action"),
    [
        ([("Warning.", "942100"), ("Access denied (phase 2).", "949110")], "block"),
        ([("Access denied (phase 1).", "100001")], "block"),
        ([("Access redirected (phase 1).", "100001")], "redirect"),
        ([("Access dropped (phase 1).", "100001")], "block"),
        ([("Access allowed (phase 1).", "100001")], "allow"),
        # Before version 3.1: of every rule with a disruptive action, and of the one that reports.
        ([("Access denied (phase 2).", "942100"), ("Access denied (phase 2).", "941100")], "log"),
        ([("Access denied (phase 2).", "942100"), ("Access denied (phase 2).", "949110"), ("Access denied (phase 5).", "980170")], "block"),
        ([("Warning.", "942100"), ("Access denied (phase 5).", "980170")], "log"),
    ],
)  # fmt: skip
def test_the_lines_of_a_request_are_one_event_with_its_action(lines: list[tuple[str, str]], action: str) -> None:
    found = parse("coraza", "\n".join(caddy(*line) for line in lines) + "\n")
    (event,) = found.events
    assert event["action"] == action
    assert found.rules(event) == [rule for _, rule in lines]


@pytest.mark.parametrize(
    ("ts", "moment", "is_zone_assumed"),
    [
        (1795410009.5, "2026-11-23T05:00:09.500000+00:00", False),
        ("2026-11-23T06:00:09.500+0100", "2026-11-23T05:00:09.500000+00:00", False),
        ("2026-11-23T05:00:09Z", "2026-11-23T05:00:09+00:00", False),
        ("2026/11/23 05:00:09.500", "2026-11-23T10:00:09.500000+00:00", True),
    ],
)
def test_the_times_of_caddy_are_read(ts: Any, moment: str, is_zone_assumed: bool) -> None:
    (event,) = parse("coraza", caddy("Warning.", "942100", ts=ts) + "\n", "America/New_York").events
    assert (event["event_at"].isoformat(), event["is_zone_assumed"]) == (moment, is_zone_assumed)


def test_what_syslog_puts_before_the_object_does_not_matter() -> None:
    (event,) = parse("coraza", "Nov 23 05:00:09 web caddy[7]: " + caddy("Warning.", "942100") + "\n").events
    assert event["client_ip"] == "203.0.113.7"


def test_the_audit_log_counts_where_both_logs_have_a_request() -> None:
    audit = next(line for line in CASE if '"id":"BBB"' in line)
    found = parse("coraza", f"{caddy('Warning.', '942100', 'BBB')}\n{audit}\n")
    (event,) = found.events
    assert (event["action"], found.rules(event)) == ("block", ["933100", "949110", "980170"])


@pytest.mark.parametrize(
    ("engine", "interrupted", "action", "is_enforced", "would_block"),
    [
        ("On", True, "block", True, False),
        ("On", False, "log", True, False),
        ("DetectionOnly", False, "log", False, True),
    ],
)
def test_the_audit_log_says_whether_it_interrupted(engine, interrupted, action, is_enforced, would_block) -> None:
    document = json.loads(next(line for line in CASE if '"id":"BBB"' in line))
    document["transaction"]["producer"]["rule_engine"] = engine
    document["transaction"]["is_interrupted"] = interrupted
    (event,) = parse("coraza", json.dumps(document) + "\n").events
    assert (event["action"], event["is_enforced"], event["would_block"]) == (action, is_enforced, would_block)


def test_bad_lines_are_rejected_and_those_of_other_loggers_left_out() -> None:
    good = caddy("Warning.", "942100")
    other = '{"level":"info","ts":1.5,"logger":"http.log.access","msg":"handled request","status":200}'
    no_time = caddy("Warning.", "942100", "bbb", ts="never")
    cut = good.replace(" [unique_id", " [unique")
    no_stamp = '{"transaction":{"timestamp":"x","unix_timestamp":"x","id":"c"}}'
    found = parse("coraza", "\n".join([good, other, "{", "rubbish", "[]", no_time, cut, no_stamp]) + "\n")
    assert [event["request_id"] for event in found.events] == ["aaa"]
    assert sorted((line, reason) for line, reason, _ in found.rejects) == [
        (3, "the line is not a JSON object of Coraza or Caddy"),
        (4, "the line is not a JSON object of Coraza or Caddy"),
        (5, "the line is not a JSON object of Coraza or Caddy"),
        (6, "the line has no time (ts)"),
        (7, "the line is cut before the unique_id of its request"),
        (8, "the transaction has no unix_timestamp in nanoseconds"),
    ]

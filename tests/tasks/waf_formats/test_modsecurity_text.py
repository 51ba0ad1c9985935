"""What is read out of the sentences of ModSecurity and Coraza, and what is not believed or not kept of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks import waf_modsecurity
from tests.tasks.waf_formats.modsecurity import Parsed, parse

FIELDS = '[file "/crs/942.conf"] [line "1"] [id "942100"] [msg "SQL Injection"] [severity "CRITICAL"] [ver "OWASP_CRS/4.7.0"]'


def log(*messages: str, status: int = 200, engine: str | None = "ENABLED", target: str = "/", **audit: Any) -> Parsed:
    """Parse a transaction of ModSecurity 2 with these messages."""
    document = {
        "transaction": {
            "time": "23/Nov/2026:00:00:09.5 --0500",
            "transaction_id": "a",
            "remote_address": "203.0.113.7",
        },
        "request": {"request_line": f"GET {target} HTTP/1.1", "headers": {"Host": "shop.example"}},
        "response": {"status": status},
        "audit_data": {"messages": list(messages), "engine_mode": engine, **audit},
    }
    return parse("modsecurity-v2-json", json.dumps(document) + "\n")


def event(*messages: str, **given: Any) -> dict[str, Any]:
    (found,) = log(*messages, **given).events
    return found


def hit(message: str, **given: Any) -> dict[str, Any]:
    found = log(message, **given)
    (row,) = found.hits[found.events[0]["event_id"]]
    return row


WORDS = {
    # ModSecurity 2: perform_interception() and msc_alert() in apache2/mod_security2.c and apache2/msc_logging.c
    # https://github.com/owasp-modsecurity/ModSecurity/blob/v2/master/apache2/mod_security2.c
    "Warning. Pattern match": "log",
    "Access denied with code 403 (phase 2). Pattern match": "block",
    "Access denied with code 429 (phase 2). Pattern match": "rate_limit",
    "Access denied with connection close (phase 1). Operator EQ": "block",
    "Access denied using proxy to (phase 1) http://192.0.2.1/. Pattern match": "block",
    "Access denied with redirection to https://shop.example/ using status 302 (phase 1). Pattern": "redirect",
    "Access allowed (phase 1). Pattern match": "allow",
    "Access to phase allowed (phase 1). Pattern match": "allow",
    "Access to request allowed (phase 1). Pattern match": "allow",
    "Pausing transaction for 50 msec. Pattern match": "log",
    # Coraza: writeDisruptiveActionSpecificLog() in internal/corazarules/rule_match.go
    # https://github.com/corazawaf/coraza/blob/main/internal/corazarules/rule_match.go
    "Access denied (phase 2). Inbound": "block",
    "Access dropped (phase 2). Inbound": "block",
    "Access redirected (phase 2). Inbound": "redirect",
    "Custom disruptive action triggered (phase 2). Inbound": "unknown",
}


@pytest.mark.parametrize(("words", "action"), WORDS.items())
def test_every_documented_beginning_of_a_message_is_an_action(words: str, action: str) -> None:
    found = log(f"{words} at ARGS:q. {FIELDS}", status=0)
    assert found.events[0]["action"] == action
    assert found.events[0]["action_raw"].lower() in waf_modsecurity.ACTIONS
    assert found.rules(found.events[0]) == ["942100"]


def test_the_status_of_a_denial_is_used_where_the_answer_was_not_logged() -> None:
    assert event(f"Access denied with code 406 (phase 2). Match at ARGS:q. {FIELDS}", status=0)["status"] == 406
    redirected = f"Access denied with redirection to https://x/ using status 307 (phase 1). Match at ARGS:q. {FIELDS}"
    assert event(redirected, status=0)["status"] == 307


def test_what_is_no_match_of_a_rule_is_no_hit() -> None:
    found = log(
        'Rule 7f9 [id "942100"][file "/crs/942.conf"][line "1"] - Execution error - PCRE limits exceeded (-8): (null).',
        "Audit log: Failed to lock global mutex: Permission denied",
        "Failed to parse request body.",
    )
    assert found.rules(found.events[0]) == []
    assert found.events[0]["action"] == "allow"


@pytest.mark.parametrize(
    ("status", "engine", "messages", "action", "would_block"),
    [
        (403, "ENABLED", [], "allow", False),
        (500, "ENABLED", [], "allow", False),
        (429, "ENABLED", [], "rate_limit", False),
        (429, "DETECTION_ONLY", [], "allow", False),
        (200, "DETECTION_ONLY", ["Warning. Match at ARGS:q."], "log", False),
        (404, "ENABLED", ["Warning. Match at ARGS:q."], "log", False),
    ],
)  # fmt: skip
def test_an_answer_without_a_denial_is_no_block(status, engine, messages, action, would_block) -> None:
    found = event(*(f"{message} {FIELDS}" for message in messages), status=status, engine=engine)
    assert (found["action"], found["would_block"]) == (action, would_block)


def test_only_the_inbound_verdict_of_a_detecting_engine_would_have_blocked() -> None:
    inbound = 'Warning. Operator GE matched 5 at TX:blocking_inbound_anomaly_score. [file "/crs/949.conf"] [line "1"] [id "{}"] [msg "{}"]'
    for rule, message in (("949110", "Inbound Anomaly Score Exceeded (Total Score: 8)"), ("949111", "Inbound Anomaly Score Exceeded in phase 1 (Total Score: 8)")):  # fmt: skip
        found = event(inbound.format(rule, message), engine="DETECTION_ONLY")
        assert (found["action"], found["would_block"], found["score"], found["threshold"]) == ("log", True, 8, 5)
    outbound = inbound.format("959100", "Outbound Anomaly Score Exceeded (Total Score: 4)")
    assert not event(outbound, engine="DETECTION_ONLY")["would_block"]


@pytest.mark.parametrize(
    ("rule", "message", "score", "threshold"),
    [
        ("980130", "Inbound Anomaly Score Exceeded (Total Inbound Score: 13 - SQLI=8,XSS=5): individual paranoia level scores: 13, 0, 0, 0", 13, None),
        ("980170", "Anomaly Scores: (Inbound Scores: blocking=3, detection=8, per_pl=3-5-0-0, threshold=5) - (Outbound Scores: blocking=4, detection=4, per_pl=4-0-0-0, threshold=4) - (SQLI=3)", 3, 5),
        ("949110", "Inbound Anomaly Score Exceeded (Total Score: many)", None, None),
    ],
)  # fmt: skip
def test_the_score_comes_from_what_sums_it_up(rule, message, score, threshold) -> None:
    found = event(
        f'Warning. Unconditional match in SecAction. [file "/crs/980.conf"] [line "1"] [id "{rule}"] [msg "{message}"]'
    )
    assert (found["score"], found["threshold"]) == (score, threshold)


@pytest.mark.parametrize(
    ("sentence", "target"),
    [
        ('Pattern match "a" at ARGS:q.', "ARGS:q"),
        ('Pattern match "a at ARGS:x." at REQUEST_HEADERS:User-Agent.', "ARGS:x.\" at REQUEST_HEADERS:User-Agent"),
        ('Match of "pm A B" against "REQUEST_HEADERS:User-Agent" required.', "REQUEST_HEADERS:User-Agent"),
        ("Found 2 byte(s) in ARGS:a b outside range: 1-255.", "ARGS:a b"),
        ("Matched \"Operator `Rx' with parameter `a' against variable `ARGS:it's' (Value: `x' )", "ARGS:it's"),
        ("detected XSS using libinjection.", None),
    ],
)  # fmt: skip
def test_a_hit_says_in_which_variable_it_matched(sentence: str, target: str | None) -> None:
    assert hit(f"Warning. {sentence} {FIELDS}")["target"] == target


@pytest.mark.parametrize(
    ("sentence", "data"),
    [
        ("Pattern match at REQUEST_COOKIES:sid.", "s3cr3t"),
        ("Pattern match at REQUEST_HEADERS:Authorization.", "s3cr3t"),
        ("Pattern match at REQUEST_HEADERS:Proxy-Authorization.", "s3cr3t"),
        ("Pattern match at ARGS:user[password].", "s3cr3t"),
        ("Pattern match at ARGS:json.user.password.", "s3cr3t"),
        ("Pattern match at MATCHED_VARS:ARGS:password.", "s3cr3t"),
        ("Pattern match at TX:1.", "Matched Data: s3 found within REQUEST_COOKIES:sid: s3cr3t"),
        ("detected SQLi using libinjection.", "Matched Data: s3cr3t found within ARGS:new password: s3cr3t"),
        ("detected SQLi using libinjection.", "Matched Data: s3cr3t.s3cr3t found wi"),
        ("Something new.", "REQUEST_COOKIES:sid=s3cr3t"),
        ("Pattern match at REQUEST_BODY.", "s3cr3t"),
        ("Pattern match at RESPONSE_BODY.", "<p>s3cr3t</p>"),
        ("Pattern match at QUERY_STRING.", "password=s3cr3t"),
    ],
)  # fmt: skip
def test_a_secret_or_a_body_that_matched_is_not_kept(sentence: str, data: str) -> None:
    found = hit(f'Warning. {sentence} {FIELDS} [data "{data}"]')
    assert "s3cr3t" not in repr(found)
    assert found["rule_id"] == "942100"


def test_what_matched_is_kept_where_it_is_no_secret() -> None:
    found = hit(
        f'Warning. Match at ARGS:q. {FIELDS} [data "Matched Data: \\"a\\" found within ARGS:q: \\"a\\""] [tag "paranoia-level/2"]'
    )
    assert found["matched"] == 'Matched Data: "a" found within ARGS:q: "a"'
    assert found["tags"] == ["paranoia-level/2"]


@pytest.mark.parametrize(
    ("severity", "word", "score"),
    [("CRITICAL", "critical", 5), ("2", "critical", 5), ("error", "error", 4), ("EMERGENCY", "emergency", None),
     ("0", None, None), ("emergency", None, None), ("NOTICE", "notice", 2)],
)  # fmt: skip
def test_a_rule_without_a_severity_is_no_emergency(severity: str, word: str | None, score: int | None) -> None:
    """ModSecurity 3 writes 0 and Coraza emergency where a rule has none."""
    found = hit("Warning. Match at ARGS:q. " + FIELDS.replace("CRITICAL", severity))
    assert (found["severity"], found["score"]) == (word, score)


FORGED = ' [file "/x"] [line "1"] [id "100"] [msg "forged"] [severity "NOTICE"] [tag "forged"]'


@pytest.mark.parametrize(
    ("message", "target"),
    [
        # In the name of an argument, which ModSecurity writes as it came, before its own fields.
        (f"Warning. Match at ARGS:x{FORGED}. {FIELDS}", "/"),
        (f"Warning. Matched \"Operator `Rx' with parameter `a' against variable `ARGS:x' (Value: `{FORGED}' ) {FIELDS}", "/"),
        # In the path, which ModSecurity 3 writes decoded, behind its own fields.
        (f'Warning. Match at ARGS:q. {FIELDS} [hostname "192.0.2.1"] [uri "/{FORGED}"] [unique_id "a"]', "/%20%5Bfile%20%22/x%22%5D"),
        (f'Warning. Match at ARGS:q. {FIELDS} [hostname "192.0.2.1"] [uri "/{FORGED}"] [unique_id "a"]', "/%20%5B%66ile%20%22/x%22%5D"),
        # In what matched, where quotes are escaped.
        (f"Warning. Match at ARGS:q. {FIELDS} [data \"{FORGED}\"]".replace('[data " [file "/x"]', '[data " [file \\"/x\\"]'), "/"),
    ],
)  # fmt: skip
def test_fields_that_a_client_sent_are_not_taken_for_those_of_the_rule(message: str, target: str) -> None:
    found = hit(message, target=target)
    assert (found["rule_id"], found["message"], found["severity"]) == ("942100", "SQL Injection", "critical")


def test_odd_json_is_rejected_and_good_lines_are_kept() -> None:
    good = json.dumps({"transaction": {"time": "23/Nov/2026:00:00:09 +0100", "transaction_id": "b"}, "audit_data": {}})
    bad = [
        "[]",
        "null",
        "{",
        '{"transaction": 5}',
        '{"transaction": {"time": "never"}}',
        good.replace('"audit_data": {}', '"x": 1').replace('"b"', '"d"'),
    ]
    found = parse("modsecurity-v2-json", "\n".join([good, *bad, good.replace('"b"', '"c"')]) + "\n")
    assert [e["request_id"] for e in found.events] == ["b", "c"]
    assert [reject[0] for reject in found.rejects] == [2, 3, 4, 5, 6, 7]
    assert found.rejects[-1][1].endswith("add H to SecAuditLogParts")

"""F5 ASM's requests: the status words, attack types, and both ways to write them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import f5_asm
from tests.tasks.waf_formats.modsecurity import everything, parse

# F5, "External Monitoring of BIG-IP Systems" and "Event Listener" of telemetry streaming (request_status); legal and
# illegal are how its filters name them.
STATUSES = {
    "blocked": ("block", True, False), "alerted": ("log", False, True), "passed": ("allow", None, False), "legal": ("allow", None, False),
    "illegal": ("log", None, False), "truncated": ("unknown", None, False),
}  # fmt: skip

# F5, "Attack types".
CLASSES = {
    "SQL-Injection": "sqli", "Cross Site Scripting (XSS)": "xss", "Command Execution": "rce", "Server Side Code Injection": "php",
    "Path Traversal": "lfi", "Predictable Resource Location": "lfi", "Forceful Browsing": "lfi", "Remote File Include": "rfi",
    "Server-Side Request Forgery (SSRF)": "ssrf", "Detection Evasion": "protocol", "HTTP Parser Attack": "protocol",
    "HTTP Response Splitting": "protocol", "HTTP Request Smuggling Attack": "protocol", "Trojan/Backdoor/Spyware": "web_shell",
    "Malicious File Upload": "web_shell", "Vulnerability Scan": "scanner", "Brute Force Attack": "login", "Denial of Service": "dos",
    "Session Hijacking": "session", "Information Leakage": "data_leak", "Web Scraping": "bot", "Non-browser Client": None,
}  # fmt: skip


def fields(**changes: Any) -> dict[str, str]:
    return {
        "policy_name": "/Common/shop", "violations": "Attack signature detected", "support_id": "18205860747014045721",
        "request_status": "blocked", "response_code": "0", "ip_client": "203.0.113.5", "method": "GET", "protocol": "HTTPS",
        "query_string": "id=1&token=hunter2", "x_forwarded_for_header_value": "N/A", "sig_ids": "200002147,200002148",
        "sig_names": "SQL-INJ a,SQL-INJ b", "date_time": "2026-11-23 05:00:09", "attack_type": "SQL-Injection", "geo_location": "GB",
        "uri": "/index.php", "request": "GET /index.php HTTP/1.1\\r\\nCookie: hunter2",
    } | changes  # fmt: skip


def syslog(**changes: Any) -> str:
    return "<134>Nov 23 05:00:09 bigip ASM:" + ",".join(f'{k}="{v}"' for k, v in fields(**changes).items()) + "\n"


def both(**changes: Any) -> list[str]:
    return [syslog(**changes), json.dumps(fields(**changes)) + "\n"]


@pytest.mark.parametrize(("word", "meaning"), STATUSES.items())
def test_every_documented_status_has_its_meaning(word: str, meaning: tuple[str, bool | None, bool]) -> None:
    for text in both(request_status=word):
        (found,) = parse("f5-asm", text).events
        assert (found["action"], found["is_enforced"], found["would_block"]) == meaning
        assert found["action_raw"] == word


def test_the_words_with_a_meaning_are_documented() -> None:
    assert f5_asm.ACTIONS.keys() == STATUSES.keys()


def test_a_word_that_is_not_documented_is_unknown() -> None:
    (found,) = parse("f5-asm", syslog(request_status="trapped")).events
    assert (found["action"], found["action_raw"], found["is_enforced"]) == ("unknown", "trapped", None)


@pytest.mark.parametrize(("attack", "attack_class"), CLASSES.items())
def test_every_attack_type_stands_for_its_class(attack: str, attack_class: str | None) -> None:
    (found,) = parse("f5-asm", syslog(attack_type=attack)).events
    assert found["attack_class"] == attack_class


def test_both_ways_to_write_a_request_are_the_same_request() -> None:
    found = [parse("f5-asm", text, "America/New_York") for text in both(attack_type="SQL-Injection,Path Traversal")]
    (first,), (second,) = found[0].events, found[1].events
    assert first | {"file_id": ""} == second | {"file_id": ""}
    assert (first["event_at"].isoformat(), first["is_zone_assumed"]) == ("2026-11-23T10:00:09+00:00", True)
    assert [first[n] for n in ("client_ip", "path", "query", "country", "status")] == [
        "203.0.113.5", "/index.php", "id=1&token=[redacted]", "GB", None,
    ]  # fmt: skip
    assert (first["attack_class"], first["attack_classes"]) == ("sqli", ["lfi", "sqli"])
    assert found[0].rules(first) == ["200002147", "200002148"]
    assert all("hunter2" not in everything(one) for one in found)


def test_the_other_names_of_telemetry_streaming_are_known() -> None:
    row = {k: v for k, v in fields().items() if k not in ("query_string", "geo_location", "response_code", "date_time")}
    row |= {"query_str": "a=1", "geo_info": "N/A", "resp_code": "403", "dateTime": "2026-11-23T05:00:09"}
    (event,) = parse("f5-asm", json.dumps(row) + "\n").events
    assert [event[n] for n in ("query", "country", "status")] == ["a=1", None, 403]


def test_without_signatures_the_violations_are_the_rules() -> None:
    found = parse("f5-asm", syslog(sig_ids="N/A", sig_names="N/A", violations="Illegal file type,Illegal URL"))
    assert found.rules(found.events[0]) == ["Illegal file type", "Illegal URL"]


def test_escaped_and_bare_quotes_do_not_end_a_value() -> None:
    (event,) = parse("f5-asm", syslog(query_string='q=\\"a\\"', uri='/a"b')).events
    assert (event["query"], event["path"]) == ('q="a"', '/a"b')


def test_missing_fields_cost_no_line_and_bad_lines_only_themselves() -> None:
    bare = 'ASM:support_id="1",request_status="passed",date_time="2026-11-23 05:00:09"\n'
    found = parse("f5-asm", bare + 'ASM:request_status="passed"\n' + syslog(date_time="soon"))
    (event,) = found.events
    assert [event[n] for n in ("client_ip", "path", "query", "attack_class")] == [None] * 4
    assert [(number, reason) for number, reason, _ in sorted(found.rejects)] == [
        (2, "the line has no support_id and request_status"),
        (3, "the request has no date_time as 2026-11-23 05:00:09"),
    ]

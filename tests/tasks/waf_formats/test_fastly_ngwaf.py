"""The request feed of the Fastly Next-Gen WAF: what each agent response code and each system signal stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tasks.waf_formats import fastly_ngwaf
from tests.tasks.waf_formats.modsecurity import everything, parse

# Fastly, "About agent response codes", "Using custom agent response codes" and "Troubleshooting agent response codes".
CODES = {
    -2: ("unknown", None), -1: ("unknown", None), 0: ("unknown", None), 499: ("unknown", None),
    200: ("log", None),
    301: ("redirect", True), 302: ("redirect", True),
    400: ("block", True), 403: ("block", True), 406: ("block", True), 418: ("block", True), 503: ("block", True), 599: ("block", True),
    429: ("rate_limit", True),
}  # fmt: skip

# Fastly, "System signals".
SIGNALS = {
    "SQLI": "sqli", "XSS": "xss", "CMDEXE": "rce", "TRAVERSAL": "lfi", "BACKDOOR": "web_shell", "LOG4J-JNDI": "java",
    "CODEINJECTION": "rce", "CVE-2017-5638": "rce", "OOB-DOMAIN": "rce", "SSRF": "ssrf", "USERAGENT": "scanner", "SCANNER": "scanner",
    "FORCEFULBROWSING": "scanner", "HTTP404": "scanner", "LOGINFAILURE": "login", "BLOCKED-IP": "reputation", "SANS": "reputation",
    "TORNODE": "reputation", "SIGSCI-IP": "reputation", "DATACENTER": "reputation", "ABNORMALPATH": "protocol", "BHH": "protocol",
    "DOUBLEENCODING": "protocol", "DUPLICATE-HEADERS": "protocol", "NOTUTF8": "protocol", "NOUA": "protocol", "NULLBYTE": "protocol",
    "RESPONSESPLIT": "protocol", "JSON-ERROR": "protocol", "XML-ERROR": "protocol", "PRIVATEFILE": "lfi", "SUSPECTED-BAD-BOT": "bot",
    "site.blocklist": "custom", "corp.partners": "custom", "INSECURE-AUTH": None,
}  # fmt: skip


def request(**changes: Any) -> dict[str, Any]:
    """A request as the older answers have it."""
    return {
        "id": "55c", "timestamp": "2026-11-23T05:00:09Z", "remoteIP": "203.0.113.5", "remoteCountryCode": "GB", "method": "GET",
        "serverName": "Shop.example", "protocol": "HTTP/1.1", "path": "/login", "uri": "/login?id=1&token=hunter2",
        "responseCode": 406, "responseSize": 0, "agentResponseCode": 406, "userAgent": "curl/8", "tags": [],
    } | changes  # fmt: skip


def lines(*rows: Any) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(("code", "meaning"), CODES.items())
def test_every_documented_agent_response_code_has_its_meaning(code: int, meaning: tuple[str, bool | None]) -> None:
    (event,) = parse("fastly-ngwaf", lines(request(agentResponseCode=code))).events
    assert (event["action"], event["is_enforced"]) == meaning
    assert (event["action_raw"], event["would_block"]) == (str(code), False)


def test_the_codes_with_a_meaning_of_their_own_are_documented() -> None:
    assert fastly_ngwaf.ACTIONS.keys() <= {str(code) for code in CODES}


@pytest.mark.parametrize("code", [600, 300, "new", None])
def test_a_code_that_is_not_documented_is_unknown(code: Any) -> None:
    (event,) = parse("fastly-ngwaf", lines(request(agentResponseCode=code))).events
    assert (event["action"], event["is_enforced"]) == ("unknown", None)
    assert event["action_raw"] == (None if code is None else str(code))


@pytest.mark.parametrize(("signal", "attack_class"), SIGNALS.items())
def test_every_signal_stands_for_its_class(signal: str, attack_class: str | None) -> None:
    found = parse("fastly-ngwaf", lines(request(tags=[{"type": signal}])))
    (event,) = found.events
    assert (event["attack_class"], found.rules(event)) == (attack_class, [signal])


def test_older_and_newer_names_are_the_same_request() -> None:
    tag = {"location": "QUERYSTRING", "name": "id", "value": "1 or 1=1", "detector": "DELTASIG"}
    old = request(tags=[{"type": "SQLI", **tag}, {"type": "NOUA", "location": "", "value": ""}], userAgent=None,
                  headersIn=[["User-Agent", "curl/8"], ["Cookie", "session=hunter2"]])  # fmt: skip
    new = {
        "id": "55c", "timestamp": 1795410009, "remote_ip": "203.0.113.5", "remote_country_code": "GB", "method": "GET",
        "server_name": "shop.example", "protocol": "HTTP/1.1", "path": "/login", "uri": "/login?id=1&token=hunter2",
        "response_code": 406, "response_size": 0, "agent_response_code": 406, "request_headers": [["user-agent", "curl/8"]],
        "signals": [{"id": "SQLI", **tag}, {"id": "NOUA", "location": "", "value": ""}],
    }  # fmt: skip
    found = [parse("fastly-ngwaf", lines(row)) for row in (old, new)]
    (first,), (second,) = found[0].events, found[1].events
    assert first | {"file_id": ""} == second | {"file_id": ""}
    assert list(found[0].hits.values()) == list(found[1].hits.values())
    assert "hunter2" not in everything(found[0])
    assert (first["event_at"].isoformat(), first["host"]) == ("2026-11-23T05:00:09+00:00", "shop.example")
    assert (first["path"], first["query"], first["user_agent"]) == ("/login", "id=1&token=[redacted]", "curl/8")
    assert first["attack_classes"] == ["protocol", "sqli"]
    assert next(iter(found[0].hits.values()))[0]["target"] == "ARGS_GET:id"


def test_an_answer_with_a_list_gives_an_event_for_each_request() -> None:
    found = parse("fastly-ngwaf", lines({"data": [request(id="a"), {"id": "b"}, request(id="c")], "next": {}}))
    assert [event["request_id"] for event in found.events] == ["a", "c"]
    assert [reason for _, reason, _ in found.rejects] == ["the line has no request with a timestamp"]


def test_odd_values_cost_no_line_and_a_bad_time_only_its_own() -> None:
    odd = request(
        id="a", remoteIP="x", remoteCountryCode="", responseCode="y", responseSize=-1, tags=["z", {"type": None}]
    )
    found = parse("fastly-ngwaf", lines(odd) + "{\n[]\n" + lines(request(timestamp="soon")))
    (event,) = found.events
    assert [event[n] for n in ("client_ip", "country", "status", "bytes")] == [None] * 4
    assert [(line, reason) for line, reason, _ in sorted(found.rejects)] == [
        (2, "the line is not a JSON object of the request feed"),
        (4, "the request has no timestamp in RFC 3339"),
    ]

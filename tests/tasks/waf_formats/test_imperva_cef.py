"""Imperva Cloud WAF's CEF: what each action stands for, escapes, and the log file's head."""

from __future__ import annotations

import pytest

from tasks.waf_formats import imperva_cef
from tests.tasks.waf_formats.modsecurity import everything, parse

# Imperva, "Log File Structure" (act), with the families REQ_BLOCKED_*, REQ_CHALLENGE_* and REQ_CACHED_*.
ACTIONS = {
    "REQ_PASSED": ("allow", None), "REQ_CACHED": ("allow", None), "REQ_CACHED_FRESH": ("allow", None), "REQ_CACHED_VALIDATED": ("allow", None),
    "REQ_BLOCKED": ("block", True), "REQ_BLOCKED_ACL": ("block", True), "REQ_BLOCKED_RULE": ("block", True), "REQ_BLOCKED_RULES": ("block", True),
    "REQ_BLOCKED_SECURITY": ("block", True), "REQ_BLOCKED_SESSION": ("block", True), "REQ_BLOCKED_VISITOR": ("block", True),
    "REQ_BLOCKED_DDOS": ("block", True), "REQ_BLOCKED_IP": ("block", True),
    "REQ_CHALLENGE_COOKIE": ("challenge", True), "REQ_CHALLENGE_JAVASCRIPT": ("challenge", True), "REQ_CHALLENGE_CAPTCHA": ("challenge", True),
    "REQ_BAD_PARSE_ERROR": ("block", True), "REQ_BAD_INVALID": ("block", True), "REQ_BAD_TIMEOUT": ("block", True),
    "REQ_BAD_CLIENT_CERTIFICATE": ("block", True), "REQ_REDIRECTED": ("redirect", True),
    # What the origin did wrong is no decision on the request.
    "REQ_BAD_SERVER_CERTIFICATE": ("unknown", None), "REQ_BAD_CONNECTION": ("unknown", None), "REQ_UNRESOLVED_SITE_INVALID_DNS": ("unknown", None),
}  # fmt: skip

# Imperva, "Log File Structure" (names of attacks).
CLASSES = {
    "SQL Injection": "sqli", "Cross Site Scripting": "xss", "Illegal Resource Access": "lfi", "Bot Access Control": "bot", "DDoS": "dos",
    "Backdoor Protect": "web_shell", "Remote File Inclusion": "rfi", "Account Takeover Protection": "login",
    "Bad Bot (Advanced Bot Protection)": "bot", "Blacklisted IPs": "reputation", "Blacklisted Countries": "geo", "Normal": None,
}  # fmt: skip


def line(act: str = "REQ_BLOCKED_SECURITY", name: str = "Normal", more: str = "") -> str:
    return (
        f"CEF:0|Incapsula|SIEMintegration|1|1|{name}|9| sourceServiceName=shop.example requestClientApplication=Mozilla/5.0 (a\\=b; c|d) "
        f"ccode=GB start=1795410009250 request=Shop.example/index.php requestMethod=GET qstr=id\\=1&token\\=hunter2 app=HTTP act={act} "
        f"deviceExternalId=33411452762204224 cpt=443 src=203.0.113.5 in=54 xff=198.51.100.9 cn1=403 end=1795410009300{more}\n"
    )


@pytest.mark.parametrize(("word", "meaning"), ACTIONS.items())
def test_every_documented_action_has_its_meaning(word: str, meaning: tuple[str, bool | None]) -> None:
    (found,) = parse("imperva-cef", line(word)).events
    assert (found["action"], found["is_enforced"], found["would_block"]) == (*meaning, False)
    assert found["action_raw"] == word


def test_the_words_with_a_meaning_are_documented() -> None:
    assert imperva_cef.ACTIONS.keys() <= {word.lower() for word in ACTIONS}


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("REQ_QUARANTINED", "unknown"),
        ("REQ_BLOCKED_NEW", "block"),
        ("REQ_CHALLENGE_NEW", "challenge"),
        ("REQ_CACHED_NEW", "allow"),
    ],
)
def test_a_new_word_is_unknown_unless_its_family_is_documented(word: str, action: str) -> None:
    (found,) = parse("imperva-cef", line(word)).events
    assert (found["action"], found["action_raw"]) == (action, word)


@pytest.mark.parametrize(("name", "attack_class"), CLASSES.items())
def test_every_attack_stands_for_its_class(name: str, attack_class: str | None) -> None:
    (found,) = parse("imperva-cef", line(name=name)).events
    assert found["attack_class"] == attack_class


def test_an_event_is_a_request_with_its_escapes_undone() -> None:
    found = parse(
        "imperva-cef", "accountId:1\n|==|\n<14>Nov 23 05:00:10 host " + line(name="SQL Injection"), "America/New_York"
    )
    (event,) = found.events
    assert (event["event_at"].isoformat(), event["is_zone_assumed"]) == ("2026-11-23T05:00:09.250000+00:00", False)
    assert [event[n] for n in ("client_ip", "host", "path", "query", "user_agent", "country", "bytes", "status", "request_id")] == [
        "203.0.113.5", "shop.example", "/index.php", "id=1&token=[redacted]", "Mozilla/5.0 (a=b; c|d)", "GB", 54, 403, "33411452762204224",
    ]  # fmt: skip
    assert (found.rules(event), found.rejects) == (["SQL Injection"], [])
    assert "hunter2" not in everything(found)


def test_the_rule_of_an_attack_has_its_number() -> None:
    found = parse("imperva-cef", line(more=" fileId=3412 fileType=12990,SQL Injection cs9=mine cs9Label=Rule name"))
    ((hit,),) = found.hits.values()
    assert (hit["rule_id"], hit["attack_class"], hit["message"]) == ("3412", "sqli", "12990,SQL Injection")


def test_missing_fields_cost_no_line_and_bad_lines_only_themselves() -> None:
    bare = "CEF:0|Incapsula|SIEMintegration|1|1|Normal|0| start=1795410009250 src=x cn1=0\n"
    found = parse("imperva-cef", bare + "CEF:0|Incapsula|x\n" + line().replace("=1795410009", "=soon"))
    (event,) = found.events
    assert [event[n] for n in ("client_ip", "host", "path", "status", "action_raw")] == [None] * 5
    assert event["action"] == "unknown"
    assert [(number, reason) for number, reason, _ in sorted(found.rejects)] == [
        (2, "the line has no CEF header with seven fields"),
        (3, "the event has no start in unix milliseconds"),
    ]

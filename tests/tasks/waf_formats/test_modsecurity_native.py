"""Transactions of several parts: where they start and end, what of them is read, and what is never read."""

from __future__ import annotations

import time

import pytest

from tasks import waf_modsecurity
from tests.tasks.waf_formats.modsecurity import WAF, everything, parse

V2 = """--{id}-A--
[23/Nov/2026:05:00:09.512582 +0000] {name} 203.0.113.80 60754 192.0.2.1 443
--{id}-B--
GET /{name} HTTP/1.1
Host: shop.example

--{id}-F--
HTTP/1.1 403 Forbidden

--{id}-H--
Message: Access denied with code 403 (phase 2). Operator GE matched 5 at TX:anomaly_score. [file "/crs/949.conf"] [line "94"] [id "949110"] [msg "Inbound Anomaly Score Exceeded (Total Score: 5)"] [severity "CRITICAL"]
Action: Intercepted (phase 2)
Engine-Mode: "ENABLED"

--{id}-Z--

"""
ONE, TWO, THREE = (V2.format(id=f"0000000{n}", name=name) for n, name in ((1, "one"), (2, "two"), (3, "three")))
SEVERED = "the transaction that starts here has no end (part Z): the log was cut or is damaged there"
ORPHAN = "what stands here belongs to no transaction: its start (part A) is missing, cut off or damaged"


def names(text: str) -> list[str]:
    return [event["request_id"] for event in parse("modsecurity-v2-native", text).events]


@pytest.mark.parametrize(
    ("middle", "line", "reason"),
    [
        (TWO.replace("--00000002-Z--\n", ""), 17, SEVERED),
        (TWO.replace("--00000002-A--\n", ""), 17, ORPHAN),
        (TWO[:100] + "\n", 17, SEVERED),
        ("half a line\n", 17, ORPHAN),
        (TWO.replace("203.0.113.80 60754", ""), 17, "part A of the transaction is not as [23/Nov/2026:05:00:09 +0000] id client port server port"),
        (TWO.replace("23/Nov", "32/Nov"), 17, "the time 32/Nov/2026:05:00:09.512582 +0000 of the transaction is not a date as 23/Nov/2026:05:00:09 +0000"),
        (TWO.replace("-H--", "-J--"), 17, "the transaction has no part H, so what was done with it is not known; add H to SecAuditLogParts"),
    ],
)  # fmt: skip
def test_a_broken_transaction_is_one_reject_with_its_line_and_its_neighbours_are_kept(middle, line, reason) -> None:
    found = parse("modsecurity-v2-native", ONE + middle + THREE)
    assert [event["request_id"] for event in found.events] == ["one", "three"]
    assert [(reject[0], reject[1]) for reject in found.rejects] == [(line, reason)]
    assert "/two" not in found.rejects[0][2]


def test_two_broken_ones_after_each_other_are_two_rejects() -> None:
    log = ONE.replace("--00000001-Z--\n", "") + TWO.replace("--00000002-Z--\n", "") + THREE
    assert names(log) == ["three"]
    assert [reject[0] for reject in parse("modsecurity-v2-native", log).rejects] == [1, 16]


@pytest.mark.parametrize("name", ["modsecurity-v2-native/shop.log", "modsecurity-v3-native/www.log"])
def test_a_boundary_in_a_body_neither_ends_the_transaction_nor_starts_one(name: str) -> None:
    found = parse(name.split("/")[0], (WAF / name).read_bytes())
    assert found.rejects == []
    assert "forged" not in everything(found)
    assert "203.0.113.66" not in everything(found)


@pytest.mark.parametrize(
    "name", ["modsecurity-v2-native/shop.log", "modsecurity-v3-native/www.log", "modsecurity-v2-json/www.log",
             "nginx-error/shop.log", "apache-error/shop.log", "coraza/caddy.log"],
)  # fmt: skip
def test_no_body_cookie_authorization_or_password_is_stored(name: str) -> None:
    log = (WAF / name).read_text()
    found = parse(name.split("/")[0], log)
    assert "must-not-be-stored" in log
    assert "must-not-be-stored" not in everything(found)
    assert "bXVzd" not in everything(found)
    assert found.events


@pytest.mark.parametrize("name", ["modsecurity-v2-native/shop.log", "modsecurity-v2-json/www.log", "coraza/caddy.log"])
def test_what_is_rejected_shows_no_header_and_no_body(name: str) -> None:
    """Cut anywhere, a log shows in its rejects nothing of what a client sent."""
    log = (WAF / name).read_text()
    for start in range(0, len(log), 331):
        rejects = parse(name.split("/")[0], log[start : start + 997]).rejects
        assert "must-not-be-stored" not in repr(rejects)
        assert "bXVzd" not in repr(rejects)


def test_lines_with_carriage_returns_are_read_the_same() -> None:
    assert names((ONE + TWO).replace("\n", "\r\n")) == ["one", "two"]


def test_a_transaction_that_stands_in_the_log_twice_is_one() -> None:
    found = parse("modsecurity-v2-native", ONE + TWO + ONE)
    assert [event["request_id"] for event in found.events] == ["one", "two"]
    assert [found.rules(event) for event in found.events] == [["949110"], ["949110"]]


def test_a_severed_transaction_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = waf_modsecurity.NativeEnds(r"--([0-9a-f]{8})-([A-Z])--")
    log = (ONE.replace("--00000001-Z--\n", "") + TWO).encode()
    assert [match.end() for match in ends.finditer(log)] == []
    monkeypatch.setattr(waf_modsecurity, "_SEVERED_BYTES", 300)
    assert [match.end() for match in ends.finditer(log)] == [len(log) - 1]


def test_a_body_full_of_boundaries_takes_no_time() -> None:
    """Each of the forged starts has no end: looking for it must not read the rest of the data again."""
    log = ONE + TWO.split("--00000002-F--")[0] + "--00000002-C--\n" + "--deadbeef-A--\n" * 100_000
    started = time.process_time()
    found = parse("modsecurity-v2-native", log)
    assert time.process_time() - started < 20
    assert [event["request_id"] for event in found.events] == ["one"]


def test_an_argument_name_with_a_line_end_forges_no_message() -> None:
    found = parse("modsecurity-v3-native", (WAF / "modsecurity-v3-native" / "www.log").read_bytes())
    (event,) = [e for e in found.events if e["request_id"] == "178290743900.000001"]
    assert found.rules(event) == ["941100", "949110"]
    assert event["status"] == 403
    assert found.hits[event["event_id"]][0]["message"] == 'XSS "quoted"'


def test_an_id_that_comes_again_after_a_severed_transaction_starts_a_new_one() -> None:
    """The processes of Apache draw the same ids."""
    severed = ONE.split("--00000001-F--")[0]
    again = THREE.replace("00000003", "00000001")
    found = parse("modsecurity-v2-native", severed + TWO + again)
    assert [event["request_id"] for event in found.events] == ["two", "three"]
    assert [(reject[0], reject[1]) for reject in found.rejects] == [(1, SEVERED)]


def test_a_body_that_has_guessed_the_id_starts_no_transaction() -> None:
    forged = THREE.replace("00000003", "00000001").split("--00000001-F--")[0]
    log = ONE.replace("--00000001-F--", f"--00000001-C--\n{forged}--00000001-F--")
    found = parse("modsecurity-v2-native", log + TWO)
    assert [event["request_id"] for event in found.events] == ["one", "two"]
    assert found.events[0]["path"] == "/one"

"""JSON access logs: a real one is counted whole, names can be mapped, times come in every spelling, nothing costs a neighbour."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tasks.try_format import detect, parse_file
from tasks.waf_formats import access_json
from tasks.waf_parse import formats
from tests.conftest import CASES

GOOD = {
    "time_iso8601": "2026-11-23T05:00:09+00:00", "remote_addr": "192.0.2.1", "request": "GET /a?b=c HTTP/1.1",
    "status": 200, "body_bytes_sent": 5,
}  # fmt: skip


def read(tmp_path: Path, *lines: object, **options: str) -> tuple[list[dict], list[tuple]]:
    log = tmp_path / "access.log"
    log.write_text("".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines))
    blocks = list(parse_file("access-json", log, options=options))
    return [r for block in blocks for r in block.records], [r for block in blocks for r in block.rejects]


@pytest.mark.parametrize(
    ("time", "event_at", "is_zone_assumed"),
    [
        ("2026-11-23T05:00:09Z", "2026-11-23T05:00:09+00:00", False),
        ("2026-11-23T05:00:09.25-05:00", "2026-11-23T10:00:09.250000+00:00", False),
        ("2026-11-23T05:00:09+0100", "2026-11-23T04:00:09+00:00", False),
        ("2026-11-23 05:00:09,250 UTC", "2026-11-23T05:00:09.250000+00:00", False),
        ("2026-11-23T05:00:09", "2026-11-23T05:00:09+00:00", True),
        ("2026-11-23 05:00:09.5", "2026-11-23T05:00:09.500000+00:00", True),
        ("2026/11/23 05:00:09.500", "2026-11-23T05:00:09.500000+00:00", True),
        (1795410009, "2026-11-23T05:00:09+00:00", False),
        (1795410009.25, "2026-11-23T05:00:09.250000+00:00", False),
        ("1795410009250", "2026-11-23T05:00:09.250000+00:00", False),
        (1795410009250000, "2026-11-23T05:00:09.250000+00:00", False),
        ("23/Nov/2026:05:00:09 -0500", "2026-11-23T10:00:09+00:00", False),
        ("[23/Nov/2026:05:00:09 +0000]", "2026-11-23T05:00:09+00:00", False),
        ("23/Nov/2026:05:00:09.123", "2026-11-23T05:00:09.123000+00:00", True),
        ("Mon, 23 Nov 2026 05:00:09 GMT", "2026-11-23T05:00:09+00:00", False),
    ],
)  # fmt: skip
def test_every_spelling_of_a_time_is_read(tmp_path, time, event_at, is_zone_assumed) -> None:
    ((record,), rejects) = read(tmp_path, GOOD | {"time_iso8601": time})
    assert (record["event_at"].isoformat(), record["is_zone_assumed"]) == (event_at, is_zone_assumed)
    assert not rejects


@pytest.mark.parametrize(
    "time", ["yesterday", "infinity", "-infinity", "2026-13-45T00:00:00Z", "12", "epoch", "99/Xxx/2026:05:00:09 +0000"]
)
def test_what_is_no_time_is_rejected_and_said(tmp_path, time) -> None:
    records, ((line_number, reason, _),) = read(tmp_path, GOOD, GOOD | {"time_iso8601": time})
    assert len(records) == 1 and line_number == 2
    assert reason in (
        f"the time {time} is none of ISO 8601, Unix time and 23/Nov/2026:05:00:09 +0000",
        "the line has no time under a known name; name its key with the option time",
    )


def test_a_time_without_a_zone_is_in_the_configured_one(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(json.dumps(GOOD | {"time_iso8601": "2026-11-23T05:00:09"}) + "\n")
    (block,) = parse_file("access-json", log, time_zone="America/New_York")
    assert block.records[0]["event_at"].isoformat() == "2026-11-23T10:00:09+00:00"


@pytest.mark.parametrize(
    ("client", "client_ip"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:443", "192.0.2.1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("unix:", None),
        ("<script>", None),
        ("", None),
        ("-", None),
    ],
)  # fmt: skip
def test_the_client_is_an_address_or_unknown(tmp_path, client, client_ip) -> None:
    ((record,), _) = read(tmp_path, GOOD | {"remote_addr": client})
    assert record["client_ip"] == client_ip


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"request": "GET /a b?x=1 HTTP/1.1"}, ("GET", "/a b", "x=1", "HTTP/1.1")),
        ({"request": "GET /"}, ("GET", "/", None, None)),
        ({"request": '\x16\x03\x01"\x00'}, (None, '\x16\x03\x01"\x00', None, None)),
        ({"request": "password=hunter2"}, (None, "password=[redacted]", None, None)),
        ({"request": "POST /x?password=hunter2 HTTP/1.1"}, ("POST", "/x", "password=[redacted]", "HTTP/1.1")),
        ({"request": {"method": "PUT", "uri": "/u?a=1", "proto": "HTTP/3.0"}}, ("PUT", "/u", "a=1", "HTTP/3.0")),
        ({"request": None, "path": "/p", "query": "?q=1", "method": "GET"}, ("GET", "/p", "q=1", None)),
        ({"request": None, "url": "https://h.example:8443/u?v=1", "method": "GET"}, ("GET", "/u", "v=1", None)),
        ({"request": None, "request_uri": "//evil.example/%2e%2e/", "method": "GET"}, ("GET", "//evil.example/%2e%2e/", None, None)),
        ({"protocol": "h2"}, ("GET", "/a", "b=c", "HTTP/1.1")),
        ({"protocol": "2"}, ("GET", "/a", "b=c", "HTTP/2")),
    ],
)  # fmt: skip
def test_a_request_is_taken_from_its_parts_or_its_line(tmp_path, fields, answer) -> None:
    ((record,), _) = read(tmp_path, GOOD | fields)
    assert (record["method"], record["path"], record["query"], record["protocol"]) == answer


@pytest.mark.parametrize(
    ("status", "sent", "answer"),
    [("000", -1, (None, None)), (0, "-", (None, None)), ("200", "0", (200, 0)), ("x", "9e99", (None, None)), (99999, None, (None, None))],
)  # fmt: skip
def test_a_status_or_size_that_is_none_is_unknown(tmp_path, status, sent, answer) -> None:
    ((record,), _) = read(tmp_path, GOOD | {"status": status, "body_bytes_sent": sent})
    assert (record["status"], record["bytes"]) == answer


def test_bad_lines_are_rejected_with_a_reason_and_good_ones_kept(tmp_path: Path) -> None:
    records, rejects = read(
        tmp_path, GOOD, "nonsense password=hunter2\n", '{"time_iso8601": "2026-11-23\n', "[]\n", "null\n", "5\n", "\n",
        {"ts": 1795410009, "level": "info", "msg": "started"}, {"request": "GET / HTTP/1.1"}, '{"a":' * 3000 + "\n", GOOD,
    )  # fmt: skip
    assert [r["line_number"] for r in records] == [1, 11]
    assert [(number, reason) for number, reason, _ in rejects] == [
        *((number, "the line is not a JSON object") for number in (2, 3, 4, 5, 6)),
        (8, "the line has no method, request, path or status; if it is a request, name its keys with the options"),
        (9, "the line has no time under a known name; name its key with the option time"),
        (10, "the line is not a JSON object"),
    ]
    assert rejects[0][2] == "nonsense password=[redacted]"


def test_hostile_values_stay_values(tmp_path: Path) -> None:
    agent = "{'; DROP TABLE lines; --" + "\u202e\U0001f600\x00\x1b[31m" + "A" * 100_000
    ((record,), rejects) = read(
        tmp_path, GOOD | {"http_user_agent": agent, "http_referer": "https://x.example/?token=s3cret"}
    )
    assert record["user_agent"] == agent
    assert record["referrer"] == "https://x.example/?token=[redacted]"
    assert not rejects


def test_a_key_given_twice_and_half_a_surrogate_cost_nothing(tmp_path: Path) -> None:
    line = json.dumps(GOOD)[:-1] + ',"status":500,"http_user_agent":"a\\ud800b"}\n'
    records, rejects = read(tmp_path, GOOD, line, GOOD)
    assert len(records) + len(rejects) == 3
    assert {r["line_number"] for r in records} >= {1, 3}


@pytest.mark.parametrize(
    ("key", "record"),
    [
        ("who", {"who": "192.0.2.9"}),
        ("a.b.c", {"a": {"b": {"c": "192.0.2.9"}}}),
        ("a.b.c", {"a.b.c": "192.0.2.9"}),
        ("headers.X-Real-Ip", {"headers": {"X-Real-Ip": ["192.0.2.9"]}}),
        ("list.1", {"list": ["192.0.2.8", "192.0.2.9"]}),
        ("o'clock \"x\" ~/", {"o'clock \"x\" ~/": "192.0.2.9"}),
    ],
)  # fmt: skip
def test_an_option_names_a_key_or_a_dotted_path_and_only_that_counts(tmp_path, key, record) -> None:
    ((found,), _) = read(tmp_path, GOOD | record, client_ip=key)
    assert found["client_ip"] == "192.0.2.9"
    ((found,), _) = read(tmp_path, GOOD, client_ip=key)
    assert found["client_ip"] is None


def test_every_column_can_be_mapped_and_says_so() -> None:
    assert set(access_json.OPTIONS) == set(access_json.NAMES)
    assert formats()["access-json"].options == access_json.OPTIONS


@pytest.mark.parametrize(
    "line",
    [
        '{"transaction":{"client_ip":"192.0.2.1","time_stamp":"Mon Nov 23 05:00:09 2026"}}',
        '{"timestamp":1,"webaclId":"x","httpRequest":{"clientIp":"192.0.2.1"},"action":"BLOCK"}',
        '{"timestamp":"2026-11-23T05:00:09Z","client_ip":"192.0.2.1","status":403,"path":"/","attack_type":"SQL"}',
        '{"time":"2026-11-23T05:00:09Z","message":"hello"}',
        '["time","status"]', "{", '{"a":' * 9000, "",
    ],
)  # fmt: skip
def test_other_json_is_not_taken_for_an_access_log(line: str) -> None:
    assert not access_json.detect(line)


def test_names_of_common_servers_are_known_to_auto(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(json.dumps(GOOD) + "\n")
    assert detect(log).name == "access-json"


def test_a_real_log_has_every_request_and_says_what_its_combined_copy_says() -> None:
    both = [
        [r for block in parse_file(name, CASES / "waf" / f"nginx-shop-access.{ending}.gz") for r in block.records]
        for name, ending in (("access-json", "ndjson"), ("access-combined", "log"))
    ]
    assert [len(records) for records in both] == [1362, 1362]
    assert Counter(r["status"] for r in both[0]) == {200: 917, 403: 319, 404: 70, 429: 49, 405: 4, 500: 3}
    names = ("client_ip", "method", "protocol", "status", "bytes", "referrer", "user_agent")
    for ours, theirs in zip(*both, strict=True):
        assert [ours[name] for name in names] == [theirs[name] for name in names]
        # The JSON log is finer by the milliseconds, and does not escape quotes.
        assert ours["event_at"].replace(microsecond=0) == theirs["event_at"]
        if "\\" not in f"{theirs['path']}{theirs['query']}":
            assert (ours["path"], ours["query"]) == (theirs["path"], theirs["query"])

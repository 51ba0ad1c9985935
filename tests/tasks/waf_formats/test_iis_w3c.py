"""IIS logs: the last #Fields holds, also across blocks; blanks come back; what is torn or never written is rejected.

https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tasks import log_blocks
from tasks.try_format import detect, parse_file
from tasks.waf_formats import iis_w3c
from tasks.waf_parse import format_named

SOFTWARE = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n#Date: 2026-11-23 05:00:00\n"
FIELDS = "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
GOOD = "2026-11-23 05:00:09 192.0.2.1 GET /a 200\n"


def read(tmp_path: Path, text: str, *, time_zone: str = "UTC", **options: str) -> tuple[list[dict], list[tuple]]:
    log = tmp_path / "u_ex261123.log"
    log.write_bytes(text.encode())
    blocks = list(parse_file("iis-w3c", log, time_zone=time_zone, options=options))
    return [r for block in blocks for r in block.records], [r for block in blocks for r in block.rejects]


def test_the_documented_fields_are_found_in_any_order_and_case(tmp_path: Path) -> None:
    names = (
        "time-taken cs-bytes sc-bytes cs-version cs(Cookie) CS(REFERER) cs(user-agent) cs-host sc-win32-status sc-substatus sc-status "
        "c-ip cs-username s-port cs-uri-query cs-uri-stem cs-method s-ip s-computername s-sitename time date"
    )
    line = "15 300 512 HTTP/1.1 sid=s3cret https://a.example/ curl/8.12.1 www.example 0 0 200 192.0.2.1 - 443 a=b /x GET 10.0.0.1 WEB01 W3SVC1 05:00:09 2026-11-23"
    ((record,), rejects) = read(tmp_path, f"{SOFTWARE}#Fields: {names} \r\n{line} \r\n")
    assert not rejects
    assert {k: v for k, v in record.items() if v is not None and k not in ("event_at", "bot_class", "bot_name", "bot_identity")} == {
        "client_ip": "192.0.2.1", "host": "www.example", "method": "GET", "path": "/x", "query": "a=b", "protocol": "HTTP/1.1",
        "status": 200, "bytes": 512, "referrer": "https://a.example/", "user_agent": "curl/8.12.1", "is_zone_assumed": False,
        "line_number": 5,
    }  # fmt: skip
    assert "s3cret" not in str(record)


def test_fields_that_change_hold_from_their_line_on(tmp_path: Path) -> None:
    records, rejects = read(
        tmp_path,
        SOFTWARE
        + FIELDS
        + GOOD
        + SOFTWARE
        + "#Fields: date time sc-status cs-method\n2026-11-23 05:00:10 404 HEAD\n"
        + FIELDS
        + GOOD,
    )
    assert not rejects
    assert [(r["method"], r["path"], r["status"], r["bytes"]) for r in records] == [
        ("GET", "/a", 200, None), ("HEAD", None, 404, None), ("GET", "/a", 200, None)
    ]  # fmt: skip


def test_a_block_knows_the_fields_and_the_day_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_blocks, "BLOCK_BYTES", 200)
    line = "05:00:09 192.0.2.1 GET /a 200\n"
    log = tmp_path / "u_ex.log"
    log.write_text(SOFTWARE + "#Fields: time c-ip cs-method cs-uri-stem sc-status\n" + line * 50)
    blocks = list(parse_file("iis-w3c", log))
    assert len(blocks) > 3
    assert sum(len(b.records) for b in blocks) == 50 and not any(b.rejects for b in blocks)
    assert {r["event_at"].isoformat() for b in blocks for r in b.records} == {"2026-11-23T05:00:09+00:00"}


@pytest.mark.parametrize(
    ("logged", "user_agent"),
    [
        ("Mozilla/5.0+(Windows+NT+10.0)", "Mozilla/5.0 (Windows NT 10.0)"),
        ("Bot/1.0;++https://b.example/", "Bot/1.0; +https://b.example/"),
        ("Bot/1.0+(+https://b.example/)", "Bot/1.0 (+https://b.example/)"),
        ("-", None),
    ],
)
def test_blanks_of_a_user_agent_come_back(tmp_path, logged, user_agent) -> None:
    ((record,), _) = read(
        tmp_path, f"{SOFTWARE}#Fields: date time cs(User-Agent) cs-method\n2026-11-23 05:00:09 {logged} GET\n"
    )
    assert record["user_agent"] == user_agent


def test_times_are_utc_unless_said_otherwise(tmp_path: Path) -> None:
    ((record,), _) = read(tmp_path, SOFTWARE + FIELDS + GOOD, time_zone="America/New_York")
    assert (record["event_at"].isoformat(), record["is_zone_assumed"]) == ("2026-11-23T05:00:09+00:00", False)
    ((record,), _) = read(tmp_path, SOFTWARE + FIELDS + GOOD, time_zone="America/New_York", utc="no")
    assert (record["event_at"].isoformat(), record["is_zone_assumed"]) == ("2026-11-23T10:00:09+00:00", True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("2026-11-23 05:00:09 192.0.2.1 GET", "the line has 4 fields, the #Fields line before it names 6"),
        (GOOD.strip() + " more", "the line has 7 fields, the #Fields line before it names 6"),
        (GOOD.strip()[:20] + GOOD.strip(), "the line has 8 fields, the #Fields line before it names 6"),
        ("2026-11-23 - 192.0.2.1 GET /a 200", "the line has no date and time; log both fields"),
        ("2026-13-99 05:00:09 192.0.2.1 GET /a 200", "the time 2026-13-99 05:00:09 is not a date as 2026-11-23 05:00:09"),
        ("infinity 05:00:09 192.0.2.1 GET /a 200", "the time infinity 05:00:09 is not a date as 2026-11-23 05:00:09"),
        ("password=hunter2", "the line has 1 fields, the #Fields line before it names 6"),
        ("\0" * 5000, "the line is room that the server kept free and never wrote to"),
    ],
)  # fmt: skip
def test_bad_lines_are_rejected_and_good_ones_kept(tmp_path, line, reason) -> None:
    records, rejects = read(tmp_path, f"{SOFTWARE}{FIELDS}{GOOD}{line}\n\n{GOOD}")
    assert [r["line_number"] for r in records] == [5, 8]
    assert [(number, why) for number, why, _ in rejects] == [(6, reason)]
    assert "hunter2" not in rejects[0][2]


def test_lines_before_any_fields_are_rejected(tmp_path: Path) -> None:
    records, rejects = read(tmp_path, GOOD + "#Fields:\n" + GOOD + FIELDS + GOOD)
    assert len(records) == 1
    assert [reason for _, reason, _ in sorted(rejects)] == [
        "there is no #Fields line before this one; give the whole file", "the line has 6 fields, the #Fields line before it names 1"
    ]  # fmt: skip


def test_a_log_with_times_only_and_no_day_is_rejected(tmp_path: Path) -> None:
    _, ((_, reason, _),) = read(tmp_path, "#Fields: time cs-method\n05:00:09 GET\n")
    assert reason == "the line has no date and time; log both fields"


@pytest.mark.parametrize("value", ["0", "-", "99999", "x", "-5"])
def test_what_is_no_status_is_unknown(tmp_path, value) -> None:
    ((record,), _) = read(tmp_path, SOFTWARE + FIELDS + GOOD.replace(" 200", f" {value}"))
    assert record["status"] is None


def test_many_directives_take_time_that_grows_with_their_count(tmp_path: Path) -> None:
    started = time.process_time()
    records, _ = read(tmp_path, "#Date: x\n" * 100_000 + "#\n" * 100_000 + FIELDS + GOOD)
    assert len(records) == 1
    assert time.process_time() - started < 20


def test_only_iis_is_taken_for_it(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_text(SOFTWARE + FIELDS + GOOD)
    assert detect(log).name == "iis-w3c"
    assert iis_w3c.detect("#Fields: date time s-ip cs-method cs-uri-stem sc-win32-status\n")
    assert not iis_w3c.detect("#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method\n")
    assert not iis_w3c.detect(
        '192.0.2.1 - - [x] "GET /" 200 1 "-" "#Software: Microsoft Internet Information Services"\n'
    )
    assert not iis_w3c.detect("")
    assert set(format_named("iis-w3c").options) == {"utc", "client_ip"}

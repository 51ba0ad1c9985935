"""The parsers give the counts that an independent script counted in real logs."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tasks.try_format import detect, parse_file
from tests.conftest import CASES

AUDIT = CASES / "waf" / "nginx-shop-audit.json.log.gz"
ACCESS = CASES / "waf" / "nginx-shop-access.log.gz"


def records(name: str, path: Path) -> list[dict]:
    blocks = list(parse_file(name, path))
    assert not any(block.rejects for block in blocks)
    return [record for block in blocks for record in block.records]


@pytest.fixture(scope="module")
def events() -> list[dict]:
    return records("modsecurity-v3-json", AUDIT)


def test_every_transaction_block_and_rule_match_is_counted(events: list[dict]) -> None:
    assert len(events) == 375
    assert Counter(e["action"] for e in events) == {"block": 319, "rate_limit": 49, "log": 4, "allow": 3}
    assert sum(len(e["rule_ids"]) for e in events) == 1027
    assert sum("949110" in e["rule_ids"] for e in events) == 319
    assert sum(not e["rule_ids"] for e in events) == 52


def test_every_attack_class_is_counted_and_verdicts_are_none(events: list[dict]) -> None:
    assert Counter(c for e in events for c in e["attack_classes"]) == {
        "lfi": 82, "xss": 66, "sqli": 43, "rce": 78, "php": 33, "nodejs": 14, "rfi": 18, "session": 6,
        "scanner": 29, "protocol": 29, "method": 4,
    }  # fmt: skip
    assert all(e["attack_class"] in e["attack_classes"] for e in events if e["attack_class"])


def test_an_enforcing_engine_never_says_would_block(events: list[dict]) -> None:
    assert all(e["is_enforced"] and not e["would_block"] for e in events)


def test_an_event_has_the_fields_that_its_line_has(events: list[dict]) -> None:
    first = events[0]
    assert first["event_at"].isoformat() == "2026-11-23T05:00:09+00:00"
    assert {k: first[k] for k in ("client_ip", "host", "method", "path", "query", "status", "score", "request_id")} == {
        "client_ip": "203.0.113.80", "host": "shop.example", "method": "GET", "path": "/wp-content/debug.log",
        "query": None, "status": 403, "score": 5, "request_id": "179541000955.297396",
    }  # fmt: skip
    assert first["rule_ids"] == ["920440", "949110"]
    assert first["is_zone_assumed"]


def test_a_detecting_engine_says_would_block_and_logs(tmp_path: Path) -> None:
    import gzip

    text = gzip.decompress(AUDIT.read_bytes()).decode()
    log = tmp_path / "audit.log"
    log.write_text(
        text.replace('"secrules_engine":"Enabled"', '"secrules_engine":"DetectionOnly"').replace(
            '"http_code":403', '"http_code":200'
        )
    )
    found = records("modsecurity-v3-json", log)
    assert sum(e["would_block"] for e in found) == 319
    assert Counter(e["action"] for e in found) == {"log": 323, "allow": 52}


def test_the_configured_zone_is_used_where_the_log_names_none() -> None:
    (block, *_) = parse_file("modsecurity-v3-json", AUDIT, time_zone="America/New_York")
    assert block.records[0]["event_at"].isoformat() == "2026-11-23T10:00:09+00:00"


def test_access_lines_are_counted_by_status() -> None:
    lines = records("access-combined", ACCESS)
    assert len(lines) == 1362
    assert Counter(line["status"] for line in lines) == {200: 917, 403: 319, 404: 70, 429: 49, 405: 4, 500: 3}


def test_a_virtual_host_before_the_line_is_the_host_and_the_offset_is_obeyed() -> None:
    first = records("access-combined", CASES / "waf" / "apache-shop-access.log")[0]
    assert first["host"] == "shop.example"
    assert first["event_at"].isoformat() == "2026-11-23T05:00:09+00:00"
    assert first["protocol"] == "HTTP/1.1"


@pytest.mark.parametrize(
    ("request_line", "method", "path", "query", "protocol"),
    [
        ("GET / HTTP/2.0", "GET", "/", None, "HTTP/2.0"),
        ("GET /a b?x=1 HTTP/1.1", "GET", "/a b", "x=1", "HTTP/1.1"),
        ('GET /?q=\\"x\\" HTTP/1.1', "GET", "/", 'q=\\"x\\"', "HTTP/1.1"),
        ("\\x16\\x03\\x01", None, "\\x16\\x03\\x01", None, None),
        ("GET /?password=hunter2&a=1 HTTP/1.1", "GET", "/", "password=[redacted]&a=1", "HTTP/1.1"),
        ("GET /?card=4111111111111111 HTTP/1.1", "GET", "/", "card=[redacted]", "HTTP/1.1"),
        ("GET /?n=4111-1111-1111-1111 HTTP/1.1", "GET", "/", "n=[redacted]", "HTTP/1.1"),
    ],
)  # fmt: skip
def test_odd_request_lines_are_cut_right(tmp_path, request_line, method, path, query, protocol) -> None:
    log = tmp_path / "access.log"
    log.write_text(f'192.0.2.1 - - [23/Nov/2026:05:00:09 +0000] "{request_line}" 200 1 "-" "-"\n')
    (record,) = records("access-combined", log)
    assert (record["method"], record["path"], record["query"], record["protocol"]) == (method, path, query, protocol)
    assert record["user_agent"] is None


def test_bad_lines_are_rejected_with_file_line_and_reason_and_good_ones_kept(tmp_path: Path) -> None:
    good = '192.0.2.1 - - [23/Nov/2026:05:00:09 +0000] "GET / HTTP/1.1" 200 1 "-" "-"'
    log = tmp_path / "access.log"
    log.write_text(f"{good}\nnonsense password=secret\n{good.replace('Nov', 'Xxx')}\n\n{good}\n")
    (block, *_) = parse_file("access-combined", log)
    assert len(block.records) == 2
    assert block.rejects == [
        (2, "the line is not in the combined log format", "nonsense password=[redacted]"),
        (
            3,
            "the time 23/Xxx/2026:05:00:09 +0000 is not a date as 23/Nov/2026:05:00:09 +0000",
            good.replace("Nov", "Xxx"),
        ),
    ]


def test_bad_json_lines_are_rejected_and_good_ones_kept(tmp_path: Path) -> None:
    import gzip

    good = gzip.decompress(AUDIT.read_bytes()).decode().splitlines()[0]
    log = tmp_path / "audit.log"
    cut = good[: len(good) // 2]
    log.write_text(
        f"{good}\n{cut}\n[]\nnull\n"
        + '{"transaction":{"time_stamp":"never"}}\n{"transaction":5}\n'
        + good.replace("955", "956")
        + "\n"
    )
    blocks = list(parse_file("modsecurity-v3-json", log))
    assert sum(len(b.records) for b in blocks) == 2
    assert [r[0] for b in blocks for r in b.rejects] == [2, 3, 4, 5, 6]


def test_a_header_sent_twice_does_not_cost_the_line(tmp_path: Path) -> None:
    import gzip

    good = gzip.decompress(AUDIT.read_bytes()).decode().splitlines()[0]
    log = tmp_path / "audit.log"
    log.write_text(good.replace('"Accept":', '"User-Agent":"second","Accept":') + "\n")
    (record,) = records("modsecurity-v3-json", log)
    assert record["user_agent"].startswith("Mozilla/5.0")


def test_each_format_is_recognised_by_its_first_lines_and_nothing_else_is() -> None:
    assert detect(AUDIT).name == "modsecurity-v3-json"
    assert detect(ACCESS).name == "access-combined"
    assert detect(CASES / "waf" / "apache-shop-access.log").name == "access-combined"

"""CloudFront logs: fields by their names, one level of encoding off, JSON and W3C alike, gzip as AWS delivers it.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tasks import log_blocks
from tasks.try_format import detect, parse_file
from tasks.waf_formats import cloudfront
from tests.conftest import CASES

FIELDS = "#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent) x-edge-result-type\n"
GOOD = "2026-11-23\t05:00:09\t192.0.2.1\tGET\t/a\t200\tcurl/8.12.1\tHit\n"


def read(tmp_path: Path, text: str, **options: str) -> tuple[list[dict], list[tuple]]:
    log = tmp_path / "E1EXAMPLE.2026-11-23-05.abcd.log"
    log.write_text(text)
    blocks = list(parse_file("cloudfront", log, options=options))
    return [r for block in blocks for r in block.records], [r for block in blocks for r in block.rejects]


# The table of characters that CloudFront encodes, "%" among them.
@pytest.mark.parametrize("sent", ["/a%20b", "/%2e%2e/%252e", "/<>\"#%{}|\\^~[]`'", "/a+b", "/caf%C3%A9", "/%FF%zz%", "/;a=b,c"])  # fmt: skip
def test_a_path_and_a_query_are_as_they_were_sent(tmp_path: Path, sent: str) -> None:
    codes = {c: f"%{ord(c):02X}" for c in "<>\"#%{}|\\^~[]`' "}
    logged = "".join(codes.get(c, c) for c in sent)
    names = FIELDS.replace("cs(User-Agent)", "cs-uri-query")
    ((record,), _) = read(tmp_path, names + GOOD.replace("/a", logged).replace("curl/8.12.1", f"q={logged}"))
    assert (record["path"], record["query"]) == (sent, f"q={sent}")


@pytest.mark.parametrize(
    ("logged", "user_agent"),
    [
        ("Mozilla/5.0%20(X11;%20Linux)", "Mozilla/5.0 (X11; Linux)"),
        ("Mozilla/5.0%2520(X11;%2520Linux)", "Mozilla/5.0 (X11; Linux)"),
        ("Mozilla/5.0 (X11; 100%25)", "Mozilla/5.0 (X11; 100%25)"),
        ("%22x%22%5C%0A%00", '"x"\\\n\x00'),
        ("caf%C3%A9", "café"),
        ("%FF", "%FF"),
        ("-", None),
    ],
)  # fmt: skip
def test_a_user_agent_is_plain_text(tmp_path, logged, user_agent) -> None:
    ((record,), _) = read(tmp_path, FIELDS + GOOD.replace("curl/8.12.1", logged))
    assert record["user_agent"] == user_agent


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.replace("\tHit", ""), "the line has 7 fields, the #Fields line before it names 8"),
        (GOOD.strip() + "\tx", "the line has 9 fields, the #Fields line before it names 8"),
        (GOOD.replace("05:00:09", "-"), "the line has no date and time; log date and time, or timestamp(ms)"),
        (GOOD.replace("2026-11-23", "infinity"), "the time infinity 05:00:09 is not a date as 2026-11-23 05:00:09"),
        (GOOD.replace("2026-11-23", "2026-99-23"), "the time 2026-99-23 05:00:09 is not a date as 2026-11-23 05:00:09"),
        ("password=hunter2", "the line has 1 fields, the #Fields line before it names 8"),
        ("{ password=hunter2", "the line is not a JSON object"),
        ('{"date":"2026-11-23"}', "the line has no date and time; log date and time, or timestamp(ms)"),
    ],
)  # fmt: skip
def test_bad_lines_are_rejected_and_good_ones_kept(tmp_path, line, reason) -> None:
    records, rejects = read(tmp_path, f"{FIELDS}{GOOD}{line.strip()}\n\n{GOOD}")
    assert [r["line_number"] for r in records] == [3, 6]
    assert [(number, why) for number, why, _ in rejects] == [(4, reason)]
    assert "hunter2" not in rejects[0][2]


def test_lines_without_fields_are_rejected_unless_an_option_names_them(tmp_path: Path) -> None:
    _, ((_, reason, _),) = read(tmp_path, GOOD)
    assert reason == "there is no #Fields line before this one; give the whole file, or the option fields"
    ((record,), rejects) = read(
        tmp_path, GOOD, fields="date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent) x-edge-result-type"
    )
    assert (record["path"], record["status"]) == ("/a", 200) and not rejects
    ((record,), rejects) = read(tmp_path, FIELDS + GOOD, fields="x y")
    assert record["path"] == "/a" and not rejects


def test_fields_may_change_where_files_were_joined(tmp_path: Path) -> None:
    other = "#Version: 1.0\n#Fields: time date sc-status x-edge-result-type\n05:00:10\t2026-11-23\t404\tMiss\n"
    records, rejects = read(tmp_path, FIELDS + GOOD + other + FIELDS + GOOD)
    assert [(r["status"], r["path"], r["bytes"]) for r in records] == [
        (200, "/a", None),
        (404, None, None),
        (200, "/a", None),
    ]
    assert not rejects


def test_a_block_knows_the_fields_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_blocks, "BLOCK_BYTES", 300)
    log = tmp_path / "E1.log"
    log.write_text(FIELDS + GOOD * 60)
    blocks = list(parse_file("cloudfront", log))
    assert len(blocks) > 3 and sum(len(b.records) for b in blocks) == 60 and not any(b.rejects for b in blocks)


def test_gzip_is_read_as_delivered(tmp_path: Path) -> None:
    log = tmp_path / "E1EXAMPLE.2026-11-23-05.abcd.gz"
    log.write_bytes(gzip.compress((FIELDS + GOOD).encode()))
    assert detect(log).name == "cloudfront"
    (block,) = parse_file("auto", log)
    assert len(block.records) == 1 and not block.rejects


def test_the_same_request_is_the_same_in_either_shape(tmp_path: Path) -> None:
    log = CASES / "waf" / "cloudfront" / "all-fields.log"
    names, *rows = [
        line.replace("#Fields: ", "").split("\t" if "\t" in line else " ") for line in log.read_text().splitlines()[1:]
    ]
    text = "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
    as_json, rejects = read(tmp_path, text)
    assert not rejects
    (block,) = parse_file("cloudfront", log)
    assert [r | {"line_number": 0} for r in as_json] == [r | {"line_number": 0} for r in block.records]


def test_a_forwarded_address_can_be_the_client(tmp_path: Path) -> None:
    names = FIELDS.replace("cs(User-Agent)", "x-forwarded-for")
    ((record,), _) = read(
        tmp_path, names + GOOD.replace("curl/8.12.1", "203.0.113.1,%20198.51.100.2"), client_ip="x-forwarded-for"
    )
    assert record["client_ip"] == "198.51.100.2"


def test_only_cloudfront_is_taken_for_it() -> None:
    assert cloudfront.detect(FIELDS)
    assert cloudfront.detect('{"date":"2026-11-23","cs-method":"GET","x-edge-location":"SFO53-P7"}')
    assert not cloudfront.detect("#Fields: date time s-ip cs-method cs-uri-stem\n")
    assert not cloudfront.detect('{"status":200,"http_user_agent":"\\"x-edge-location\\":"}')
    assert not cloudfront.detect("")

"""Load balancer logs: every documented kind of entry, requests that are none, torn lines, and quotes that clients send.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tasks.try_format import detect, parse_file
from tasks.waf_formats import alb

HEAD = "https 2026-11-23T05:00:09.186641Z app/lb/50dc6c495c0c9188 192.0.2.1:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 34 366"
TAIL = '- - arn:aws:x "Root=1-5" "-" "-" 1 2026-11-23T05:00:09.000000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"'


def entry(request: str = "GET https://www.example:443/ HTTP/1.1", agent: str = "curl/8.12.1", head: str = HEAD) -> str:
    return f'{head} "{request}" "{agent}" {TAIL}'


def read(tmp_path: Path, *lines: str) -> tuple[list[dict], list[tuple]]:
    log = tmp_path / "lb.log"
    log.write_text("".join(f"{line}\n" for line in lines))
    blocks = list(parse_file("alb", log))
    return [r for block in blocks for r in block.records], [r for block in blocks for r in block.rejects]


@pytest.mark.parametrize("kind", ["http", "https", "h2", "grpcs", "ws", "wss"])
def test_every_documented_type_is_read_and_known(tmp_path: Path, kind: str) -> None:
    line = kind + entry()[len("https") :]
    assert alb.detect(line)
    records, rejects = read(tmp_path, line)
    assert len(records) == 1 and not rejects


@pytest.mark.parametrize(
    ("request_line", "answer"),
    [
        ("GET https://www.example:443/a?b=c HTTP/1.1", ("www.example", "GET", "/a", "b=c", "HTTP/1.1")),
        ("GET https://www.example:443/a b?c d HTTP/1.1", ("www.example", "GET", "/a b", "c d", "HTTP/1.1")),
        ("GET https://www.example:443?b=c HTTP/1.1", ("www.example", "GET", None, "b=c", "HTTP/1.1")),
        ("GET http://[2001:db8::1]:80/x HTTP/1.0", ("[2001:db8::1]", "GET", "/x", None, "HTTP/1.0")),
        ("GET https://www.example:443/http://evil.example/ HTTP/1.1", ("www.example", "GET", "/http://evil.example/", None, "HTTP/1.1")),
        ("PROPFIND https://www.example:443/ HTTP/2.0", ("www.example", "PROPFIND", "/", None, "HTTP/2.0")),
        ("- http://www.example:80- -", ("www.example", None, None, None, None)),
        ("- - -", (None, None, None, None, None)),
        ("-", (None, None, None, None, None)),
        ("", (None, None, None, None, None)),
        ("GET https://www.example:443/?q=\\x22 \\x5C HTTP/1.1", ("www.example", "GET", "/", "q=\\x22 \\x5C", "HTTP/1.1")),
        ('GET https://www.example:443/?q=\\"x HTTP/1.1', ("www.example", "GET", "/", "q=\\x22x", "HTTP/1.1")),
        ("GET https://www.example:443/?token=s3cret HTTP/1.1", ("www.example", "GET", "/", "token=[redacted]", "HTTP/1.1")),
    ],
)  # fmt: skip
def test_a_request_is_cut_right(tmp_path, request_line, answer) -> None:
    ((record,), rejects) = read(tmp_path, entry(request_line))
    assert not rejects
    assert tuple(record[name] for name in ("host", "method", "path", "query", "protocol")) == answer


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        (HEAD, ("192.0.2.1", 200, 366)),
        (HEAD.replace("192.0.2.1:2817", "[2001:db8::1]:443"), ("2001:db8::1", 200, 366)),
        (HEAD.replace("192.0.2.1:2817", "-"), (None, 200, 366)),
        (HEAD.replace("200 200 34 366", "- - -1 -1"), ("192.0.2.1", None, None)),
        (HEAD.replace("200 200 34 366", "000 - 0 0"), ("192.0.2.1", None, 0)),
        (HEAD.replace("10.0.0.1:80 0.086 0.048 0.037 200 200", "- -1 -1 -1 463 -"), ("192.0.2.1", 463, 366)),
    ],
)  # fmt: skip
def test_what_is_not_said_is_unknown(tmp_path, head, answer) -> None:
    ((record,), _) = read(tmp_path, entry(head=head))
    assert (record["client_ip"], record["status"], record["bytes"]) == answer


def test_bad_lines_are_rejected_and_good_ones_kept(tmp_path: Path) -> None:
    good, torn = (
        entry(),
        "the line has not the 12 fields, the request and the user agent of an Application Load Balancer",
    )
    records, rejects = read(
        tmp_path, good, good[:60], good[:160], "password=hunter2", "", HEAD + " x " + good[len(HEAD) :], 'a "b" "c" "',
        good.replace("2026-11-23T05:00:09.186641Z", "infinity"), good.replace("2026-11-23T05", "2026-99-23T05", 1), good + " and more",
    )  # fmt: skip
    assert [r["line_number"] for r in records] == [1, 10]
    assert [(number, reason) for number, reason, _ in rejects] == [
        *((number, torn) for number in (2, 3, 4, 6, 7)),
        (8, "the time infinity is not a date as 2026-11-23T05:00:09.186641Z"),
        (9, "the time 2026-99-23T05:00:09.186641Z is not a date as 2026-11-23T05:00:09.186641Z"),
    ]
    assert rejects[2][2] == "password=[redacted]"


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    agent = "'; DROP TABLE lines; -- \u202e\U0001f600" + "A" * 100_000
    ((record,), rejects) = read(tmp_path, entry(agent=agent))
    assert record["user_agent"] == agent and not rejects


def test_gzip_is_read_as_delivered_and_nothing_else_is_taken_for_it(tmp_path: Path) -> None:
    log = (
        tmp_path
        / "123456789012_elasticloadbalancing_us-east-2_app.lb.50dc6c495c0c9188_20261123T0505Z_10.0.0.1_x.log.gz"
    )
    log.write_bytes(gzip.compress(f"{entry()}\n".encode()))
    assert detect(log).name == "alb"
    assert not alb.detect('192.0.2.1 - - [x] "GET / HTTP/1.1" 200 1 "-" "https 2026-11-23T05:00:09Z a b:1 c 1 1 1 "\n')
    assert not alb.detect("tls 2.0 2026-11-23T05:00:09 net/lb/1 2 192.0.2.1:51341 10.0.0.1:443 5 2 98 246 -")
    assert not alb.detect("")

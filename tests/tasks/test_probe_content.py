"""Content is looked at within bounds: packed, hostile or huge, it is the right class and never an exception."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h11
import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tasks.probe import Probe, ProbeResult, probe_all, probe_once
from tasks.probe_connect import ProbeFailureError
from tasks.probe_content import Expectation, check_json_path, check_pattern, examine
from tasks.probe_http import Request, Target, request_bytes, target_of, unusual_target
from tasks.probe_result import CAUSES
from tests.servers import Handler, answering, ok, serving


def check(
    handler: Handler, *, timeout_seconds: float = 5, expected: Expectation | None = None, **options
) -> ProbeResult:
    async def run() -> ProbeResult:
        async with serving(handler) as server:
            more = {"expected": expected} if expected else {}
            return await probe_once(Probe(url=server.url(), timeout_seconds=timeout_seconds, **more, **options))

    return asyncio.run(run())


def packed(body: bytes, encoding: str, *more: str) -> Handler:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}", *more])
    return answering(head.encode() + b"\r\n\r\n" + body)


HELLO = Expectation(text_present=("hello",))


@pytest.mark.parametrize(
    ("expected", "cause"),
    [
        (Expectation(text_present=("hello", "wörld")), None),
        (Expectation(text_present=("goodbye",)), "content"),
        (Expectation(text_absent=("database error",)), None),
        (Expectation(text_absent=("wörld",)), "content"),
        (Expectation(pattern=r"h\w+o"), None),
        (Expectation(pattern=r"^world"), "content"),
        (Expectation(json_path="$.status"), "content"),
    ],
)
def test_text_and_patterns(expected: Expectation, cause: str | None) -> None:
    result = check(ok("hello wörld".encode()), expected=expected)
    assert (result.outcome, result.cause) == ("down" if cause else "up", cause)
    assert result.body_ms is not None


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        ("$.status", "ok", None),
        ("$.checks[0].up", "true", None),
        ("$.checks[0].n", "2", None),
        ("$.status", None, None),
        ("$.status", "OK", "content"),
        ("$.none", None, "content"),
        ("$.gone", None, "content"),
    ],
)
def test_json(path: str, value: str | None, cause: str | None) -> None:
    body = b'{"status": "ok", "checks": [{"up": true, "n": 2}], "none": null}'
    assert check(ok(body), expected=Expectation(json_path=path, json_value=value)).cause == cause


@pytest.mark.parametrize("text", ["(?=x)", "[", "a{1,1000}{1,1000}"])
def test_a_pattern_that_re2_refuses_is_refused_when_the_configuration_is_read(text: str) -> None:
    with pytest.raises(ValueError, match="no pattern of RE2"):
        check_pattern(text)


@pytest.mark.parametrize("text", ["status", "$[", "$.*"])
def test_a_path_that_leads_nowhere_is_refused_when_the_configuration_is_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"\$\.checks\[0\]\.state"):
        check_json_path(text)


def test_a_packed_page_is_inflated_where_it_is_looked_at() -> None:
    bare = zlib.compressobj(wbits=-15)
    for body, encoding in [
        (gzip.compress(b"hello"), "gzip"),
        (zlib.compress(b"hello"), "deflate"),
        (bare.compress(b"hello") + bare.flush(), "deflate"),
    ]:
        assert check(packed(body, encoding), expected=HELLO).outcome == "up", encoding


@pytest.mark.parametrize(
    "handler",
    [
        packed(gzip.compress(b"hello" * 1000)[:-30], "gzip"),
        packed(b"hello", "gzip"),
        packed(b"hello", "deflate"),
        packed(b"hello", "br"),
    ],
)
def test_a_damaged_packing_is_protocol_where_the_page_is_looked_at(handler: Handler) -> None:
    assert check(handler, expected=HELLO).cause == "protocol"
    assert check(handler).outcome == "up"


def test_what_is_asked_for_tells_whether_the_page_is_looked_at() -> None:
    async def echo(reader, writer) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")

    asked: list[bytes] = []
    check(echo)
    check(echo, expected=HELLO, request=Request(method="GET", headers=(("User-Agent", "mine"),)))
    assert b"Accept-Encoding: identity" in asked[0]
    assert b"Accept-Encoding: gzip, deflate" in asked[1]
    assert b"User-Agent: mine\r\n" in asked[1]
    assert asked[1].count(b"User-Agent") == 1


def test_headers_are_there_and_say_what_they_should() -> None:
    handler = answering(b"HTTP/1.1 200 OK\r\nX-Frame-Options: DENY\r\nContent-Length: 0\r\n\r\n")
    assert check(handler, expected=Expectation(header_patterns={"x-frame-options": "(?i)deny"})).outcome == "up"
    assert check(handler, expected=Expectation(header_patterns={"X-Frame-Options": "SAME"})).cause == "header"
    assert "no header CSP" in check(handler, expected=Expectation(header_patterns={"CSP": None})).message


def test_an_answer_that_is_later_than_its_limit_is_slow() -> None:
    handler = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", delay=0.3)
    result = check(handler, limit_seconds=0.2)
    assert (result.outcome, result.cause, result.status) == ("down", "slow", 200)
    assert check(handler, limit_seconds=4).outcome == "up"


def test_a_500_every_tenth_time_is_never_down() -> None:
    calls = []

    async def flaky(reader, writer) -> None:
        calls.append(1)
        await ok(status="500 Oops" if len(calls) % 10 == 0 else "200 OK")(reader, writer)

    async def run() -> list[list[ProbeResult]]:
        async with serving(flaky) as server:
            return await probe_all([Probe(url=server.url())] * 50, concurrency=1)

    results = asyncio.run(run())
    assert {tries[-1].outcome for tries in results} == {"up"}
    assert [tries[0].cause for tries in results].count("status") == 5


def test_a_secret_is_not_repeated_though_the_server_does() -> None:
    async def echo(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"what is this: " + head.split(b"X-Key: ")[1].split(b"\r\n")[0] + b"\r\n\r\n")

    request = Request(headers=(("X-Key", "s3cretvalue"),))
    result = check(echo, request=request, secrets=("s3cretvalue",))
    assert result.cause == "protocol"
    assert "s3cret" not in repr(result)
    odd = Probe(url="http://127.0.0.1/", request=Request(headers=(("X-Key", "s3cret\n"),)), secrets=("s3cret\n",))
    assert "s3cret" not in repr(odd)


MEMORY = """
import asyncio, pathlib, re, sys, time
from tasks.probe import Probe, probe_once
from tasks.probe_content import Expectation, check_pattern
check_pattern("x")  # the engine is there for every process that looks at content
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
async def main():
    before, start = peak(), time.monotonic()
    result = await probe_once(Probe(url=sys.argv[1], timeout_seconds=20, expected=Expectation(text_present=("needle",))))
    print(result.cause, peak() - before, time.monotonic() - start)
asyncio.run(main())
"""


async def two_gigabytes(reader, writer) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n")
    for _ in range(2000):
        writer.write(b"x" * 1_000_000)
        await writer.drain()


async def bomb(reader, writer) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
    packer = zlib.compressobj(9, wbits=31)
    for _ in range(2000):
        writer.write(packer.compress(bytes(1_000_000)))
        await writer.drain()


async def crumbs(reader, writer) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(2000):
        writer.write(b"1\r\nx\r\n" * 1000)
        await writer.drain()


@pytest.mark.parametrize("handler", [two_gigabytes, bomb, crumbs])
def test_what_is_huge_is_left_in_bounded_time_and_memory(handler: Handler) -> None:
    async def run() -> tuple[str, int, float]:
        async with serving(handler) as server:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", MEMORY, server.url(), stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
            )
            out, _ = await process.communicate()
        cause, kilobytes, seconds = out.decode().split()
        return cause, int(kilobytes), float(seconds)

    cause, kilobytes, seconds = asyncio.run(run())
    assert cause == "content"
    assert kilobytes < 30_000
    assert seconds < 15


def test_interim_answers_without_end_are_protocol() -> None:
    async def endless(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for _ in range(10_000):
            writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            await writer.drain()

    assert check(endless).cause == "protocol"


LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK", b"HTTP/1.1 302 Found", b"HTTP/1.0 200", b"HTTP/1.1 999 x", b"HTTP/1.1 100 Continue", b"",
        b"Location: //[", b"Location: /again", b"Content-Length: 5", b"Content-Length: -1", b"Content-Length: 5, 6",
        b"Transfer-Encoding: chunked", b"Content-Encoding: gzip", b"Content-Encoding: \xff", b"Content-Type: a; charset=idna",
        b"Content-Type: text/html; charset=utf-16", b"5", b"hello", b"0", b"\x00", b"HTTP/1.1 101 Switching Protocols",
        b"Connection: upgrade", b"Upgrade: x", b"{\"a\": [",
    ]
)  # fmt: skip
HOSTILE = st.one_of(st.binary(max_size=200), st.lists(LINES, max_size=8).map(b"\r\n".join))


@hypothesis_settings(deadline=None, max_examples=80)
@given(start=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 302 Found\r\n"]), rest=HOSTILE)
def test_nothing_that_a_server_says_is_an_exception(start: bytes, rest: bytes) -> None:
    expected = Expectation(text_present=("hello",), json_path="$.a", header_patterns={"Content-Type": "text/.*"})
    result = check(answering(start + rest), expected=expected, timeout_seconds=2)
    assert result.outcome == "down"
    assert result.cause in CAUSES


@hypothesis_settings(deadline=None, max_examples=80)
@given(
    body=st.one_of(st.binary(max_size=300), st.integers(1, 100_000).map(lambda n: b"[" * n + b"]" * n)),
    charset=st.sampled_from(["utf-8", "utf-16", "idna", "punycode", "zlib", "shift_jis", "iso-8859-77", "\xff"]),
)
def test_no_body_is_an_exception(body: bytes, charset: str) -> None:
    headers = [(b"content-type", f"text/html; charset={charset}".encode())]
    for expected in (Expectation(pattern="^hello$"), Expectation(json_path="$.a"), HELLO):
        with pytest.raises(ProbeFailureError) as caught:
            examine(expected, headers, body, is_cut=False)
        assert caught.value.cause == "content"


def test_a_pattern_takes_time_in_proportion_to_the_page() -> None:
    start = time.monotonic()
    with pytest.raises(ProbeFailureError):
        examine(Expectation(pattern="^(a+)+$"), [], b"a" * 1_000_000 + b"b", is_cut=False)
    assert time.monotonic() - start < 5


@given(
    st.from_regex(r"https?://[A-Za-z0-9.@\[\]:_-]{1,12}(:[0-9]{0,6})?([/?#][\x20-\x7e\u00e9]{0,20})?", fullmatch=True)
)
@example("http://a.example:0/")
@example("https://a.example:59999/?#")
@example("https://a.example:65536")
@example("http://a.example//b?c?d")
def test_a_usual_address_is_read_as_any_other_is(url: str) -> None:
    def read(how: Callable[[str], Target]) -> Target | str:
        try:
            return how(url)
        except ProbeFailureError as error:
            return str(error)

    assert read(target_of) == read(unusual_target)


@given(
    st.sampled_from(("GET", "HEAD")),
    st.from_regex(r"https?://[a-z0-9.-]{1,12}(:[1-9][0-9]{0,3})?(/[\w%/:@!$&'()*+,;=.~?-]{0,20})?", fullmatch=True),
)
def test_a_plain_request_is_the_one_that_h11_would_write(method: str, url: str) -> None:
    def written(target: Target) -> bytes:
        return request_bytes(Request(method=method), target, h11.Connection(h11.CLIENT), "identity")

    try:
        target = target_of(url)
    except ProbeFailureError:
        return
    assert written(target) == written(replace(target, is_usual=False))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("piece", [1, 9, 10, 500])
@pytest.mark.parametrize(
    "interim", ["", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 2]
)
@pytest.mark.parametrize(
    "framing", ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Connection: close\r\n"]
)
def test_an_answer_is_read_alike_however_it_is_cut(method: str, piece: int, interim: str, framing: str) -> None:
    body = "" if method == "HEAD" else "5\r\nhello\r\n0\r\n\r\n" if "chunked" in framing else "hello"
    whole = f"{interim}HTTP/1.1 200 OK\r\n{framing}\r\n{body}".encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for start in range(0, len(whole), piece):
            writer.write(whole[start : start + piece])
            await asyncio.sleep(0)

    expected = Expectation(text_present=("hello",)) if method == "GET" else Expectation()
    result = check(answer, request=Request(method=method), expected=expected)
    assert (result.outcome, result.status, result.message) == ("up", 200, None)

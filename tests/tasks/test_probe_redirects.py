"""Redirects are followed by hand: recorded, bounded, never to a private address, no secret across origins."""

from __future__ import annotations

import asyncio

import pytest

from tasks.probe import Probe, ProbeResult, probe_once
from tasks.probe_connect import is_public
from tasks.probe_http import Request
from tests.servers import Handler, answering, ok, serving


def to(location: str, status: str = "302 Found") -> Handler:
    return answering(f"HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


def by_path(answers: dict[str, str], asked: list[bytes] | None = None) -> Handler:
    """Redirect from path to path; what is no key is answered 200."""

    async def handle(reader, writer) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if asked is not None:
            asked.append(head)
        path = head.split(b" ")[1].decode()
        await (to(answers[path]) if path in answers else ok())(_Read(head), writer)

    return handle


class _Read:
    """A request that was read already."""

    def __init__(self, head: bytes) -> None:
        self.head = head

    async def readuntil(self, _end: bytes) -> bytes:
        return self.head


def check(handler: Handler, **options) -> ProbeResult:
    async def run() -> ProbeResult:
        async with serving(handler) as server:
            return await probe_once(Probe(url=server.url(), timeout_seconds=10, **options))

    return asyncio.run(run())


def test_redirects_are_followed_and_recorded_and_the_last_answer_counts() -> None:
    result = check(by_path({"/": "/a", "/a": "b?token=hunter2#part"}))
    assert (result.outcome, result.status) == ("up", 200)
    assert [url.partition("127.0.0.1:")[2].partition("/")[2] for url in result.redirects] == ["a", "b?token=[redacted]"]
    assert result.final_url == result.redirects[-1]


def test_a_redirect_can_be_judged_itself() -> None:
    result = check(to("/elsewhere"), max_redirects=0, expected_status=((302, 302),))
    assert (result.outcome, result.status, result.redirects) == ("up", 302, None)


@pytest.mark.parametrize(
    "answers", [{"/": "/"}, {"/": "/a", "/a": "/b", "/b": "/a"}, {f"/{n or ''}": f"/{n + 1}" for n in range(30)}]
)
def test_a_circle_and_a_long_way_are_redirect(answers: dict[str, str]) -> None:
    result = check(by_path(answers))
    assert (result.outcome, result.cause, result.status) == ("down", "redirect", 302)
    assert len(result.redirects) <= 10


@pytest.mark.parametrize(
    "location",
    ["ftp://h.example/", "http://", "http://[::1", "http://h.example:99999/", "http://a..b/", "\xff\xfe", "//"],
)
def test_what_is_no_address_is_the_fault_of_the_site(location: str) -> None:
    result = check(by_path({"/": location}) if location != "\xff\xfe" else to("http://\xff..\xfe/"))
    assert (result.outcome, result.cause) == ("down", "redirect")


def test_no_redirect_leads_to_a_private_address_unless_allowed() -> None:
    async def run(*, is_allowed: bool) -> tuple[ProbeResult, int]:
        async with serving(ok(), host="127.0.0.2") as inner, serving(to(inner.url(host="127.0.0.2"))) as server:
            probe = Probe(url=server.url(), timeout_seconds=10, is_private_allowed=is_allowed)
            return await probe_once(probe), inner.accepts

    result, accepts = asyncio.run(run(is_allowed=False))
    assert (result.outcome, result.cause, accepts) == ("down", "redirect", 0)
    assert "private address" in result.message
    result, accepts = asyncio.run(run(is_allowed=True))
    assert (result.outcome, accepts) == ("up", 1)


def test_a_secret_header_and_a_body_stay_with_their_origin() -> None:
    asked: list[bytes] = []

    async def run(**options) -> list[bytes]:
        asked.clear()
        async with serving(by_path({}, asked)) as other, serving(by_path({"/": other.url(path="/x")}, asked)) as server:
            request = Request(method="POST", headers=(("Authorization", "Bearer hunter22"),), body=b"a=1")
            probe = Probe(url=server.url(), timeout_seconds=10, request=request, **options)
            assert (await probe_once(probe)).outcome == "up"
        return list(asked)

    first, second = asyncio.run(run())
    assert first.startswith(b"POST / ")
    assert b"Bearer hunter22" in first
    assert b"Content-Length: 3" in first
    assert second.startswith(b"GET /x ")
    assert b"hunter22" not in second


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("127.0.0.1", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("2606:4700::1111", True),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
    ],
)
def test_an_address_inside_another_is_still_private(address: str, *, expected: bool) -> None:
    assert is_public(address) is expected

"""The prober names the right cause for everything that a server can do wrong, in bounded time and memory."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
import struct
import time
from datetime import UTC, datetime, timedelta

import pytest

from tasks.probe import CAUSES, Probe, ProbeResult, probe_all, probe_once
from tests.servers import Authority, answering, authority, ok, serving


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def check(handler, context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", **options) -> ProbeResult:
    async def run() -> ProbeResult:
        async with serving(handler, context) as server:
            url = server.url("https" if context else "http", host)
            return await probe_once(Probe(url=url, **({"timeout_seconds": 2.0} | options)))

    return asyncio.run(run())


def test_a_site_that_answers_is_up_with_every_phase_and_its_certificate(tls: Authority) -> None:
    result = check(ok(), tls.context(), host="localhost", ca_file=tls.ca_file)
    assert (result.outcome, result.cause, result.status) == ("up", None, 200)
    phases = (result.dns_ms, result.connect_ms, result.tls_ms, result.first_byte_ms)
    assert all(phase is not None and 0 <= phase <= result.total_ms for phase in phases)
    assert result.certificate.is_valid
    assert 70 <= (result.certificate.not_after - datetime.now(UTC)).days <= 71


def test_a_status_that_is_not_expected_is_down() -> None:
    assert (check(ok(status="500 Oops")).cause, check(ok(status="500 Oops")).status) == ("status", 500)
    assert check(ok(status="404 Not Found"), expected_status=((404, 404),)).outcome == "up"


def test_a_refused_port_is_refused() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert asyncio.run(probe_once(Probe(url=f"http://127.0.0.1:{port}/"))).cause == "refused"


def test_a_name_that_does_not_exist_is_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    assert asyncio.run(probe_once(Probe(url="http://none.invalid/"))).cause == "dns"


def test_a_resolver_that_is_away_makes_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_resolver(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", no_resolver)
    result = asyncio.run(probe_once(Probe(url="http://one.example/")))
    assert (result.outcome, result.cause) == ("unknown", "vantage")


@pytest.mark.parametrize(
    ("host", "days", "cause"),
    [("localhost", -3, "certificate_expired"), ("other.example", 9, "certificate_wrong_host")],
)
def test_a_certificate_that_is_not_accepted_still_shows_its_expiry(
    tls: Authority, host: str, days: int, cause: str
) -> None:
    expires = (datetime.now(UTC) + timedelta(days=days)).replace(microsecond=0)
    result = check(ok(), tls.context(host, expires=expires), host="localhost", ca_file=tls.ca_file)
    assert (result.outcome, result.cause) == ("down", cause)
    assert (result.certificate.not_after, result.certificate.is_valid) == (expires, False)
    assert result.certificate.why_not == cause


def test_a_certificate_of_an_unknown_authority_is_untrusted(tls: Authority) -> None:
    result = check(ok(), tls.context(), host="localhost")
    assert result.cause == "certificate_untrusted"
    assert result.certificate.not_after > datetime.now(UTC)


def test_tls_to_a_plain_port_is_tls() -> None:
    async def run() -> ProbeResult:
        async with serving(answering(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as server:
            return await probe_once(Probe(url=server.url("https"), timeout_seconds=1))

    assert asyncio.run(run()).cause in ("tls", "tls_timeout")


def test_a_hello_that_is_never_answered_is_a_tls_timeout() -> None:
    async def silent(reader, _writer) -> None:
        await reader.read()

    async def run() -> ProbeResult:
        async with serving(silent) as server:
            return await probe_once(Probe(url=server.url("https"), timeout_seconds=0.5))

    assert asyncio.run(run()).cause == "tls_timeout"


def test_an_answer_that_comes_too_late_is_a_read_timeout() -> None:
    assert check(answering(b"", delay=5), timeout_seconds=0.3).cause == "read_timeout"


def test_a_server_that_drips_can_not_hold_a_check() -> None:
    async def drip(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    start = time.monotonic()
    assert check(drip, timeout_seconds=0.5).cause == "read_timeout"
    assert time.monotonic() - start < 1.5


def test_a_reset_before_the_answer_is_a_reset() -> None:
    async def reset(_reader, writer) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    assert check(reset).cause == "reset"


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n",
    ],
)
def test_an_answer_that_is_not_whole_http_is_protocol(raw: bytes) -> None:
    assert check(answering(raw)).cause == "protocol"


def test_a_body_of_2_gb_is_left_after_a_megabyte() -> None:
    async def endless(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000000\r\n\r\n")
        for _ in range(2000):
            writer.write(b"x" * 1_000_000)
            await writer.drain()

    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert check(endless).outcome == "up"
    assert time.monotonic() - start < 1
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 40_000


def test_one_lost_connection_is_no_outage() -> None:
    calls = []

    async def flaky(reader, writer) -> None:
        calls.append(1)
        if len(calls) == 1:
            writer.transport.abort()
            return
        await ok()(reader, writer)

    async def run() -> list[ProbeResult]:
        async with serving(flaky) as server:
            return (await probe_all([Probe(url=server.url())]))[0]

    first, last = asyncio.run(run())
    assert (first.outcome, last.outcome) == ("down", "up")


def test_every_check_is_a_fresh_connection(tls: Authority) -> None:
    async def run() -> int:
        async with serving(ok(), tls.context()) as server:
            results = await probe_all(
                [Probe(url=server.url("https", "localhost"), ca_file=tls.ca_file)] * 50, concurrency=10
            )
            assert all(tries[-1].outcome == "up" and len(tries) == 1 for tries in results)
            return server.accepts

    assert asyncio.run(run()) == 50


def test_many_sites_lost_at_once_are_unknown_not_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    results = asyncio.run(probe_all([Probe(url=f"http://site{n}.invalid/") for n in range(5)]))
    assert {(tries[-1].outcome, tries[-1].cause) for tries in results} == {("unknown", "vantage")}


def test_every_cause_is_documented() -> None:
    import inspect
    import re

    from tasks import probe

    used = set(re.findall(r'_FailureError\(\s*"(\w+)"', inspect.getsource(probe)))
    assert used <= set(CAUSES)


def test_the_ipv6_loopback_can_be_checked() -> None:
    async def run() -> ProbeResult:
        async with serving(ok(), host="::1") as server:
            return await probe_once(Probe(url=server.url(host="[::1]")))

    assert asyncio.run(run()).outcome == "up"

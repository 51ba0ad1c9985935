"""The prober names the right cause for everything that a server can do wrong, in bounded time and memory."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import errno
import os
import re
import resource
import select
import socket
import ssl
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks import probe_certificate, probe_ready
from tasks.probe import CAUSES, Probe, ProbeResult, probe_all, probe_once
from tests.servers import Authority, addresses, answering, authority, ok, serving, silent_port

TASKS = Path(probe_certificate.__file__).parent
REAL_POLL = probe_ready.Poll.poll


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def check(handler, context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1", **options) -> ProbeResult:
    async def run() -> ProbeResult:
        async with serving(handler, context) as server:
            url = server.url("https" if context else "http", host)
            return await probe_once(Probe(url=url, **({"timeout_seconds": 10.0} | options)))

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
    async def plain(reader, writer) -> None:
        await reader.read(16)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async def run() -> ProbeResult:
        async with serving(plain) as server:
            return await probe_once(Probe(url=server.url("https"), timeout_seconds=10))

    assert asyncio.run(run()).cause == "tls"


def test_plain_http_to_a_tls_port_is_down(tls: Authority) -> None:
    async def run() -> ProbeResult:
        async with serving(ok(), tls.context()) as server:
            return await probe_once(Probe(url=server.url("http", "localhost"), timeout_seconds=10))

    result = asyncio.run(run())
    assert (result.outcome, result.cause) == ("down", "reset")


def test_a_hello_that_is_never_answered_is_a_tls_timeout() -> None:
    async def silent(reader, _writer) -> None:
        await reader.read()

    async def run() -> ProbeResult:
        async with serving(silent) as server:
            return await probe_once(Probe(url=server.url("https"), timeout_seconds=1.5))

    assert asyncio.run(run()).cause == "tls_timeout"


def test_an_answer_that_comes_too_late_is_a_read_timeout() -> None:
    assert check(answering(b"", delay=10), timeout_seconds=1.5).cause == "read_timeout"


def test_a_server_that_drips_can_not_hold_a_check() -> None:
    async def drip(reader, writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(1000):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    start = time.monotonic()
    assert check(drip, timeout_seconds=1.5).cause == "read_timeout"
    assert time.monotonic() - start < 10, "all that it drips takes 50"


def test_a_reset_before_the_answer_is_a_reset() -> None:
    async def reset(_reader, writer) -> None:
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    assert check(reset).cause == "reset"


def test_a_reset_in_the_middle_of_the_body_is_a_reset() -> None:
    async def reset(reader, writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
        await writer.drain()
        await asyncio.sleep(0.05)  # let the part arrive before the reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    result = check(reset)
    assert (result.outcome, result.cause, result.status) == ("down", "reset", 200)


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
            taken.append(1_000_000)

    taken: list[int] = []
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert check(endless).outcome == "up"
    assert sum(taken) < 40_000_000
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


def test_checks_are_woken_in_a_context_that_holds_nothing(tls: Authority) -> None:
    # An empty context is false: to ask whether there is one must not be to ask what it is worth.
    result = contextvars.Context().run(check, ok(), tls.context(), host="localhost", ca_file=tls.ca_file)
    assert result.outcome == "up"


def test_sites_that_hang_leave_room_for_the_others() -> None:
    async def by_path(reader, writer) -> None:
        if b"/hang" in await reader.readuntil(b"\r\n\r\n"):
            await reader.read()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async def run() -> list[list[ProbeResult]]:
        async with serving(by_path) as server:
            paths = ["/hang"] * 8 + ["/"] * 40
            probes = [Probe(url=server.url(path=path), timeout_seconds=2) for path in paths]
            return await probe_all(probes, concurrency=10)

    results = asyncio.run(run())
    assert [tries[-1].outcome for tries in results] == ["down"] * 8 + ["up"] * 40
    assert max(tries[-1].checked_at for tries in results[8:]) < min(tries[-1].checked_at for tries in results[:8])


def test_every_cause_is_documented() -> None:
    sources = [path.read_text() for pattern in ("probe*.py", "rdap.py", "heartbeat.py") for path in TASKS.glob(pattern)]
    used = {cause for source in sources for cause in re.findall(r'ProbeFailureError\(\s*"(\w+)"', source)}
    used |= {cause for source in sources for cause in re.findall(r'(?:return|else|cause, message =) "(\w+)"', source)}
    used -= {"up", "down", "unknown", "GET", "identity"}  # other words of the same shape
    assert len(used) > 20
    assert used <= set(CAUSES)


@pytest.mark.parametrize("content", [None, "not a certificate"])
def test_a_file_of_authorities_that_can_not_be_used_says_nothing_of_the_site(
    tls: Authority, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "ca.pem"
    if content:
        file.write_text(content)
    result = check(ok(), tls.context(), host="localhost", ca_file=str(file))
    assert (result.outcome, result.cause) == ("unknown", "configuration")
    assert str(file) in result.message


@pytest.mark.parametrize(
    "url", [f"http://{'a' * 70}.example/", "http://a..b/", "http://h.example:99999/", "ftp://h.example/", "http:///x"]
)
def test_an_address_that_can_not_be_checked_spoils_no_other_check(url: str) -> None:
    async def run() -> list[list[ProbeResult]]:
        async with serving(ok()) as server:
            return await probe_all([Probe(url=url), Probe(url=server.url())])

    (*_, odd), (good,) = asyncio.run(run())
    assert (odd.outcome, odd.cause) == ("unknown", "configuration")
    assert good.outcome == "up"


def test_a_path_that_is_not_ascii_is_asked_for_as_a_browser_does() -> None:
    async def echo(reader, writer) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def run() -> ProbeResult:
        async with serving(echo) as server:
            return await probe_once(Probe(url=server.url(path="/caf\u00e9%20x?q=a b")))

    asked: list[bytes] = []
    assert asyncio.run(run()).outcome == "up"
    assert asked == [b"GET /caf%C3%A9%20x?q=a%20b HTTP/1.1"]


def test_an_outage_is_seen_though_the_other_address_can_not_be_reached_from_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def connect(_self: socket.socket, address: tuple[str, int]) -> int:
        return errno.ENETUNREACH if address[0] == "127.0.0.2" else errno.ECONNREFUSED

    monkeypatch.setattr(socket.socket, "connect_ex", connect)
    monkeypatch.setattr(socket, "getaddrinfo", addresses("127.0.0.1", "127.0.0.2"))
    result = asyncio.run(probe_once(Probe(url="http://two.example/")))
    assert (result.outcome, result.cause) == ("down", "refused")
    monkeypatch.setattr(socket, "getaddrinfo", addresses("127.0.0.2", "127.0.0.2"))
    result = asyncio.run(probe_once(Probe(url="http://two.example/")))
    assert (result.outcome, result.cause) == ("unknown", "vantage")


def test_no_open_files_left_says_nothing_of_the_site() -> None:
    async def run() -> ProbeResult:
        async with serving(ok()) as server:
            limits = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(
                resource.RLIMIT_NOFILE, (max(int(fd.name) for fd in Path("/proc/self/fd").iterdir()), limits[1])
            )
            with contextlib.ExitStack() as held:
                try:
                    with contextlib.suppress(OSError):
                        while True:
                            held.enter_context(open(os.devnull))  # noqa: PTH123
                    return await probe_once(Probe(url=server.url()))
                finally:
                    resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    result = asyncio.run(run())
    assert (result.outcome, result.cause) == ("unknown", "prober")


def test_an_address_that_is_silent_does_not_hide_one_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> ProbeResult:
        async with serving(ok()) as server:
            with silent_port("127.0.0.2", server.port):
                monkeypatch.setattr(socket, "getaddrinfo", addresses("127.0.0.2", "127.0.0.1"))
                return await probe_once(Probe(url=server.url(host="two.example"), timeout_seconds=10))

    result = asyncio.run(run())
    assert (result.outcome, result.cause) == ("up", None)
    assert result.connect_ms < 5000


def test_a_connection_that_is_never_answered_is_a_connect_timeout() -> None:
    with silent_port("127.0.0.2", 0) as port:
        result = asyncio.run(probe_once(Probe(url=f"http://127.0.0.2:{port}/", timeout_seconds=0.3)))
    assert (result.outcome, result.cause) == ("down", "connect_timeout")
    assert result.total_ms < 5000


def test_dead_name_servers_of_some_sites_do_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(host: str, port: int, **_more: object) -> list:
        if host.startswith("slow"):
            time.sleep(3)
        return addresses("127.0.0.1")(host, port)

    async def run() -> list[list[ProbeResult]]:
        async with serving(ok()) as server:
            slow_ones = [Probe(url=server.url(host=f"slow{n}.example"), timeout_seconds=1.5) for n in range(20)]
            return await probe_all([*slow_ones, Probe(url=server.url(host="good.example"), timeout_seconds=10)])

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    *lost, good = asyncio.run(run())
    assert {tries[-1].outcome for tries in lost} == {"unknown"}
    assert [result.outcome for result in good] == ["up"]


def test_what_a_hostile_server_says_is_kept_short_and_without_secrets() -> None:
    message = check(answering(b"oops password=hunter2&" + b"A" * 60_000 + b"\r\n\r\n")).message
    assert len(message) <= 200
    assert "hunter2" not in message


def test_a_second_look_at_a_certificate_takes_no_longer_than_is_left() -> None:
    async def silent(reader, _writer) -> None:
        await reader.read()

    async def run() -> probe_certificate.Certificate | None:
        async with serving(silent) as server:
            address = (socket.AF_INET, ("127.0.0.1", server.port))
            return await probe_certificate.refused_certificate(address, "localhost", "certificate_expired", 0.2)

    start = time.monotonic()
    assert asyncio.run(run()) is None
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(("ip_version", "cause"), [(None, None), (6, None), (4, "configuration")])
def test_the_ipv6_loopback_can_be_checked(ip_version: int | None, cause: str | None) -> None:
    async def run() -> ProbeResult:
        async with serving(ok(), host="::1") as server:
            return await probe_once(Probe(url=server.url(host="[::1]"), ip_version=ip_version))

    result = asyncio.run(run())
    assert (result.cause, result.address) == (cause, None if cause else "::1")


def test_only_addresses_of_the_version_asked_for_count(monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(_host: str, port: int, *, family: int, **_more: object) -> list:
        if family == socket.AF_INET6:
            raise socket.gaierror(socket.EAI_ADDRFAMILY, "no address of this family")
        return addresses("127.0.0.1")(_host, port)

    async def run(ip_version: int) -> str | None:
        async with serving(ok()) as server:
            return (await probe_once(Probe(url=server.url(host="x.example"), ip_version=ip_version))).cause

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert (asyncio.run(run(4)), asyncio.run(run(6))) == (None, "dns")


def test_a_server_that_wants_a_certificate_of_ours_is_tls_and_not_our_connection(tls: Authority) -> None:
    context = tls.context()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(tls.ca_file)
    result = check(ok(), context, host="localhost", ca_file=tls.ca_file)
    # Whether its alert is read before the connection is gone is a matter of luck.
    assert (result.outcome, result.cause in ("tls", "reset")) == ("down", True)


def test_without_epoll_checks_are_the_same(tls: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "epoll")
    polls = []
    monkeypatch.setattr(probe_ready.Poll, "poll", lambda *args: polls.append(1) or REAL_POLL(*args))
    test_a_site_that_answers_is_up_with_every_phase_and_its_certificate(tls)
    test_many_checks_share_few_sockets(tls)
    assert polls


def test_many_checks_share_few_sockets(tls: Authority) -> None:
    """The number of a socket that is closed is that of the next one: no event of the one may wake the other."""

    async def run() -> None:
        async with serving(ok(), tls.context()) as server:
            probe = Probe(url=server.url("https", "localhost"), ca_file=tls.ca_file)
            for tries in await probe_all([probe] * 60, concurrency=7):
                assert [result.outcome for result in tries] == ["up"]

    asyncio.run(run())

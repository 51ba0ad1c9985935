"""Many failures at once are our own connection, unless an anchor answers; one site down is down."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from datetime import UTC, datetime

import pytest

from tasks import collecting
from tasks.errors import ConfigurationError
from tasks.probe import Probe, ProbeResult, probe_all
from tasks.probe_batch import is_suspicious
from tasks.sites import parse_sites
from tests.servers import ok, serving


@pytest.fixture
def dead_port() -> int:
    """A port that nothing listens on, at any address of loopback."""
    with socket.socket() as free:
        free.bind(("", 0))
        return free.getsockname()[1]


def probes(port: int, count: int) -> list[Probe]:
    return [Probe(url=f"http://127.0.1.{n + 1}:{port}/", timeout_seconds=10) for n in range(count)]


def outcomes(results: list[list[ProbeResult]]) -> list[tuple[str, str | None]]:
    return [(tries[-1].outcome, tries[-1].cause) for tries in results]


def test_many_dead_servers_are_our_own_connection_and_what_answers_is_up(dead_port: int) -> None:
    async def run() -> list[list[ProbeResult]]:
        async with serving(ok()) as server:
            return await probe_all([Probe(url=server.url()), *probes(dead_port, 20)])

    first, *others = outcomes(asyncio.run(run()))
    assert first == ("up", None)
    assert set(others) == {("unknown", "vantage")}


def test_an_anchor_that_answers_makes_them_outages(dead_port: int) -> None:
    async def run(*more: str) -> list[list[ProbeResult]]:
        async with serving(ok()) as anchor:
            return await probe_all(probes(dead_port, 20), anchors=[f"127.0.0.1:{anchor.port}", *more])

    dead = f"127.0.0.1:{dead_port}"
    assert set(outcomes(asyncio.run(run(dead)))) == {("down", "refused")}
    results = asyncio.run(probe_all(probes(dead_port, 20), anchors=[dead, "no-such-name.invalid.:1"]))
    assert set(outcomes(results)) == {("unknown", "vantage")}


def test_one_site_that_is_down_is_down(dead_port: int) -> None:
    async def run() -> list[list[ProbeResult]]:
        async with contextlib.AsyncExitStack() as stack:
            servers = [
                await stack.enter_async_context(serving(ok(), host=f"127.0.2.{number}")) for number in range(1, 6)
            ]
            good = [Probe(url=server.url(host=f"127.0.2.{n}")) for n, server in enumerate(servers, start=1)]
            return await probe_all([*good, *probes(dead_port, 1)])

    assert outcomes(asyncio.run(run())) == [*[("up", None)] * 5, ("down", "refused")]


def test_one_server_of_many_sites_that_dies_is_an_outage_of_all_of_them(dead_port: int) -> None:
    results = asyncio.run(probe_all([Probe(url=f"http://127.0.0.1:{dead_port}/{n}") for n in range(20)]))
    assert set(outcomes(results)) == {("down", "refused")}


def result(address: str, cause: str | None) -> ProbeResult:
    return ProbeResult(checked_at=datetime.now(UTC), outcome="down" if cause else "up", cause=cause, address=address)


@pytest.mark.parametrize(
    ("lost", "fine", "expected"),
    [(2, 0, False), (3, 0, True), (3, 1, True), (3, 2, False), (7, 3, True), (6, 4, False)],
)
def test_share_and_count_of_servers_decide(lost: int, fine: int, *, expected: bool) -> None:
    results = [result(f"192.0.2.{n}", "connect_timeout") for n in range(lost)]
    results += [result(f"198.51.100.{n}", "status" if n else None) for n in range(fine)]
    results.append(result("", "configuration"))  # was never made: counts for neither
    assert is_suspicious(results * 2) is expected


def test_the_anchors_of_the_agency_reach_every_check(settings) -> None:
    text = """
agency: {name: A, contact: a@a.example, vantage_anchors: ["192.0.2.53:53", "[2001:db8::53]:53"]}
clients: [{id: c, name: C}]
sites:
  - {id: one, name: One, client: c, url: "http://a.example/", platform: other, time_zone: UTC,
     owner: {name: O, email: o@a.example}, sources: [{kind: uptime_http}]}
"""
    (job,) = collecting.jobs(parse_sites(text, "s"), settings, ["uptime_http"])
    assert job.vantage_anchors == ["192.0.2.53:53", "[2001:db8::53]:53"]
    with pytest.raises(ConfigurationError, match="vantage_anchors"):
        parse_sites(text.replace("192.0.2.53:53", "192.0.2.53"), "s")

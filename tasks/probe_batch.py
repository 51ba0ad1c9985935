"""Many checks at once: each failure confirmed at once on a fresh connection, and many failures not taken for outages.

**Vantage.** Where our own connection is gone every site seems to be down. Servers are told apart by IP address (by
name where none was found), so that forty sites on one server count once: when it dies, that is an outage. Where at
least `VANTAGE_COUNT` servers, and at least `VANTAGE_SHARE` of all servers of the batch, fail at the level of the
network, the anchors of `agency.vantage_anchors` are asked: hosts that are always there. If one answers, the failures
stand. If none does, or none is named, those results are unknown, cause vantage; what answered stays as it is.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gc
from collections.abc import Awaitable, Callable, Iterator, Sequence

from tasks.probe_connect import ProbeFailureError, connect, resolve
from tasks.probe_result import ProbeResult

VANTAGE_COUNT = 3
VANTAGE_SHARE = 0.7
ANCHOR_SECONDS = 3.0
_NETWORK = ("dns", "refused", "unreachable", "connect_timeout", "tls_timeout", "reset", "vantage")
_NO_TRIAL = ("prober", "configuration", "no_data")
"""Causes of checks that were not made, and so say nothing of the connection."""


async def confirm_all(
    checks: Sequence[Callable[[], Awaitable[ProbeResult]]], *, concurrency: int = 100, anchors: Sequence[str] = ()
) -> list[list[ProbeResult]]:
    """Run every check, at most `concurrency` at a time, and return all attempts of each, in order.

    A failure is confirmed at once by a second attempt: the last attempt is the one that counts.
    """
    results: list[list[ProbeResult]] = [[] for _ in checks]
    waiting = iter(zip(checks, results, strict=True))

    async def work() -> None:
        for check, attempts in waiting:
            attempts.append(await check())
            if attempts[0].outcome != "up":
                attempts.append(await check())

    with _no_collection_of_cycles():
        await asyncio.gather(*(work() for _ in range(min(concurrency, len(checks)))))
    if is_suspicious([tries[-1] for tries in results]) and not await _any_answers(anchors):
        return [_unknown(tries) if tries[-1].cause in _NETWORK else tries for tries in results]
    return results


def is_suspicious(results: Sequence[ProbeResult]) -> bool:
    """Tell whether so many servers fail at the level of the network that our own connection may be the cause."""
    known = [(result.address or result.host, result.cause) for result in results if result.cause not in _NO_TRIAL]
    servers = {server for server, _ in known}
    answering = {server for server, cause in known if cause not in _NETWORK}
    lost = len(servers - answering)
    return lost >= VANTAGE_COUNT and lost >= VANTAGE_SHARE * len(servers)


@contextlib.contextmanager
def _no_collection_of_cycles() -> Iterator[None]:
    """Keep Python from looking for cycles, a twentieth of the CPU: a batch is short, and leaves few."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


async def _any_answers(anchors: Sequence[str]) -> bool:
    return any(await asyncio.gather(*map(_answers, anchors)))


async def _answers(anchor: str) -> bool:
    host, _, port = anchor.rpartition(":")
    try:
        async with asyncio.timeout(ANCHOR_SECONDS):
            sock, _ = await connect(await resolve(host.strip("[]"), int(port)))
    except (OSError, ProbeFailureError):  # TimeoutError is an OSError
        return False
    sock.close()
    return True


def _unknown(tries: Sequence[ProbeResult]) -> list[ProbeResult]:
    return [
        result
        if result.outcome == "up"
        else dataclasses.replace(
            result,
            outcome="unknown",
            cause="vantage",
            message=f"many sites failed at once; here: {result.message}"[:200],
        )
        for result in tries
    ]

"""The uptime prober: one HTTP(S) check on fresh connections, with phases, certificate and the class of a failure.

Our own small one on asyncio, ssl and h11, because clients made for APIs hide what a check has to say: they fold the
name look-up into the connect, give the same error for a refused port and an unknown name, obey proxies of the
environment, and reuse connections.

One deadline covers a whole check, so that a server which drips a byte at a time can't hold it. What is read is
bounded: `HEADER_BYTES` and `BODY_BYTES` of `tasks.probe_http`, before and after inflating.

Redirects are followed by hand, each hop resolved and looked at before it is connected to: none leads to a private,
loopback or link-local address, but for the one that the check itself names. Headers and body that the check sends
stay with the origin that they are meant for.

What is wrong on our side (no network, no open files left, a file of authorities that is missing) is never the site's
fault: the outcome is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from tasks.probe_attempt import Seen, handshake, observe, reach
from tasks.probe_batch import confirm_all
from tasks.probe_connect import ProbeFailureError, verifying_context
from tasks.probe_content import Expectation, examine
from tasks.probe_http import FOLLOWED, Answer, Request, Target, exchange, next_address, target_of
from tasks.probe_result import CAUSES as CAUSES
from tasks.probe_result import ProbeResult as ProbeResult
from tasks.redact import redact

REQUEST, EXPECTATION = Request(), Expectation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What to check. `expected_status` holds inclusive ranges; `ca_file` replaces the system's authorities."""

    url: str
    timeout_seconds: float = 10.0
    expected_status: tuple[tuple[int, int], ...] = ((200, 399),)
    request: Request = REQUEST
    expected: Expectation = EXPECTATION
    limit_seconds: float | None = None
    """An answer that takes longer is down, cause slow; None for the deadline alone."""
    max_redirects: int = 10
    """Redirects that are followed; with 0 none is, and a 3xx is judged as any status is."""
    is_private_allowed: bool = False
    """Whether redirects may lead to private addresses."""
    ip_version: int | None = None
    ca_file: str | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Values of headers that never stand in a result."""


async def probe_all(
    probes: Sequence[Probe], *, concurrency: int = 100, anchors: Sequence[str] = ()
) -> list[list[ProbeResult]]:
    """Check everything, at most `concurrency` at a time, and return every attempt of each probe in order.

    See `tasks.probe_batch` for what is confirmed and for what many failures at once mean.
    """
    return await confirm_all([partial(probe_once, probe) for probe in probes], concurrency=concurrency, anchors=anchors)


async def probe_once(probe: Probe) -> ProbeResult:
    """Make one attempt; never raises for what the network, the server or the address does."""
    return await observe(partial(_check, probe), timeout_seconds=probe.timeout_seconds, secrets=probe.secrets)


async def _check(probe: Probe, seen: Seen) -> None:
    loop = asyncio.get_running_loop()
    start, url, request = loop.time(), probe.url, probe.request
    allowed: set[str] = set()
    seen.redirects = [] if probe.max_redirects else None
    if probe.ca_file:
        verifying_context(probe.ca_file)
    while True:
        is_hop = bool(seen.redirects)
        try:
            target = target_of(url)
            answer = await _hop(
                probe, target, request, seen, allowed if is_hop and not probe.is_private_allowed else None
            )
        except ProbeFailureError as error:
            # What can't be asked for is the site's fault where the site sent us there.
            if is_hop and error.cause == "configuration":
                raise ProbeFailureError("redirect", f"it leads to {url[:100]!r}: {error}") from None
            raise
        seen.final_url = redact(url)[:2000]
        if seen.redirects is None or answer.status not in FOLLOWED or not answer.header(b"location"):
            break
        if not is_hop and seen.address:
            allowed.add(seen.address[1][0])
        onward = next_address(answer, url)
        request = _onward(request, answer.status, is_same_origin=target_of(onward).origin == target.origin)
        url = _follow(seen, onward, probe)
    examine(probe.expected, answer.headers, answer.body, is_cut=answer.is_cut)
    took = loop.time() - start
    if probe.limit_seconds is not None and took > probe.limit_seconds:
        raise ProbeFailureError("slow", f"the answer took {took:.2f} s; the limit is {probe.limit_seconds:g} s")


async def _hop(probe: Probe, target: Target, request: Request, seen: Seen, allowed: set[str] | None) -> Answer:
    context = verifying_context(probe.ca_file) if target.is_tls else None
    wire = await reach(seen, target.host, target.port, ip_version=probe.ip_version, allowed=allowed)
    try:
        if context:
            await handshake(seen, wire, context, target.host)
        return await exchange(
            request,
            target,
            wire,
            seen,
            needs_body=probe.expected.needs_body,
            follows=probe.max_redirects > 0,
            expected_status=probe.expected_status,
        )
    finally:
        wire.close()


def _onward(request: Request, status: int, *, is_same_origin: bool) -> Request:
    """Return what is asked at the next hop: GET where a form was sent, as browsers do; no secret leaves its origin."""
    keeps_body = status in (307, 308) and is_same_origin
    method = request.method if keeps_body or request.method in ("GET", "HEAD") else "GET"
    return Request(
        method=method, headers=request.headers if is_same_origin else (), body=request.body if keeps_body else b""
    )


def _follow(seen: Seen, target: str, probe: Probe) -> str:
    assert seen.redirects is not None  # noqa: S101 - by the caller
    shown = redact(target)[:2000]
    if target == probe.url or shown in seen.redirects:
        raise ProbeFailureError("redirect", f"it leads in a circle, back to {shown[:100]}")
    if len(seen.redirects) >= probe.max_redirects:
        raise ProbeFailureError("redirect", f"there are more than {probe.max_redirects}")
    seen.redirects.append(shown)
    return target

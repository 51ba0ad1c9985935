"""One attempt of any check: a deadline over all phases, what was seen kept when it strikes, each failure classed."""

from __future__ import annotations

import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tasks.probe_certificate import REFUSED, Certificate, certificate_of, refused_certificate, refused_for
from tasks.probe_connect import ProbeFailureError, cause_of, is_public, look_up, reach_one
from tasks.probe_deadline import Deadline
from tasks.probe_resolve import Address
from tasks.probe_result import CAUSES, ProbeResult, outcome_of
from tasks.probe_wire import Wire
from tasks.redact import HIDDEN, excerpt

_TIMEOUT_CAUSE = {"dns": "vantage", "connect": "connect_timeout", "tls": "tls_timeout", "read": "read_timeout"}


@dataclass(slots=True)
class Seen:
    """What is known so far, kept outside the coroutine so that a timeout does not lose it. Phases add up over hops."""

    phase: str = "dns"
    host: str = ""
    address: Address | None = None
    status: int | None = None
    final_url: str | None = None
    redirects: list[str] | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    tls_version: str | None = None
    certificate: Certificate | None = None

    def took(self, phase: str, seconds: float) -> None:
        """Add to the time of a phase."""
        self.seconds[phase] = self.seconds.get(phase, 0) + seconds


def since(start: float) -> float:
    """Return the ms since `start` (of `time.perf_counter`)."""
    return _milliseconds(time.perf_counter() - start)


def _milliseconds(seconds: float) -> float:
    return int(seconds * 1_000_000 + 0.5) / 1000  # round() to three places costs ten times as much


async def observe(
    check: Callable[[Seen], Awaitable[None]], *, timeout_seconds: float, secrets: Sequence[str] = ()
) -> ProbeResult:
    """Run a check and return what came of it; never raises for what the network, the server or the address does.

    Args:
        check: fills what it sees as it goes, and raises ProbeFailureError.
        timeout_seconds: deadline of everything together.
        secrets: never to stand in what is returned, though the server repeats them.
    """
    seen, checked_at, start = Seen(), datetime.now(UTC), time.perf_counter()
    cause = message = None
    try:
        with Deadline(timeout_seconds):
            await check(seen)
    except TimeoutError:
        cause = _TIMEOUT_CAUSE[seen.phase]
        message = f"{CAUSES[cause]} ({timeout_seconds:g} s)"
    except ProbeFailureError as error:
        cause, message = error.cause, str(error) or CAUSES[error.cause]
    except OSError as error:
        cause, message = cause_of(error), str(error)
    total_ms = since(start)
    if seen.address and cause in REFUSED:
        left = timeout_seconds - total_ms / 1000
        seen.certificate = await refused_certificate(seen.address, seen.host, cause, left)
    return ProbeResult(
        checked_at=checked_at,
        outcome=outcome_of(cause),
        cause=cause,
        status=seen.status,
        final_url=_without(secrets, seen.final_url) if seen.final_url else None,
        redirects=None if seen.redirects is None else tuple(_without(secrets, url) for url in seen.redirects),
        host=seen.host,
        address=seen.address[1][0] if seen.address else None,
        total_ms=total_ms,
        tls_version=seen.tls_version,
        certificate=seen.certificate,
        message=excerpt(_without(secrets, message)) if message else None,
        **{phase: _milliseconds(seconds) for phase, seconds in seen.seconds.items()},
    )


def _without(secrets: Sequence[str], text: str) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


async def reach(
    seen: Seen, host: str, port: int, *, ip_version: int | None = None, allowed: set[str] | None = None
) -> Wire:
    """Resolve and connect, both timed.

    Args:
        seen: what is filled.
        host: name or address.
        port: of TCP.
        ip_version: 4 or 6 for this one only.
        allowed: private addresses that may be connected to; None for any. Others than public ones are left out.

    Raises:
        ProbeFailureError: redirect where no address is left, or as `resolve` and `connect`.
    """
    seen.phase, seen.host, seen.address = "dns", host, None
    addresses, seconds = await look_up(host, port, ip_version)
    seen.took("dns_ms", seconds)
    if allowed is not None:
        addresses = [found for found in addresses if found[1][0] in allowed or is_public(found[1][0])]
        if not addresses:
            raise ProbeFailureError("redirect", f"it leads to {host}, which is a private address")
    seen.phase, start = "connect", time.perf_counter()
    seen.address = addresses[0]
    ready, seen.address = await reach_one(addresses)
    seen.took("connect_ms", time.perf_counter() - start)
    return Wire(ready)


async def handshake(seen: Seen, wire: Wire, context: ssl.SSLContext, host: str) -> None:
    """Speak TLS from now on.

    Raises:
        ProbeFailureError: the certificate was refused, or the handshake failed.
    """
    seen.phase, start = "tls", time.perf_counter()
    try:
        tls = await wire.start_tls(context, host)
    except ssl.SSLCertVerificationError as error:
        raise ProbeFailureError(refused_for(error), error.verify_message) from None
    except ssl.SSLError as error:
        raise ProbeFailureError("tls", error.reason or error) from None
    except OSError as error:
        raise ProbeFailureError("tls", f"the server closed the connection in the TLS handshake ({error})") from None
    except ValueError as error:  # a name that can't stand in SNI
        raise ProbeFailureError("configuration", f"TLS can't ask for this host: {error}") from None
    seen.took("tls_ms", time.perf_counter() - start)
    seen.tls_version = seen.tls_version or tls.version()
    seen.certificate = seen.certificate or certificate_of(tls.getpeercert(binary_form=True) or b"")

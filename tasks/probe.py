"""The uptime prober: one HTTP(S) check on a fresh connection, with phases, certificate and the class of a failure.

Our own small one on asyncio, ssl and h11, because clients made for APIs hide what a check has to say: they fold the
name look-up into the connect, give the same error for a refused port and an unknown name, obey proxies of the
environment, and reuse connections.

One deadline covers a whole check, so that a server which drips a byte at a time can't hold it. What is read is
bounded: `HEADER_BYTES` and `BODY_BYTES`. Redirects are not followed: a 3xx is judged as any status is.

What is wrong on our side (no network, no open files left, a file of authorities that is missing) is never the site's
fault: the outcome is unknown.
"""

from __future__ import annotations

import asyncio
import dataclasses
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urlsplit

import h11

from tasks.probe_certificate import Certificate, certificate_of, refused_certificate, refused_for
from tasks.probe_connect import Address, ProbeFailureError, cause_of, connect, resolve, verifying_context
from tasks.redact import excerpt

HEADER_BYTES = 64 << 10
BODY_BYTES = 1 << 20
USER_AGENT = "site-upkeep uptime check"

CAUSES = {
    "dns": "the name does not exist",
    "refused": "the server refused the connection",
    "unreachable": "no route to the server",
    "connect_timeout": "the server did not answer the connection in time",
    "tls_timeout": "the TLS handshake was not finished in time",
    "certificate_expired": "the certificate has expired or is not valid yet",
    "certificate_wrong_host": "the certificate is for another host",
    "certificate_untrusted": "the certificate is not signed by a known authority",
    "tls": "the TLS handshake failed for another reason",
    "reset": "the server closed the connection before it had answered",
    "read_timeout": "the answer did not come in time",
    "protocol": "the answer was not HTTP, or was cut short",
    "status": "the status is not one that is expected",
    "no_answer": "an imported monitor got no answer, and does not say why",
    "vantage": "our own connection failed: nothing is known of the site",
    "prober": "the prober itself ran out of something: nothing is known of the site",
    "configuration": "the check itself is not set up rightly: nothing is known of the site",
}
"""Every cause that a result can have; the last three make the outcome unknown, all others down."""

_UNKNOWN = ("vantage", "prober", "configuration")
_SAFE = "%/:?#[]@!$&'()*+,;=-._~"
"""What stands in a request target as it is: RFC 3986, and % because the address is encoded already."""
_NETWORK = ("dns", "unreachable", "connect_timeout", "vantage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What to check. `expected_status` holds inclusive ranges; `ca_file` replaces the system's authorities."""

    url: str
    timeout_seconds: float = 10.0
    expected_status: tuple[tuple[int, int], ...] = ((200, 399),)
    method: str = "GET"
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """One attempt: `outcome` up, down or unknown, `cause` of CAUSES unless up, phases in ms as far as reached."""

    checked_at: datetime
    outcome: str = "up"
    cause: str | None = None
    status: int | None = None
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None
    certificate: Certificate | None = None
    message: str | None = None


@dataclass(slots=True)
class _Attempt:
    """What is known so far, kept outside the coroutine so that a timeout does not lose it."""

    phase: str = "dns"
    address: Address | None = None
    status: int | None = None
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    certificate: Certificate | None = None


_TIMEOUT_CAUSE = {"dns": "vantage", "connect": "connect_timeout", "tls": "tls_timeout", "read": "read_timeout"}


async def probe_all(probes: Sequence[Probe], *, concurrency: int = 100) -> list[list[ProbeResult]]:
    """Check everything, at most `concurrency` at a time, and return every attempt of each probe in order.

    A failure is confirmed at once on a fresh connection: the last attempt is the one that counts. Where three or
    more probes all fail at the level of the network, our own connection is the likelier cause: all are unknown.
    """
    gate = asyncio.Semaphore(concurrency)

    async def attempts(probe: Probe) -> list[ProbeResult]:
        async with gate:
            first = await probe_once(probe)
            return [first] if first.outcome == "up" else [first, await probe_once(probe)]

    results = list(await asyncio.gather(*map(attempts, probes)))
    if len(results) >= 3 and all(tries[-1].cause in _NETWORK for tries in results):
        lost = {"outcome": "unknown", "cause": "vantage"}
        return [[dataclasses.replace(attempt, **lost) for attempt in tries] for tries in results]  # type: ignore[arg-type]
    return results


async def probe_once(probe: Probe) -> ProbeResult:
    """Make one attempt; never raises for what the network, the server or the address does."""
    seen, checked_at, start = _Attempt(), datetime.now(UTC), time.perf_counter()
    cause = message = None
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            await _check(probe, seen)
    except TimeoutError:
        cause = _TIMEOUT_CAUSE[seen.phase]
        message = f"{CAUSES[cause]} ({probe.timeout_seconds:g} s)"
    except ProbeFailureError as error:
        cause, message = error.cause, str(error) or CAUSES[error.cause]
    except OSError as error:
        cause, message = cause_of(error), str(error)
    total_ms = _ms(start)
    if seen.address and cause and cause.startswith("certificate_"):
        left = probe.timeout_seconds - total_ms / 1000
        seen.certificate = await refused_certificate(seen.address, urlsplit(probe.url).hostname, cause, left)
    return ProbeResult(
        checked_at=checked_at,
        outcome="up" if cause is None else "unknown" if cause in _UNKNOWN else "down",
        cause=cause,
        status=seen.status,
        dns_ms=seen.dns_ms,
        connect_ms=seen.connect_ms,
        tls_ms=seen.tls_ms,
        first_byte_ms=seen.first_byte_ms,
        total_ms=total_ms,
        certificate=seen.certificate,
        message=excerpt(message) if message else None,
    )


def _ms(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 3)


async def _check(probe: Probe, seen: _Attempt) -> None:
    try:
        parts = urlsplit(probe.url)
        host, port = parts.hostname, parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise ProbeFailureError("configuration", f"the address can't be read: {error}") from None
    if not host or parts.scheme not in ("http", "https"):
        raise ProbeFailureError("configuration", "the address must start with http:// or https:// and name a host")
    context = verifying_context(probe.ca_file) if parts.scheme == "https" else None
    start = time.perf_counter()
    addresses = await resolve(host, port)
    seen.dns_ms = _ms(start)
    seen.phase, start = "connect", time.perf_counter()
    sock, seen.address = await connect(addresses)
    seen.connect_ms = _ms(start)
    try:
        if context:
            reader, writer = await _handshake(sock, context, host, seen)
        else:
            reader, writer = await asyncio.open_connection(sock=sock)
    except BaseException:
        sock.close()
        raise
    try:
        seen.phase = "read"
        await _exchange(probe, parts, reader, writer, seen)
    finally:
        writer.transport.abort()


async def _handshake(
    sock: socket.socket, context: ssl.SSLContext, host: str, seen: _Attempt
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    seen.phase, start = "tls", time.perf_counter()
    try:
        # The deadline of the check is the only one: asyncio's own for the handshake is set out of its way.
        reader, writer = await asyncio.open_connection(
            sock=sock, ssl=context, server_hostname=host, ssl_handshake_timeout=3600
        )
    except ssl.SSLCertVerificationError as error:
        raise ProbeFailureError(refused_for(error), error.verify_message) from None
    except ssl.SSLError as error:
        raise ProbeFailureError("tls", error.reason or error) from None
    except ConnectionError as error:
        raise ProbeFailureError("tls", f"the server closed the connection in the TLS handshake ({error})") from None
    seen.tls_ms = _ms(start)
    seen.certificate = certificate_of(writer.get_extra_info("ssl_object").getpeercert(binary_form=True))
    return reader, writer


async def _exchange(
    probe: Probe, parts: SplitResult, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: _Attempt
) -> None:
    """Send the request and read the answer as far as it is needed."""
    start, body_bytes = time.perf_counter(), 0
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)
    try:
        writer.write(_request(probe, parts, connection))
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(HEADER_BYTES)
                if seen.first_byte_ms is None and data:
                    seen.first_byte_ms = _ms(start)
                if not data and seen.first_byte_ms is None:
                    raise ProbeFailureError("reset")
                connection.receive_data(data)
            elif isinstance(event, h11.Response):
                seen.status = event.status_code
                if not any(low <= event.status_code <= high for low, high in probe.expected_status):
                    raise ProbeFailureError("status", f"the server answered {event.status_code}")
            elif isinstance(event, h11.Data):
                body_bytes += len(event.data)
                if body_bytes >= BODY_BYTES:
                    return
            elif isinstance(event, h11.EndOfMessage):
                return
    except h11.RemoteProtocolError as error:
        raise ProbeFailureError("protocol", error) from None


def _request(probe: Probe, parts: SplitResult, connection: h11.Connection) -> bytes:
    """Return the bytes of the request; what HTTP can't carry is written as a browser would."""
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    headers = [
        ("Host", host if host.isascii() else host.encode("idna").decode()),
        ("User-Agent", USER_AGENT),
        ("Accept", "*/*"),
    ]
    headers += [("Accept-Encoding", "identity"), ("Connection", "close")]
    try:
        request = connection.send(h11.Request(method=probe.method, target=target, headers=headers))
        return (request or b"") + (connection.send(h11.EndOfMessage()) or b"")
    except h11.LocalProtocolError as error:
        raise ProbeFailureError("configuration", f"the request can't be sent: {error}") from None

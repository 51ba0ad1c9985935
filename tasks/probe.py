"""The uptime prober: one HTTP(S) check on a fresh connection, with phases, certificate and the class of a failure.

Our own small one on asyncio, ssl and h11, because clients made for APIs hide what a check has to say: they fold the
name look-up into the connect, give the same error for a refused port and an unknown name, obey proxies of the
environment, and reuse connections.

One deadline covers a whole check, so that a server which drips a byte at a time can't hold it. What is read is
bounded: `HEADER_BYTES` and `BODY_BYTES`. Redirects are not followed: a 3xx is judged as any status is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import functools
import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

import h11
from cryptography import x509

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
}
"""Every cause that a result can have; `vantage` and `prober` make the outcome unknown, all others down."""

_UNKNOWN = ("vantage", "prober")
_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
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
class Certificate:
    """The certificate that was presented, valid or not. `why_not` is a cause, None when it was accepted."""

    subject: str
    issuer: str
    not_after: datetime
    is_valid: bool
    why_not: str | None = None


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


class _FailureError(Exception):
    def __init__(self, cause: str, message: object = "") -> None:
        super().__init__(str(message) or CAUSES[cause])
        self.cause = cause


@dataclass(slots=True)
class _Attempt:
    """What is known so far, kept outside the coroutine so that a timeout does not lose it."""

    phase: str = "dns"
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
    """Make one attempt; never raises for what the network or the server does."""
    seen, checked_at, start = _Attempt(), datetime.now(UTC), time.perf_counter()
    cause = message = None
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            await _check(probe, seen)
    except TimeoutError:
        cause = _TIMEOUT_CAUSE[seen.phase]
        message = f"{CAUSES[cause]} ({probe.timeout_seconds:g} s)"
    except _FailureError as error:
        cause, message = error.cause, str(error)
    except OSError as error:
        cause, message = _os_cause(error), str(error)
    total_ms = _ms(start)
    if cause and cause.startswith("certificate_"):
        seen.certificate = await _refused_certificate(probe, cause)
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
        message=message,
    )


def _ms(start: float) -> float:
    return round((time.perf_counter() - start) * 1000, 3)


def _os_cause(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "dns" if error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None)) else "vantage"
    if error.errno in _OURS:
        return "prober"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if error.errno == errno.ENETUNREACH:
        return "vantage"
    return "unreachable" if error.errno == errno.EHOSTUNREACH else "reset"


async def _check(probe: Probe, seen: _Attempt) -> None:
    parts = urlsplit(probe.url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    sock = await _connect(host, port, seen)
    try:
        if parts.scheme == "https":
            seen.phase, start = "tls", time.perf_counter()
            try:
                reader, writer = await asyncio.open_connection(
                    sock=sock, ssl=_context(probe.ca_file), server_hostname=host, ssl_handshake_timeout=3600
                )
            except ssl.SSLCertVerificationError as error:
                raise _FailureError(_certificate_cause(error), error.verify_message) from None
            except ssl.SSLError as error:
                raise _FailureError("tls", error.reason or error) from None
            except (ConnectionError, asyncio.IncompleteReadError) as error:
                raise _FailureError("tls", f"the server closed the connection in the TLS handshake ({error})") from None
            seen.tls_ms = _ms(start)
            der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            seen.certificate = _certificate(der, None)
        else:
            reader, writer = await asyncio.open_connection(sock=sock)
    except BaseException:
        sock.close()
        raise
    try:
        await _exchange(probe, parts.netloc, parts.path or "/", parts.query, reader, writer, seen)
    finally:
        writer.transport.abort()


async def _connect(host: str, port: int, seen: _Attempt) -> socket.socket:
    """Resolve and connect, address after address; the last error is the one that is told."""
    loop, start = asyncio.get_running_loop(), time.perf_counter()
    try:
        family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
        addresses = [(family, (host, port))]
    except ValueError:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [(info[0], info[4][:2]) for info in found]  # type: ignore[misc]
    seen.dns_ms = _ms(start)
    seen.phase, start = "connect", time.perf_counter()
    problem: OSError = socket.gaierror(socket.EAI_NONAME, "no address")
    for family, address in addresses:
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.settimeout(0)
        try:
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            problem = error
        except BaseException:
            sock.close()
            raise
        else:
            seen.connect_ms = _ms(start)
            return sock
    raise problem


async def _exchange(
    probe: Probe,
    netloc: str,
    path: str,
    query: str,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    seen: _Attempt,
) -> None:
    """Send the request and read the answer as far as it is needed."""
    seen.phase, start, body_bytes = "read", time.perf_counter(), 0
    connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)
    headers = [("Host", netloc.rpartition("@")[2]), ("User-Agent", USER_AGENT), ("Accept", "*/*")]
    headers += [("Accept-Encoding", "identity"), ("Connection", "close")]
    target = f"{path}?{query}" if query else path
    try:
        writer.write(connection.send(h11.Request(method=probe.method, target=target, headers=headers)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                data = await reader.read(HEADER_BYTES)
                if seen.first_byte_ms is None and data:
                    seen.first_byte_ms = _ms(start)
                if not data and seen.first_byte_ms is None:
                    raise _FailureError("reset")
                connection.receive_data(data)
            elif isinstance(event, h11.Response):
                seen.status = event.status_code
                if not any(low <= event.status_code <= high for low, high in probe.expected_status):
                    raise _FailureError("status", f"the server answered {event.status_code}")
            elif isinstance(event, h11.Data):
                body_bytes += len(event.data)
                if body_bytes >= BODY_BYTES:
                    return
            elif isinstance(event, h11.EndOfMessage):
                return
    except h11.ProtocolError as error:
        raise _FailureError("protocol", error) from None


def _certificate_cause(error: ssl.SSLCertVerificationError) -> str:
    """Return the cause by OpenSSL's verify code: 9 not yet valid, 10 expired, 62 host, 63 e-mail, 64 address."""
    if error.verify_code in (9, 10):
        return "certificate_expired"
    return "certificate_wrong_host" if error.verify_code in (62, 63, 64) else "certificate_untrusted"


def _certificate(der: bytes, why_not: str | None) -> Certificate | None:
    try:
        parsed = x509.load_der_x509_certificate(der)
        return Certificate(
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            not_after=parsed.not_valid_after_utc,
            is_valid=why_not is None,
            why_not=why_not,
        )
    except ValueError:
        return None


async def _refused_certificate(probe: Probe, cause: str) -> Certificate | None:
    """Read the certificate that was not accepted, over a second handshake that accepts anything and sends nothing."""
    parts = urlsplit(probe.url)
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            _, writer = await asyncio.open_connection(
                parts.hostname, parts.port or 443, ssl=_blind_context(), server_hostname=parts.hostname
            )
            der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.transport.abort()
    except (OSError, TimeoutError):
        return None
    return _certificate(der, cause)


@functools.cache
def _context(ca_file: str | None) -> ssl.SSLContext:
    """Return the shared context; making one takes 30 ms."""
    return ssl.create_default_context(cafile=ca_file)


@functools.cache
def _blind_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

"""Checks below HTTP: a TCP port that takes connections, and a TLS server with what its certificate says."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from tasks.probe_attempt import Seen, handshake, observe, reach
from tasks.probe_connect import ProbeFailureError, verifying_context
from tasks.probe_result import ProbeResult

BANNER_BYTES = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where to connect to, and how long all of it may take."""

    host: str
    port: int
    timeout_seconds: float = 10.0
    ip_version: int | None = None


async def probe_tcp(endpoint: Endpoint, *, greeting: str | None = None) -> ProbeResult:
    """Connect, and where a `greeting` is expected read until it has come, as the `220` of a mail server."""

    async def check(seen: Seen) -> None:
        wire = await reach(seen, endpoint.host, endpoint.port, ip_version=endpoint.ip_version)
        with contextlib.closing(wire):
            if not greeting:
                return
            seen.phase, got = "read", b""
            while greeting.encode() not in got:
                data = await wire.read()
                if not data and not got:
                    raise ProbeFailureError("reset")
                got += data
                if not data or len(got) > BANNER_BYTES:
                    shown = got[:100].decode("utf-8", "replace")
                    raise ProbeFailureError("content", f"the server greets with {shown!r}, not {greeting!r}")

    return await observe(check, timeout_seconds=endpoint.timeout_seconds)


async def probe_tls(
    endpoint: Endpoint, *, days: float = 14, oldest_version: str = "TLSv1.2", ca_file: str | None = None
) -> ProbeResult:
    """See that the certificate is accepted and lasts `days` days more, and that the protocol is not too old."""
    check = partial(_check_tls, endpoint, timedelta(days=days), oldest_version, ca_file)
    return await observe(check, timeout_seconds=endpoint.timeout_seconds)


async def _check_tls(
    endpoint: Endpoint, margin: timedelta, oldest_version: str, ca_file: str | None, seen: Seen
) -> None:
    context = verifying_context(ca_file)
    wire = await reach(seen, endpoint.host, endpoint.port, ip_version=endpoint.ip_version)
    with contextlib.closing(wire):
        await handshake(seen, wire, context, endpoint.host)
    if (seen.tls_version or "") < oldest_version:
        raise ProbeFailureError(
            "tls_version", f"{seen.tls_version} was agreed on; the oldest allowed is {oldest_version}"
        )
    if seen.certificate is None:
        raise ProbeFailureError("no_data", "the certificate can't be read")
    left = seen.certificate.not_after - datetime.now(UTC)
    if left < margin:
        raise ProbeFailureError("certificate_expiring", f"the certificate expires in {left.days} days")

"""The certificate of a server, for the prober: read when it was accepted, and just as well when it was not."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import ssl
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from tasks.probe_connect import ProbeFailureError, reach_one
from tasks.probe_resolve import Address
from tasks.probe_wire import Wire

REFUSED = ("certificate_expired", "certificate_wrong_host", "certificate_untrusted")
"""Causes for which a certificate is not accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The certificate that was presented, valid or not. `why_not` is a cause, None when it was accepted."""

    subject: str
    issuer: str
    not_after: datetime
    is_valid: bool
    why_not: str | None = None


@functools.lru_cache(maxsize=1000)
def certificate_of(der: bytes, why_not: str | None = None) -> Certificate | None:
    """Read a certificate; None where it is no X.509 that can be read.

    What was read is kept: another check, a redirect or the second attempt meets the same certificate.
    """
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


def refused_for(error: ssl.SSLCertVerificationError) -> str:
    """Return the cause by OpenSSL's verify code: 9 not yet valid, 10 expired, 62 host, 63 e-mail, 64 address."""
    if error.verify_code in (9, 10):
        return "certificate_expired"
    return "certificate_wrong_host" if error.verify_code in (62, 63, 64) else "certificate_untrusted"


async def refused_certificate(address: Address, host: str, cause: str, seconds: float) -> Certificate | None:
    """Read the certificate that was not accepted, over a second handshake that accepts anything and sends nothing.

    Args:
        address: the very address that presented it: another one may hold another certificate.
        host: name that is asked for.
        cause: why it was not accepted.
        seconds: what is left of the deadline of the check.
    """
    try:
        async with asyncio.timeout(seconds):
            ready, _ = await reach_one([address])
            with contextlib.closing(Wire(ready)) as wire:
                tls = await wire.start_tls(_accepting_context(), host)
    except (OSError, ProbeFailureError):  # TimeoutError is an OSError
        return None
    return certificate_of(tls.getpeercert(binary_form=True) or b"", cause)


@functools.cache
def _accepting_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context

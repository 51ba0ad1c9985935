"""What a check can find: one attempt, and the short list of causes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tasks.probe_certificate import Certificate
from tasks.words import mark, say

CAUSES = {
    "dns": mark("the name does not exist"),
    "refused": mark("the server refused the connection"),
    "unreachable": mark("no route to the server"),
    "connect_timeout": mark("the server did not answer the connection in time"),
    "tls_timeout": mark("the TLS handshake was not finished in time"),
    "certificate_expired": mark("the certificate has expired or is not valid yet"),
    "certificate_wrong_host": mark("the certificate is for another host"),
    "certificate_untrusted": mark("the certificate is not signed by a known authority"),
    "certificate_expiring": mark("the certificate expires soon"),
    "tls": mark("the TLS handshake failed for another reason"),
    "tls_version": mark("the TLS protocol that was agreed on is too old"),
    "reset": mark("the server closed the connection before it had answered"),
    "read_timeout": mark("the answer did not come in time"),
    "protocol": mark("the answer was not HTTP, or was cut short"),
    "redirect": mark("a redirect leads in a circle, too far, or where it must not"),
    "status": mark("the status is not one that is expected"),
    "content": mark("the content is not what is expected"),
    "header": mark("a response header is missing or not what is expected"),
    "slow": mark("the answer came, but later than the limit"),
    "record": mark("the DNS record is not what is expected"),
    "late": mark("the job has not reported in time"),
    "domain_expired": mark("the registration of the domain has expired"),
    "domain_expiring": mark("the registration of the domain expires soon"),
    "no_answer": mark("an imported monitor got no answer, and does not say why"),
    "vantage": mark("our own connection failed: nothing is known of the site"),
    "prober": mark("the prober itself ran out of something: nothing is known of the site"),
    "configuration": mark("the check itself is not set up rightly: nothing is known of the site"),
    "no_data": mark("the source does not say: nothing is known"),
}
"""Every cause that a result can have; the last four make the outcome unknown, all others down."""

UNKNOWN = ("vantage", "prober", "configuration", "no_data")


def outcome_of(cause: str | None) -> str:
    """Return up, down or unknown for a cause; None is up."""
    return "up" if cause is None else "unknown" if cause in UNKNOWN else "down"


def cause_in_words(cause: str | None, status: int | None) -> str:
    """Say a cause, the status by its number where it is known."""
    if cause == "status" and status:
        return say("the site answered {status}", status=f"{status:.0f}")
    return say(CAUSES.get(cause or "", cause or "not known"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeResult:
    """One attempt: `outcome` up, down or unknown, `cause` of CAUSES unless up, phases in ms as far as reached.

    Where redirects were followed, phases are sums over all of them, and `certificate` is the first one seen (the
    site's own) unless a later one was refused. `host` and `address` are the last that were asked.
    """

    checked_at: datetime
    outcome: str = "up"
    cause: str | None = None
    status: int | None = None
    final_url: str | None = None
    redirects: tuple[str, ...] | None = None
    host: str = ""
    address: str | None = None
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    body_ms: float | None = None
    total_ms: float | None = None
    tls_version: str | None = None
    certificate: Certificate | None = None
    message: str | None = None

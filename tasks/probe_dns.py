"""A check of DNS records, with dnspython: what the resolver answers is held against what is expected."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tasks.probe_attempt import Seen, observe
from tasks.probe_connect import ProbeFailureError
from tasks.probe_result import ProbeResult

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

RECORD_TYPES = ("A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to ask, and what the answer must hold.

    `expected` are records as zone files write them, names without the last dot, text without quotes. All of them must
    be there; with `is_exact` nothing else may be. Without any, there must be some record. `nameserver` is an address
    with an optional port, None for the system's resolvers.
    """

    name: str
    record_type: str = "A"
    expected: tuple[str, ...] = ()
    is_exact: bool = False
    nameserver: str | None = None
    timeout_seconds: float = 5.0


async def probe_dns(question: Question) -> ProbeResult:
    """Ask once; a resolver that does not answer, or fails, says nothing of the site."""
    return await observe(partial(_check, question), timeout_seconds=question.timeout_seconds)


async def _check(question: Question, seen: Seen) -> None:
    import dns.exception
    import dns.resolver

    seen.host, start = question.name, time.perf_counter()
    try:
        answer = await _resolver(question).resolve(question.name, question.record_type, search=False)
    except dns.resolver.NXDOMAIN:
        raise ProbeFailureError("dns") from None
    except dns.resolver.NoAnswer:
        raise ProbeFailureError("record", f"{question.name} has no {question.record_type} record") from None
    except (dns.resolver.NoNameservers, dns.resolver.NoResolverConfiguration, dns.exception.Timeout) as error:
        raise ProbeFailureError("vantage", f"no resolver answered: {error}") from None
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ProbeFailureError("configuration", f"{question.name!r} can't be asked for: {error}") from None
    finally:
        seen.took("dns_ms", time.perf_counter() - start)
    compare(question, [_plain(record.to_text()) for record in answer])


def compare(question: Question, found: Sequence[str]) -> None:
    """Hold records against what is expected; case does not matter but in TXT. Raises ProbeFailureError record."""
    same = str if question.record_type == "TXT" else str.lower
    have, expected = {same(item) for item in found}, {same(_plain(item)) for item in question.expected}
    if missing := expected - have:
        raise ProbeFailureError("record", f"{sorted(missing)[0]!r} is not there; found {_listed(have)}")
    if question.is_exact and (others := have - expected):
        raise ProbeFailureError("record", f"{sorted(others)[0]!r} is there, and is not expected")


def _listed(found: set[str]) -> str:
    return ", ".join(repr(item[:60]) for item in sorted(found)[:3]) + (" and more" if len(found) > 3 else "")


def _plain(text: str) -> str:
    """Return a record without quotes between the parts of a text, and without the last dot of names."""
    if text.startswith('"'):
        return text[1:-1].replace('" "', "").replace('\\"', '"')
    return " ".join(word.rstrip(".") or "." for word in text.split(" "))


def _resolver(question: Question) -> Resolver:
    from dns.asyncresolver import Resolver

    resolver = Resolver(configure=question.nameserver is None)
    resolver.lifetime = question.timeout_seconds
    if question.nameserver:
        host, port = split_nameserver(question.nameserver)
        resolver.nameservers, resolver.port = [host], port
    return resolver


def split_nameserver(text: str) -> tuple[str, int]:
    """Return address and port of `192.0.2.53`, `192.0.2.53:5353` or `[2001:db8::53]:5353`; else ValueError."""
    try:
        return str(ipaddress.ip_address(text)), 53
    except ValueError:
        host, _, port = text.rpartition(":")
        return str(ipaddress.ip_address(host.strip("[]"))), int(port)

"""Whether others can send mail in the name of a domain: SPF (RFC 7208) and DMARC (RFC 7489), asked by dnspython."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.probe_dns import split_nameserver

if TYPE_CHECKING:
    from dns.asyncresolver import Resolver

SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPolicy:
    """What one record says: `outcome` is ok, weak, missing or not_known."""

    kind: str
    outcome: str
    target: str
    detail: str


async def mail_policies(domain: str, nameserver: str | None = None) -> list[MailPolicy]:
    """Return what SPF and DMARC of a domain say; a resolver that does not answer leaves them not known.

    `nameserver` is an address with a port, None for the system's resolvers.
    """
    name = f"_dmarc.{domain}"
    found = await _texts(domain, nameserver)
    shared = await _texts(name, nameserver)
    return [
        MailPolicy(kind="spf", target=domain, **_said(found, "v=spf1", _spf)),
        MailPolicy(kind="dmarc", target=name, **_said(shared, "v=dmarc1", _dmarc)),
    ]


def _said(texts: list[str] | str, start: str, judge: Callable[[str], str]) -> dict[str, str]:
    if isinstance(texts, str):
        return {"outcome": "not_known", "detail": texts}
    records = [text for text in texts if text.lower().split(";")[0].split(" ")[0].strip() == start]
    if not records:
        return {"outcome": "missing", "detail": "there is no such record"}
    if len(records) > 1:
        return {"outcome": "weak", "detail": "there is more than one record: receivers pass over all of them"}
    return {"outcome": judge(records[0]), "detail": records[0][:300]}


def _spf(text: str) -> str:
    """Judge by how it ends: only -all and ~all say that nobody else sends; a redirect says it elsewhere."""
    terms = text.lower().split()[1:]
    if any(term in ("-all", "~all") for term in terms):
        return "ok"
    is_elsewhere = any(term.startswith("redirect=") for term in terms) and not any(
        term.endswith("all") for term in terms
    )
    return "ok" if is_elsewhere else "weak"


def _dmarc(text: str) -> str:
    """Judge by the policy and its share: p=none only watches."""
    pairs = (part.partition("=") for part in text.lower().split(";"))
    said = {key.strip(): value.strip() for key, _, value in pairs}
    share = said.get("pct", "100")
    is_whole = not share.isdigit() or int(share[:4]) >= 100
    return "ok" if said.get("p") in ("quarantine", "reject") and is_whole else "weak"


async def _texts(name: str, nameserver: str | None) -> list[str] | str:
    """Return the TXT records of a name; words that say why nobody knows where no resolver answers."""
    import dns.exception
    import dns.resolver

    try:
        answer = await _resolver(nameserver).resolve(name, "TXT", search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError, UnicodeError) as error:
        return f"no resolver answered ({type(error).__name__})"
    return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]


def _resolver(nameserver: str | None) -> Resolver:
    import dns.asyncresolver

    resolver = dns.asyncresolver.Resolver(configure=nameserver is None)
    resolver.lifetime = SECONDS
    if nameserver:
        host, port = split_nameserver(nameserver)
        resolver.nameservers, resolver.port = [host], port
    return resolver

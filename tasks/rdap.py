"""When the registration of a domain ends, over RDAP (RFC 9083), found by IANA's bootstrap file (RFC 9224).

The bootstrap file is kept for a week in the folder of reference data; a kept one that is older still serves where
IANA can't be reached. Answers are bounded in size and time; a registry that does not say leaves it unknown.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from tasks.download import bounded
from tasks.probe_certificate import Certificate
from tasks.probe_connect import ProbeFailureError
from tasks.probe_result import ProbeResult, outcome_of
from tasks.redact import excerpt

if TYPE_CHECKING:
    import httpx

BOOTSTRAP_URL = "https://data.iana.org/rdap/dns.json"
BOOTSTRAP_FILE = "rdap-dns.json"
BOOTSTRAP_SECONDS = 7 * 86_400
ANSWER_BYTES = 2 << 20


async def check_domain(
    domain: str,
    *,
    days: float,
    folder: Path | None,
    server: str | None = None,
    bootstrap_url: str = BOOTSTRAP_URL,
    timeout_seconds: float = 20,
) -> ProbeResult:
    """Ask the registry for a domain.

    Args:
        domain: a registered domain, or a name below it: its labels are taken off until the registry knows it.
        days: how long the registration must last.
        folder: where the bootstrap file is kept; None for nowhere.
        server: base address to ask in place of the one that IANA names.
        bootstrap_url: where the bootstrap file comes from.
        timeout_seconds: deadline of everything together.
    """
    import httpx

    now, start = datetime.now(UTC), time.perf_counter()
    certificate = cause = message = None
    try:
        async with (
            asyncio.timeout(timeout_seconds),
            httpx.AsyncClient(trust_env=False, timeout=timeout_seconds) as client,
        ):
            bases = [server] if server else _servers(await _bootstrap(client, folder, bootstrap_url), domain)
            certificate = parse_domain(await _ask(client, bases, domain))
        left = certificate.not_after - now
        if left < timedelta(0):
            cause, message = "domain_expired", f"{domain} expired on {certificate.not_after:%Y-%m-%d}"
        elif left < timedelta(days=days):
            cause, message = "domain_expiring", f"{domain} expires in {left.days} days"
    except ProbeFailureError as error:
        cause, message = error.cause, str(error)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError) as error:
        cause, message = "vantage", f"RDAP can't be reached: {type(error).__name__} {error}"
    return ProbeResult(
        checked_at=now,
        outcome=outcome_of(cause),
        cause=cause,
        host=domain,
        total_ms=round((time.perf_counter() - start) * 1000, 3),
        certificate=certificate,
        message=excerpt(message) if message else None,
    )


def parse_domain(answer: object) -> Certificate:
    """Return the registration as a certificate: name, registrar and expiry.

    Raises:
        ProbeFailureError: no_data, where the registry does not say when it ends.
    """
    body = answer if isinstance(answer, dict) else {}
    for event in _list(body, "events"):
        if isinstance(event, dict) and event.get("eventAction") == "expiration":
            try:
                ends = datetime.fromisoformat(str(event.get("eventDate")))
                ends = ends.replace(tzinfo=ends.tzinfo or UTC).astimezone(UTC)
            except (ValueError, OverflowError):
                continue
            return Certificate(
                subject=str(body.get("ldhName", ""))[:253], issuer=_registrar(body), not_after=ends, is_valid=True
            )
    raise ProbeFailureError("no_data", "the registry does not say when the registration ends")


def _registrar(body: Mapping[str, Any]) -> str:
    for entity in _list(body, "entities"):
        if isinstance(entity, dict) and "registrar" in _list(entity, "roles"):
            card = _list(entity, "vcardArray")[1:2]
            for line in card[0] if card and isinstance(card[0], list) else ():
                if isinstance(line, list) and line[:1] == ["fn"] and len(line) > 3:
                    return str(line[3])[:200]
    return ""


def _list(body: Mapping[str, Any], key: str) -> list[Any]:
    value = body.get(key)
    return value if isinstance(value, list) else []


def _servers(bootstrap: object, domain: str) -> list[str]:
    """Return the base addresses for the longest suffix of the domain that IANA lists."""
    labels = _ascii(domain).split(".")
    services = _list(bootstrap, "services") if isinstance(bootstrap, dict) else []
    known: dict[str, list[str]] = {}
    for service in services:
        if isinstance(service, list) and len(service) == 2 and all(isinstance(part, list) for part in service):
            secure = [str(url) for url in service[1] if str(url).startswith("https://")]
            known |= {str(suffix).lower(): secure for suffix in service[0]}
    for number in range(1, len(labels)):
        if found := known.get(".".join(labels[number:])):
            return found[:2]
    raise ProbeFailureError("no_data", f"the registry of .{labels[-1]} has no RDAP")


def _ascii(domain: str) -> str:
    try:
        return domain.rstrip(".").encode("idna").decode().lower()
    except UnicodeError:
        raise ProbeFailureError("configuration", f"{domain!r} is no domain") from None


async def _ask(client: httpx.AsyncClient, bases: list[str], domain: str) -> object:
    """Return what the registry says of the domain, or of the first one above it that it knows."""
    labels = _ascii(domain).split(".")
    for number in range(max(1, min(len(labels) - 1, 5))):
        name = ".".join(labels[number:])
        status, answer = await _get(client, f"{bases[0].rstrip('/')}/domain/{quote(name)}")
        if status == 200:
            return answer
        if status not in (400, 404, 422):  # what a registry says of a name that it does not register
            raise ProbeFailureError("no_data", f"the registry answered {status} for {name}")
    raise ProbeFailureError("no_data", f"the registry does not know {domain}")


async def _get(client: httpx.AsyncClient, url: str, *, hops: int = 3) -> tuple[int, object]:
    async with client.stream("GET", url, headers={"Accept": "application/rdap+json, application/json"}) as response:
        if response.is_redirect and hops:
            target = str(response.url.join(response.headers["location"]))
            if not _may_follow(url, target):
                raise ProbeFailureError("no_data", f"the registry redirects to {target[:100]}")
            return await _get(client, target, hops=hops - 1)
        if response.status_code != 200:
            return response.status_code, None
        text = await bounded(response, ANSWER_BYTES)
    if text is None:
        raise ProbeFailureError("no_data", "the answer of the registry is too long")
    try:
        return 200, json.loads(text)
    except (ValueError, RecursionError):
        raise ProbeFailureError("no_data", "the answer of the registry is no JSON") from None


def _may_follow(source: str, target: str) -> bool:
    """Tell whether a redirect stays in the open: https to a name, or the very host that was asked."""
    there = urlsplit(target)
    if there.hostname == urlsplit(source).hostname and there.scheme == urlsplit(source).scheme:
        return True
    try:
        ipaddress.ip_address(there.hostname or "")
    except ValueError:
        return there.scheme == "https" and "." in (there.hostname or "")
    return False


async def _bootstrap(client: httpx.AsyncClient, folder: Path | None, url: str) -> object:
    """Return the bootstrap file: the kept one where it is fresh, or where no new one is to be had."""
    import httpx

    kept = folder / BOOTSTRAP_FILE if folder else None
    old = _read(kept) if kept else None
    if kept and old and time.time() - kept.stat().st_mtime < BOOTSTRAP_SECONDS:
        return old
    try:
        status, new = await _get(client, url)
        if status != 200 or not isinstance(new, dict) or not _list(new, "services"):
            raise ProbeFailureError("no_data", f"IANA's list of registries can't be had: {status}")
    except (httpx.HTTPError, ProbeFailureError):
        if old:
            return old
        raise
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(new), encoding="utf-8")
        temporary.replace(kept)
    return new


def _read(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None

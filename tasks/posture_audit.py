"""Audit the security posture of one page: three requests, the mail policies of its domain, and files if permitted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from tasks.exposed_files import exposed
from tasks.html_scan import tags
from tasks.http_record import Response
from tasks.mail_policy import mail_policies
from tasks.posture import Test, judge
from tasks.posture_tests import Observed, host_of, site_of
from tasks.site_fetch import Asking, Followed, fetch, follow

CORS_ORIGIN = "https://site-upkeep-audit.example"
"""An origin that no site knows: one that is echoed with credentials lets any site in."""
SHOWN = 20
"""Elements of mixed content that are told of one page, at most."""
_LOADS = {
    "script": "src", "iframe": "src", "img": "src", "video": "src", "audio": "src", "source": "src", "embed": "src",
    "object": "data", "link": "href", "form": "action",
}  # fmt: skip
_LOADING_LINKS = ("stylesheet", "preload", "modulepreload", "icon", "manifest", "prefetch")
_CORS = (("Origin", CORS_ORIGIN), ("Access-Control-Request-Method", "GET"))
_PASSIVE = ("img", "video", "audio", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing beside the twelve tests: kind and outcome are those of raw.posture_finding."""

    kind: str
    outcome: str
    target: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posture:
    """What was seen of one page. `cause` is a word of `tasks.audits.CAUSES` where it could not be seen as a whole."""

    tests: list[Test]
    findings: list[Finding]
    cause: str | None
    message: str | None
    final_url: str | None
    status: int | None


def addresses(url: str, http_url: str | None) -> tuple[str | None, str]:
    """Return a page over https, None where its port is one of http, and over http: `http_url` where that is given."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    if parts.scheme == "https":
        return url, http_url or parts._replace(scheme="http", netloc=host).geturl()
    return None if parts.port not in (None, 80) else parts._replace(scheme="https", netloc=host).geturl(), url


async def audit(url: str, http_url: str | None, asking: Asking) -> Posture:
    """Ask over https and http, and once in the name of another origin; judge what was answered."""
    https_url, http_url = addresses(url, http_url)
    https = await follow(https_url, asking) if https_url else None
    http = await follow(http_url, asking)
    cors = None
    if (way := _way(https, http)).page:
        cors = (await fetch(way.last.url, asking, method="OPTIONS", headers=_CORS)).response
    return posture_of(https, http, cors)


def posture_of(https: Followed | None, http: Followed, cors: Response | None) -> Posture:
    """Judge what was answered; `https` is None where it was not asked, `cors` what another origin was answered."""
    first, chosen = (https or http).last, _way(https, http)
    has_answer = any(hop.response for way in (https, http) if way for hop in way.hops)
    is_refused = bool(https and https.last.is_certificate_refused)
    if "own_network" in (first.audit_cause, http.last.audit_cause) or not (has_answer or is_refused):
        why = first.audit_cause or "own_network"
        return Posture(tests=[], findings=[], cause=why, message=first.message, final_url=None, status=None)
    page = chosen.page if chosen.page and _is_told(chosen.page) else None
    cause = None if page else chosen.last.audit_cause or ("http_error" if chosen.page else "no_answer")
    cause = "tls" if is_refused else cause
    return Posture(
        tests=judge(observed_of(https, http, chosen, page, cors if page else None)),
        findings=[*dict.fromkeys(_certificates(https, http)), *_mixed(page)],
        cause=cause or ("limit_reached" if chosen.last.is_cut else None),
        message=None if cause is None else (https or http).last.message or None,
        final_url=chosen.last.url if page else None,
        status=chosen.page.status if chosen.page else None,
    )


def _way(https: Followed | None, http: Followed) -> Followed:
    """Return the way that visitors take: https where it ends at something."""
    return https if https and https.page else http


def observed_of(
    https: Followed | None, http: Followed, chosen: Followed, page: Response | None, cors: Response | None
) -> Observed:
    """Return what the twelve tests look at."""
    secure = https.page if https and https.last.url.startswith("https:") else None
    cookies = [cookie for hop in chosen.hops if hop.response for cookie in hop.response.all("set-cookie")]
    nobody_listens = len(http.hops) == 1 and http.last.cause in ("refused", "connect_timeout", "unreachable")
    is_whole = http.last.response is not None or http.last.is_certificate_refused
    return Observed(
        page=page,
        is_https=chosen.last.url.startswith("https:"),
        cookies=tuple(cookies),
        http_route=() if nobody_listens else http.route if is_whole else None,
        https=secure if secure and _is_told(secure) else None,
        is_https_known=https is not None and https.last.cause in ("refused", "unreachable", "tls"),
        is_certificate_refused=bool(https and https.last.is_certificate_refused),
        is_redirect_certificate_refused=http.last.is_certificate_refused,
        cors=cors,
        cors_origin=CORS_ORIGIN,
    )


def _is_told(page: Response) -> bool:
    """Tell whether an answer speaks for the site: a page, or one that wants a password, but no error."""
    return page.status < 400 or page.status in (401, 403)


def _certificates(*ways: Followed | None) -> Iterator[Finding]:
    for way in ways:
        if way and way.last.is_certificate_refused:
            yield Finding(kind="certificate", outcome="refused", target=host_of(way.last.url), detail=way.last.message)


def _mixed(page: Response | None) -> Iterator[Finding]:
    """Yield what a page of https loads over http, or sends there: W3C Mixed Content."""
    if page is None or not page.is_html or not (page.url or "").startswith("https:"):
        return
    found = dict.fromkeys(_insecure(page.body or ""))
    for target, name in list(found)[:SHOWN]:
        yield Finding(
            kind="mixed_content", outcome="passive" if name in _PASSIVE else "active", target=target, detail=name
        )
    if not found:
        yield Finding(kind="mixed_content", outcome="ok", target="", detail="nothing is loaded over http")


def _insecure(html: str) -> Iterator[tuple[str, str]]:
    for tag in tags(html):
        address = "" if tag.is_end else tag.get(_LOADS.get(tag.name, "")) or ""
        is_loaded = tag.name != "link" or set((tag.get("rel") or "").lower().split()) & set(_LOADING_LINKS)
        if is_loaded and address[:7].lower() == "http://":
            yield address, tag.name


async def of_domain(domain: str, nameserver: str | None) -> list[Finding]:
    """Return what the mail policies of a domain say."""
    return [
        Finding(kind=one.kind, outcome=one.outcome, target=one.target, detail=one.detail)
        for one in await mail_policies(domain, nameserver)
    ]


async def of_files(url: str, asking: Asking) -> list[Finding]:
    """Return which files that should not be there are."""
    parts = urlsplit(url)
    return [
        Finding(kind="exposed_file", outcome=outcome, target=path, detail=detail)
        for path, outcome, detail in await exposed(f"{parts.scheme}://{parts.netloc}", asking)
    ]


def domain_of(host: str) -> str | None:
    """Return the domain that mail is sent from; None for an address."""
    domain = site_of(host)
    return domain if "." in domain and not domain.replace(".", "").isdigit() and ":" not in domain else None

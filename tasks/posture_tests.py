"""The twelve tests of `tasks.posture`: each looks at what was observed and returns its outcome and what it saw."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from publicsuffixlist import PublicSuffixList

from tasks import posture_csp
from tasks.html_scan import tags
from tasks.http_record import Response

NOT_KNOWN = "not-known"
SIX_MONTHS = 15_552_000
"""Seconds of 180 days, which many take for six months."""
PRIVATE = ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
UNSAFE = ("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade")
COOKIES_FROM_BEST = (
    "cookies-without-secure-flag-but-protected-by-hsts",
    "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts",
    "cookies-samesite-flag-invalid",
    "cookies-anticsrf-without-samesite-flag",
    "cookies-session-without-httponly-flag",
    "cookies-session-without-secure-flag",
)
SCRIPTS_FROM_BEST = (
    "sri-not-implemented-but-all-scripts-loaded-from-secure-origin",
    "sri-implemented-and-all-scripts-loaded-securely",
    "sri-implemented-and-external-scripts-loaded-securely",
    "sri-implemented-but-external-scripts-not-loaded-securely",
    "sri-not-implemented-but-external-scripts-loaded-securely",
    "sri-not-implemented-and-external-scripts-not-loaded-securely",
)
_TOKEN = re.compile(r'([a-z*][a-zA-Z0-9:/!#$%&\'*+.^_`|~-]*)(?:\s*;\s*[a-z*][a-z0-9_.*-]*(?:=(?:"[^"]*"|[^\s;,"]+))?)*')

Found: TypeAlias = tuple[str, str]
"""Outcome, and what was seen, in words or as the header has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the tests look at; None where it was not seen."""

    page: Response | None
    """The response that visitors end at."""
    is_https: bool
    """Whether it came over TLS."""
    cookies: tuple[str, ...] = ()
    """Every Set-Cookie of the way to it."""
    http_route: tuple[str, ...] | None = None
    """Addresses that http:// led through, first to last; empty where nothing listens there."""
    https: Response | None = None
    """What https:// answered at the end of its way; None where nothing did, or that is not known."""
    is_https_known: bool = True
    is_certificate_refused: bool = False
    is_redirect_certificate_refused: bool = False
    cors: Response | None = None
    """What a request of another origin was answered."""
    cors_origin: str = ""
    """The origin that it named."""

    @property
    def body(self) -> str | None:
        """Return the HTML of the page; None where none was seen."""
        return self.page.body if self.page and self.page.is_html else None


def joined(base: str, location: str) -> str:
    """Return where a redirect leads; the base where that is no address."""
    try:
        return urljoin(base, location)
    except ValueError:
        return base


def _csp(seen: Observed) -> Found:
    if seen.page is None:
        return _no_page()
    headers, metas = seen.page.all("content-security-policy"), _metas(seen.body, "content-security-policy")
    outcome = posture_csp.judge(
        headers,
        metas,
        has_report_only=bool(seen.page.all("content-security-policy-report-only")),
        is_https=seen.is_https,
    )
    no_body = "; no page was recorded in which a meta element could hold one" if seen.body is None else ""
    return outcome, ", ".join([*headers, *metas]) or f"there is none{no_body}"


def _cookies(seen: Observed) -> Found:
    if seen.page is None and not seen.cookies:
        return _no_page()
    is_protected = _hsts(seen)[0] == "hsts-implemented-max-age-at-least-six-months"
    cookies = [cookie for text in seen.cookies if (cookie := _cookie(text))]
    if not cookies:
        return "cookies-not-found", "none was set"
    worst, name = max((_worst(cookie, is_protected=is_protected), cookie[0]) for cookie in cookies)
    if worst >= 0:
        return COOKIES_FROM_BEST[worst], name
    is_same_site = all("samesite" in attributes for _, attributes in cookies)
    names = ", ".join(sorted({name for name, _ in cookies}))
    return f"cookies-secure-with-httponly-sessions{'-and-samesite' if is_same_site else ''}", names


def _cookie(text: str) -> tuple[str, dict[str, str]] | None:
    """Return name and attributes of a Set-Cookie; its value is a secret."""
    first, *rest = text[:8192].split(";")
    name = first.partition("=")[0].strip()
    attributes = {key.strip().lower(): value.strip().lower() for key, _, value in (one.partition("=") for one in rest)}
    return (name, attributes) if name and name != "heroku-session-affinity" else None


def _worst(cookie: tuple[str, dict[str, str]], *, is_protected: bool) -> int:
    """Return the place of the worst that can be said of a cookie in COOKIES_FROM_BEST; -1 where it is fine."""
    name, attributes = cookie[0].lower(), cookie[1]
    is_session, is_secure = "login" in name or "sess" in name, "secure" in attributes
    same_site, is_shielded = attributes.get("samesite"), "-but-protected-by-hsts" if is_protected else ""
    is_valid = same_site in ("lax", "strict", "none")
    said = {
        f"cookies-without-secure-flag{is_shielded}": not is_secure,
        f"cookies-session-without-secure-flag{is_shielded}": is_session and not is_secure,
        "cookies-samesite-flag-invalid": (same_site is not None and not is_valid)
        or (same_site == "none" and not is_secure),
        "cookies-anticsrf-without-samesite-flag": "csrf" in name and not is_valid,
        "cookies-session-without-httponly-flag": is_session and "httponly" not in attributes,
    }
    return max((COOKIES_FROM_BEST.index(outcome) for outcome, holds in said.items() if holds), default=-1)


def _cors(seen: Observed) -> Found:
    name = "cross-origin-resource-sharing-"
    answer = seen.cors or seen.page
    allowed = (answer.first("access-control-allow-origin") or "").strip() if answer else ""
    if allowed == "*":
        return f"{name}implemented-with-public-access", allowed
    if seen.cors is None:
        return NOT_KNOWN, "no request of another origin was recorded"
    if not allowed:
        return f"{name}not-implemented", "there is none"
    has_credentials = (seen.cors.first("access-control-allow-credentials") or "").strip().lower() == "true"
    if allowed == seen.cors_origin and has_credentials:
        return f"{name}implemented-with-universal-access", "any origin is allowed, with credentials"
    return f"{name}implemented-with-restricted-access", allowed


def _redirection(seen: Observed) -> Found:
    route = seen.http_route
    if route is None:
        return NOT_KNOWN, "what http:// answers was not recorded"
    if seen.is_redirect_certificate_refused:
        return "redirection-invalid-cert", " > ".join(route)
    if not route:
        return "redirection-not-needed-no-http", "nothing answers http://"
    shown = " > ".join(route)
    if len(route) == 1:
        return "redirection-missing", shown
    if not route[-1].startswith("https:"):
        return "redirection-not-to-https", shown
    if route[1].startswith("http:"):
        return "redirection-not-to-https-on-initial-redirection", shown
    if host_of(route[0]) != host_of(route[1]):
        return "redirection-off-host-from-http", shown
    return "redirection-to-https", shown


def _referrer(seen: Observed) -> Found:
    if seen.page is None:
        return _no_page()
    given = [*seen.page.all("referrer-policy"), *_metas(seen.body, "referrer", "name")]
    if not given:
        return "referrer-policy-not-implemented", "there is none"
    words = [word.strip().lower() for word in ",".join(given).split(",")]
    policy = next((word for word in reversed(words) if word in PRIVATE + UNSAFE), None)
    outcome = "header-invalid" if policy is None else "private" if policy in PRIVATE else "unsafe"
    return f"referrer-policy-{outcome}", ", ".join(given)


def _hsts(seen: Observed) -> Found:
    if seen.is_certificate_refused:
        return "hsts-invalid-cert", "the certificate is not accepted"
    if seen.https is None:
        if not seen.is_https_known:
            return NOT_KNOWN, "what https:// answers was not recorded"
        return "hsts-not-implemented-no-https", "nothing answers https://"
    values = seen.https.all("strict-transport-security")
    if not values:
        return "hsts-not-implemented", "there is none"
    value = values[0][:1024]
    ages = re.findall(r'(?:^|;)\s*max-age\s*=\s*"?(\d{1,18})"?\s*(?=;|$)', value.lower())
    if "," in value or not ages:
        return "hsts-header-invalid", value
    span = "at-least" if int(ages[0]) >= SIX_MONTHS else "less-than"
    return f"hsts-implemented-max-age-{span}-six-months", value


def _sri(seen: Observed) -> Found:
    if seen.page is None:
        return _no_page()
    if not seen.page.is_html:
        return "sri-not-implemented-response-not-html", seen.page.first("content-type") or "no type is said"
    if seen.body is None:
        return NOT_KNOWN, "no page was recorded"
    sources = [
        (tag.get("src") or "", tag.get("integrity")) for tag in tags(seen.body) if _is_script(tag.name, tag.is_end)
    ]
    if not sources:
        return "sri-not-implemented-but-no-scripts-loaded", "it has no scripts"
    host = host_of(seen.page.url or "")
    judged = [
        (SCRIPTS_FROM_BEST.index(_script(source, integrity, host, is_https=seen.is_https)), source)
        for source, integrity in sources
    ]
    worst, source = max(judged, key=lambda one: one[0])
    return SCRIPTS_FROM_BEST[worst], source or "inline scripts only"


def _is_script(name: str, is_end: bool) -> bool:  # noqa: FBT001 - of a tag
    return name == "script" and not is_end


def _script(source: str, integrity: str | None, host: str, *, is_https: bool) -> str:
    is_absolute = re.match(r"https?://", source, re.IGNORECASE) is not None
    is_without_scheme = source.startswith("//")
    is_own = not is_without_scheme and (not is_absolute or site_of(host_of(source)) == site_of(host))
    is_secure = source.lower().startswith("https:") or (is_https and not is_absolute and not is_without_scheme)
    if is_own:
        has_bonus = source and integrity and is_secure
        return SCRIPTS_FROM_BEST[1 if has_bonus else 0]
    have, but = ("implemented", "but") if integrity else ("not-implemented", "and")
    if is_secure:
        return f"sri-{have}-{'and' if integrity else 'but'}-external-scripts-loaded-securely"
    return f"sri-{have}-{but}-external-scripts-not-loaded-securely"


def _nosniff(seen: Observed) -> Found:
    if seen.page is None:
        return _no_page()
    value = seen.page.first("x-content-type-options")
    if not value:
        return "x-content-type-options-not-implemented", "there is none"
    return f"x-content-type-options-{'nosniff' if value.lower() == 'nosniff' else 'header-invalid'}", value


def _frames(seen: Observed) -> Found:
    if seen.page is None:
        return _no_page()
    policies = seen.page.all("content-security-policy")
    ancestors = posture_csp.policy_of(policies).get("frame-ancestors")
    if ancestors is not None:
        return "x-frame-options-implemented-via-csp", f"frame-ancestors {' '.join(sorted(ancestors))}"
    value = seen.page.first("x-frame-options")
    if not value:
        return "x-frame-options-not-implemented", "there is none"
    word = value.lower()
    known = "sameorigin-or-deny" if word in ("deny", "sameorigin") else "header-invalid"
    return f"x-frame-options-{'allow-from-origin' if word.startswith('allow-from') else known}", value


def _corp(seen: Observed) -> Found:
    if seen.page is None:
        return _no_page()
    value = seen.page.first("cross-origin-resource-policy")
    if not value:
        return "corp-not-implemented", "there is none"
    word = value.lower()
    is_known = word in ("same-site", "same-origin", "cross-origin")
    return f"corp-implemented-with-{word}" if is_known else "corp-header-invalid", value


def _isolation(seen: Observed, *, header: str, short: str, words: tuple[str, ...]) -> Found:
    """Judge a header that is one token of a structured field (RFC 8941), with parameters or without."""
    if seen.page is None:
        return _no_page()
    values = seen.page.all(header)
    if not values:
        return f"{short}-not-implemented", "there is none"
    value = ", ".join(values)[:1024].strip()
    token = _TOKEN.fullmatch(value)
    is_known = token is not None and token[1] in words
    return f"{short}-implemented-with-{token[1]}" if token and is_known else f"{short}-header-invalid", value


def _no_page() -> Found:
    return NOT_KNOWN, "the page was not seen"


def _metas(html: str | None, name: str, attribute: str = "http-equiv") -> list[str]:
    """Return what the meta elements of a name say."""
    return [
        content
        for tag in (tags(html) if html else ())
        if tag.name == "meta" and (tag.get(attribute) or "").lower() == name and (content := tag.get("content"))
    ]


def host_of(url: str) -> str:
    """Return the host of an address, lower case; empty where it has none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def site_of(host: str) -> str:
    """Return the registrable domain of a host by the Public Suffix List; the host itself where it has none."""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return host if is_address else _suffixes().privatesuffix(host) or host


@functools.cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


TESTS: dict[str, Callable[[Observed], Found]] = {
    "content-security-policy": _csp,
    "cookies": _cookies,
    "cross-origin-resource-sharing": _cors,
    "redirection": _redirection,
    "referrer-policy": _referrer,
    "strict-transport-security": _hsts,
    "subresource-integrity": _sri,
    "x-content-type-options": _nosniff,
    "x-frame-options": _frames,
    "cross-origin-resource-policy": _corp,
    "cross-origin-embedder-policy": functools.partial(
        _isolation,
        header="cross-origin-embedder-policy",
        short="coep",
        words=("require-corp", "credentialless", "unsafe-none"),
    ),
    "cross-origin-opener-policy": functools.partial(
        _isolation,
        header="cross-origin-opener-policy",
        short="coop",
        words=("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"),
    ),
}

"""How well the responses of a site protect its visitors: twelve tests and a score of our own.

The tests, their outcomes and points follow what Mozilla's HTTP Observatory publishes, version 6 of its algorithm
(https://github.com/mdn/mdn-http-observatory, MPL-2.0; https://developer.mozilla.org/observatory/docs/tests_and_scoring);
none of its code is here. The score starts at 100. Points taken off always count; points added count only where the
score without them is 90 or more; it never is below 0. What could not be seen is `not-known`: no points, not passed,
and the score then is what is known of it.

Ours differs where the Observatory asks for more than a response: the preload list of browsers is not consulted, so
nothing is `preloaded`; of several policies one source must be allowed by each that names the directive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tasks import posture_tests
from tasks.http_record import Response
from tasks.posture_tests import NOT_KNOWN, Observed
from tasks.redact import redact

ALGORITHM = "mdn-http-observatory/6"
BONUS_FROM = 90
"""Score without bonuses from which they count."""
DETAIL_CHARACTERS = 300

POINTS: dict[str, dict[str, int]] = {
    "content-security-policy": {
        "csp-implemented-with-no-unsafe-default-src-none": 10,
        "csp-implemented-with-no-unsafe": 5,
        "csp-implemented-with-unsafe-inline-in-style-src-only": 0,
        "csp-implemented-but-duplicate-directives": 0,
        "csp-implemented-with-insecure-scheme-in-passive-content-only": -10,
        "csp-implemented-with-unsafe-eval": -10,
        "csp-implemented-with-unsafe-inline": -20,
        "csp-implemented-with-insecure-scheme": -20,
        "csp-header-invalid": -25,
        "csp-not-implemented": -25,
        "csp-not-implemented-but-reporting-enabled": -25,
    },
    "cookies": {
        "cookies-secure-with-httponly-sessions-and-samesite": 5,
        "cookies-secure-with-httponly-sessions": 0,
        "cookies-not-found": 0,
        "cookies-without-secure-flag-but-protected-by-hsts": -5,
        "cookies-session-without-secure-flag-but-protected-by-hsts": -10,
        "cookies-without-secure-flag": -20,
        "cookies-samesite-flag-invalid": -20,
        "cookies-anticsrf-without-samesite-flag": -20,
        "cookies-session-without-httponly-flag": -30,
        "cookies-session-without-secure-flag": -40,
    },
    "cross-origin-resource-sharing": {
        "cross-origin-resource-sharing-not-implemented": 0,
        "cross-origin-resource-sharing-implemented-with-public-access": 0,
        "cross-origin-resource-sharing-implemented-with-restricted-access": 0,
        "cross-origin-resource-sharing-implemented-with-universal-access": -50,
    },
    "redirection": {
        "redirection-to-https": 0,
        "redirection-not-needed-no-http": 0,
        "redirection-off-host-from-http": -5,
        "redirection-not-to-https-on-initial-redirection": -10,
        "redirection-not-to-https": -20,
        "redirection-missing": -20,
        "redirection-invalid-cert": -20,
    },
    "referrer-policy": {
        "referrer-policy-private": 5,
        "referrer-policy-not-implemented": 0,
        "referrer-policy-unsafe": -5,
        "referrer-policy-header-invalid": -5,
    },
    "strict-transport-security": {
        "hsts-implemented-max-age-at-least-six-months": 0,
        "hsts-implemented-max-age-less-than-six-months": -10,
        "hsts-not-implemented": -20,
        "hsts-header-invalid": -20,
        "hsts-not-implemented-no-https": -20,
        "hsts-invalid-cert": -20,
    },
    "subresource-integrity": {
        "sri-implemented-and-all-scripts-loaded-securely": 5,
        "sri-implemented-and-external-scripts-loaded-securely": 5,
        "sri-not-implemented-response-not-html": 0,
        "sri-not-implemented-but-no-scripts-loaded": 0,
        "sri-not-implemented-but-all-scripts-loaded-from-secure-origin": 0,
        "sri-not-implemented-but-external-scripts-loaded-securely": -5,
        "sri-implemented-but-external-scripts-not-loaded-securely": -20,
        "sri-not-implemented-and-external-scripts-not-loaded-securely": -50,
    },
    "x-content-type-options": {
        "x-content-type-options-nosniff": 0,
        "x-content-type-options-not-implemented": -5,
        "x-content-type-options-header-invalid": -5,
    },
    "x-frame-options": {
        "x-frame-options-implemented-via-csp": 5,
        "x-frame-options-sameorigin-or-deny": 0,
        "x-frame-options-allow-from-origin": 0,
        "x-frame-options-not-implemented": -20,
        "x-frame-options-header-invalid": -20,
    },
    "cross-origin-resource-policy": {
        "corp-implemented-with-same-origin": 10,
        "corp-implemented-with-same-site": 10,
        "corp-implemented-with-cross-origin": 0,
        "corp-not-implemented": 0,
        "corp-header-invalid": -5,
    },
    "cross-origin-embedder-policy": {
        "coep-implemented-with-require-corp": 10,
        "coep-implemented-with-credentialless": 10,
        "coep-implemented-with-unsafe-none": 0,
        "coep-not-implemented": 0,
        "coep-header-invalid": -5,
    },
    "cross-origin-opener-policy": {
        "coop-implemented-with-same-origin": 10,
        "coop-implemented-with-same-origin-allow-popups": 10,
        "coop-implemented-with-noopener-allow-popups": 10,
        "coop-implemented-with-unsafe-none": 0,
        "coop-not-implemented": 0,
        "coop-header-invalid": -5,
    },
}
"""Points of each outcome of each test."""

GRADES = (
    (100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+"), (50, "C"), (45, "C-"),
    (40, "D+"), (30, "D"), (25, "D-"), (0, "F"),
)  # fmt: skip
"""Lowest score of each grade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What came of one test. `is_passed` is None where it is not known; `detail` is text from outside, cut."""

    test: str
    outcome: str
    points: int
    is_passed: bool | None
    detail: str
    score: int
    """Of all twelve together."""
    grade: str
    known_count: int
    """Tests of the twelve whose outcome is known."""
    url: str | None
    algorithm: str = ALGORITHM


def judge(observed: Observed) -> list[Test]:
    """Return the twelve tests in the order of POINTS, each with the score of all."""
    found = {name: posture_tests.TESTS[name](observed) for name in POINTS}
    points = {name: POINTS[name].get(outcome, 0) for name, (outcome, _) in found.items()}
    total = score_of(list(points.values()))
    known_count = sum(outcome != NOT_KNOWN for outcome, _ in found.values())
    return [
        Test(
            test=name,
            outcome=outcome,
            points=points[name],
            is_passed=None if outcome == NOT_KNOWN else points[name] >= 0,
            detail=redact(detail)[:DETAIL_CHARACTERS],
            score=total,
            grade=grade_of(total),
            known_count=known_count,
            url=observed.page.url if observed.page else None,
        )
        for name, (outcome, detail) in found.items()
    ]


def score_of(points: Sequence[int]) -> int:
    """Return the score: bonuses count only where it is 90 or more without them."""
    without = 100 + sum(one for one in points if one < 0)
    return max(0, without + sum(one for one in points if one > 0) if without >= BONUS_FROM else without)


def grade_of(score: int) -> str:
    """Return the letter of a score."""
    return next(letter for least, letter in GRADES if score >= least)


def observed_of(responses: Sequence[Response]) -> Observed:
    """Return what a recording shows: one response, or those of a redirect chain.

    Without an address it is taken to be of https. What was not recorded stays unknown: whether http leads to https
    where the recording starts with https, and what a request of another origin would be answered.
    """
    last = responses[-1]
    is_page = last.location is None
    addresses = [response.url for response in responses]
    route = [address for address in addresses if address]
    starts_with_http = len(route) == len(addresses) and route[0].startswith("http:")
    if not is_page and last.url:
        route.append(posture_tests.joined(last.url, str(last.location)))
    is_https = last.url is None or last.url.startswith("https:")
    return Observed(
        page=last if is_page else None,
        is_https=is_https,
        cookies=tuple(cookie for response in responses for cookie in response.all("set-cookie")),
        http_route=tuple(route) if starts_with_http else None,
        https=last if is_https else None,
        is_https_known=is_https,
        cors=None,
    )

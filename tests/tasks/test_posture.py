"""The twelve tests of security headers give the outcomes and points that are published, and say what is not known."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tasks import posture_csp, try_format
from tasks.errors import ConfigurationError, SourceError
from tasks.html_scan import OPEN, TAGS, shallow, tags
from tasks.http_record import Response, read_responses
from tasks.posture import GRADES, POINTS, grade_of, judge, observed_of, score_of
from tasks.posture_tests import TESTS, Observed, site_of
from tests.conftest import CASES

RECORDED = CASES / "audit" / "http-headers"
PAGE = "https://www.shop.example/"


def tried(path: Path, name: str = "auto", **options: str) -> dict[str, dict[str, Any]]:
    records = [record for block in try_format.parse_file(name, path, options=options) for record in block.records]
    return {record["test"]: record for record in records}


def outcome(test: str, headers: dict[str, str], html: str = "", **more: Any) -> str:
    """Return what one test says of a page at PAGE."""
    fields = tuple({"content-type": "text/html"} | headers)
    page = Response(
        url=PAGE,
        status=200,
        headers=tuple((f, ({"content-type": "text/html"} | headers)[f]) for f in fields),
        body=html,
    )
    return TESTS[test](Observed(**{"page": page, "https": page, "is_https": True} | more))[0]


def test_a_page_with_every_header_has_the_best_score_that_one_response_can_prove() -> None:
    found = tried(RECORDED / "good.txt")
    assert list(found) == list(POINTS)
    assert {name: (one["outcome"], one["points"]) for name, one in found.items()} == {
        "content-security-policy": ("csp-implemented-with-no-unsafe-default-src-none", 10),
        "cookies": ("cookies-secure-with-httponly-sessions-and-samesite", 5),
        "cross-origin-resource-sharing": ("not-known", 0),
        "redirection": ("not-known", 0),
        "referrer-policy": ("referrer-policy-private", 5),
        "strict-transport-security": ("hsts-implemented-max-age-at-least-six-months", 0),
        "subresource-integrity": ("sri-implemented-and-all-scripts-loaded-securely", 5),
        "x-content-type-options": ("x-content-type-options-nosniff", 0),
        "x-frame-options": ("x-frame-options-implemented-via-csp", 5),
        "cross-origin-resource-policy": ("corp-implemented-with-same-origin", 10),
        "cross-origin-embedder-policy": ("coep-implemented-with-require-corp", 10),
        "cross-origin-opener-policy": ("coop-implemented-with-same-origin", 10),
    }
    assert {(one["score"], one["grade"], one["known_count"]) for one in found.values()} == {(160, "A+", 10)}
    assert found["redirection"]["is_passed"] is None
    assert "SECRETVALUE" not in json.dumps(found)


def test_a_page_without_any_is_graded_by_its_penalties_down_to_nothing() -> None:
    found = tried(RECORDED / "bare.txt")
    lost = {name: one["points"] for name, one in found.items() if one["points"]}
    assert lost == {
        "content-security-policy": -25,
        "cookies": -40,
        "strict-transport-security": -20,
        "subresource-integrity": -50,
        "x-content-type-options": -5,
        "x-frame-options": -20,
    }
    assert (found["cookies"]["score"], found["cookies"]["grade"]) == (0, "F")
    assert found["cookies"]["detail"] == "PHPSESSID"


def test_a_chain_of_redirects_is_followed_from_the_address_that_was_asked() -> None:
    found = tried(RECORDED / "chain.txt", url="http://shop.example/")
    assert found["redirection"]["outcome"] == "redirection-not-to-https-on-initial-redirection"
    assert found["redirection"]["url"] == PAGE
    assert found["strict-transport-security"]["outcome"] == "hsts-implemented-max-age-less-than-six-months"
    assert found["subresource-integrity"]["outcome"] == "sri-not-implemented-but-external-scripts-loaded-securely"
    assert found["subresource-integrity"]["detail"] == "https://cdn.example.net/b.js"
    assert found["cookies"]["outcome"] == "cookies-without-secure-flag"
    assert found["cookies"]["score"] == 100 - 20 - 20 - 10 - 10 - 5
    assert tried(RECORDED / "chain.txt")["redirection"]["outcome"] == "not-known"


def test_json_of_a_response_is_read_with_headers_that_repeat() -> None:
    found = tried(RECORDED / "page.json")
    assert found["cookies"]["outcome"] == "cookies-anticsrf-without-samesite-flag"
    assert found["content-security-policy"]["outcome"] == "csp-implemented-with-no-unsafe"


def test_a_recording_that_ends_with_a_redirect_says_nothing_of_the_page() -> None:
    text = "HTTP/1.1 301 Moved\r\nLocation: https://shop.example/\r\n\r\n"
    responses, _ = read_responses(text, "http://shop.example/", "it")
    found = {one.test: one for one in judge(observed_of(responses))}
    assert found["redirection"].outcome == "redirection-to-https"
    assert found["content-security-policy"].is_passed is None
    assert (found["redirection"].known_count, found["redirection"].score) == (1, 100)


def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path) -> None:
    for text in ("hello", "{", '{"status": 200}', "[]", "[1]", ""):
        with pytest.raises(SourceError, match="it "):
            read_responses(text, None, "it")
    responses, rejects = read_responses("HTTP/1.1 200 OK\nA: b\nnonsense\n c\nD: e\n\nbody", None, "it")
    assert responses[0].headers == (("a", "b c"), ("d", "e"))
    assert [(one.line_number, one.reason) for one in rejects] == [(3, "it is no header")]
    with pytest.raises(ConfigurationError, match="has no option 'host'; options: url"):
        tried(RECORDED / "good.txt", "http-headers", host="x")


def test_lines_of_logs_are_not_taken_for_recordings(tmp_path: Path) -> None:
    log = tmp_path / "access.json"
    log.write_text('{"status": 200, "headers": {"a": "b"}, "ts": 1}\n{"status": 200, "headers": {}, "ts": 2}\n')
    with pytest.raises(SourceError, match="none of the known formats"):
        try_format.detect(log)
    assert try_format.detect(RECORDED / "chain.txt").name == "http-headers"


def test_bonuses_count_from_90_and_the_score_is_never_below_nothing() -> None:
    assert [score_of(points) for points in ([5, 10, -10], [5, -15], [-50, -60], [])] == [105, 85, 0, 100]
    assert [grade_of(score) for score in (135, 100, 99, 90, 89, 75, 70, 64, 45, 25, 24, 0)] == [
        "A+", "A+", "A", "A", "A-", "B", "B", "C+", "C-", "D-", "F", "F",
    ]  # fmt: skip
    assert GRADES[-1] == (0, "F")
    assert len(POINTS) == 12
    assert POINTS.keys() == TESTS.keys()


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        (["default-src 'self' 'unsafe-inline'"], "csp-implemented-with-unsafe-inline"),
        (["script-src 'self'; object-src *"], "csp-implemented-with-unsafe-inline"),
        (["default-src 'self'; script-src"], "csp-implemented-with-no-unsafe"),
        (["default-src 'self'; img-src http:"], "csp-implemented-with-insecure-scheme-in-passive-content-only"),
        (["default-src 'self'; connect-src http://a.example"], "csp-implemented-with-insecure-scheme"),
        (["default-src 'self'; script-src 'self' 'unsafe-eval'"], "csp-implemented-with-unsafe-eval"),
        (["default-src 'self'; style-src 'unsafe-inline'"], "csp-implemented-with-unsafe-inline-in-style-src-only"),
        (
            ["default-src 'none'; script-src 'nonce-a' 'unsafe-inline'"],
            "csp-implemented-with-no-unsafe-default-src-none",
        ),
        (
            ["default-src 'none'; script-src 'nonce-a' 'strict-dynamic' https:"],
            "csp-implemented-with-no-unsafe-default-src-none",
        ),
        (["default-src 'none'; script-src 'strict-dynamic'"], "csp-header-invalid"),
        (["default-src 'self'; default-src 'none'"], "csp-header-invalid"),
        (["default-src 'self'; report-uri /a; report-uri /b"], "csp-implemented-but-duplicate-directives"),
        (["x"], "csp-header-invalid"),
        (["default-src 'self' https:", "default-src 'self'"], "csp-implemented-with-no-unsafe"),
        (["script-src 'self' *"], "csp-implemented-with-unsafe-inline"),
    ],
)
def test_a_policy_is_judged_by_the_worst_that_it_lets_through(policies: list[str], found: str) -> None:
    assert posture_csp.judge(policies, [], has_report_only=False, is_https=True) == found
    assert found in POINTS["content-security-policy"]


def test_a_policy_in_a_meta_element_counts_without_what_only_a_header_can_say() -> None:
    html = '<meta http-equiv=Content-Security-Policy content="{}">'
    assert outcome("content-security-policy", {}, html.format("default-src 'self'")) == "csp-implemented-with-no-unsafe"
    framing = html.format("frame-ancestors 'none'")
    assert outcome("content-security-policy", {}, framing) == "csp-not-implemented"
    assert outcome("x-frame-options", {}, framing) == "x-frame-options-not-implemented"
    only = {"content-security-policy-report-only": "default-src 'self'"}
    assert outcome("content-security-policy", only) == "csp-not-implemented-but-reporting-enabled"


@pytest.mark.parametrize(
    ("cookie", "found"),
    [
        ("a=1; Secure", "cookies-secure-with-httponly-sessions"),
        ("a=1; SameSite=None", "cookies-samesite-flag-invalid"),
        ("a=1; Secure; SameSite=whimsy", "cookies-samesite-flag-invalid"),
        ("login=1; Secure", "cookies-session-without-httponly-flag"),
        ("login=1; HttpOnly", "cookies-session-without-secure-flag"),
        ("csrf=1; Secure", "cookies-anticsrf-without-samesite-flag"),
        ("=1", "cookies-not-found"),
    ],
)
def test_cookies_are_judged_by_the_worst_of_them(cookie: str, found: str) -> None:
    assert (
        outcome(
            "cookies",
            {},
            cookies=("ok=1; Secure; HttpOnly; SameSite=Lax", cookie) if found != "cookies-not-found" else (cookie,),
        )
        == found
    )


def test_hsts_takes_the_edge_off_cookies_without_secure() -> None:
    kept = {"strict-transport-security": "max-age=15552000"}
    assert outcome("cookies", kept, cookies=("a=1",)) == "cookies-without-secure-flag-but-protected-by-hsts"
    assert (
        outcome("cookies", kept, cookies=("sess=1; HttpOnly",))
        == "cookies-session-without-secure-flag-but-protected-by-hsts"
    )


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("max-age=15552000", "hsts-implemented-max-age-at-least-six-months"),
        ("includeSubDomains; max-age=15551999", "hsts-implemented-max-age-less-than-six-months"),
        ("max-age=31536000, max-age=1", "hsts-header-invalid"),
        ("max-age=abc", "hsts-header-invalid"),
        ("preload", "hsts-header-invalid"),
    ],
)
def test_hsts_is_to_hold_for_half_a_year(value: str, found: str) -> None:
    assert outcome("strict-transport-security", {"strict-transport-security": value}) == found


def test_hsts_counts_over_a_certificate_that_is_accepted_only() -> None:
    value = {"strict-transport-security": "max-age=31536000"}
    assert outcome("strict-transport-security", value, is_certificate_refused=True) == "hsts-invalid-cert"
    assert outcome("strict-transport-security", value, https=None) == "hsts-not-implemented-no-https"
    assert outcome("strict-transport-security", value, https=None, is_https_known=False) == "not-known"


@pytest.mark.parametrize(
    ("route", "found"),
    [
        (("http://a.example/", "https://a.example/"), "redirection-to-https"),
        (("http://a.example/", "https://www.a.example/"), "redirection-off-host-from-http"),
        (("http://a.example/", "http://www.a.example/"), "redirection-not-to-https"),
        (("http://a.example/",), "redirection-missing"),
        ((), "redirection-not-needed-no-http"),
    ],
)
def test_http_is_to_lead_to_https_at_once(route: tuple[str, ...], found: str) -> None:
    assert outcome("redirection", {}, http_route=route) == found
    if route:
        assert (
            outcome("redirection", {}, http_route=route, is_redirect_certificate_refused=True)
            == "redirection-invalid-cert"
        )


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"access-control-allow-origin": "*"}, "implemented-with-public-access"),
        ({"access-control-allow-origin": "https://evil.example"}, "implemented-with-restricted-access"),
        ({"access-control-allow-origin": "https://evil.example", "access-control-allow-credentials": "true"}, "implemented-with-universal-access"),
        ({}, "not-implemented"),
    ],
)  # fmt: skip
def test_an_origin_that_is_echoed_with_credentials_is_the_worst(headers: dict[str, str], found: str) -> None:
    cors = Response(status=200, headers=tuple(headers.items()))
    said = outcome("cross-origin-resource-sharing", {}, cors=cors, cors_origin="https://evil.example")
    assert said == f"cross-origin-resource-sharing-{found}"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>", "not-implemented-but-no-scripts-loaded"),
        ("<script>1</script>", "not-implemented-but-all-scripts-loaded-from-secure-origin"),
        ("<script src=https://cdn.shop.example/a.js></script>", "not-implemented-but-all-scripts-loaded-from-secure-origin"),
        ("<script src=https://b.example/a.js integrity=sha384-x></script>", "implemented-and-external-scripts-loaded-securely"),
        ("<script src=http://b.example/a.js integrity=sha384-x></script>", "implemented-but-external-scripts-not-loaded-securely"),
        ("<script src=http://b.example/a.js></script>", "not-implemented-and-external-scripts-not-loaded-securely"),
        ("<!-- <script src=http://b.example/a.js></script> -->", "not-implemented-but-no-scripts-loaded"),
    ],
)  # fmt: skip
def test_scripts_of_others_are_to_be_pinned(html: str, found: str) -> None:
    assert outcome("subresource-integrity", {}, html) == f"sri-{found}"
    assert (
        outcome("subresource-integrity", {"content-type": "text/plain"}, html)
        == "sri-not-implemented-response-not-html"
    )


@pytest.mark.parametrize(
    ("test", "value", "found"),
    [
        ("referrer-policy", "unsafe-url, no-referrer, whimsy", "referrer-policy-private"),
        ("referrer-policy", "whimsy", "referrer-policy-header-invalid"),
        ("referrer-policy", "origin", "referrer-policy-unsafe"),
        ("x-frame-options", "ALLOW-FROM https://b.example", "x-frame-options-allow-from-origin"),
        ("x-frame-options", "whimsy", "x-frame-options-header-invalid"),
        ("x-content-type-options", "whimsy", "x-content-type-options-header-invalid"),
        ("cross-origin-resource-policy", "same-site", "corp-implemented-with-same-site"),
        ("cross-origin-resource-policy", "whimsy", "corp-header-invalid"),
        ("cross-origin-embedder-policy", "credentialless; report-to", "coep-implemented-with-credentialless"),
        ("cross-origin-embedder-policy", "Require-Corp", "coep-header-invalid"),
        ("cross-origin-embedder-policy", '"require-corp"', "coep-header-invalid"),
        ("cross-origin-opener-policy", "same-origin; report-to=coop endpoint", "coop-header-invalid"),
        ("cross-origin-opener-policy", "unsafe-none", "coop-implemented-with-unsafe-none"),
    ],
)
def test_each_header_is_read_as_browsers_read_it(test: str, value: str, found: str) -> None:
    assert outcome(test, {test: value}) == found


def test_hosts_of_one_registrable_domain_are_one_site() -> None:
    assert site_of("cdn.shop.co.uk") == site_of("shop.co.uk") != site_of("other.co.uk")
    assert site_of("127.0.0.1") == "127.0.0.1"


def test_tags_are_those_of_the_standard() -> None:
    html = "a < b<A HREF=/x title=it's>t</a ><!-- <b> --><img alt='' src=a.png/><script>'<p>'</SCRIPT><title>A &lt; B</title><input value = 'q&amp;r'><p class="
    found = [(tag.name, dict(tag.attributes)) for tag in tags(html) if not tag.is_end]
    assert found == [
        ("a", {"href": "/x", "title": "it's"}), ("img", {"alt": "", "src": "a.png/"}), ("script", {}), ("title", {}),
        ("input", {"value": "q&r"}),
    ]  # fmt: skip


def test_a_hostile_page_takes_time_that_grows_with_its_length_alone() -> None:
    pages = {
        "nested": "<div>" * 60_000, "attribute": f"<p title='{'x' * 1_000_000}'>", "attributes": f"<p {'a=b ' * 60_000}>",
        "open": "<a " * 60_000, "quotes": "<a b=\"'" * 30_000, "formats": "".join(f"<b a{n}><p>" for n in range(30_000)),
        "numbers": f"<a href='&#{'9' * 500_000};'>", "comments": "<!--" * 60_000, "raw": "<script></scrip" * 30_000,
        "many": "<a>" * (TAGS + 10),
    }  # fmt: skip
    start = time.process_time()
    counts = {name: sum(1 for _ in tags(html)) for name, html in pages.items()}
    assert time.process_time() - start < 30
    assert (counts["nested"], counts["attribute"], counts["many"], counts["open"]) == (60_000, 1, TAGS, 0)


def test_a_page_for_a_tree_is_cut_where_it_is_deeper_than_any_real_one() -> None:
    real = "<ul>" + "<li><p>text<br>" * 5 * OPEN + "</ul><div></div>" * OPEN
    assert shallow(real) == real
    assert shallow("<div>" * 10 * OPEN).count("<div>") == OPEN
    assert shallow("<div><p>x") == "<div><p>x"

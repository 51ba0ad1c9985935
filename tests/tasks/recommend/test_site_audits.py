"""Rules on posture and crawls speak of what is wrong, are silent of what is right, and know what nobody looked at."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import duckdb

from tasks.answers import Answers
from tasks.crawl_issues import key
from tasks.quarter_data import QuarterData
from tasks.quarters import parse_quarter
from tasks.recommendation import Recommendation, Silent, Unknown
from tasks.report_model import NoData
from tests.tasks.recommend.asking import ask, at, insert, measure, scope
from tests.tasks.recommend.test_performance import lab
from warehouse.records import AuditRun, CrawledPage, CrawlIssue, PageOpportunity, PostureFinding, PostureTest

PAGE = "https://one.example/"
RULES = (
    "security_headers_weak", "security_exposed_file", "security_spf_dmarc", "ux_broken_links", "ux_error_pages",
    "ux_forms_unlabelled", "ux_redirect_chains",
)  # fmt: skip


def judged(con: duckdb.DuckDBPyConnection, day: int, test: str, outcome: str, points: int, **more: Any) -> None:
    insert(
        con, PostureTest, **{
            "run_id": f"p{day}", "site_id": "one", "source_id": "s", "page_url": PAGE, "audited_at": at(day), "test": test,
            "outcome": outcome, "points": points, "is_passed": None if outcome == "not-known" else points >= 0,
            "detail": "", "score": 100 + points, "grade": "B", "known_count": 12, "algorithm": "x/6",
        } | more,
    )  # fmt: skip


def found(con: duckdb.DuckDBPyConnection, day: int, kind: str, target: str, outcome: str, detail: str = "d") -> None:
    insert(
        con, PostureFinding, run_id=f"p{day}", site_id="one", source_id="s", page_url=PAGE, audited_at=at(day), kind=kind,
        target=target, outcome=outcome, detail=detail,
    )  # fmt: skip


def crawled(
    con: duckdb.DuckDBPyConnection, day: int, *issues: tuple[str, str, str], doubt: tuple[str, ...] = (),
    outcome: str = "complete", page: str = PAGE,
) -> None:  # fmt: skip
    """Add a crawl that read one page and found issues of it; what is in doubt was asked without a clear answer."""
    run: dict[str, Any] = {"run_id": f"c{day}", "site_id": "one", "source_id": "crawl"}
    insert(con, AuditRun, **run, auditor="crawl", page_url=PAGE, started_at=at(day), outcome=outcome)
    asked = {"crawled_at": at(day), "redirect_count": 0, "third_party_hosts": [], **run}
    if outcome in ("complete", "incomplete"):
        insert(con, CrawledPage, **asked, url=page, kind="page", outcome="ok")
    for url in doubt:
        insert(con, CrawledPage, **asked, url=url, kind="link", outcome="not_known")
    for kind, url, target in issues:
        insert(
            con, CrawlIssue, **run, crawled_at=at(day), kind=kind, page_url=url, target=target, detail="it answers 404",
            issue_key=key(kind, url, target),
        )  # fmt: skip


def test_where_nobody_looked_every_rule_is_unknown(con) -> None:
    for rule in RULES:
        (answer,) = ask(con, rule)
        assert isinstance(answer, Unknown), rule
    crawled(con, 3, outcome="unknown")
    judged(con, 3, "content-security-policy", "not-known", 0)
    found(con, 3, "spf", "one.example", "not_known")
    for rule in RULES:
        assert isinstance(ask(con, rule)[0], Unknown), rule


def test_a_header_that_loses_many_points_is_advised_on_by_the_newest_audit(con) -> None:
    judged(con, 3, "content-security-policy", "csp-not-implemented", -25)
    judged(con, 3, "strict-transport-security", "hsts-implemented-max-age-less-than-six-months", -10)
    judged(con, 3, "x-frame-options", "x-frame-options-not-implemented", -20)
    judged(con, 80, "x-frame-options", "x-frame-options-sameorigin-or-deny", 0)
    (answer,) = ask(con, "security_headers_weak")
    assert isinstance(answer, Recommendation)
    assert (answer.subject, answer.rule.lane) == ("content-security-policy", "maintenance")
    assert answer.title == "Protect visitors: send a Content-Security-Policy that holds"
    assert answer.change.startswith("Content-Security-Policy: ")
    assert "csp not implemented on 1 page, 4 Jul; score 75, grade B" in answer.evidence.text
    assert measure(con, answer) == 25
    judged(con, 90, "content-security-policy", "csp-implemented-with-no-unsafe", 5)
    assert isinstance(ask(con, "security_headers_weak")[0], Silent)
    assert measure(con, answer) == -5


def test_a_week_after_an_audit_is_known_and_more_is_not(con) -> None:
    judged(con, 10, "content-security-policy", "csp-not-implemented", -25)
    (answer,) = ask(con, "security_headers_weak")
    (row,) = scope(con).query(
        answer.rule.measure_sql, scope(con).parameters_of(answer.rule) | {"subject": answer.subject}
    )
    assert row["known_days"] == 8


def test_files_that_can_be_fetched_are_urgent_but_for_those_that_only_tell_what_it_is(con) -> None:
    for path, outcome in (("/.env", "found"), ("/readme.html", "found"), ("/backup.zip", "not_found")):
        found(con, 5, "exposed_file", path, outcome, "settings with passwords can be read")
    env, readme = ask(con, "security_exposed_file")
    assert (env.title, env.band, readme.band) == ("Take /.env off the site", "act now", "low")
    assert measure(con, env) == 1
    found(con, 12, "exposed_file", "/.env", "not_known")
    assert isinstance(ask(con, "security_exposed_file")[0], Recommendation)  # of /readme.html
    found(con, 19, "exposed_file", "/.env", "not_found")
    found(con, 19, "exposed_file", "/readme.html", "not_found")
    (answer,) = ask(con, "security_exposed_file")
    assert isinstance(answer, Silent)


def test_mail_policies_are_named_with_their_domain(con) -> None:
    found(con, 5, "spf", "one.example", "ok")
    found(con, 5, "dmarc", "_dmarc.one.example", "weak", "v=DMARC1; p=none")
    (answer,) = ask(con, "security_spf_dmarc")
    assert answer.title == "Publish a DMARC that holds for one.example"
    assert "only watches" in answer.why
    assert measure(con, answer) == 1
    found(con, 12, "dmarc", "_dmarc.one.example", "ok")
    assert isinstance(ask(con, "security_spf_dmarc")[0], Silent)
    assert measure(con, answer) == 0


def test_issues_of_a_crawl_are_one_recommendation_with_places_and_dates(con) -> None:
    crawled(con, 3, ("broken_link", PAGE, f"{PAGE}gone"))
    crawled(con, 10, ("broken_link", PAGE, f"{PAGE}gone"), ("broken_image", PAGE, f"{PAGE}b.png"), doubt=(f"{PAGE}x",))
    (answer,) = ask(con, "ux_broken_links")
    assert isinstance(answer, Recommendation)
    assert answer.title == "Mend 2 broken addresses"
    assert answer.evidence.text == (
        "2 broken addresses on 1 page of 1 read on 11 Jul; 1 address is not known: /b.png on /, it answers 404, "
        "since 11 Jul; /gone on /, it answers 404, since 4 Jul"
    )
    assert measure(con, answer) == 2
    assert isinstance(ask(con, "ux_error_pages")[0], Silent)
    crawled(con, 17)
    assert isinstance(ask(con, "ux_broken_links")[0], Silent)
    assert measure(con, answer) == 0


def test_an_issue_is_fixed_only_where_a_crawl_could_have_seen_it(con) -> None:
    gone = ("broken_link", PAGE, "https://other.example/gone")
    field = ("unlabelled_field", f"{PAGE}contact/", "text q")
    crawled(con, 1, gone, field)
    crawled(con, 8, doubt=("https://other.example/gone",))
    crawled(con, 15, outcome="error")
    told = "SELECT kind, seen_date::VARCHAR, last_seen_date::VARCHAR, fixed_date::VARCHAR, is_back FROM marts.crawl_issue ORDER BY ALL"
    assert con.execute(told).fetchall() == [
        ("broken_link", "2026-07-02", "2026-07-02", None, False),
        ("unlabelled_field", "2026-07-02", "2026-07-02", None, False),  # its page was not read again
    ]
    crawled(con, 22, page=f"{PAGE}contact/")
    crawled(con, 29)
    crawled(con, 36, gone)
    assert con.execute(told).fetchall() == [
        ("broken_link", "2026-07-02", "2026-07-02", "2026-07-30", False),
        ("broken_link", "2026-08-06", "2026-08-06", None, True),
        ("unlabelled_field", "2026-07-02", "2026-07-02", "2026-07-23", False),
    ]


def test_a_few_redirects_are_no_advice_and_error_pages_and_fields_are(con) -> None:
    chains = [("redirect_chain", PAGE, f"{PAGE}{n}") for n in range(3)]
    crawled(con, 3, *chains[:2], ("soft_404", PAGE, ""), ("unlabelled_field", PAGE, "text q"))
    assert isinstance(ask(con, "ux_redirect_chains")[0], Silent)
    assert ask(con, "ux_error_pages")[0].title == "Let 1 page answer rightly"
    assert ask(con, "ux_forms_unlabelled")[0].rule.standard.startswith("WCAG 2.2: 1.3.1")
    crawled(con, 10, *chains, ("soft_404", PAGE, ""))
    assert ask(con, "ux_redirect_chains")[0].title == "Point 3 links at where they lead"
    assert isinstance(ask(con, "ux_forms_unlabelled")[0], Silent)


def test_posture_is_compared_with_the_audit_before_by_the_same_rules(con) -> None:
    judged(con, 1, "cookies", "cookies-not-found", 0, algorithm="x/5", run_id="old")
    judged(con, 3, "cookies", "cookies-not-found", 0)
    judged(con, 10, "cookies", "cookies-without-secure-flag", -20)
    rows = con.execute(
        "SELECT day_date::VARCHAR, previous_outcome, previous_score, is_newest FROM marts.posture_test ORDER BY ALL"
    ).fetchall()
    assert rows == [
        ("2026-07-02", None, None, True), ("2026-07-04", None, None, False),
        ("2026-07-11", "cookies-not-found", 100, True),
    ]  # fmt: skip


def view_of(con: duckdb.DuckDBPyConnection, section: str) -> Any:
    module = import_module(f"tasks.analyse.{section}")
    for number in range(9):  # of the view before: each answer is kept
        con.execute(f"DROP TABLE IF EXISTS temp.answer_{number}")
    return module.view(QuarterData(Answers(con, "x"), None, parse_quarter("2026Q3"), scope(con)))  # type: ignore[arg-type]


def test_the_section_on_headers_prints_all_tests_and_says_what_is_not_known(con) -> None:
    missing = view_of(con, "posture")
    assert isinstance(missing, NoData)
    assert missing.is_left_out
    judged(con, 3, "cookies", "not-known", 0)
    assert not view_of(con, "posture").is_left_out
    judged(con, 10, "cookies", "cookies-not-found", 0, score=75)
    judged(con, 10, "content-security-policy", "csp-not-implemented", -25, score=75, detail="<script>\x1b[31m")
    judged(con, 10, "redirection", "not-known", 0, score=75)
    found(con, 10, "exposed_file", "/.env", "found")
    seen = view_of(con, "posture")
    assert seen.lead == "What the pages send earns 75 points, grade B; they lose most by Content-Security-Policy."
    assert [fact.text for fact in seen.stats] == ["75, grade B", "1 of 2", "not known", "1"]
    assert [row[:3] for row in seen.tests] == [
        ("Content-Security-Policy", "not implemented", "−25"), ("Cookies", "not found", "0"),
        ("From http:// to https://", "not known", "not known"),
    ]  # fmt: skip
    assert "\x1b" not in seen.tests[0][3]


def test_the_section_on_content_counts_what_is_open_new_and_mended(con) -> None:
    assert view_of(con, "content").is_left_out
    crawled(con, 1, ("broken_link", PAGE, f"{PAGE}a"), ("missing_title", PAGE, ""))
    crawled(con, 8, ("broken_link", PAGE, f"{PAGE}b"), doubt=(f"{PAGE}x",))
    seen = view_of(con, "content")
    assert seen.lead == (
        "1 issue is open on 1 page read: a link or file that is not there. 2 were mended in the quarter."
    )
    assert [fact.text for fact in seen.stats] == ["1", "1", "2", "1"]
    assert seen.kinds == [("A link leads to what is not there", "1", "1", "1"), ("A page has no title", "0", "0", "1")]
    assert seen.issues == [("broken link", "/", "/b, it answers 404", "9 Jul")]
    crawled(con, 15)
    assert view_of(con, "content").lead == "The last crawl of 1 page found nothing wrong. 3 were mended in the quarter."


def test_the_section_on_content_says_what_the_browser_told_when_pages_were_last_measured(con) -> None:
    crawled(con, 1)
    assert (view_of(con, "content").errors, view_of(con, "content").errors_note) == ([], "")
    failed = "Failed to load resource: the server responded with a status of 503 ()"
    lost = {"url": "https://cdn.example/badge.js", "text": failed}
    measured(con, 2, PAGE, {"url": f"{PAGE}old.js", "text": "Uncaught Error: of an earlier measurement"})
    measured(con, 9, PAGE, lost, {"url": f"{PAGE}shop.js", "text": "<script>Uncaught"}, {"text": "no address"})
    measured(con, 9, f"{PAGE}cart", lost)
    measured(con, 9, f"{PAGE}fine")
    seen = view_of(con, "content")
    assert seen.errors == [
        ("/ and 1 more", failed, "cdn.example/badge.js"), ("/", "<script>Uncaught", "/shop.js"), ("/", "no address", ""),
    ]  # fmt: skip
    assert seen.errors_note == "Told by the browser when 3 pages were last measured, five of each page at most."


def measured(con: duckdb.DuckDBPyConnection, day: int, page: str, *told: dict[str, str]) -> None:
    """Add a measurement by Lighthouse, and what the console of the browser told."""
    lab(con, day, 90.0, page)
    common = {
        "run_id": f"{page}{day}mobile",
        "site_id": "one",
        "source_id": "s",
        "page_url": page,
        "measured_at": at(day),
    }
    if told:
        insert(
            con, PageOpportunity, **common, audit_id="errors-in-console", title="t", categories=["best-practices"], score=0.0,
            item_count=len(told), items=json.dumps(told),
        )  # fmt: skip

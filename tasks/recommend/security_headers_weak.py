"""Security headers of the site are missing or too weak: CSP, HSTS, frames, cookies, redirects, scripts of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks import wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.site_audit_rules import tested_days
from tasks.words import mark, say, say_many

RULE = Rule(
    id="security.headers_weak",
    area="security",
    lane="maintenance",
    title=mark("Protect visitors: {what}"),
    why="{why}",
    standard="OWASP Secure Headers Project; tests after Mozilla's HTTP Observatory, version 6",
    threshold=20.0,
    threshold_unit="points that one test loses",
    effort_hours=(1, 6),
    evidence_sql="""
SELECT page_url, test, outcome, points, is_passed, detail, score, grade, known_count, day_date
FROM marts.posture_test
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
QUALIFY row_number() OVER (PARTITION BY source_id, page_url, test ORDER BY audited_at DESC) = 1
ORDER BY points, page_url, test""",
    measure_sql=f"""
SELECT
  -min(points) AS value,
  {tested_days("$subject")} AS known_days
FROM (
  FROM marts.posture_test
  WHERE site_id = $site_id AND test = $subject AND is_passed IS NOT NULL
    AND day_date >= $start_date AND day_date < $end_date
  QUALIFY row_number() OVER (PARTITION BY source_id, page_url ORDER BY audited_at DESC) = 1
)""",  # noqa: S608 - every part is the house's own text
)

_WORDS: dict[str, tuple[str, str, str]] = {
    "content-security-policy": (
        mark("send a Content-Security-Policy that holds"),
        mark(
            "Without one, a script that gets into a page can do all that the visitor can: it is the last line of "
            "defence."
        ),
        "Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'",
    ),
    "strict-transport-security": (
        mark("keep browsers on HTTPS (HSTS)"),
        mark(
            "Browsers that are not told so can be led to a plain connection, on which anybody reads and changes pages."
        ),
        "Strict-Transport-Security: max-age=31536000",
    ),
    "x-frame-options": (
        mark("keep other sites from framing the pages"),
        mark("Another site can show a page inside its own and let visitors click what they do not see."),
        "Content-Security-Policy: frame-ancestors 'self'",
    ),
    "cookies": (
        mark("shield the cookies of visitors who log in"),
        mark("A cookie without its flags can be read on the way or by a script, and with it somebody is logged in."),
        "Set-Cookie: ...; Secure; HttpOnly; SameSite=Lax",
    ),
    "redirection": (
        mark("lead http:// to https:// at once"),
        mark("Who types the address without https stays on a connection that anybody can read and change."),
        "",
    ),
    "subresource-integrity": (
        mark("load the scripts of others securely"),
        mark("Whoever can change such a script on the way or at its host runs it on every page that loads it."),
        '<script src="https://..." integrity="sha384-..." crossorigin="anonymous">',
    ),
    "cross-origin-resource-sharing": (
        mark("answer other origins only where that is meant"),
        mark("Any site can read pages in the name of a visitor who is logged in."),
        "",
    ),
}


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge the newest audit of each page: one recommendation for each test that loses too much."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not any(row["is_passed"] is not None for row in rows):
        return [Unknown(rule=RULE, missing=say("no audit of the security headers could see a page in the quarter"))]
    weak: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if -row["points"] >= scope.threshold(RULE):
            weak.setdefault(str(row["test"]), []).append(row)
    if not weak:
        worst = min(row["score"] for row in rows)
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "no test loses {limit} points; score {worst}",
                    limit=written.plain(scope.threshold(RULE)),
                    worst=worst,
                ),
            )
        ]
    return [_answer(test, found, scope) for test, found in weak.items()]


def _answer(test: str, rows: list[dict[str, Any]], scope: Scope) -> Answer:
    row, pages = rows[0], len({one["page_url"] for one in rows})
    what, why, change = _WORDS.get(test, (mark("set {header}"), mark("It protects visitors."), ""))
    return recommend(
        RULE,
        scope,
        subject=test,
        rows=rows,
        value=-row["points"],
        evidence=say(
            "{outcome} on {pages}, {day}; score {score}, grade {grade}",
            outcome=row["outcome"].replace("-", " "),
            pages=wording.pages(pages),
            day=written.day(row["day_date"]),
            score=row["score"],
            grade=row["grade"],
        ),
        words={"what": say(what, header=test), "why": say(why)},
        severity=4 if row["points"] <= -40 else 3,
        likelihood=0.7,
        change=change,
        closing_test=ClosingTest(
            operator="<",
            value=scope.threshold(RULE),
            sustained_days=14,
            text=say(
                "audits of two weeks take fewer than {limit} points for it", limit=written.plain(scope.threshold(RULE))
            ),
        ),
        prediction=Prediction(
            metric="points_lost",
            direction="down",
            size=-row["points"],
            text=say_many("{n} point more", "{n} points more", -row["points"]),
        ),
    )

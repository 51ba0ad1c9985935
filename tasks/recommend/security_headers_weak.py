"""Security headers of the site are missing or too weak: CSP, HSTS, frames, cookies, redirects, scripts of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.site_audit_rules import tested_days

RULE = Rule(
    id="security.headers_weak",
    area="security",
    lane="maintenance",
    title="Protect visitors: {what}",
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
        "send a Content-Security-Policy that holds",
        "Without one, a script that gets into a page can do all that the visitor can: it is the last line of defence.",
        "Content-Security-Policy: default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'",
    ),
    "strict-transport-security": (
        "keep browsers on HTTPS (HSTS)",
        "Browsers that are not told so can be led to a plain connection, on which anybody reads and changes pages.",
        "Strict-Transport-Security: max-age=31536000",
    ),
    "x-frame-options": (
        "keep other sites from framing the pages",
        "Another site can show a page inside its own and let visitors click what they do not see.",
        "Content-Security-Policy: frame-ancestors 'self'",
    ),
    "cookies": (
        "shield the cookies of visitors who log in",
        "A cookie without its flags can be read on the way or by a script, and with it somebody is logged in.",
        "Set-Cookie: ...; Secure; HttpOnly; SameSite=Lax",
    ),
    "redirection": (
        "lead http:// to https:// at once",
        "Who types the address without https stays on a connection that anybody can read and change.",
        "",
    ),
    "subresource-integrity": (
        "load the scripts of others securely",
        "Whoever can change such a script on the way or at its host runs it on every page that loads it.",
        '<script src="https://..." integrity="sha384-..." crossorigin="anonymous">',
    ),
    "cross-origin-resource-sharing": (
        "answer other origins only where that is meant",
        "Any site can read pages in the name of a visitor who is logged in.",
        "",
    ),
}


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge the newest audit of each page: one recommendation for each test that loses too much."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not any(row["is_passed"] is not None for row in rows):
        return [Unknown(rule=RULE, missing="no audit of the security headers could see a page in the quarter")]
    weak: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if -row["points"] >= scope.threshold(RULE):
            weak.setdefault(str(row["test"]), []).append(row)
    if not weak:
        worst = min(row["score"] for row in rows)
        return [Silent(rule=RULE, reason=f"no test loses {scope.threshold(RULE):g} points; score {worst}")]
    return [_answer(test, found, scope) for test, found in weak.items()]


def _answer(test: str, rows: list[dict[str, Any]], scope: Scope) -> Answer:
    row, pages = rows[0], len({one["page_url"] for one in rows})
    what, why, change = _WORDS.get(test, (f"set {test}", "It protects visitors.", ""))
    on = f"{pages} pages" if pages > 1 else "the page audited"
    return recommend(
        RULE,
        scope,
        subject=test,
        rows=rows,
        value=-row["points"],
        evidence=f"{row['outcome'].replace('-', ' ')} on {on}, {row['day_date']:%-d %b}; "
        f"score {row['score']}, grade {row['grade']}",
        words={"what": what, "why": why},
        severity=4 if row["points"] <= -40 else 3,
        likelihood=0.7,
        change=change,
        closing_test=ClosingTest(
            operator="<",
            value=scope.threshold(RULE),
            sustained_days=14,
            text=f"audits of two weeks take fewer than {scope.threshold(RULE):g} points for it",
        ),
        prediction=Prediction(
            metric="points_lost", direction="down", size=-row["points"], text=f"{-row['points']} points more"
        ),
    )

"""Hostile requests were answered: the file was there, or the firewall did not see it."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="security.waf_missed",
    area="security",
    lane="maintenance",
    title=mark("Check what {path} gives away"),
    why=mark("{requests} requests for files that nobody links to were answered with 200, most for this one."),
    standard="OWASP ASVS 4.0, 14.3.2; OWASP Top Ten A05",
    threshold=1.0,
    threshold_unit="requests for a sensitive file answered 2xx",
    effort_hours=(0.5, 2),
    evidence_sql="""
SELECT
  path, kind, sum(request_count)::BIGINT AS request_count, sum(answered_bytes)::BIGINT AS answered_bytes,
  count(*) AS day_count
FROM marts.waf_missed_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  AND seen_in = 'access_log' AND kind = 'sensitive_file'
GROUP BY path, kind
ORDER BY request_count DESC, path""",
    measure_sql=f"""
SELECT coalesce(sum(request_count), 0) AS value, {measures.logged_days("marts.request_day")} AS known_days
FROM marts.waf_missed_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  AND seen_in = 'access_log' AND kind = 'sensitive_file'""",  # noqa: S608 - every part is the house's own text
)
_DAYS = """
SELECT count(*) AS row_count FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look for sensitive files that were answered."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_DAYS, scope.parameters)
        if not seen["row_count"]:
            return [Unknown(rule=RULE, missing=say("no access log in the quarter"))]
        return [Silent(rule=RULE, reason=say("no request for a sensitive file was answered 2xx"))]
    total, first = sum(row["request_count"] for row in rows), rows[0]
    return [
        recommend(
            RULE,
            scope,
            subject="sensitive-files",
            rows=rows,
            value=total,
            evidence=say_many(
                "{count} answers of 2xx for {n} path; a page that says 'not found' with 200 looks the same",
                "{count} answers of 2xx for {n} paths; a page that says 'not found' with 200 looks the same",
                len(rows),
                count=total,
            ),
            words={"path": first["path"][:60], "requests": written.number(total)},
            severity=4,
            reach=0.7,
            confidence=0.6,
            floor="medium",
            change=waf_syntax.close_path(waf_syntax.dialect_of(scope), first["path"]),
            closing_test=ClosingTest(operator="=", value=0, sustained_days=30, text=say("no such answer for 30 days")),
            prediction=Prediction(
                metric="request_count", direction="down", size=total, text=say("none of these files is served")
            ),
        )
    ]

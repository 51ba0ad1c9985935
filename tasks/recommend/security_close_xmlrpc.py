"""WordPress's XML-RPC is asked for by attackers and by nobody else."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="security.close_xmlrpc",
    area="security",
    lane="maintenance",
    title=mark("Close xmlrpc.php"),
    why=mark("{requests} requests asked for it, {posts} of them trying it out, from {clients} addresses."),
    standard="WordPress hardening guide; OWASP ASVS 4.0, 14.1.3",
    threshold=100.0,
    threshold_unit="requests for xmlrpc.php in the quarter",
    effort_hours=(0.25, 1),
    evidence_sql="""
SELECT
  count(*) AS request_count,
  count(*) FILTER (method = 'POST') AS post_count,
  count(*) FILTER (status IN (401, 403, 404, 405, 429)) AS stopped_count,
  count(*) FILTER (
    user_agent ILIKE '%jetpack%' OR user_agent ILIKE '%wp-android%' OR user_agent ILIKE '%wp-iphone%'
  ) AS app_count,
  count(DISTINCT client_ip) AS client_count,
  any_value(path) AS path
FROM staging.http_request
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date AND path_class = 'xmlrpc'
HAVING count(*) > 0""",
    measure_sql=f"""
SELECT
  count(*) FILTER (status NOT IN (401, 403, 404, 405, 429)) AS value,
  {measures.logged_days("marts.request_day")} AS known_days
FROM staging.http_request
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date AND path_class = 'xmlrpc'""",  # noqa: S608 - every part is the house's own text
)
_DAYS = """
SELECT count(*) AS row_count FROM marts.request_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at who asks for it; Jetpack and WordPress's own apps need it."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_DAYS, scope.parameters)
        if not seen["row_count"]:
            return [Unknown(rule=RULE, missing=say("no access log in the quarter"))]
        return [Silent(rule=RULE, reason=say("nobody asked for xmlrpc.php"))]
    (row,) = rows
    if row["request_count"] < scope.threshold(RULE):
        return [
            Silent(
                rule=RULE,
                reason=say_many(
                    "{n} request for xmlrpc.php in the quarter",
                    "{n} requests for xmlrpc.php in the quarter",
                    row["request_count"],
                ),
            )
        ]
    if row["app_count"]:
        return [Silent(rule=RULE, reason=say("Jetpack or an app of WordPress uses xmlrpc.php"))]
    if row["stopped_count"] >= 0.95 * row["request_count"]:
        return [Silent(rule=RULE, reason=say("xmlrpc.php is closed already"))]
    return [
        recommend(
            RULE,
            scope,
            subject="xmlrpc.php",
            rows=rows,
            value=row["request_count"],
            evidence=say(
                "{count} requests, {refused} refused; none of Jetpack or an app",
                count=row["request_count"],
                refused=row["stopped_count"],
            ),
            words={
                "requests": written.number(row["request_count"]),
                "posts": written.number(row["post_count"]),
                "clients": written.number(row["client_count"]),
            },
            severity=3,
            reach=0.6,
            floor="medium",
            change=waf_syntax.close_path(waf_syntax.dialect_of(scope), row["path"]),
            closing_test=ClosingTest(
                operator="=",
                value=0,
                sustained_days=30,
                text=say("every request for it is refused for 30 days"),
            ),
            prediction=Prediction(
                metric="answered_count",
                direction="down",
                size=row["request_count"] - row["stopped_count"],
                text=say("no password is tried there"),
            ),
        )
    ]

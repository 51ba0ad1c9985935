"""One path draws most of what the WAF blocks: closing it removes the traffic."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, waf_syntax, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say

RULE = Rule(
    id="security.single_path",
    area="security",
    lane="maintenance",
    title=mark("Close {path} to the public"),
    why=mark("{blocks} of the {total} blocked requests aimed at this one path, {share} of all."),
    standard="WordPress hardening guide; CIS Controls v8, 4.8",
    threshold=40.0,
    threshold_unit="% of all blocks on one path",
    effort_hours=(0.5, 2),
    evidence_sql="""
SELECT
  path, block_count, 100 * block_count / total_count AS share_pct, total_count,
  coalesce(answered_count, 0) AS answered_count
FROM (
  SELECT
    path,
    sum(block_count + would_block_count) AS block_count,
    sum(sum(block_count + would_block_count)) OVER () AS total_count
  FROM marts.waf_path_day
  WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
  GROUP BY path
) LEFT JOIN (
  SELECT path, count(*) AS answered_count FROM staging.http_request
  WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date
    AND status BETWEEN 200 AND 399 AND method = 'GET'
  GROUP BY path
) USING (path)
WHERE total_count >= 100
ORDER BY block_count DESC, path LIMIT 5""",
    measure_sql=f"""
SELECT
  CASE WHEN sum(block_count + would_block_count) >= 100
    THEN 100 * coalesce(sum(block_count + would_block_count) FILTER (path = $subject), 0)
      / sum(block_count + would_block_count)
    ELSE 0 END AS value,
  {measures.logged_days("marts.waf_day")} AS known_days
FROM marts.waf_path_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - every part is the house's own text
)
_DAYS = """
SELECT count(*) AS row_count FROM marts.waf_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the path with the most blocks; a path that visitors use is not to be closed."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_DAYS, scope.parameters)
        if not seen["row_count"]:
            return [Unknown(rule=RULE, missing=say("no WAF log in the quarter"))]
        return [Silent(rule=RULE, reason=say("fewer than 100 requests were blocked"))]
    first = rows[0]
    if first["share_pct"] < scope.threshold(RULE):
        return [
            Silent(
                rule=RULE,
                reason=say("no path draws more than {share} of the blocks", share=written.percent(first["share_pct"])),
            )
        ]
    if first["answered_count"] > first["block_count"] / 10 or first["path"] == "/":
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "{path} draws {share} of the blocks, but visitors use it",
                    path=first["path"][:60],
                    share=written.percent(first["share_pct"]),
                ),
            )
        ]
    return [
        recommend(
            RULE,
            scope,
            subject=first["path"],
            rows=rows,
            value=first["share_pct"],
            evidence=say(
                "{share} of all blocks; {answered} views were answered there",
                share=written.percent(first["share_pct"]),
                answered=written.number(first["answered_count"]),
            ),
            words={
                "path": first["path"],
                "blocks": written.number(first["block_count"]),
                "total": written.number(first["total_count"]),
                "share": written.percent(first["share_pct"]),
            },
            change=waf_syntax.close_path(waf_syntax.dialect_of(scope), first["path"]),
            severity=3,
            reach=first["share_pct"] / 100,
            floor="medium",
            closing_test=ClosingTest(
                operator="<",
                value=scope.threshold(RULE),
                sustained_days=30,
                text=say("below {limit} of the blocks for 30 days", limit=written.plain_percent(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="share_pct",
                direction="down",
                size=first["share_pct"],
                text=say("{share} fewer blocked requests", share=written.percent(first["share_pct"])),
            ),
        )
    ]

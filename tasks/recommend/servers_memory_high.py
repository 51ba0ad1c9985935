"""A server is nearly out of memory for a part of the time that matters."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

LEAST_DAYS = 30
"""Days of the quarter on which a server must be measured to be judged."""
RULE = Rule(
    id="servers.memory_high",
    area="servers",
    lane="maintenance",
    title="Give {server} more memory, or find what takes it",
    why="Memory was {p95}% used or more for a twentieth of the quarter; at the limit programs are ended.",
    standard="Google SRE, monitoring saturation",
    threshold=90.0,
    threshold_unit="% of memory used, 95th percentile of the five-minute figures",
    effort_hours=(1, 6),
    evidence_sql="""
SELECT
  server,
  100 * quantile_cont(value, 0.95) AS p95_pct,
  100 * quantile_cont(value, 0.5) AS median_pct,
  count(DISTINCT event_date) AS day_count
FROM staging.server_metric
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date AND metric = 'memory_used_ratio'
GROUP BY server
ORDER BY p95_pct DESC, server""",
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the whole quarter of each server."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    known = [row for row in rows if row["day_count"] >= LEAST_DAYS]
    high = [row for row in known if row["p95_pct"] > RULE.threshold]
    if high:
        return [_recommendation(scope, row) for row in high]
    if len(known) < len(rows) or not rows:
        missing = f"{len(rows) - len(known)} of {len(rows)} servers were" if rows else "no server was"
        return [Unknown(rule=RULE, missing=f"{missing} measured on {'fewer than ' if rows else ''}{LEAST_DAYS} days")]
    return [Silent(rule=RULE, reason=f"at most {rows[0]['p95_pct']:.0f}% on {len(rows)} servers")]


def _recommendation(scope: Scope, row: dict[str, object]) -> Answer:
    p95, median = float(str(row["p95_pct"])), float(str(row["median_pct"]))
    return recommend(
        RULE,
        scope,
        subject=str(row["server"]),
        rows=[row],
        value=p95,
        evidence=f"95th percentile {p95:.0f}%, median {median:.0f}%, measured on {row['day_count']} days",
        words={"server": row["server"], "p95": f"{p95:.0f}"},
        severity=3,
        likelihood=0.7,
        closing_test=ClosingTest(
            query=RULE.evidence_sql,
            operator="<=",
            value=RULE.threshold,
            sustained_days=30,
            text="95th percentile of memory at 90% or less for 30 days",
        ),
        prediction=Prediction(metric="p95_pct", direction="down", size=15, text="room for peaks again"),
    )

"""A disk is full soon if it goes on filling as it does."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

RULE = Rule(
    id="servers.disk_filling",
    area="servers",
    lane="maintenance",
    title="Make room on {device} of {server}",
    why="At the rate of the last month the disk is full in {days} days; that stops uploads, orders and backups.",
    standard="Google SRE, capacity planning",
    threshold=60.0,
    threshold_unit="days until a disk is full",
    effort_hours=(1, 4),
    evidence_sql="""
SELECT server, device, day_date, available_bytes, size_bytes, bytes_per_day, trend_day_count, days_to_full
FROM marts.disk_day
WHERE site_id = $site_id AND day_date >= $end_date::DATE - 7 AND day_date < $end_date
QUALIFY row_number() OVER (PARTITION BY server, device ORDER BY day_date DESC, source_id) = 1
ORDER BY days_to_full NULLS LAST, server, device""",
    measure_sql=f"""
SELECT
  -- A disk that does not fill has room for as long as anybody plans.
  min(coalesce(days_to_full, 3650)) FILTER (day_date >= $end_date::DATE - 7 AND trend_day_count >= 14) AS value,
  count(DISTINCT day_date) AS known_days,
  {measures.others_measured("marts.disk_day", "server || ':' || device = $subject")} AS is_gone
FROM marts.disk_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND server || ':' || device = $subject""",  # noqa: S608 - every part is the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the last week's latest figure of each disk."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    filling = [row for row in rows if row["days_to_full"] is not None and row["days_to_full"] < scope.threshold(RULE)]
    if filling:
        return [_recommendation(scope, row) for row in filling]
    known = [row for row in rows if row["trend_day_count"] >= 14]
    if len(known) < len(rows) or not rows:
        missing = f"{len(rows) - len(known)} of {len(rows)} disks were" if rows else "no disk was"
        return [
            Unknown(rule=RULE, missing=f"{missing} measured on {'fewer than ' if rows else ''}14 of the last 30 days")
        ]
    return [Silent(rule=RULE, reason=f"{len(rows)} disks have room for {scope.threshold(RULE):g} days or more")]


def _recommendation(scope: Scope, row: dict[str, object]) -> Answer:
    days, free, daily = (float(str(row[name])) for name in ("days_to_full", "available_bytes", "bytes_per_day"))
    return recommend(
        RULE,
        scope,
        subject=f"{row['server']}:{row['device']}",
        rows=[row],
        value=days,
        evidence=f"{free / 1e9:,.1f} GB left, {-daily / 1e9:,.2f} GB less each day over {row['trend_day_count']} days",
        words={"device": row["device"], "server": row["server"], "days": f"{days:.0f}"},
        severity=4,
        likelihood=0.9 if days < 30 else 0.7,
        floor="high" if days < 14 else "none",
        closing_test=ClosingTest(
            operator=">=",
            value=scope.threshold(RULE),
            sustained_days=7,
            text=f"{scope.threshold(RULE):g} days or more of room, or a disk that no longer fills, for 7 days",
        ),
        prediction=Prediction(metric="days_to_full", direction="up", size=60, text="room for two months and more"),
    )

"""A disk is full soon if it goes on filling as it does."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, wording, written
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import Plural, mark, say, say_many

RULE = Rule(
    id="servers.disk_filling",
    area="servers",
    lane="maintenance",
    title=mark("Make room on {device} of {server}"),
    why=Plural(
        "At the rate of the last month the disk is full in {days} day; that stops uploads, orders and backups.",
        "At the rate of the last month the disk is full in {days} days; that stops uploads, orders and backups.",
        by="days",
    ),
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
        missing = (
            say_many(
                "{n} of {all} disks was measured on fewer than 14 of the last 30 days",
                "{n} of {all} disks were measured on fewer than 14 of the last 30 days",
                len(rows) - len(known),
                all=len(rows),
            )
            if rows
            else say("no disk was measured on 14 of the last 30 days")
        )
        return [Unknown(rule=RULE, missing=missing)]
    return [
        Silent(
            rule=RULE,
            reason=say_many(
                "{n} disk has room for {limit} days or more",
                "{n} disks have room for {limit} days or more",
                len(rows),
                limit=written.plain(scope.threshold(RULE)),
            ),
        )
    ]


def _recommendation(scope: Scope, row: dict[str, object]) -> Answer:
    days, free, daily = (float(str(row[name])) for name in ("days_to_full", "available_bytes", "bytes_per_day"))
    return recommend(
        RULE,
        scope,
        subject=f"{row['server']}:{row['device']}",
        rows=[row],
        value=days,
        evidence=say(
            "{free} GB left, {less} GB less each day over {days}",
            free=written.number(free / 1e9, 1),
            less=written.number(-daily / 1e9, 2),
            days=wording.days(row["trend_day_count"]),
        ),
        words={"device": row["device"], "server": row["server"], "days": round(days)},
        severity=4,
        likelihood=0.9 if days < 30 else 0.7,
        floor="high" if days < 14 else "none",
        closing_test=ClosingTest(
            operator=">=",
            value=scope.threshold(RULE),
            sustained_days=7,
            text=say(
                "{limit} days or more of room, or a disk that no longer fills, for 7 days",
                limit=written.plain(scope.threshold(RULE)),
            ),
        ),
        prediction=Prediction(metric="days_to_full", direction="up", size=60, text=say("room for two months and more")),
    )

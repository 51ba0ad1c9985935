"""Updates not announced as security updates are outstanding for longer than agreed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend

RULE = Rule(
    id="updates.routine_overdue",
    area="updates",
    lane="maintenance",
    title="Apply the outstanding updates",
    why="{count} {updates} {are} past the agreed {sla} days, the oldest by {late} days: {names}. An old version is where the next flaw stays open.",
    standard="NIST SP 800-40r4, patch management",
    threshold=0.0,
    threshold_unit="days past the agreed date",
    effort_hours=(1, 4),
    evidence_sql="""
SELECT name, ecosystem, version, latest_version, seen_date, due_date, sla_days, date_diff('day', due_date, $end_date::DATE) AS late_days
FROM marts.update_outstanding
WHERE site_id = $site_id AND NOT coalesce(is_security_update, false)
  AND seen_date < $end_date AND due_date < $end_date AND (closed_date IS NULL OR closed_date >= $end_date)
ORDER BY late_days DESC, ecosystem, name""",
)
_INVENTORIES = """
SELECT count(*) AS bundle_count FROM marts.bundle
WHERE site_id = $site_id AND collected_date >= $start_date AND collected_date < $end_date AND fresh_count > 0"""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List the updates that were still outstanding when the quarter ended, past their agreed date."""
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    if not rows:
        (seen,) = scope.query(_INVENTORIES, scope.parameters)
        if not seen["bundle_count"]:
            return [Unknown(rule=RULE, missing="no inventory with a current update list in the quarter")]
        return [Silent(rule=RULE, reason="none was outstanding past its date")]
    count, names = len(rows), ", ".join(row["name"] for row in rows[:3])
    words = {
        "count": count,
        "updates": "update" if count == 1 else "updates",
        "are": "is" if count == 1 else "are",
        "sla": rows[0]["sla_days"],
        "late": rows[0]["late_days"],
        "names": names + (f" and {count - 3} more" if count > 3 else ""),
    }
    first = rows[0]
    return [
        recommend(
            RULE,
            scope,
            subject="routine",
            rows=rows,
            value=first["late_days"],
            evidence=f"{first['name']} {first['version']}, {first['latest_version']} seen since {first['seen_date']:%-d %B}, due {first['due_date']:%-d %B}",
            words=words,
            severity=3,
            floor="none",
            closing_test=ClosingTest(
                query=RULE.evidence_sql,
                operator="=",
                value=0,
                sustained_days=14,
                text="no such update past its date for 14 days",
            ),
            prediction=Prediction(
                metric="overdue_count", direction="down", size=count, text="none overdue next quarter"
            ),
        )
    ]

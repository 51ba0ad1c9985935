"""Security updates are outstanding for longer than agreed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import overdue
from tasks.recommendation import Answer, Rule, Scope

RULE = Rule(
    id="updates.security_overdue",
    area="updates",
    lane="maintenance",
    title="Apply the outstanding security updates",
    why="{count} security {updates} {are} past the agreed {sla} days, the oldest by {late} days: {names}.",
    standard="NIST SP 800-40r4, patch management",
    threshold=0.0,
    threshold_unit="days past the agreed date",
    effort_hours=(1, 3),
    evidence_sql=overdue.evidence_sql("coalesce(is_security_update, false)"),
    measure_sql=overdue.measure_sql("coalesce(is_security_update, false)"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List the updates that were still outstanding when the quarter ended, past their agreed date."""
    return overdue.evaluate(RULE, scope, subject="security", severity=5, floor="high")

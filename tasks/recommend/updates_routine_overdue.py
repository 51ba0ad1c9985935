"""Updates not announced as security updates are outstanding for longer than agreed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import overdue
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

RULE = Rule(
    id="updates.routine_overdue",
    area="updates",
    lane="maintenance",
    title=mark("Apply the outstanding updates"),
    why=Plural(
        "{count} update is past the agreed {agreed}, by {late}: {names}. "
        "An old version is where the next flaw stays open.",
        "{count} updates are past the agreed {agreed}, the oldest by {late}: {names}. "
        "An old version is where the next flaw stays open.",
        by="count",
    ),
    standard="NIST SP 800-40r4, patch management",
    threshold=0.0,
    threshold_unit="days past the agreed date",
    effort_hours=(1, 4),
    evidence_sql=overdue.evidence_sql("NOT coalesce(is_security_update, false)"),
    measure_sql=overdue.measure_sql("NOT coalesce(is_security_update, false)"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List the updates that were still outstanding when the quarter ended, past their agreed date."""
    return overdue.evaluate(RULE, scope, subject="routine", weigh=lambda _: overdue.Weight(severity=3, floor="none"))

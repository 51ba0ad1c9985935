"""Components that nobody looks after any more are installed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import components, written
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark, say

_CONDITION = """(
  is_abandoned OR (
    directory_state = 'listed' AND directory_updated_date < $end_date::DATE - INTERVAL 24 MONTH))"""

RULE = Rule(
    id="updates.abandoned",
    area="updates",
    lane="development",
    title=mark("Replace what is abandoned: {names}"),
    why=Plural(
        "{components} has had no release for two years, or is given up by the publisher: the next flaw in it will not "
        "be mended.",
        "{components} have had no release for two years, or are given up by the publisher: the next flaw in them will "
        "not be mended.",
        by="count",
    ),
    standard="OWASP Top 10, A06 vulnerable and outdated components",
    threshold=0.0,
    threshold_unit="abandoned components",
    effort_hours=(4, 16),
    evidence_sql=components.evidence_sql(_CONDITION),
    measure_sql=components.measure_sql(_CONDITION),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List what its publisher gave up, or has not changed in the public directory for 24 months."""
    missing = components.missing_of(
        scope,
        "is_abandoned IS NOT NULL OR directory_updated_date IS NOT NULL",
        among="ecosystem NOT IN ('deb', 'rpm', 'apk', 'wordpress-core')",
    )
    return components.evaluate(RULE, scope, missing=missing, severity=3, tell=_since, likelihood=0.5)


def _since(row: components.Row) -> str:
    if row["replacement"]:
        return " " + say("(replaced by {replacement})", replacement=row["replacement"][:60])
    if not row["directory_updated_date"]:
        return ""
    return " " + say("(last changed {month})", month=written.month_long(row["directory_updated_date"]))

"""Plugins are installed that the public directory has closed."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import components
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

_CONDITION = "directory_state = 'closed'"

RULE = Rule(
    id="updates.closed",
    area="updates",
    lane="maintenance",
    title=mark("Replace or remove what the directory has closed: {names}"),
    why=Plural(
        "{components} is closed in the public directory, often for a flaw that nobody mended; no update will come.",
        "{components} are closed in the public directory, often for a flaw that nobody mended; no update will come.",
        by="count",
    ),
    standard="WordPress plugin handbook, closed plugins; OWASP Top 10, A06",
    threshold=0.0,
    threshold_unit="closed components",
    effort_hours=(2, 8),
    evidence_sql=components.evidence_sql(_CONDITION),
    measure_sql=components.measure_sql(_CONDITION),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List what the directory closed; a directory that was not reached closed nothing."""
    missing = components.missing_of(scope, "directory_state IS NOT NULL", among="ecosystem = 'wordpress-plugin'")
    return components.evaluate(RULE, scope, missing=missing, severity=4, floor="medium")

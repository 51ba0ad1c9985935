"""Components are held at their version, and nobody says why."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import components
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

_CONDITION = "is_held AND hold_reason IS NULL"

RULE = Rule(
    id="updates.held",
    area="updates",
    lane="maintenance",
    title=mark("Release what is held back, or say why: {names}"),
    why=Plural(
        "{components} is held at the installed version, and no reason is written down: no update, of security "
        "neither, reaches it.",
        "{components} are held at the installed version, and no reason is written down: no update, of security "
        "neither, reaches them.",
        by="count",
    ),
    standard="NIST SP 800-40r4, exceptions to patching",
    threshold=0.0,
    threshold_unit="components held without a reason",
    effort_hours=(0.5, 2),
    evidence_sql=components.evidence_sql(_CONDITION),
    measure_sql=components.measure_sql(_CONDITION),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List what is held; a reason is written down in `held` of the source in sites.yaml."""
    missing = components.missing_of(scope, "is_held IS NOT NULL")
    return components.evaluate(RULE, scope, missing=missing, severity=3, likelihood=0.5)

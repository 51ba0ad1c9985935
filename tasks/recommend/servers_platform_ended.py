"""The operating system or the database gets no security fixes any more."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import lifecycle
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark, say

_KINDS = "'system', 'database'"

RULE = Rule(
    id="servers.platform_ended",
    area="servers",
    lane="development",
    title=mark("Move from {name} to a version that is supported"),
    why=mark("Security fixes of {name} {when}; after that there are none, unless extended support is agreed."),
    standard="CIS Controls 2.2, software that is supported",
    threshold=0.0,
    threshold_unit="days of security fixes left",
    effort_hours=(8, 24),
    evidence_sql=lifecycle.evidence_sql(_KINDS),
    measure_sql=lifecycle.measure_sql(_KINDS),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the newest inventory of each source in the quarter."""
    return lifecycle.evaluate(RULE, scope, what=say("operating system or database"), severity=4)

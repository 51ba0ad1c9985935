"""The PHP of the site gets no security fixes any more, or soon will not."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import lifecycle
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark

_KINDS = "'language'"

RULE = Rule(
    id="servers.php_ending",
    area="servers",
    lane="maintenance",
    title=mark("Move from {name} to a version that is supported"),
    why=mark("Security fixes of {name} {when}; what is found after that stays open on this site."),
    standard="CIS Controls 2.2, software that is supported",
    threshold=90.0,
    threshold_unit="days of security fixes left",
    effort_hours=(2, 8),
    evidence_sql=lifecycle.evidence_sql(_KINDS),
    measure_sql=lifecycle.measure_sql(_KINDS),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the newest inventory of each source in the quarter."""
    return lifecycle.evaluate(RULE, scope, what="PHP", severity=4)

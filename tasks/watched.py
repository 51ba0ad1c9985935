"""What the rules on outages share: without checks nothing is known of outages."""

from __future__ import annotations

from tasks.recommendation import Rule, Scope, Unknown
from tasks.words import say

_DAYS = """
SELECT count(*) AS day_count FROM marts.availability_day
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_primary"""


def unwatched(rule: Rule, scope: Scope) -> list[Unknown]:
    """Return what is missing where no check of the site ran in the quarter, else nothing."""
    (days,) = scope.query(_DAYS, scope.parameters)
    return [] if days["day_count"] else [Unknown(rule=rule, missing=say("no uptime check ran in the quarter"))]

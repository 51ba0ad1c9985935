"""Plugins and themes are installed that nobody uses."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import components
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

_CONDITION = """(
  (ecosystem = 'wordpress-plugin' AND status = 'inactive')
  -- One of WordPress's own themes is kept to fall back on.
  OR (ecosystem = 'wordpress-theme' AND status = 'inactive' AND NOT (
    name = (SELECT max(name) FROM listed WHERE ecosystem = 'wordpress-theme' AND name LIKE 'twenty%'))))"""

RULE = Rule(
    id="updates.inactive",
    area="updates",
    lane="maintenance",
    title=mark("Remove what nobody uses: {names}"),
    why=Plural(
        "{components} is inactive and still on the server: the files can be attacked, and want updates, all the same.",
        "{components} are inactive and still on the server: the files can be attacked, and want updates, all the same.",
        by="count",
    ),
    standard="WordPress, hardening: plugins",
    threshold=0.0,
    threshold_unit="inactive plugins or themes",
    effort_hours=(0.5, 1),
    evidence_sql=components.evidence_sql(_CONDITION),
    measure_sql=components.measure_sql(_CONDITION),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List inactive plugins, and inactive themes but for one to fall back on."""
    missing = components.missing_of(
        scope,
        "starts_with(ecosystem, 'wordpress-') AND status IS NOT NULL",
        among="ecosystem IN ('wordpress-plugin', 'wordpress-theme')",
    )
    return components.evaluate(RULE, scope, missing=missing, severity=2, likelihood=0.4)

"""An update was taken back, and nothing came after it."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import components
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

_CONDITION = """(
  hold_reason IS NULL AND version = (
    SELECT arg_max(CASE WHEN event.action = 'downgrade' THEN event.new_version END, event.patched_at)
    FROM staging.patch_event AS event
    WHERE event.site_id = $site_id AND event.source_id = listed.source_id AND event.ecosystem = listed.ecosystem
      AND event.name = listed.name AND event.patched_at <= listed.collected_at
      AND event.patched_at >= listed.collected_at - INTERVAL 365 DAY))"""

RULE = Rule(
    id="updates.rolled_back",
    area="updates",
    lane="maintenance",
    title=mark("Bring back the update that was taken back: {names}"),
    why=Plural(
        "{components} has been set back to an older version and is still there: what it mended is open again.",
        "{components} have been set back to an older version and are still there: what it mended is open again.",
        by="count",
    ),
    standard="NIST SP 800-40r4; ITIL, problem management",
    threshold=0.0,
    threshold_unit="components set back to an older version",
    effort_hours=(1, 6),
    evidence_sql=components.evidence_sql(_CONDITION),
    measure_sql=components.measure_sql(_CONDITION),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List what stands at the version to which it was set back within a year, without a written reason."""
    missing = components.missing_of(scope, "version <> ''")
    return components.evaluate(RULE, scope, missing=missing, severity=3, floor="medium")

"""Updates were tried and did not come through."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import components
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

# What updates itself is tried twice a day: an offer that three current lists over two days still make has failed.
# dpkg leaves a package unpacked or half configured where its installation failed.
_CONDITION = """(listed.source_id, listed.ecosystem, listed.name, listed.version) IN (
  SELECT (source_id, ecosystem, name, version) FROM staging.component_listing
  WHERE site_id = $site_id AND is_auto_update AND update_state = 'available'
    AND fresh_as_of_at >= collected_at - INTERVAL 2 DAY
    AND timezone((SELECT time_zone FROM staging.site WHERE site_id = $site_id), collected_at)::DATE < $end_date
  GROUP BY source_id, ecosystem, name, version, latest_version
  HAVING count(DISTINCT bundle_id) >= 3 AND max(collected_at) >= min(collected_at) + INTERVAL 2 DAY
  UNION ALL
  SELECT (source_id, ecosystem, name, version) FROM staging.component_listing
  WHERE site_id = $site_id AND ecosystem = 'deb' AND substr(status, 2, 1) IN ('U', 'F')
    AND timezone((SELECT time_zone FROM staging.site WHERE site_id = $site_id), collected_at)::DATE < $end_date
  GROUP BY source_id, ecosystem, name, version
  HAVING count(DISTINCT bundle_id) >= 2)
  AND CASE WHEN ecosystem = 'deb' THEN substr(status, 2, 1) IN ('U', 'F')
    ELSE is_auto_update AND update_state = 'available' END"""

RULE = Rule(
    id="updates.failed",
    area="updates",
    lane="maintenance",
    title=mark("Find out why updates fail: {names}"),
    why=Plural(
        "{components} is to be updated by the server itself, and list after list shows that this did not work.",
        "{components} are to be updated by the server itself, and list after list shows that this did not work.",
        by="count",
    ),
    standard="NIST SP 800-40r4, verification of patching",
    threshold=0.0,
    threshold_unit="components whose update failed twice",
    effort_hours=(1, 4),
    evidence_sql=components.evidence_sql(_CONDITION),
    measure_sql=components.measure_sql(_CONDITION),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """List what updates itself and is still on offer, and packages that dpkg left half done, list after list."""
    missing = components.missing_of(scope, "is_auto_update IS NOT NULL OR ecosystem = 'deb'")
    return components.evaluate(RULE, scope, missing=missing, severity=3, floor="medium")

"""The largest thing that a page shows first is an image of many bytes."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import performance_rules
from tasks.performance_rules import bytes_shown, page_name, unmeasured
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, recommend

RULE = Rule(
    id="performance.hero_image",
    area="performance",
    lane="maintenance",
    title="Make the main image of {page} smaller",
    why="The main content shows only once {size} of image have arrived; 300 kB are enough for any screen.",
    standard="web.dev, optimize LCP",
    threshold=300.0,
    threshold_unit="kB of the image that is the largest paint",
    effort_hours=(0.5, 2),
    evidence_sql="""
SELECT page_url, form_factor, lcp_image_url, lcp_image_bytes, lcp_selector, lcp_ms, day_date
FROM marts.page_performance
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
QUALIFY row_number() OVER (PARTITION BY page_url ORDER BY measured_at DESC, form_factor DESC) = 1
ORDER BY lcp_image_bytes DESC NULLS LAST, page_url""",
    # A largest paint that is no image has no bytes of one; where it is not told what it is, nothing is known.
    measure_sql=f"""
SELECT
  arg_max(coalesce(lcp_image_bytes, 0) / 1000, (measured_at, form_factor)) FILTER (lcp_selector IS NOT NULL) AS value,
  {performance_rules.LAB_DAYS} AS known_days
FROM marts.page_performance
WHERE site_id = $site_id AND page_url = $subject AND day_date >= $start_date AND day_date < $end_date""",  # noqa: S608 - the house's own text
)

_SHOWN = 3
"""Pages that are advised on at once."""


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the newest measurement of each page; pages that share an image are one."""
    if missing := unmeasured(RULE, scope):
        return missing
    rows = scope.query(RULE.evidence_sql, scope.parameters)
    limit = 1000 * scope.threshold(RULE)
    heavy = {str(row["lcp_image_url"]): row for row in reversed(rows) if (row["lcp_image_bytes"] or 0) > limit}
    worst = sorted(heavy.values(), key=lambda row: (-row["lcp_image_bytes"], row["page_url"]))[:_SHOWN]
    if not worst:
        return [Silent(rule=RULE, reason=f"none of {len(rows)} pages shows an image over {limit / 1000:g} kB first")]
    return [
        recommend(
            RULE,
            scope,
            subject=str(row["page_url"]),
            rows=[row],
            value=row["lcp_image_bytes"] / 1000,
            evidence=f"{page_name(row['lcp_image_url'])}, {bytes_shown(row['lcp_image_bytes'])}, "
            f"at {row['lcp_selector']}; LCP {performance_rules.shown(row['lcp_ms'] or 0, 'ms')} in the laboratory",
            words={"page": page_name(row["page_url"]), "size": bytes_shown(row["lcp_image_bytes"])},
            severity=3,
            likelihood=0.9,
            reach=0.5,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=14,
                text=f"it has {scope.threshold(RULE):g} kB or less for two weeks",
            ),
            prediction=Prediction(
                metric="lcp_image_kb",
                direction="down",
                size=(row["lcp_image_bytes"] - limit) / 1000,
                text=f"{bytes_shown(row['lcp_image_bytes'] - limit)} less before the main content shows",
            ),
        )
        for row in worst
    ]

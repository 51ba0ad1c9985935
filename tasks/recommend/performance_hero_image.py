"""The largest thing that a page shows first is an image of many bytes."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import performance_rules, wording, written
from tasks.performance_rules import page_name, unmeasured
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, recommend
from tasks.words import mark, say

RULE = Rule(
    id="performance.hero_image",
    area="performance",
    lane="maintenance",
    title=mark("Make the main image of {page} smaller"),
    why=mark("The main content shows only once {size} of image have arrived; {enough} are enough for any screen."),
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
        return [
            Silent(
                rule=RULE,
                reason=say(
                    "none of {pages} shows an image over {size} first",
                    pages=wording.pages(len(rows)),
                    size=written.size(limit),
                ),
            )
        ]
    return [
        recommend(
            RULE,
            scope,
            subject=str(row["page_url"]),
            rows=[row],
            value=row["lcp_image_bytes"] / 1000,
            evidence=say(
                "{image}, {size}, at {selector}; LCP {time} in the laboratory",
                image=page_name(row["lcp_image_url"]),
                size=written.size(row["lcp_image_bytes"]),
                selector=row["lcp_selector"],
                time=performance_rules.shown(row["lcp_ms"] or 0, "ms"),
            ),
            words={
                "page": page_name(row["page_url"]),
                "size": written.size(row["lcp_image_bytes"]),
                "enough": written.size(300_000),
            },
            severity=3,
            likelihood=0.9,
            reach=0.5,
            closing_test=ClosingTest(
                operator="<=",
                value=scope.threshold(RULE),
                sustained_days=14,
                text=say("it has {limit} kB or less for two weeks", limit=written.plain(scope.threshold(RULE))),
            ),
            prediction=Prediction(
                metric="lcp_image_kb",
                direction="down",
                size=(row["lcp_image_bytes"] - limit) / 1000,
                text=say(
                    "{size} less before the main content shows",
                    size=written.size(row["lcp_image_bytes"] - limit),
                ),
            ),
        )
        for row in worst
    ]

"""Nobody has looked by hand for a quarter, and programs see a part of the criteria only."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import measures, written
from tasks.accessibility_rules import audited_pages
from tasks.recommendation import Answer, ClosingTest, Prediction, Rule, Scope, Silent, Unknown, recommend
from tasks.words import mark, say, say_many

RULE = Rule(
    id="accessibility.manual_check_due",
    area="accessibility",
    lane="maintenance",
    title=mark("Check accessibility by hand"),
    why=mark("Programs can tell about a part of the criteria of WCAG only; {last}."),
    standard="W3C, WCAG-EM 1.0, and Easy Checks",
    threshold=1.0,
    threshold_unit="criteria that a person looked at in the quarter",
    effort_hours=(3, 8),
    evidence_sql="""
SELECT
  count(DISTINCT criterion) FILTER (checked_date >= $start_date) AS criterion_count,
  max(checked_date) AS last_date
FROM raw.accessibility_assertion
WHERE site_id = $site_id AND is_manual AND outcome <> 'untested' AND checked_date < $end_date""",
    measure_sql=f"""
SELECT
  CASE WHEN count(*) > 0 OR EXISTS (FROM staging.accessibility_run WHERE site_id = $site_id)
    THEN count(DISTINCT criterion) FILTER (checked_date >= $start_date) END AS value,
  {measures.ALL_DAYS} AS known_days
FROM raw.accessibility_assertion
WHERE site_id = $site_id AND is_manual AND outcome <> 'untested' AND checked_date < $end_date""",  # noqa: S608 - the house's own text
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look for statements of people; a site of which nothing at all is known is left to the other rules."""
    (row,) = scope.query(RULE.evidence_sql, scope.parameters)
    if row["criterion_count"] >= scope.threshold(RULE):
        return [
            Silent(
                rule=RULE,
                reason=say_many(
                    "people looked at {n} criterion", "people looked at {n} criteria", row["criterion_count"]
                ),
            )
        ]
    if row["last_date"] is None and not audited_pages(scope):
        return [Unknown(rule=RULE, missing=say("no page was audited for accessibility, by hand or otherwise"))]
    last = (
        say("the last manual check was on {day}", day=written.date_short(row["last_date"]))
        if row["last_date"]
        else say("nobody has looked yet")
    )
    return [
        recommend(
            RULE,
            scope,
            subject="site",
            rows=[row],
            value=row["criterion_count"],
            evidence=say_many(
                "{n} criterion looked at by a person in the quarter; {last}",
                "{n} criteria looked at by a person in the quarter; {last}",
                row["criterion_count"],
                last=last,
            ),
            words={"last": last},
            severity=2,
            likelihood=0.6,
            closing_test=ClosingTest(
                operator=">=",
                value=scope.threshold(RULE),
                sustained_days=90,
                text=say("a person has looked within 90 days, and the result is imported"),
            ),
            prediction=Prediction(
                metric="checked_criteria", direction="up", size=1, text=say("what programs can't see is known")
            ),
        )
    ]

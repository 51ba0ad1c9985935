"""Pages shift while they load: Cumulative Layout Shift of real visits."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import performance_rules
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark

RULE = Rule(
    id="performance.layout_shifts",
    area="performance",
    lane="development",
    title=mark("Keep pages from shifting while they load on {screen}"),
    why=mark(
        "In one visit in four the page shifts by {value} or more, and people tap on the wrong thing; good is 0.1."
    ),
    standard="web.dev Core Web Vitals, CLS",
    threshold=0.1,
    threshold_unit="of CLS at the 75th percentile of visits",
    effort_hours=(2, 12),
    evidence_sql=performance_rules.field_evidence("cls"),
    measure_sql=performance_rules.field_measure("cls"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge the newest 28 days of visits in the quarter."""
    return performance_rules.field_answers(RULE, scope, unit="", metric="cls", saving="cls_saving")

"""The server answers late: Time to First Byte of real visits."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import performance_rules
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark

RULE = Rule(
    id="performance.ttfb_slow",
    area="performance",
    lane="maintenance",
    title=mark("Make the server answer sooner ({screen})"),
    why=mark("One visit in four waits {value} or longer before the first byte arrives; good is 0.8 seconds."),
    standard="web.dev, TTFB",
    threshold=800,
    threshold_unit="ms of TTFB at the 75th percentile of visits",
    effort_hours=(2, 8),
    evidence_sql=performance_rules.field_evidence("ttfb_ms"),
    measure_sql=performance_rules.field_measure("ttfb_ms"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge the newest 28 days of visits in the quarter."""
    return performance_rules.field_answers(RULE, scope, unit="ms", metric="ttfb_ms")

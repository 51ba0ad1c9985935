"""Pages answer late to taps and clicks: Interaction to Next Paint of real visits."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import performance_rules
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark

RULE = Rule(
    id="performance.inp_slow",
    area="performance",
    lane="development",
    title=mark("Make pages answer sooner to taps and clicks on {screen}"),
    why=mark("One visit in four waits {value} or longer after a tap, a click or a key; good is 200 ms."),
    standard="web.dev Core Web Vitals, INP",
    threshold=200,
    threshold_unit="ms of INP at the 75th percentile of visits",
    effort_hours=(4, 24),
    evidence_sql=performance_rules.field_evidence("inp_ms"),
    measure_sql=performance_rules.field_measure("inp_ms"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge the newest 28 days of visits in the quarter."""
    return performance_rules.field_answers(RULE, scope, unit="ms", metric="inp_ms", saving="tbt_saving_ms")

"""Pages show their main content late: Largest Contentful Paint of real visits."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import performance_rules
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark

RULE = Rule(
    id="performance.lcp_slow",
    area="performance",
    lane="development",
    title=mark("Show the main content of pages sooner on {screen}"),
    why=mark("One visit in four waits {value} or longer for the main content of a page; good is 2.5 seconds."),
    standard="web.dev Core Web Vitals, LCP",
    threshold=2500,
    threshold_unit="ms of LCP at the 75th percentile of visits",
    effort_hours=(4, 24),
    evidence_sql=performance_rules.field_evidence("lcp_ms"),
    measure_sql=performance_rules.field_measure("lcp_ms"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Judge the newest 28 days of visits in the quarter."""
    return performance_rules.field_answers(RULE, scope, unit="ms", metric="lcp_ms", saving="lcp_saving_ms")

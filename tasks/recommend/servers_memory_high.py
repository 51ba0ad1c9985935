"""A server is nearly out of memory for a part of the time that matters."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import saturation
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark, say

RULE = Rule(
    id="servers.memory_high",
    area="servers",
    lane="maintenance",
    title=mark("Give {server} more memory, or find what takes it"),
    why=mark("Memory was {p95} used or more for a twentieth of the quarter; at the limit programs are ended."),
    standard="Google SRE, monitoring saturation",
    threshold=90.0,
    threshold_unit="% of memory used, 95th percentile of the five-minute figures",
    effort_hours=(1, 6),
    evidence_sql=saturation.evidence_sql("memory_used_ratio"),
    measure_sql=saturation.measure_sql("memory_used_ratio"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the whole quarter of each server."""
    return saturation.evaluate(RULE, scope, resource=say("memory"))

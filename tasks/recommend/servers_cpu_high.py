"""A server is nearly at the limit of its CPU for a part of the time that matters."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import saturation
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import mark

RULE = Rule(
    id="servers.cpu_high",
    area="servers",
    lane="maintenance",
    title=mark("Relieve the CPU of {server}"),
    why=mark("The CPU was {p95} busy or more for a twentieth of the quarter; near the limit every page waits."),
    standard="Google SRE, monitoring saturation",
    threshold=80.0,
    threshold_unit="% of CPU busy, 95th percentile of the five-minute figures",
    effort_hours=(1, 8),
    evidence_sql=saturation.evidence_sql("cpu_busy_ratio"),
    measure_sql=saturation.measure_sql("cpu_busy_ratio"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at the whole quarter of each server."""
    return saturation.evaluate(RULE, scope, resource="CPU")

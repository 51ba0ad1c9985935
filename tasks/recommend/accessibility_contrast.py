"""Text is too pale for its background."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.accessibility_rules import answers, criterion, evidence, measure
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

RULE = Rule(
    id="accessibility.contrast",
    area="accessibility",
    lane="maintenance",
    title=mark("Give text enough contrast"),
    why=Plural(
        "{elements} element on {pages} can hardly be read by people with low vision, or by anybody in bright light.",
        "{elements} elements on {pages} can hardly be read by people with low vision, or by anybody in bright light.",
        by="elements",
    ),
    standard="WCAG 2.2, 1.4.3 Contrast (Minimum), AA",
    threshold=0.0,
    threshold_unit="elements with too little contrast",
    effort_hours=(1, 6),
    evidence_sql=evidence(criterion("1.4.3")),
    measure_sql=measure(criterion("1.4.3")),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count such elements in the newest audit of each page."""
    return answers(RULE, scope, severity=3, what=mark("text with too little contrast"))

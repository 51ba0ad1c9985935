"""Links and buttons are too small to hit."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.accessibility_rules import answers, criterion, evidence, measure
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

RULE = Rule(
    id="accessibility.target_size",
    area="accessibility",
    lane="maintenance",
    title=mark("Make small links and buttons larger, or set them apart"),
    why=Plural(
        "{elements} element on {pages} is under 24 by 24 pixels: hard to hit on a phone, or with a hand that trembles.",
        "{elements} elements on {pages} are under 24 by 24 pixels: hard to hit on a phone, or with a hand that "
        "trembles.",
        by="elements",
    ),
    standard="WCAG 2.2, 2.5.8 Target Size (Minimum), AA",
    threshold=0.0,
    threshold_unit="targets under 24 by 24 CSS pixels without room around them",
    effort_hours=(1, 4),
    evidence_sql=evidence(criterion("2.5.8")),
    measure_sql=measure(criterion("2.5.8")),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count such elements in the newest audit of each page."""
    return answers(RULE, scope, severity=2, what=mark("targets that are too small"))

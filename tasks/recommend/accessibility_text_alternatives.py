"""Pictures have no text that says what they show."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.accessibility_rules import answers, criterion, evidence, measure
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

RULE = Rule(
    id="accessibility.text_alternatives",
    area="accessibility",
    lane="maintenance",
    title=mark("Say in words what pictures show"),
    why=Plural(
        "{elements} element on {pages} means nothing to people who listen to the page, and nothing to search engines.",
        "{elements} elements on {pages} mean nothing to people who listen to the page, and nothing to search engines.",
        by="elements",
    ),
    standard="WCAG 2.2, 1.1.1 Non-text Content, A",
    threshold=0.0,
    threshold_unit="pictures or symbols without a text alternative",
    effort_hours=(1, 4),
    evidence_sql=evidence(criterion("1.1.1")),
    measure_sql=measure(criterion("1.1.1")),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count such elements in the newest audit of each page."""
    return answers(RULE, scope, severity=4, what=mark("pictures without a text alternative"))

"""Fields of forms do not say what goes into them."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.accessibility_rules import answers, evidence, measure
from tasks.recommendation import Answer, Rule, Scope
from tasks.words import Plural, mark

_UNLABELLED = """(
  list_contains(finding.success_criteria, '3.3.2')
  OR finding.rule_id IN (
    'label', 'select-name', 'aria-input-field-name', 'aria-toggle-field-name', 'form-field-multiple-labels'))"""
"""axe-core files most of it under 4.1.2, whose other rules are about buttons, links and frames."""

RULE = Rule(
    id="accessibility.labels",
    area="accessibility",
    lane="maintenance",
    title=mark("Label the fields of forms"),
    why=Plural(
        "{elements} element on {pages} can't be filled in by people who do not see it: nothing says what it is for.",
        "{elements} elements on {pages} can't be filled in by people who do not see them: nothing says what they are "
        "for.",
        by="elements",
    ),
    standard="WCAG 2.2, 1.3.1 Info and Relationships, 3.3.2 Labels or Instructions and 4.1.2 Name, Role, Value, A",
    threshold=0.0,
    threshold_unit="fields without a label",
    effort_hours=(1, 4),
    evidence_sql=evidence(_UNLABELLED),
    measure_sql=measure(_UNLABELLED),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Count such fields in the newest audit of each page."""
    return answers(RULE, scope, severity=4, floor="medium", what=mark("fields without a label"))

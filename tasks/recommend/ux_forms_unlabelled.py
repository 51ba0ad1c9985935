"""Fields of forms have no label."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, Rule, Scope
from tasks.site_audit_rules import issue_answers, issue_evidence, issue_measure
from tasks.words import Plural, say

RULE = Rule(
    id="ux.forms_unlabelled",
    area="ux",
    lane="maintenance",
    title=Plural("Label {count} field of forms", "Label {count} fields of forms", by="count"),
    why=Plural(
        "Who can't see the form is not told what to type, and a hint inside a field is gone once one types; "
        "{count} field is so.",
        "Who can't see the form is not told what to type, and a hint inside a field is gone once one types; "
        "{count} fields are so.",
        by="count",
    ),
    standard="WCAG 2.2: 1.3.1, 3.3.2, 4.1.2 (level A)",
    threshold=1.0,
    threshold_unit="fields without a label in the HTML",
    effort_hours=(0.5, 4),
    evidence_sql=issue_evidence("unlabelled_field"),
    measure_sql=issue_measure("unlabelled_field"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at what the crawls of the quarter found and no later one found mended."""
    return issue_answers(
        RULE,
        scope,
        silent=say("no field without a label"),
        things=Plural("{count} field", "{count} fields", by="count"),
        severity=3,
        reach=0.3,
        expected=say("everybody is told what each field is for"),
    )

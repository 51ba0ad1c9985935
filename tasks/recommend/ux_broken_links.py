"""Links, pictures or files of the site are not there."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, Rule, Scope
from tasks.site_audit_rules import issue_answers, issue_evidence, issue_measure

_KINDS = ("broken_link", "broken_image", "broken_file")
RULE = Rule(
    id="ux.broken_links",
    area="ux",
    lane="maintenance",
    title="Mend {count} {things}",
    why="Visitors who follow or look for {count} of them find nothing; search engines lose the way too.",
    standard="W3C, Cool URIs don't change; RFC 9110, 15.5.5",
    threshold=1.0,
    threshold_unit="addresses that answer that they are not there",
    effort_hours=(0.5, 3),
    evidence_sql=issue_evidence(*_KINDS),
    measure_sql=issue_measure(*_KINDS),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at what the crawls of the quarter found and no later one found mended."""
    return issue_answers(
        RULE,
        scope,
        silent="no broken link, picture or file",
        one="broken address",
        many="broken addresses",
        severity=3,
        reach=0.3,
        expected="no visitor ends at a page that is not there",
    )

"""Pages answer with errors of the server, or what does not exist is not answered as missing."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, Rule, Scope
from tasks.site_audit_rules import issue_answers, issue_evidence, issue_measure

_KINDS = ("server_error", "soft_404")
RULE = Rule(
    id="ux.error_pages",
    area="ux",
    lane="maintenance",
    title="Let {count} {things} answer rightly",
    why="A page that fails turns visitors away, and one that answers 200 for what does not exist hides broken links "
    "from everybody who looks for them; {count} {verb} so.",
    standard="RFC 9110, 15.5.5 and 15.6",
    threshold=1.0,
    threshold_unit="pages that answer with a wrong status",
    effort_hours=(1, 4),
    evidence_sql=issue_evidence(*_KINDS),
    measure_sql=issue_measure(*_KINDS),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at what the crawls of the quarter found and no later one found mended."""
    return issue_answers(
        RULE,
        scope,
        silent="no page with an error of the server, and 404 for what does not exist",
        one="page",
        many="pages",
        severity=4,
        reach=0.3,
        expected="each page works, and what is missing says so",
    )

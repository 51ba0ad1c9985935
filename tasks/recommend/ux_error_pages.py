"""Pages answer with errors of the server, or what does not exist is not answered as missing."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, Rule, Scope
from tasks.site_audit_rules import issue_answers, issue_evidence, issue_measure
from tasks.words import Plural, say

_KINDS = ("server_error", "soft_404")
RULE = Rule(
    id="ux.error_pages",
    area="ux",
    lane="maintenance",
    title=Plural("Let {count} page answer rightly", "Let {count} pages answer rightly", by="count"),
    why=Plural(
        "A page that fails turns visitors away, and one that answers 200 for what does not exist hides broken links "
        "from everybody who looks for them; {count} is so.",
        "A page that fails turns visitors away, and one that answers 200 for what does not exist hides broken links "
        "from everybody who looks for them; {count} are so.",
        by="count",
    ),
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
        silent=say("no page with an error of the server, and 404 for what does not exist"),
        things=Plural("{count} page", "{count} pages", by="count"),
        severity=4,
        reach=0.3,
        expected=say("each page works, and what is missing says so"),
    )

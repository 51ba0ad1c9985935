"""Links, pictures or files of the site are not there."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, Rule, Scope
from tasks.site_audit_rules import issue_answers, issue_evidence, issue_measure
from tasks.words import Plural, say

_KINDS = ("broken_link", "broken_image", "broken_file")
RULE = Rule(
    id="ux.broken_links",
    area="ux",
    lane="maintenance",
    title=Plural("Mend {count} broken address", "Mend {count} broken addresses", by="count"),
    why=Plural(
        "Visitors who follow or look for it find nothing; search engines lose the way too.",
        "Visitors who follow or look for {count} of them find nothing; search engines lose the way too.",
        by="count",
    ),
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
        silent=say("no broken link, picture or file"),
        things=Plural("{count} broken address", "{count} broken addresses", by="count"),
        severity=3,
        reach=0.3,
        expected=say("no visitor ends at a page that is not there"),
    )

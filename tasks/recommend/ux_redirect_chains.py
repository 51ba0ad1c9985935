"""Links of the site lead over several redirects."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, Rule, Scope
from tasks.site_audit_rules import issue_answers, issue_evidence, issue_measure
from tasks.words import Plural, say

RULE = Rule(
    id="ux.redirect_chains",
    area="ux",
    lane="maintenance",
    title=Plural("Point {count} link at where it leads", "Point {count} links at where they lead", by="count"),
    why=Plural(
        "{count} link makes visitors wait for two redirects or more before the page begins to load.",
        "Each of {count} links makes visitors wait for two redirects or more before the page begins to load.",
        by="count",
    ),
    standard="web.dev, avoid multiple page redirects",
    threshold=3.0,
    threshold_unit="links that lead over two redirects or more",
    effort_hours=(0.5, 2),
    evidence_sql=issue_evidence("redirect_chain"),
    measure_sql=issue_measure("redirect_chain"),
)


def evaluate(scope: Scope) -> Sequence[Answer]:
    """Look at what the crawls of the quarter found and no later one found mended."""
    return issue_answers(
        RULE,
        scope,
        silent=say("fewer than three links over two redirects"),
        things=Plural("{count} link", "{count} links", by="count"),
        severity=2,
        reach=0.2,
        expected=say("each of them opens at once"),
    )

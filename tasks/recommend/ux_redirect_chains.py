"""Links of the site lead over several redirects."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.recommendation import Answer, Rule, Scope
from tasks.site_audit_rules import issue_answers, issue_evidence, issue_measure

RULE = Rule(
    id="ux.redirect_chains",
    area="ux",
    lane="maintenance",
    title="Point {count} {things} at where they lead",
    why="Each of {count} {things} makes visitors wait for two redirects or more before the page begins to load.",
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
        silent="fewer than three links over two redirects",
        one="link",
        many="links",
        severity=2,
        reach=0.2,
        expected="each of them opens at once",
    )

"""Make the rows of an accessibility audit: a run that gave a result, and each of its findings."""

from __future__ import annotations

from itertools import islice

from tasks.accessibility import Finding, PageResult, keys
from warehouse.records import AccessibilityFinding, AccessibilityRun, AuditRun

FINDINGS = 2000
"""Findings of one page that are kept at most; a page with more is incomplete."""


def records(
    run: AuditRun, result: PageResult, frame_count: int | None = None
) -> tuple[AccessibilityRun, list[AccessibilityFinding]]:
    """Return the rows of one run."""
    findings = list(islice(result.findings, FINDINGS))
    made = [
        _record(run, finding, key)
        for finding, key in zip(findings, keys(findings, run.page_url, run.auditor), strict=True)
    ]
    return (
        AccessibilityRun(
            run_id=run.run_id,
            site_id=run.site_id,
            source_id=run.source_id,
            auditor=run.auditor,
            page_url=run.page_url,
            started_at=run.started_at,
            tested_criteria=list(result.tested_criteria),
            frame_count=frame_count,
            finding_count=len(made),
        ),
        made,
    )


def is_cut(result: PageResult) -> bool:
    """Say whether there is more than the rows will hold: findings beyond the limit, or some that can't be read."""
    return len(result.findings) > FINDINGS or bool(result.rejects)


def _record(run: AuditRun, finding: Finding, key: str) -> AccessibilityFinding:
    return AccessibilityFinding(
        run_id=run.run_id,
        site_id=run.site_id,
        source_id=run.source_id,
        auditor=run.auditor,
        page_url=run.page_url,
        started_at=run.started_at,
        finding_key=key,
        rule_id=finding.rule_id,
        kind=finding.kind,
        impact=finding.impact,
        outcome=finding.outcome,
        success_criteria=list(finding.success_criteria),
        level=finding.level,
        selector=finding.selector,
        snippet=finding.snippet,
        help=finding.help,
        message_key=finding.message_key,
        content_sha256=finding.content_sha256,
    )

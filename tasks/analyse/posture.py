"""The section on security headers: twelve tests with their points, mail policies, and files that can be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks.quarter_data import QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Fact, NoData, Section

TESTS = """
SELECT page_url, test, outcome, points, is_passed, detail, score, grade, known_count, day_date
FROM marts.posture_test
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date
QUALIFY dense_rank() OVER (ORDER BY page_url) = 1 AND row_number() OVER (PARTITION BY test ORDER BY audited_at DESC) = 1
ORDER BY points, is_passed NULLS LAST, test"""

SCORES = """
SELECT day_date, min(score) AS score
FROM marts.posture_test
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND is_passed IS NOT NULL
GROUP BY day_date ORDER BY day_date"""

FINDINGS = """
SELECT kind, outcome, target, detail, day_date
FROM marts.posture_finding
WHERE site_id = $site_id AND day_date >= $start_date AND day_date < $end_date AND outcome <> 'not_found'
QUALIFY row_number() OVER (PARTITION BY kind, target ORDER BY audited_at DESC) = 1
ORDER BY kind, target"""

SECTION = Section(title="Security headers", order=35, weight=70)
RULES = ("security.headers_weak", "security.exposed_file", "security.spf_dmarc")

NAMES = {
    "content-security-policy": "Content-Security-Policy",
    "cookies": "Cookies",
    "cross-origin-resource-sharing": "Answers to other origins (CORS)",
    "redirection": "From http:// to https://",
    "referrer-policy": "Referrer-Policy",
    "strict-transport-security": "Strict-Transport-Security (HSTS)",
    "subresource-integrity": "Scripts of others (SRI)",
    "x-content-type-options": "X-Content-Type-Options",
    "x-frame-options": "Framing by other sites",
    "cross-origin-resource-policy": "Cross-Origin-Resource-Policy",
    "cross-origin-embedder-policy": "Cross-Origin-Embedder-Policy",
    "cross-origin-opener-policy": "Cross-Origin-Opener-Policy",
}
KINDS = {
    "certificate": "Certificate",
    "mixed_content": "Loaded over http",
    "spf": "SPF",
    "dmarc": "DMARC",
    "exposed_file": "File that can be fetched",
}
_PREFIXES = (
    "csp-", "cookies-", "cross-origin-resource-sharing-", "redirection-", "referrer-policy-", "hsts-", "sri-",
    "x-content-type-options-", "x-frame-options-", "corp-", "coep-", "coop-",
)  # fmt: skip
SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class PostureView:
    """The section on security headers."""

    lead: str
    stats: Sequence[Fact]
    tests: Sequence[tuple[str, str, str, str]]
    """(test, outcome, points, what was seen)"""
    tests_note: str
    findings: Sequence[tuple[str, str, str, str]]
    """(kind, outcome, target, what was seen)"""
    findings_note: str
    action: Action | None


def view(data: QuarterData) -> PostureView | NoData:
    """Return the section, or what is missing for it."""
    tests, findings = data.frame(TESTS), data.frame(FINDINGS)
    known = tests[tests["is_passed"].notna()]
    if known.empty:
        return NoData(
            title="Security headers",
            missing="no audit could see what a page sends" if len(tests) else "what the pages send was not audited",
            remedy="See why in raw.audit_run." if len(tests) else "Add an audits_posture source.",
            is_left_out=tests.empty,
        )
    first = next(rows_of(known))
    lost = known[known["points"] < 0]
    return PostureView(
        lead=_lead(first, lost),
        stats=[
            _score(first, data),
            Fact(
                label="tests without a loss",
                text=f"{len(known) - len(lost)} of {len(known)}",
                value=len(known) - len(lost),
                unit="count",
                query="marts.posture_test",
                note=f"{12 - len(known)} not known" if len(known) < 12 else "",
                tone="good" if lost.empty else "warn",
            ),
            _mail(findings),
            _files(findings),
        ],
        tests=[
            (
                NAMES.get(row.test, cut(row.test, 40)),
                _words(row.outcome),
                "not known" if pd.isna(row.is_passed) else f"{row.points:+d}" if row.points else "0",
                cut(row.detail, 110),
            )
            for row in rows_of(tests)
        ],
        tests_note=f"{cut(first.page_url, 60)}, audited on {pd.Timestamp(first.day_date):%-d %B}. The score starts at "
        "100; points added count only where 90 are left without them. The rules follow Mozilla’s HTTP Observatory, "
        "version 6; the score is ours.",
        findings=[
            (KINDS.get(row.kind, row.kind), row.outcome.replace("_", " "), cut(row.target, 60), cut(row.detail, 90))
            for row in list(rows_of(findings))[:SHOWN]
        ],
        findings_note=f"{SHOWN} of {len(findings)}." if len(findings) > SHOWN else "",
        action=data.action(RULES, f"{data.titles(RULES)}."),
    )


def _lead(first: Any, lost: pd.DataFrame) -> str:
    if lost.empty:
        return f"The pages send what protects their visitors: {first.score} points, grade {first.grade}."
    worst = NAMES.get(str(lost.iloc[0]["test"]), "one test")
    more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
    return f"What the pages send earns {first.score} points, grade {first.grade}; they lose most by {worst}{more}."


def _score(first: Any, data: QuarterData) -> Fact:
    scores = data.frame(SCORES)
    before = int(scores["score"].iloc[0])
    note = "as in the first audit" if before == first.score else f"{before} in the first audit"
    return Fact(
        label=f"score, grade {first.grade}",
        text=f"{first.score}",
        value=int(first.score),
        unit="points",
        query="marts.posture_test",
        note=note,
        tone="good" if first.score >= 80 else "warn" if first.score >= 50 else "bad",
    )


def _mail(findings: pd.DataFrame) -> Fact:
    mail = findings[findings["kind"].isin(["spf", "dmarc"]) & (findings["outcome"] != "not_known")]
    holding = int((mail["outcome"] == "ok").sum())
    label, query = "mail policies that hold", "marts.posture_finding"
    if mail.empty:
        return Fact(
            label=label, text="not known", value=None, unit="count", query=query, note="SPF, DMARC", tone="unknown"
        )
    return Fact(
        label=label,
        text=f"{holding} of {len(mail)}",
        value=holding,
        unit="count",
        query=query,
        note="SPF, DMARC",
        tone="good" if holding == len(mail) else "warn",
    )


def _files(findings: pd.DataFrame) -> Fact:
    """Say how many files can be fetched that should not; where nobody looked that is not known."""
    found = int(((findings["kind"] == "exposed_file") & (findings["outcome"] == "found")).sum())
    is_asked = bool((findings["kind"] == "exposed_file").any())
    return Fact(
        label="files that should not be there",
        text=f"{found}" if is_asked else "not known",
        value=found if is_asked else None,
        unit="count",
        query="marts.posture_finding",
        note="" if is_asked else "not asked for",
        tone="bad" if found else "good" if is_asked else "unknown",
    )


def _words(outcome: str) -> str:
    """Return an outcome in words, without the name of its test."""
    if outcome == "not-known":
        return "not known"
    prefix = next((one for one in _PREFIXES if outcome.startswith(one)), "")
    return outcome.removeprefix(prefix).replace("-", " ")

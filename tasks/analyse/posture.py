"""The section on security headers: twelve tests with their points, mail policies, and files that can be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tasks import wording, written
from tasks.quarter_data import QuarterData, rows_of
from tasks.render.text import cut
from tasks.report_model import Action, Fact, NoData, Section
from tasks.words import mark, say, say_many

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

SECTION = Section(title=mark("Security headers"), order=35, weight=70)
RULES = ("security.headers_weak", "security.exposed_file", "security.spf_dmarc")

NAMES = {
    "content-security-policy": "Content-Security-Policy",
    "cookies": mark("Cookies"),
    "cross-origin-resource-sharing": mark("Answers to other origins (CORS)"),
    "redirection": mark("From http:// to https://"),
    "referrer-policy": "Referrer-Policy",
    "strict-transport-security": mark("Strict-Transport-Security (HSTS)"),
    "subresource-integrity": mark("Scripts of others (SRI)"),
    "x-content-type-options": "X-Content-Type-Options",
    "x-frame-options": mark("Framing by other sites"),
    "cross-origin-resource-policy": "Cross-Origin-Resource-Policy",
    "cross-origin-embedder-policy": "Cross-Origin-Embedder-Policy",
    "cross-origin-opener-policy": "Cross-Origin-Opener-Policy",
}
KINDS = {
    "certificate": mark("Certificate"),
    "mixed_content": mark("Loaded over http"),
    "spf": "SPF",
    "dmarc": "DMARC",
    "exposed_file": mark("File that can be fetched"),
}
OUTCOMES = {
    "ok": mark("ok"),
    "weak": mark("weak"),
    "missing": mark("missing"),
    "invalid": mark("invalid"),
    "found": mark("found"),
    "not_known": mark("not known"),
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
            missing=say("no audit could see what a page sends")
            if len(tests)
            else say("what the pages send was not audited"),
            remedy=say("See why in raw.audit_run.") if len(tests) else say("Add an audits_posture source."),
            is_left_out=tests.empty,
        )
    first = next(rows_of(known))
    lost = known[known["points"] < 0]
    return PostureView(
        lead=_lead(first, lost),
        stats=[
            _score(first, data),
            Fact(
                label=mark("tests without a loss"),
                text=wording.part(len(known) - len(lost), len(known)),
                value=len(known) - len(lost),
                unit="count",
                query="marts.posture_test",
                note=say_many("{n} not known", "{n} not known", 12 - len(known)) if len(known) < 12 else "",
                tone="good" if lost.empty else "warn",
            ),
            _mail(findings),
            _files(findings),
        ],
        tests=[
            (
                say(NAMES.get(row.test, cut(row.test, 40))),
                _words(row.outcome),
                say("not known") if pd.isna(row.is_passed) else written.signed(row.points) if row.points else "0",
                cut(row.detail, 110),
            )
            for row in rows_of(tests)
        ],
        tests_note=say(
            "{page}, audited on {day}. The score starts at 100; points added count only where 90 are left without "
            "them. The rules follow Mozilla’s HTTP Observatory, version 6; the score is ours.",
            page=cut(first.page_url, 60),
            day=written.day_long(pd.Timestamp(first.day_date)),
        ),
        findings=[
            (
                say(KINDS.get(row.kind, row.kind)),
                say(OUTCOMES.get(row.outcome, row.outcome.replace("_", " "))),
                cut(row.target, 60),
                cut(row.detail, 90),
            )
            for row in list(rows_of(findings))[:SHOWN]
        ],
        findings_note=say("{shown} of {all}.", shown=SHOWN, all=len(findings)) if len(findings) > SHOWN else "",
        action=data.action(RULES, f"{data.titles(RULES)}."),
    )


def _lead(first: Any, lost: pd.DataFrame) -> str:
    if lost.empty:
        return say(
            "The pages send what protects their visitors: {score} points, grade {grade}.",
            score=first.score,
            grade=first.grade,
        )
    worst = say(NAMES.get(str(lost.iloc[0]["test"]), "one test"))
    if len(lost) > 1:
        worst = say("{names} and {rest} more", names=worst, rest=len(lost) - 1)
    return say(
        "What the pages send earns {score} points, grade {grade}; they lose most by {worst}.",
        score=first.score,
        grade=first.grade,
        worst=worst,
    )


def _score(first: Any, data: QuarterData) -> Fact:
    scores = data.frame(SCORES)
    before = int(scores["score"].iloc[0])
    note = say("as in the first audit") if before == first.score else say("{before} in the first audit", before=before)
    return Fact(
        label=mark("score of the headers"),
        text=say("{score}, grade {grade}", score=first.score, grade=first.grade),
        value=int(first.score),
        unit="points",
        query="marts.posture_test",
        note=note,
        tone="good" if first.score >= 80 else "warn" if first.score >= 50 else "bad",
    )


def _mail(findings: pd.DataFrame) -> Fact:
    mail = findings[findings["kind"].isin(["spf", "dmarc"]) & (findings["outcome"] != "not_known")]
    holding = int((mail["outcome"] == "ok").sum())
    label, query = mark("mail policies that hold"), "marts.posture_finding"
    if mail.empty:
        return Fact(
            label=label,
            text=say("not known"),
            value=None,
            unit="count",
            query=query,
            note="SPF, DMARC",
            tone="unknown",
        )
    return Fact(
        label=label,
        text=wording.part(holding, len(mail)),
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
        label=mark("files that should not be there"),
        text=written.number(found) if is_asked else say("not known"),
        value=found if is_asked else None,
        unit="count",
        query="marts.posture_finding",
        note="" if is_asked else say("not asked for"),
        tone="bad" if found else "good" if is_asked else "unknown",
    )


def _words(outcome: str) -> str:
    """Return an outcome in words, without the name of its test."""
    if outcome == "not-known":
        return say("not known")
    prefix = next((one for one in _PREFIXES if outcome.startswith(one)), "")
    return outcome.removeprefix(prefix).replace("-", " ")

"""One accessibility finding, whatever found it: cut and redacted text, success criteria, and what it is known by again.

A finding is known again by its rule, its page and its element without what changes by itself (`finding_key`); where
its markup was edited, by `selector` (see `marts.accessibility_change`). A decision of a person on it holds as long as
`content_sha256` stays the same.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tasks.log_files import LineReject
from tasks.redact import HIDDEN, redact
from tasks.wcag import OBSOLETE, level_of

VIOLATION, NEEDS_REVIEW = "violation", "needs_review"
WCAG, BEST_PRACTICE, OBSOLETE_KIND = "wcag", "best_practice", "obsolete"
SNIPPET_LENGTH = 300
SELECTOR_LENGTH = 500
TEXT_LENGTH = 300
BETWEEN_FRAMES = " >>> "
"""Stands between the selectors of a frame, or of a shadow host, and of what is in it."""

_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_TYPED = re.compile(r"<(?:input|textarea)\b", re.IGNORECASE)
_BUTTON = re.compile(r"""\btype\s*=\s*["']?(?:submit|button|reset|image)\b""", re.IGNORECASE)
_QUOTED = r"""\s*=\s*(?:"[^"]*"?|'[^']*'?|[^\s>"']+)"""
_VALUE = re.compile(rf"(?<=\s)(value){_QUOTED}", re.IGNORECASE)
_SECRET = re.compile(
    rf"(?<=\s)(nonce|srcdoc|integrity|[\w-]*(?:token|csrf|secret|password)[\w-]*){_QUOTED}", re.IGNORECASE
)
_CHANGING = re.compile(
    rf"\s(?:value|nonce|style|srcdoc|checked|data-[\w-]*|aria-(?:expanded|selected|busy|valuenow)){_QUOTED}",
    re.IGNORECASE,
)
_NAMED = re.compile(
    rf"(\s(?:id|for|name|headers|aria-(?:labelledby|describedby|controls|owns)))({_QUOTED})", re.IGNORECASE
)
_QUERY = re.compile(r"""\?[^\s"'>]*""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One element that breaks a rule, or that a person has to look at.

    `kind` is wcag, best_practice (never a failure of WCAG) or obsolete (4.1.1, which WCAG 2.2 removed);
    `success_criteria` and `level` are those of WCAG 2.2 and empty for the other two. `url` is None where the result
    does not name its page.
    """

    url: str | None
    rule_id: str
    impact: str | None
    outcome: str
    success_criteria: tuple[str, ...]
    level: str | None
    selector: str
    snippet: str
    kind: str
    message_key: str | None
    help: str
    element_sha256: str
    content_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageResult:
    """What one engine said of one page, or of one frame of it.

    `tested_criteria` are those for which a rule ran, whatever came of it. None is what the result does not say.
    """

    url: str | None
    audited_at: datetime | None
    engine: str
    engine_version: str | None
    tested_criteria: tuple[str, ...]
    findings: Sequence[Finding]
    rejects: Sequence[LineReject] = field(default=())


def finding(
    *,
    url: str | None,
    rule_id: str,
    impact: str | None,
    outcome: str,
    criteria: Sequence[str],
    is_best_practice: bool,
    targets: Iterable[str],
    html: str,
    help_text: str = "",
    message_key: str | None = None,
    measured: str = "",
) -> Finding:
    """Return a finding of one element; `measured` is what else a decision of a person stands on, as the colours."""
    current = tuple(number for number in criteria if number != OBSOLETE and not is_best_practice)
    kind = WCAG if current else OBSOLETE_KIND if OBSOLETE in criteria and not is_best_practice else BEST_PRACTICE
    markup = " ".join(html.split())
    return Finding(
        url=url,
        rule_id=clean(rule_id, 100),
        impact=impact,
        outcome=outcome,
        success_criteria=current,
        level=level_of(current),
        selector=clean(BETWEEN_FRAMES.join(targets), SELECTOR_LENGTH),
        snippet=snippet(html),
        kind=kind,
        message_key=clean(message_key, 100) if message_key else None,
        help=clean(help_text, TEXT_LENGTH),
        element_sha256=_digest(steady(markup)),
        content_sha256=_digest(_VALUE.sub("", markup), message_key or "", measured),
    )


def keys(findings: Sequence[Finding], page: str, source: str) -> list[str]:
    """Return what each finding of one page is known by again; equal elements are told apart by their order.

    Args:
        findings: all findings of the page, in the order of the page.
        page: address of the page as it is stored.
        source: axe or static: what one engine found is never compared with what another one did.
    """
    seen: dict[tuple[str, str], int] = {}
    made = []
    for one in findings:
        number = seen[one.rule_id, one.element_sha256] = seen.get((one.rule_id, one.element_sha256), 0) + 1
        made.append(_digest(source, one.rule_id, page, one.element_sha256, str(number)))
    return made


def snippet(html: str) -> str:
    """Return the start of an element's HTML without what visitors typed, secrets and mail addresses."""
    start = html[: 20 * SNIPPET_LENGTH]
    if _TYPED.search(start) and not _BUTTON.search(start):
        start = _VALUE.sub(rf'\1="{HIDDEN}"', start)
    return clean(_SECRET.sub(rf'\1="{HIDDEN}"', start), SNIPPET_LENGTH)


def clean(text: str, length: int) -> str:
    """Return text from outside as one line: cut, without control characters, secrets and mail addresses."""
    text = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in text[: 20 * length])
    return _MAIL.sub(HIDDEN, redact(" ".join(text.split())))[:length]


def steady(markup: str) -> str:
    """Return an element's HTML without what changes from one load to the next: values, styles, numbered names."""
    markup = _CHANGING.sub("", markup)
    markup = _NAMED.sub(lambda match: match[1] + re.sub(r"\d+", "0", match[2]), markup)
    return _QUERY.sub("", markup).lower()


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()

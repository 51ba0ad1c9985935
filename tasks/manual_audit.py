"""What people say of success criteria: the words for it, and one statement whatever file it comes from."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime

from tasks.accessibility import clean
from tasks.wcag import criteria

NOTE_LENGTH = 500
OUTCOMES = ("passed", "failed", "cant_tell", "inapplicable", "untested")
_WORDS = {
    "pass": "passed", "passed": "passed", "ok": "passed", "supports": "passed", "met": "passed",
    "fail": "failed", "failed": "failed", "does not support": "failed", "partially supports": "failed",
    "not met": "failed",
    "canttell": "cant_tell", "cant tell": "cant_tell", "can't tell": "cant_tell", "unclear": "cant_tell",
    "inapplicable": "inapplicable", "not applicable": "inapplicable", "n/a": "inapplicable",
    "untested": "untested", "not tested": "untested", "not evaluated": "untested", "not checked": "untested",
}  # fmt: skip
"""EARL's words, and those of reports on conformance (VPAT), where partial support is a failure."""
_NUMBER = re.compile(r"(?<![\d.])([1-4]\.\d\.\d{1,2})(?![\d.])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What somebody says of one criterion on one page, or where `url` is None on the whole site.

    None is what the file does not say.
    """

    url: str | None
    criterion: str
    level: str
    outcome: str
    checked_date: date | None
    is_manual: bool
    asserted_by: str | None
    note: str | None

    @property
    def key(self) -> str:
        """Return what makes the statement the same: page, criterion, day and person."""
        parts = (self.url, self.criterion, self.checked_date, self.asserted_by)
        return hashlib.sha256("\0".join(str(part) for part in parts).encode()).hexdigest()


def assertion(
    *,
    criterion: str,
    outcome: str,
    url: str = "",
    checked: str = "",
    is_manual: bool = True,
    asserted_by: str = "",
    note: str = "",
) -> Assertion:
    """Return a statement from the texts of a file.

    Raises:
        ValueError: criterion, outcome or date is not known; the text says which.
    """
    number = criterion_of(criterion)
    if number is None:
        raise ValueError(f"{clean(criterion, 60) or 'nothing'} is no success criterion of WCAG 2.2")
    word = _WORDS.get(" ".join(outcome.lower().replace("_", " ").split()))
    if word is None:
        raise ValueError(f"{clean(outcome, 40) or 'nothing'} is no outcome; use {', '.join(OUTCOMES)}")
    return Assertion(
        url=clean(url, 1000) or None,
        criterion=number,
        level=criteria()[number].level,
        outcome=word,
        checked_date=_day(checked) if checked.strip() else None,
        is_manual=is_manual,
        asserted_by=clean(asserted_by, 100) or None,
        note=clean(note, NOTE_LENGTH) or None,
    )


def criterion_of(text: str) -> str | None:
    """Return the number of the criterion that a text names, as `1.4.3 Contrast` or `WCAG21:contrast-minimum`."""
    if match := _NUMBER.search(text):
        return match[1] if match[1] in criteria() else None
    return _by_name().get(re.split(r"[#:/]", text.strip().removesuffix(".html").rstrip("/"))[-1].lower())


@functools.cache
def _by_name() -> dict[str, str]:
    """Return the numbers by the names that the standard gives its criteria in addresses."""
    return {re.sub(r"[^a-z0-9]+", "-", one.name.lower()).strip("-"): one.number for one in criteria().values()}


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        raise ValueError(f"{clean(text, 40)} is no date; write it as 2026-09-30") from None

"""Derive every printed figure of a report again, from nothing but what the PDF carries: `upkeep verify`."""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from tasks import report_attachments, reporting
from tasks.answers import AnswerError
from tasks.errors import UpkeepError
from tasks.render.document import render_pdf
from tasks.render.text import cut

SHOWN = 20
"""Differences that are told at most."""
_FIGURE = re.compile(r"\d")


class VerificationError(UpkeepError):
    """A file can't be verified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What came of it. `differences` are sentences; none means that every figure is derived as it is printed."""

    sha256: str
    figure_count: int
    """Words with a digit that are printed."""
    table_count: int
    is_identical: bool
    """Whether the file that was made anew has the same bytes: not so where libraries are of other versions."""
    differences: tuple[str, ...]


def verify(path: Path) -> Verified:
    """Make the report of a PDF again from its attachments and compare what is attached and what is printed.

    Raises:
        VerificationError: it can't be read, is no report, or its attachments are damaged.
    """
    try:
        pdf = path.read_bytes()
    except OSError as error:
        raise VerificationError(f"Can't read {path}: {error.strerror}.") from None
    files, printed = _read(pdf, path)
    try:
        made = report_attachments.read(files)
        report = reporting.build(made.answers, made.brand, made.site_id, made.quarter)
        attachments = report_attachments.of(report, made.answers, made.brand)
        derived = render_pdf(report, attachments)
    except AnswerError as error:
        raise VerificationError(f"{path}: {error}") from None
    expected = {item.name: item.data for item in attachments}
    differences = _attached(files, expected)
    if derived != pdf:
        differences += _compared(printed, _read(derived, path)[1])
    return Verified(
        sha256=hashlib.sha256(pdf).hexdigest(),
        figure_count=sum(1 for page in printed for word in page.split() if _FIGURE.search(word)),
        table_count=sum(name.endswith(".csv") for name in expected),
        is_identical=derived == pdf,
        differences=tuple(differences),
    )


def _read(pdf: bytes, path: Path) -> tuple[dict[str, bytes], list[str]]:
    """Return the attachments by name, and the text of each page."""
    import io

    import pypdf
    from pypdf.errors import PyPdfError

    try:
        reader = pypdf.PdfReader(io.BytesIO(pdf))
        files = {name: contents[0] for name, contents in reader.attachments.items()}
        return files, [page.extract_text() for page in reader.pages]
    except (PyPdfError, ValueError, KeyError, RecursionError) as error:
        raise VerificationError(f"{path} can't be read as a PDF: {error}. Name a report of site-upkeep.") from None


def _attached(files: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    differences = []
    for name in sorted(files.keys() | expected.keys()):
        if name not in files:
            differences.append(f"attachment {name}: it is missing")
        elif name not in expected:
            differences.append(f"attachment {name}: it belongs to no report")
        elif files[name] != expected[name]:
            differences.append(f"attachment {name}: it is not what the report was made of")
    return differences


def _compared(printed: list[str], derived: list[str]) -> list[str]:
    """Return what is printed otherwise than derived, by page."""
    differences = []
    if len(printed) != len(derived):
        differences.append(f"it has {len(printed)} pages, and {len(derived)} are derived")
    for number, (left, right) in enumerate(zip(printed, derived, strict=False), start=1):
        words, others = left.split(), right.split()
        for kind, first, last, from_, to in difflib.SequenceMatcher(None, words, others, autojunk=False).get_opcodes():
            if kind != "equal":
                said, meant = " ".join(words[first:last]), " ".join(others[from_:to])
                differences.append(f"page {number}: printed {cut(said, 80)!r}, derived {cut(meant, 80)!r}")
    return differences

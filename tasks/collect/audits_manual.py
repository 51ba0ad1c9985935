"""What people found in manual audits of accessibility: files of EARL (`.json`, `.jsonld`) or CSV that are dropped.

A statement is on a success criterion, of a page or of the whole site. The newest one counts, see
`marts.accessibility_assertion`. A statement needs a day: without one nobody can tell what is newer.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from tasks.audit_format import audit_formats
from tasks.contracts import Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from tasks.json_text import decode
from tasks.manual_audit import Assertion
from tasks.redact import excerpt
from tasks.report_files import find, read, take
from warehouse.records import AccessibilityAssertion, Reject

PARSER = "audits_manual/1"


class Options(SourceOptions):
    """Manual audits, from exported files."""

    fills: ClassVar[str] = "accessibility_assertion"

    paths: list[str] = Field(min_length=1, description="Files, relative to this file; * and ? stand for any.")
    every_days: int = Field(default=92, ge=1, le=731, description="Longest normal time between manual audits, days.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two files that is still normal."""
        return self.every_days * 86_400


async def collect(job: Job) -> Outcome:
    """Take every file, each content once.

    Raises:
        SourceError: no file is there.
    """
    return take(
        job, _options(job).paths, PARSER, AccessibilityAssertion, _moment, lambda data, path: parse(job, data, path)
    )


async def check(job: Job) -> str:
    """Read the files and say how many statements there are.

    Raises:
        SourceError: no file is there, or one can't be read.
    """
    count = 0
    for path in find(_options(job).paths, job.base):
        try:
            parsed = parse(job, read(path), path)
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        if parsed.rejects and not parsed.records:
            raise SourceError(f"{path.name}: {parsed.rejects[0].reason}")
        count += len(parsed.records)
    return f"{count:,} statements on success criteria"


def parse(job: Job, data: bytes, path: Path) -> Parsed:
    """Return a record for each statement, and a reject for each that can't be read.

    Raises:
        SourceError: the file is neither EARL nor such a table.
    """
    name = "wcag-csv" if path.suffix.lower() in (".csv", ".tsv", ".txt") else "earl"
    audited = audit_formats()[name].module.read(decode(data), path.name)
    rejects = [(one.line_number, one.reason, one.excerpt) for one in audited.rejects]
    rejects += [
        (None, f"{one.criterion} {one.outcome}: it has no date", one.note or "")
        for one in audited.records
        if one.checked_date is None
    ]
    return Parsed(
        records=list(_records(job, audited.records)),
        rejects=[
            Reject(
                site_id=job.context.site_id,
                source_id=job.context.source_id,
                file=str(path),
                line_number=line,
                reason=reason,
                excerpt=excerpt(text),
            )
            for line, reason, text in rejects
        ],
    )


def _records(job: Job, found: list[Assertion]) -> Iterator[AccessibilityAssertion]:
    for one in found:
        if one.checked_date is not None:
            yield AccessibilityAssertion(
                site_id=job.context.site_id,
                source_id=job.context.source_id,
                assertion_key=one.key,
                page_url=one.url,
                criterion=one.criterion,
                outcome=one.outcome,
                checked_date=one.checked_date,
                is_manual=one.is_manual,
                asserted_by=one.asserted_by,
                note=one.note,
            )


def _moment(record: AccessibilityAssertion) -> datetime:
    return datetime.combine(record.checked_date, time(), UTC)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

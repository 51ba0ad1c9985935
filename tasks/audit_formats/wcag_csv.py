"""Results of manual audits as a table: a success criterion and an outcome in each line.

Columns, by any of their names: criterion (sc, success criterion, wcag); outcome (result, status, conformance);
and where they are there page (url), date (checked), by (auditor, tester) and note (comment, remarks, description).
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from tasks.audit_format import Audited
from tasks.errors import SourceError
from tasks.log_files import LineReject
from tasks.manual_audit import Assertion, assertion
from tasks.report_files import rows_of

TITLE = "manual audit, CSV: criterion, outcome, and page, date, by and note where they are there"
FILLS = "accessibility_assertion"
VERSION = "1"
COLUMNS = ("url", "criterion", "level", "outcome", "checked_date", "is_manual", "asserted_by", "note")

NAMES = {
    "criterion": ("criterion", "success criterion", "sc", "wcag", "criteria"),
    "outcome": ("outcome", "result", "status", "conformance level", "conformance"),
    "url": ("page", "url", "page url", "address"),
    "checked": ("date", "checked", "checked date", "checked at"),
    "asserted_by": ("by", "auditor", "tester", "asserted by", "checked by"),
    "note": ("note", "notes", "comment", "comments", "remarks", "description", "remarks and explanations"),
}
"""Names of each column, in lower case and with blanks."""


def detect(head: str) -> bool:
    """Say whether its first line names a column of criteria and one of outcomes."""
    line = head.lstrip("\ufeff").split("\n", 1)[0]
    if len(line) > 2000 or "{" in line:
        return False
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=max(",;\t", key=line.count)), [])
    except csv.Error:  # a lone CR, as bytes that are no text may hold
        return False
    return {"criterion", "outcome"} <= set(_columns(cells))


def read(text: str, file: str = "it") -> Audited:
    """Return one record for each line.

    Raises:
        SourceError: the columns of criteria and outcomes are not there.
    """
    records: list[Assertion] = []
    rejects: list[LineReject] = []
    for number, line, row in rows_of(text.encode(), Path(file)):
        try:
            if isinstance(row, Exception):
                raise ValueError(str(row))
            columns = _columns(list(row))
            if not {"criterion", "outcome"} <= set(columns):
                raise SourceError(f"{file} has no columns criterion and outcome: name them in its first line.")
            records.append(assertion(**{field: row[column] for field, column in columns.items()}))
        except ValueError as error:
            rejects.append(LineReject(number, str(error)[:200], line[:1000]))
    if not records and not rejects:
        raise SourceError(f"{file} has no lines: write one for each criterion that was looked at.")
    return Audited(records, rejects)


def _columns(cells: list[str]) -> dict[str, str]:
    """Return the column of each field that is there."""
    plain = {re.sub(r"[\s_-]+", " ", cell).strip().lower(): cell for cell in reversed(cells)}
    return {field: plain[name] for field, names in NAMES.items() for name in reversed(names) if name in plain}

"""What every file of `tasks/audit_formats/` shares: results of audit tools, by discovery.

A format is one module with

- `TITLE`: one line: which tool writes it;
- `FILLS`: the raw table that its records fill;
- `VERSION`: raised when the same file gives other rows;
- `COLUMNS`: what `upkeep try` prints of a record;
- `detect(head) -> bool`: whether the start of a file looks like it;
- `read(text, file) -> Audited`: pure; it raises SourceError where the file as a whole is not what it should be;
- `OPTIONS` where `read` takes more, by name: what each is.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.discovery import Format, formats_of
from tasks.log_files import LineReject

FILE_BYTES = 256 << 20
"""Largest file of results that is read."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What one file says: records with the attributes of `COLUMNS`, and what in it could not be read."""

    records: Sequence[Any] = ()
    rejects: Sequence[LineReject] = ()


class AuditFormat(Format):
    """One format of audits."""


@functools.cache
def audit_formats() -> dict[str, AuditFormat]:
    """Return every format by its name, which is its file's name in kebab case."""
    return formats_of("tasks.audit_formats", AuditFormat)

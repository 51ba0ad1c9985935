"""Tickets of a helpdesk, from files that it exports: CSV with a header, or JSON lines (`.jsonl`, `.ndjson`).

The columns `ticket_id` and `created_at` are needed; `subject`, `status`, `category`, `updated_at`,
`first_response_at` and `resolved_at` are taken where they are there. `columns` gives the names that an export has
for them. Times with no zone are those of the site. An export may be dropped again, newer: the newest word on a ticket
counts. Bodies and people are not read.

Whether a ticket is about an outage is said by its category, or by words in its subject.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from tasks.contracts import Context, Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from tasks.redact import HIDDEN, excerpt
from tasks.report_files import find, none_if_blank, read, reject, rows_of, take
from warehouse.records import Reject, Ticket

PARSER = "tickets_files/1"
_AHEAD = timedelta(days=1)

OUTAGE_WORDS = (
    "site down", "website down", "is down", "went down", "down again", "offline", "outage", "unreachable",
    "not reachable", "not loading", "does not load", "won't load", "can't reach", "cannot reach", "bad gateway",
    "service unavailable", "error 500", "error 502", "error 503", "error 504", "500 error", "503 error",
    "nicht erreichbar", "lädt nicht", "ausfall", "hors ligne", "inaccessible", "en panne",
)  # fmt: skip
"""English, German and French, as they stand in a subject."""
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class Options(SourceOptions):
    """Tickets of a helpdesk, from exported files."""

    fills: ClassVar[str] = "ticket"

    paths: list[str] = Field(min_length=1, description="Exported files, relative to this file; * and ? stand for any.")
    columns: dict[
        Literal[
            "ticket_id", "created_at", "subject", "status", "category", "updated_at", "first_response_at", "resolved_at"
        ],
        str,
    ] = Field(default={}, description="Names of the columns, where they are others, as {created_at: Opened}.")
    only: dict[str, str] = Field(
        default={}, description="Columns with the values that the tickets of this site have, as {client: Harbour}."
    )
    outage_categories: list[str] = Field(default=[], description="Categories that mean an outage, as [incident].")
    outage_words: list[str] = Field(
        default=list(OUTAGE_WORDS), description="Words in a subject that mean an outage of the site."
    )
    every_hours: float = Field(default=24, gt=0, le=24 * 31, description="Longest normal time between exports, hours.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two exports that is still normal."""
        return int(self.every_hours * 3600)


_Moment = Annotated[datetime | None, BeforeValidator(none_if_blank)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class _Line(BaseModel):
    """One ticket. Other columns are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    ticket_id: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    created_at: datetime
    subject: _Text = ""
    status: _Text | None = None
    category: _Text | None = None
    updated_at: _Moment = None
    first_response_at: _Moment = None
    resolved_at: _Moment = None


async def collect(job: Job) -> Outcome:
    """Take every export, each content once.

    Raises:
        SourceError: no file is there.
    """
    return take(job, _options(job).paths, PARSER, Ticket, lambda ticket: ticket.created_at, partial(_parsed, job))


async def check(job: Job) -> str:
    """Read the exports and say how many tickets there are, and how many are about an outage.

    Raises:
        SourceError: no file is there, or one can't be read.
    """
    tickets: dict[str, bool] = {}
    rejects = 0
    for path in find(_options(job).paths, job.base):
        try:
            parsed = _parsed(job, read(path), path)
        except OSError as error:
            raise SourceError(f"{path}: {error.strerror or error}") from None
        rejects += len(parsed.rejects)
        tickets |= {item.ticket_id: item.is_about_outage for item in parsed.records if isinstance(item, Ticket)}
    if not tickets and rejects:
        raise SourceError(f"None of {rejects:,} lines is a ticket: {parsed.rejects[0].reason}. Mend columns.")
    return f"{len(tickets):,} tickets, {sum(tickets.values()):,} about an outage"


def parse(data: bytes, path: Path, context: Context, options: Options) -> Parsed:
    """Return a record for each ticket of this site, and a reject for each line that is none.

    Raises:
        SourceError: the file is no UTF-8 or UTF-16 text.
    """
    words = [re.escape(word.casefold()) for word in options.outage_words]
    about_outage = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)") if words else None
    categories = {category.casefold() for category in options.outage_categories}
    records: list[Ticket] = []
    rejects: list[Reject] = []
    for number, text, row in rows_of(data, path):
        try:
            if isinstance(row, Exception):
                raise row
            if any(str(row.get(name, "")).strip() != value for name, value in options.only.items()):
                continue
            renamed = {name: row[column] for name, column in options.columns.items() if column in row}
            line = _Line.model_validate({**row, **renamed})
            is_about_outage = (line.category or "").casefold() in categories or bool(
                about_outage and about_outage.search(line.subject.casefold())
            )
            records.append(_record(line, context, path, is_about_outage=is_about_outage))
        except (ValueError, RecursionError, OverflowError) as error:
            rejects.append(reject(context, path.name, number, text, error))
    return Parsed(records=records, rejects=rejects)


def _record(line: _Line, context: Context, path: Path, *, is_about_outage: bool) -> Ticket:
    zone = ZoneInfo(context.time_zone)
    times = {
        name: None if moment is None else (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        for name, moment in (
            ("created_at", line.created_at),
            ("updated_at", line.updated_at),
            ("first_response_at", line.first_response_at),
            ("resolved_at", line.resolved_at),
        )
    }
    created_at = times.pop("created_at")
    assert created_at is not None  # noqa: S101 - it is needed
    if created_at > context.collected_at + _AHEAD:
        raise ValueError("created_at lies ahead; mend the zone of the export")
    content = json.dumps(line.model_dump(mode="json"), sort_keys=True)
    return Ticket(
        site_id=context.site_id,
        source_id=context.source_id,
        ticket_id=excerpt(line.ticket_id),
        content_sha256=hashlib.sha256(content.encode()).hexdigest(),
        created_at=created_at,
        **times,
        exported_at=datetime.fromtimestamp(path.stat().st_mtime, UTC) if path.exists() else context.collected_at,
        subject=_ADDRESS.sub(HIDDEN, excerpt(line.subject)),
        status=excerpt(line.status) if line.status else None,
        category=excerpt(line.category) if line.category else None,
        is_about_outage=is_about_outage,
        event_date=created_at.astimezone(ZoneInfo(context.site_time_zone or context.time_zone)).date(),
    )


def _parsed(job: Job, data: bytes, path: Path) -> Parsed:
    return parse(data, path, job.context, _options(job))


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

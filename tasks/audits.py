"""What every audit of pages shares: causes, options, when it is due, and how runs are landed.

An audit source is `tasks/collect/audits_<auditor>.py`, found by `upkeep collect audits`. It audits the pages that
`tasks.audit_pages.pages_of` gives, lands one `AuditRun` for each, made by `run_record`, and what it found beside
them, with `land`. A page that can't be audited has a run too: its outcome follows from the cause.
"""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from tasks.contracts import Context, Job, Outcome, SourceOptions
from tasks.redact import redact
from warehouse.errors import WarehouseBusyError
from warehouse.records import AuditRun, Record
from warehouse.spool import batch_id_of

CAUSES: Mapping[str, tuple[str, str]] = {
    "too_slow": ("incomplete", "the page did not load in time: what was found holds, more may be there"),
    "never_idle": ("incomplete", "the page never stops loading: it was examined as it was then"),
    "frame_unreached": ("incomplete", "a frame of the page could not be examined"),
    "needs_scripts": ("incomplete", "scripts make the page, and this auditor runs none"),
    "limit_reached": ("incomplete", "there was more than is looked at: what was found holds, more may be there"),
    "metric_missing": ("incomplete", "a figure could not be measured: the others hold"),
    "http_error": ("error", "the page answered with an error"),
    "not_html": ("error", "the address gives no page"),
    "download": ("error", "the address gives a file to save and no page"),
    "refused": ("error", "the connection was refused or broken off"),
    "dns": ("error", "the name can't be looked up"),
    "tls": ("error", "the certificate is not accepted, or TLS failed"),
    "no_answer": ("error", "the site gave no answer"),
    "nothing_shown": ("error", "the page stayed blank"),
    "timeout": ("unknown", "the audit was not done in time"),
    "dialogs": ("unknown", "the page opens one dialog after the other"),
    "crashed": ("unknown", "the browser or its page crashed"),
    "out_of_memory": ("unknown", "the audit needed more memory than it may have"),
    "blocked_by_csp": ("unknown", "the Content-Security-Policy of the page kept the auditor out"),
    "tool_failed": ("unknown", "the auditor broke off"),
    "invalid_answer": ("unknown", "the auditor gave no answer that can be read"),
    "not_permitted": ("unknown", "this may not be asked: by robots.txt, by the options, or without a key"),
    "address_refused": ("unknown", "the page led to a private address, which is not asked"),
    "quota": ("unknown", "the service takes no more questions now"),
    "no_data": ("unknown", "the service has no data on this page"),
    "service_failed": ("unknown", "the service did not answer"),
    "no_browser": ("unknown", "no browser can be started here"),
    "no_tool": ("unknown", "the auditor is not installed here"),
    "own_network": ("unknown", "our own connection failed"),
}
"""Every cause of an audit that is not complete: the outcome that it makes, and its meaning."""

WEEK = 7 * 86_400
RETRY = timedelta(hours=23)
"""When an audit of which every page stayed unknown is tried again, before its week is over."""
_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)

T = TypeVar("T")

PageAddress = Annotated[str, Field(pattern=r"^(/|/[^/\s]\S*|https?://[^\s/@]+(/\S*)?)$", max_length=2000)]


class AuditOptions(SourceOptions):
    """What every audit of pages may say."""

    fills: ClassVar[str] = "audit_run"

    pages: list[PageAddress] = Field(
        default=["/"], max_length=200, description="Pages of this site, as paths or addresses: /, /contact/."
    )
    sitemap_sample: int = Field(
        default=0, ge=0, le=200, description="Pages more, drawn from the sitemap; the same each time."
    )
    sitemap: PageAddress = Field(default="/sitemap.xml", description="Path or address of the sitemap.")
    every_seconds: float = Field(
        default=WEEK, ge=86_400, le=5 * WEEK, description="How often the pages are audited, seconds."
    )
    page_seconds: float = Field(default=120, ge=5, le=600, description="Deadline of one page.")
    private_hosts: list[str] = Field(
        default=[],
        max_length=50,
        description="Hosts at private addresses that pages may load from; the site's own always may.",
    )

    @field_validator("pages")
    @classmethod
    def _pages_differ(cls, pages: list[str]) -> list[str]:
        return list(dict.fromkeys(pages))

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two audits that is still normal: a late one is told after a day."""
        return int(self.every_seconds + 86_400)


def run_record(
    job: Job | Context,
    auditor: str,
    page_url: str,
    started_at: datetime,
    *,
    cause: str | None = None,
    message: str | None = None,
    tool_version: str | None = None,
    final_url: str | None = None,
    duration_ms: float | None = None,
    status: int | None = None,
    form_factor: str | None = None,
    throttling_method: str | None = None,
    details_file: str | None = None,
    run_id: str | None = None,
) -> AuditRun:
    """Return the row of one run; its outcome is complete without a cause, else the one of the cause."""
    outcome, meaning = CAUSES[cause] if cause else ("complete", None)
    context = job.context if isinstance(job, Job) else job
    return AuditRun(
        run_id=run_id or uuid.uuid4().hex,
        site_id=context.site_id,
        source_id=context.source_id,
        auditor=auditor,
        tool_version=tool_version,
        page_url=shown_url(page_url),
        final_url=shown_url(final_url) if final_url else None,
        started_at=started_at,
        duration_ms=duration_ms,
        outcome=outcome,
        cause=cause,
        status=status,
        message=redact(message)[:500] if message else meaning,
        form_factor=form_factor,
        throttling_method=throttling_method,
        details_file=details_file,
    )


async def audit_each(
    job: Job, todo: Sequence[T], audit: Callable[[T], Awaitable[tuple[AuditRun, Sequence[Record]]]], parser: str
) -> Outcome:
    """Audit one thing after the other and land what came of it; `audit` returns the run and what it found."""
    runs: list[AuditRun] = []
    found: dict[str, list[Record]] = {}
    for number, one in enumerate(todo, start=1):
        run, records = await audit(one)
        runs.append(run)
        for record in records:
            found.setdefault(record.table, []).append(record)
        if job.on_progress:
            job.on_progress(number, len(todo))
    return land(job, runs, found, parser)


def land(job: Job, runs: Sequence[AuditRun], found: Mapping[str, Sequence[Record]], parser: str) -> Outcome:
    """Land the runs of one source, with the rows that they brought by table, as one batch; remember when it was."""
    tables: dict[str, Sequence[Record]] = {AuditRun.table: runs, **found}
    unknown = [run for run in runs if run.outcome == "unknown" and run.cause != "no_data"]
    is_known = len(unknown) < len(runs)
    cursor = {"audited_at": job.context.collected_at.isoformat(), "is_known": is_known}
    with job.spool.hold_cursor(cursor_name(job), wait_seconds=10):
        job.spool.land(
            batch_id_of(parser, *(run.run_id for run in runs)),
            tables,
            collector=job.options.kind,
            parser_version=parser,
            cursor=(cursor_name(job), cursor),
        )
    problems = [f"{run.page_url}: {run.message}" for run in unknown]
    return Outcome(
        state="failed" if runs and not is_known else "partial" if unknown else "complete" if runs else "empty",
        landed={table: len(rows) for table, rows in tables.items() if rows},
        fresh_as_of=max((run.started_at for run in runs if run not in unknown), default=None),
        message="; ".join(problems)[:1000] or None,
    )


def is_due(job: Job, now: datetime) -> bool:
    """Tell whether a source is to be audited now.

    It is due once in each of its weeks, which begin at a moment fixed by the id of its site, so that the sites are
    spread over the week; what was never audited is due at once, and what stayed unknown again the next day.
    """
    if not isinstance(job.options, AuditOptions):
        return True  # files that people drop are looked for each time
    try:
        with job.spool.hold_cursor(cursor_name(job)) as last:
            pass
    except WarehouseBusyError:
        return False
    if last is None:
        return True
    audited_at = datetime.fromisoformat(last["audited_at"])
    if not last["is_known"] and now - audited_at >= RETRY:
        return True
    return audited_at < _week_start(job.context.site_id, job.options.every_seconds, now)


def _week_start(site_id: str, every_seconds: float, now: datetime) -> datetime:
    offset = every_seconds * (zlib.crc32(site_id.encode()) / 2**32)
    first = _MONDAY + timedelta(seconds=offset)
    return first + timedelta(seconds=((now - first).total_seconds() // every_seconds) * every_seconds)


def cursor_name(job: Job) -> str:
    """Return the name of the job's cursor: when it was last audited."""
    return f"{job.context.site_id}.{job.context.source_id}"


def shown_url(url: str) -> str:
    """Return an address as it is stored: without user, fragment and the values of secret parameters."""
    parts = urlsplit(url)
    return redact(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl())[:2000]

"""Results of Lighthouse and of the Chrome UX Report that other programs drop as files, as a job of CI does."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

from pydantic import Field

from tasks import field_data, lighthouse_result
from tasks.audit_pages import is_of_site
from tasks.audits import run_record, shown_url
from tasks.contracts import Context, Job, Outcome, Parsed, SourceOptions
from tasks.errors import SourceError
from tasks.json_text import decode, part, word
from tasks.lighthouse_landing import field_records, records_of
from tasks.lighthouse_run import Ran
from tasks.redact import excerpt
from tasks.report_files import FILE_BYTES, find, read
from warehouse.records import Record, Reject
from warehouse.spool import batch_id_of

PARSER = "audits_files/1"


class Options(SourceOptions):
    """Results of Lighthouse, PageSpeed Insights and the CrUX API in files of JSON: one, or a list of them."""

    fills: ClassVar[str] = "page_performance"

    paths: list[str] = Field(
        min_length=1, description="Files, .json or .json.gz; * and ? stand for any; each is taken once."
    )
    every_days: float = Field(default=8, gt=0, le=100, description="Longest normal time between two files, days.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the longest time between two files that is still normal."""
        return int(self.every_days * 86_400)


async def collect(job: Job) -> Outcome:
    """Land each file as one batch, named by its content; one that can't be read leaves the others.

    Raises:
        SourceError: no file is there.
    """
    landed: dict[str, int] = {}
    problems: list[str] = []
    fresh: list[datetime] = []
    for path in find(_options(job).paths, job.base):
        try:
            data = _unpacked(read(path))
            parsed = parse(data, job.context, path.name)
        except (OSError, SourceError) as error:
            problems.append(f"{path.name}: {getattr(error, 'strerror', None) or error}")
            continue
        digest = hashlib.sha256(data).hexdigest()
        tables = parsed.by_table()
        job.spool.land(
            batch_id_of(PARSER, job.context.site_id, job.context.source_id, digest),
            tables,
            collector=job.options.kind,
            parser_version=PARSER,
        )
        for table, rows in tables.items():
            landed[table] = landed.get(table, 0) + len(rows)
        fresh += [parsed.fresh_as_of] if parsed.fresh_as_of else []
    return Outcome.of(landed, problems, fresh_as_of=max(fresh, default=None))


async def check(job: Job) -> str:
    """Read the last file and say what it holds.

    Raises:
        SourceError: no file is there, or the last one can't be read.
    """
    files = find(_options(job).paths, job.base)
    try:
        parsed = parse(_unpacked(read(files[-1])), job.context, files[-1].name)
    except OSError as error:
        raise SourceError(f"Can't read {files[-1]}: {error.strerror or error}.") from None
    counts = ", ".join(f"{len(rows):,} of {table}" for table, rows in sorted(parsed.by_table().items()))
    return f"{len(files):,} files; the last, {files[-1].name}: {counts or 'nothing'}"


def parse(data: bytes, context: Context, file: str = "it") -> Parsed:
    """Return the rows of a file: runs of the same page and screen are one measurement, their median.

    Raises:
        SourceError: it is no JSON.
    """
    try:
        value = json.loads(decode(data))
    except (ValueError, RecursionError):
        raise SourceError(f"{file} is no whole JSON: save the results again.") from None
    records: list[Record] = []
    rejects: list[Reject] = []
    groups: dict[tuple[str | None, ...], list[Mapping[str, Any]]] = {}
    for number, document in enumerate(value if isinstance(value, list) else [value], start=1):
        try:
            groups.setdefault(_group(document, context), []).append(document)
        except SourceError as error:
            text = excerpt(json.dumps(document)[:1000])
            reason = f"result {number}: {error}"
            rejects.append(_reject(context, file, reason, text))
    moments: list[datetime] = []
    for (auditor, page, form_factor, *_), documents in groups.items():
        made = list(_measured(context, str(auditor), str(page), str(form_factor), documents))
        moments += [record.measured_at for record in made if hasattr(record, "measured_at")]
        records += made
    return Parsed(records=records, rejects=rejects, fresh_as_of=max(moments, default=None))


def _group(document: Any, context: Context) -> tuple[str | None, ...]:
    """Return what makes results one measurement: auditor, page, screen, throttling, version."""
    if part(document, "record"):
        key = part(document["record"], "key")
        group: tuple[str | None, ...] = ("crux", word(key, "url") or word(key, "origin"), word(key, "formFactor"))
    else:
        result = lighthouse_result.result_of(document, "it")
        inner = part(document, "lighthouseResult")
        page = word(inner or document, "requestedUrl") or result.final_url
        if result.fetched_at is None:
            raise SourceError("it does not say when it was made (fetchTime)")
        auditor = "pagespeed" if inner else "lighthouse"
        group = (auditor, page, result.form_factor or "mobile", result.throttling_method, result.lighthouse_version)
    if not group[1] or not is_of_site(group[1], context.host):
        raise SourceError(f"it is of no page of {context.host}")
    return group


def _measured(
    context: Context, auditor: str, page: str, form_factor: str, documents: list[Mapping[str, Any]]
) -> Iterator[Record]:
    run_id = hashlib.sha256(json.dumps([context.site_id, context.source_id, documents]).encode()).hexdigest()[:32]
    if auditor == "crux":
        figures = [figure for document in documents for figure in field_data.of_crux(document)]
        ends = [figure.period_end_date for figure in figures if figure.period_end_date]
        if not ends:
            return
        # The answer does not say when it was fetched: the day after its period.
        started_at = datetime.combine(max(ends) + timedelta(days=1), time(), UTC)
        run = run_record(context, auditor, page, started_at, form_factor=figures[0].form_factor, run_id=run_id)
        yield run
        yield from field_records(run, figures)
        return
    results = [lighthouse_result.result_of(document) for document in documents]
    started_at = min(result.fetched_at for result in results if result.fetched_at)
    ran = [Ran(result, None, (result.duration_ms or 0) / 1000) for result in results]
    run, records = records_of(
        context, auditor, shown_url(page), started_at, ran, form_factor=form_factor, run_id=run_id
    )
    yield run
    yield from records
    for document in documents[:1]:
        yield from field_records(run, list(field_data.of_pagespeed(document)), form_factor)


def _reject(context: Context, file: str, reason: str, text: str) -> Reject:
    return Reject(
        site_id=context.site_id,
        source_id=context.source_id,
        file=file,
        line_number=None,
        reason=reason[:500],
        excerpt=text,
    )


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    packed = zlib.decompressobj(wbits=31)
    try:
        unpacked = packed.decompress(data, 4 * FILE_BYTES)
    except zlib.error:
        raise SourceError("it is a broken gzip file: save it again.") from None
    if packed.unconsumed_tail or not packed.eof:
        raise SourceError("it is cut short, or larger than 64 MiB unpacked.")
    return unpacked


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

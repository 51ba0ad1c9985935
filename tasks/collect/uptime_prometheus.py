"""Uptime history from a Prometheus that scrapes blackbox_exporter.

https://prometheus.io/docs/prometheus/latest/querying/api/

History is read with a range selector in `/api/v1/query` (`probe_success{...}[7d]`), never with `query_range`: that
one fills the time in which Prometheus itself was down with the last value, and hides the gap. A sample that is not
there is absence, so unknown; it is never a zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import httpx
import pandas as pd
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from tasks.contracts import Job, OpenUrl, Outcome, SecretReference, UptimeOptions
from tasks.errors import SourceError
from tasks.prometheus import LabelName, Metric, ask, open_client, over, selector
from tasks.redact import excerpt, redact
from warehouse.records import CheckResult
from warehouse.spool import batch_id_of

PARSER = "uptime_prometheus/2"
SAMPLES = 10_000
"""Samples asked for in one query at most: Prometheus refuses more than 11,000 a series by default."""
_YEAR_10000 = 253_402_300_800


class Metrics(BaseModel):
    """What is read, by our word for it; the names are those of blackbox_exporter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    success: Metric = Field(default="probe_success", description="1 where the probe succeeded, 0 where not.")
    status: Metric = Field(default="probe_http_status_code", description="HTTP status; 0 where there was no answer.")
    seconds: Metric = Field(default="probe_duration_seconds", description="How long the probe took, seconds.")
    expiry: Metric = Field(
        default="probe_ssl_earliest_cert_expiry", description="Earliest expiry of the certificates, unix time."
    )


class Options(UptimeOptions):
    """Probe results kept by Prometheus."""

    url: OpenUrl = Field(description="Address of Prometheus.")
    instance: str | None = Field(
        default=None, description="Label `instance` of the probe; the home page when left out."
    )
    labels: dict[LabelName, str] = Field(
        default={}, description="More labels that the probe must have, as {job: blackbox}, where several look at it."
    )
    metrics: Metrics = Field(default=Metrics(), description="Names of the metrics, where they are not the usual ones.")
    every_seconds: float = Field(default=60, gt=0, description="Scrape interval of the probe, seconds.")
    token: SecretReference | None = Field(default=None, description="Bearer token, as {env: NAME} or {prefect: BLOCK}.")


async def collect(job: Job) -> Outcome:
    """Import the window of the job in chunks, one batch each; a chunk that was imported before changes nothing.

    Raises:
        SourceError: Prometheus was not reached or refused the query; the chunks before are landed.
    """
    options = _options(job)
    if job.since is None or job.until is None:
        raise SourceError("History needs a window: give --since and --until.")
    landed, newest, warnings = 0, None, set[str]()
    chunk = timedelta(seconds=min(SAMPLES * options.every_seconds, 7 * 86_400))
    async with await _client(job, options, timeout=60) as client:
        start = job.since
        while start < job.until:
            end = min(start + chunk, job.until)
            payload = await fetch(client, job, start, end)
            warnings.update(excerpt(str(text)) for answer in payload.values() for text in answer.get("warnings") or ())
            table = parse(payload, job)
            if table.num_rows:
                _land(job, table, start, end)
                landed += table.num_rows
                newest = table["checked_at"][-1].as_py()
            start = end
            if job.on_progress:
                job.on_progress(int((start - job.since).total_seconds()), int((job.until - job.since).total_seconds()))
    return Outcome(
        state="partial" if warnings else "complete" if landed else "empty",
        landed={"check_result": landed},
        fresh_as_of=newest,
        message=f"Prometheus warns: {'; '.join(sorted(warnings))}" if warnings else None,
    )


async def check(job: Job) -> str:
    """Ask for the last day and say how many samples there are.

    Raises:
        SourceError: Prometheus was not reached, or has nothing for this instance.
    """
    options, now = _options(job), datetime.now(UTC)
    async with await _client(job, options, timeout=10) as client:
        rows = parse(await fetch(client, job, now - timedelta(days=1), now), job).num_rows
    if not rows:
        raise SourceError(f"{options.url} has no {options.metrics.success}{_selector(job)} in the last day.")
    return f"{rows:,} samples in the last day"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


def _land(job: Job, table: pa.Table, start: datetime, end: datetime) -> None:
    """Land one chunk. What was asked and the count of rows make the batch id.

    So reading the same twice changes nothing, while a window that was not over yet, or not answered in full, when it
    was read first is landed again; staging counts a slot once.
    """
    metrics = tuple(_options(job).metrics.model_dump().values())
    job.spool.land(
        batch_id_of(
            PARSER, job.context.site_id, job.context.source_id, metrics, _selector(job), start, end, table.num_rows
        ),
        {"check_result": table},
        collector="uptime_prometheus",
        parser_version=PARSER,
    )


async def _client(job: Job, options: Options, *, timeout: float) -> httpx.AsyncClient:
    return open_client(str(options.url), await job.secret(options.token) if options.token else None, timeout=timeout)


def _instance(job: Job) -> str:
    return _options(job).instance or job.context.url


def _selector(job: Job) -> str:
    """Return the label matchers of the probe, as `{instance="https://site.example/"}`."""
    return selector({"instance": _instance(job), **_options(job).labels})


async def fetch(client: httpx.AsyncClient, job: Job, start: datetime, end: datetime) -> dict[str, Any]:
    """Return the answer for each metric over [start, end), by our word for it."""
    answers = {}
    for word, metric in _options(job).metrics.model_dump().items():
        answers[word] = await ask(client, over(f"{metric}{_selector(job)}", start, end))
    return answers


def parse(payload: Mapping[str, Any], job: Job) -> pa.Table:
    """Turn the answers into rows of raw.check_result, ordered by time; a sample of success makes a row.

    Raises:
        SourceError: an answer is broken, or holds the results of several probes.
    """
    try:
        frame = pd.DataFrame({word: _series(answer, job) for word, answer in payload.items()})
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"Prometheus answered what can't be read: {excerpt(str(error))}") from None
    # Only 0 and 1 are results; NaN is none.
    frame = frame[frame["success"].isin((0, 1))].sort_index()
    is_up, count = frame["success"] == 1, len(frame)
    status = frame["status"].where(frame["status"].between(100, 599)).round()
    cause = status.notna().map({True: "status", False: "no_answer"})
    # blackbox_exporter gives the year 1 where it saw no certificate.
    expiry = frame["expiry"].where(frame["expiry"].between(0, _YEAR_10000, inclusive="neither"))
    times = pa.array((frame.index.to_numpy() * 1000).astype("datetime64[us]"))
    values: dict[str, Any] = {
        "site_id": pa.repeat(pa.scalar(job.context.site_id), count),
        "source_id": pa.repeat(pa.scalar(job.context.source_id), count),
        "url": pa.repeat(pa.scalar(redact(_instance(job))), count),
        "check_type": pa.repeat(pa.scalar("http"), count),
        "slot_at": times,
        "checked_at": times,
        "attempt": pa.repeat(pa.scalar(1), count),
        "interval_seconds": pa.repeat(pa.scalar(_options(job).every_seconds), count),
        "outcome": pa.array(is_up.map({True: "up", False: "down"})),
        # The exporter does not say why: an answer with a status was refused for it, no status means no answer.
        "cause": pa.array(cause.mask(is_up, None), from_pandas=True),
        "status": pa.array(status.astype("Int64")),
        "total_ms": pa.array(frame["seconds"].where(frame["seconds"].between(0, 86_400)) * 1000, from_pandas=True),
        # No expiry is given for a certificate that was not accepted: unknown, not valid.
        "certificate_not_after_at": pa.array(expiry * 1e6, from_pandas=True).cast(pa.int64()),
    }
    schema = CheckResult.schema()
    columns = [
        values[field.name].cast(field.type) if field.name in values else pa.nulls(count, field.type) for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _series(answer: Mapping[str, Any], job: Job) -> pd.Series[float]:
    """Return the samples by time in ms; values are strings.

    One probe may have several series, one after the other, when its labels were changed. Series that overlap are of
    several probes, and are never mixed.
    """
    found = sorted((series for series in answer["data"]["result"] if series["values"]), key=lambda s: s["values"][0][0])
    if any(after["values"][0][0] <= before["values"][-1][0] for before, after in pairwise(found)):
        names = " and ".join(excerpt(str(series["metric"])) for series in found[:2])
        raise SourceError(f"Several probes match {_selector(job)}, as {names}: choose one with `labels`.")
    samples = [sample for series in found for sample in series["values"]]
    index = pd.Index([round(float(moment) * 1000) for moment, _ in samples], dtype="int64")
    return pd.Series([float(value) for _, value in samples], index=index, dtype="float64")

"""Uptime history from a Prometheus that scrapes blackbox_exporter.

https://prometheus.io/docs/prometheus/latest/querying/api/

History is read with a range selector in `/api/v1/query` (`probe_success{...}[7d]`), never with `query_range`: that
one fills the time in which Prometheus itself was down with the last value, and hides the gap. A sample that is not
there is absence, so unknown; it is never a zero.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pandas as pd
import pyarrow as pa
from pydantic import Field, HttpUrl

from tasks.contracts import Job, Outcome, SecretReference, SourceOptions
from tasks.errors import SourceError
from warehouse.records import CheckResult
from warehouse.spool import batch_id_of

PARSER = "uptime_prometheus/1"
ATTEMPTS = 3
SAMPLES = 10_000
"""Samples asked for in one query at most: Prometheus refuses more than 11,000 a series by default."""

METRICS = {
    "success": "probe_success",
    "status": "probe_http_status_code",
    "seconds": "probe_duration_seconds",
    "expiry": "probe_ssl_earliest_cert_expiry",
}
"""What is read, by our word for it."""


class Options(SourceOptions):
    """Probe results kept by Prometheus."""

    fills: ClassVar[str] = "check_result"

    url: HttpUrl = Field(description="Address of Prometheus.")
    instance: str | None = Field(
        default=None, description="Label `instance` of the probe; the home page when left out."
    )
    every_seconds: float = Field(default=60, gt=0, description="Scrape interval of the probe, seconds.")
    token: SecretReference | None = Field(default=None, description="Bearer token, as {env: NAME} or {prefect: BLOCK}.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the scrape interval."""
        return int(self.every_seconds)


async def collect(job: Job) -> Outcome:
    """Import the window of the job in chunks, one batch each; a chunk that was imported before changes nothing.

    Raises:
        SourceError: Prometheus was not reached or refused the query; the chunks before are landed.
    """
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    if job.since is None or job.until is None:
        raise SourceError("History needs a window: give --since and --until.")
    instance, landed, newest = options.instance or job.context.url, 0, None
    chunk = timedelta(seconds=min(SAMPLES * options.every_seconds, 7 * 86_400))
    async with await _client(job, options, timeout=60) as client:
        start = job.since
        while start < job.until:
            end = min(start + chunk, job.until)
            table = parse(await fetch(client, instance, start, end), job, instance)
            if table.num_rows:
                job.spool.land(
                    batch_id_of(PARSER, job.context.site_id, job.context.source_id, instance, start, end),
                    {"check_result": table},
                    collector="uptime_prometheus",
                    parser_version=PARSER,
                )
                landed += table.num_rows
                newest = table["checked_at"][-1].as_py()
            start = end
            if job.on_progress:
                job.on_progress(int((start - job.since).total_seconds()), int((job.until - job.since).total_seconds()))
    return Outcome(state="complete" if landed else "empty", landed={"check_result": landed}, fresh_as_of=newest)


async def check(job: Job) -> str:
    """Ask for the last day and say how many samples there are.

    Raises:
        SourceError: Prometheus was not reached, or has nothing for this instance.
    """
    options = job.options
    assert isinstance(options, Options)  # noqa: S101 - by kind
    instance, now = options.instance or job.context.url, datetime.now(UTC)
    async with await _client(job, options, timeout=10) as client:
        rows = parse(await fetch(client, instance, now - timedelta(days=1), now), job, instance).num_rows
    if not rows:
        raise SourceError(f"{options.url} has no {METRICS['success']} of instance {instance!r} in the last day.")
    return f"{rows:,} samples in the last day"


async def _client(job: Job, options: Options, *, timeout: float) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {await job.secret(options.token)}"} if options.token else {}
    return httpx.AsyncClient(base_url=str(options.url), trust_env=False, timeout=timeout, headers=headers)


async def fetch(client: httpx.AsyncClient, instance: str, start: datetime, end: datetime) -> dict[str, Any]:
    """Return the answer for each metric over (start, end], by our word for it."""
    label = instance.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    seconds = int((end - start).total_seconds())
    answers = {}
    for word, metric in METRICS.items():
        # A range selector leaves its start out: one millisecond earlier makes the window [start, end).
        query = {"query": f'{metric}{{instance="{label}"}}[{seconds}s]', "time": f"{end.timestamp() - 0.001:.3f}"}
        answers[word] = await _ask(client, query)
    return answers


async def _ask(client: httpx.AsyncClient, query: Mapping[str, str]) -> dict[str, Any]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            response = await client.get("/api/v1/query", params=dict(query))
            if response.status_code < 500:
                break
            problem = f"answered {response.status_code}"
        except httpx.TransportError as error:
            problem = str(error) or type(error).__name__
        if attempt == ATTEMPTS:
            raise SourceError(f"Prometheus at {client.base_url} {problem}, {ATTEMPTS} times.", can_retry=True)
        await asyncio.sleep(random.uniform(0.5, 1.5) * 2 ** (attempt - 1))  # noqa: S311 - jitter
    try:
        answer: dict[str, Any] = response.json()
        if answer["status"] != "success":
            raise SourceError(f"Prometheus refused {query['query']!r}: {answer.get('error', answer)}")
        if answer["data"]["resultType"] != "matrix":
            raise SourceError(
                f"Prometheus answered {query['query']!r} with a {answer['data']['resultType']}, not a matrix."
            )
    except (ValueError, KeyError, TypeError):
        raise SourceError(f"{client.base_url} does not answer as Prometheus does; is the url right?") from None
    return answer


def parse(payload: Mapping[str, Any], job: Job, instance: str) -> pa.Table:
    """Turn the answers into rows of raw.check_result, ordered by time; a sample of success makes a row.

    Several series of one instance (two probes) can't be told apart here: the first is taken.
    """
    series = {word: _series(answer) for word, answer in payload.items()}
    frame = pd.DataFrame({"success": series["success"]})
    for word in ("status", "seconds", "expiry"):
        frame[word] = series[word].reindex(frame.index) if word in series else float("nan")
    frame = frame[frame["success"].notna()].sort_index()
    is_up, count = frame["success"] == 1, len(frame)
    times = pa.array(pd.to_datetime(frame.index, unit="ms", utc=True).as_unit("us"))
    status = frame["status"].where(frame["status"] > 0)
    values: dict[str, Any] = {
        "site_id": pa.repeat(pa.scalar(job.context.site_id), count),
        "source_id": pa.repeat(pa.scalar(job.context.source_id), count),
        "url": pa.repeat(pa.scalar(instance), count),
        "slot_at": times,
        "checked_at": times,
        "attempt": pa.repeat(pa.scalar(1), count),
        "interval_seconds": pa.repeat(pa.scalar(float(job.options.expected_every_seconds)), count),
        "outcome": pa.array(is_up.map({True: "up", False: "down"})),
        # The exporter does not say why: an answer with a status was refused for it, no status means no answer.
        "cause": pa.array(
            [None if up else "no_answer" if pd.isna(s) else "status" for up, s in zip(is_up, status, strict=True)]
        ),
        "status": pa.array(status.astype("Int64")),
        "total_ms": pa.array(frame["seconds"] * 1000, from_pandas=True),
        # No expiry is given for a certificate that was not accepted: unknown, not valid.
        "certificate_not_after_at": pa.array(pd.to_datetime(frame["expiry"], unit="s", utc=True).dt.as_unit("us")),
    }
    schema = CheckResult.schema()
    columns = [
        values[field.name].cast(field.type) if field.name in values else pa.nulls(count, field.type) for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def _series(answer: Mapping[str, Any]) -> pd.Series[float]:
    """Return the samples of the first series by time in ms; values are strings, and NaN is no value."""
    result = answer["data"]["result"]
    samples = result[0]["values"] if result else []
    index = [round(float(moment) * 1000) for moment, _ in samples]
    series = pd.Series([float(value) for _, value in samples], index=pd.Index(index, dtype="int64"), dtype="float64")
    return series[~series.index.duplicated()]

"""Figures of servers from a Prometheus that scrapes node_exporter.

https://prometheus.io/docs/prometheus/latest/querying/basics/#subquery

Each figure is asked for as a subquery over a range function (`avg_over_time(m[300s])[1d:300s]`): one value per slot,
at whole multiples of the slot's length. A range function looks at the slot alone, so a slot without samples has no
value, and the time in which Prometheus was down stays a gap; a plain `m[1d:300s]` would fill it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import httpx
from pydantic import Field

from tasks.contracts import Context, Job, OpenUrl, Outcome, Parsed, SecretReference, SourceOptions
from tasks.errors import SourceError
from tasks.prometheus import LabelName, ask, open_client, over, selector
from tasks.redact import excerpt
from warehouse.records import ServerMetric
from warehouse.spool import batch_id_of

PARSER = "servers_prometheus/1"
DAY = timedelta(days=1)
CHUNK = 7 * DAY
SERIES = 500
"""Series in one answer at most: more are not the servers of one site."""
_DISKS = 'fstype!~"tmpfs|ramfs|devtmpfs|overlay|squashfs|iso9660|autofs|nfs.*|fuse.*"'
_BY = "by (instance, mountpoint)"

QUERIES: Mapping[str, str] = {
    "cpu_busy_ratio": "1 - avg by (instance) (rate(node_cpu_seconds_total{IDLE}[SLOT]))",
    "memory_used_ratio": "1 - max by (instance) (avg_over_time(node_memory_MemAvailable_bytes{ANY}[SLOT]))"
    " / max by (instance) (avg_over_time(node_memory_MemTotal_bytes{ANY}[SLOT]))",
    "load1": "max by (instance) (avg_over_time(node_load1{ANY}[SLOT]))",
    "disk_available_bytes": f"min {_BY} (min_over_time(node_filesystem_avail_bytes{{DISK}}[SLOT]))",
    "disk_size_bytes": f"max {_BY} (max_over_time(node_filesystem_size_bytes{{DISK}}[SLOT]))",
    "boot_at_seconds": "max by (instance) (max_over_time(node_boot_time_seconds{ANY}[SLOT]))",
    "is_reboot_required": "max by (instance) (max_over_time(node_reboot_required{ANY}[SLOT]))",
}
"""PromQL by metric. `node_reboot_required` is what Debian's apt script for the textfile collector writes."""


class Options(SourceOptions):
    """Figures of servers kept by Prometheus."""

    fills: ClassVar[str] = "server_metric"

    url: OpenUrl = Field(description="Address of Prometheus.")
    instances: list[str] = Field(min_length=1, description="Labels `instance` of the servers, as [web-1:9100].")
    labels: dict[LabelName, str] = Field(
        default={}, description="More labels that the series must have, as {job: node}."
    )
    slot_seconds: int = Field(
        default=300, ge=5, le=3600, description="Length of a slot, seconds: at least twice the scrape interval."
    )
    queries: dict[Literal["http_request_count", "http_5xx_count"], str] = Field(
        default={},
        description="PromQL of what has no usual name, with SLOT for the length of a slot, as "
        "{http_request_count: 'sum by (instance) (increase(nginx_http_requests_total[SLOT]))'}.",
    )
    token: SecretReference | None = Field(default=None, description="Bearer token, as {env: NAME} or {prefect: BLOCK}.")

    @property
    def expected_every_seconds(self) -> int:
        """Return the hour of the schedule and one slot."""
        return 3600 + self.slot_seconds


async def collect(job: Job) -> Outcome:
    """Take the window of the job, the last day by default, in chunks of a week, one batch each.

    Raises:
        SourceError: Prometheus was not reached or refused the query; the chunks before are landed.
    """
    until = job.until or job.context.collected_at
    since = job.since or until - DAY
    landed, newest, silent = 0, None, set(_options(job).instances)
    async with await _client(job, timeout=60) as client:
        start = since
        while start < until:
            end = min(start + CHUNK, until)
            parsed = parse(await fetch(client, job, start, end), job.context, _options(job).slot_seconds)
            if parsed.records:
                _land(job, parsed, start, end)
            landed += len(parsed.records)
            newest = parsed.fresh_as_of or newest
            silent -= {record.server for record in parsed.records if isinstance(record, ServerMetric)}
            start = end
            if job.on_progress:
                job.on_progress(int((start - since).total_seconds()), int((until - since).total_seconds()))
    return Outcome(
        state="empty" if not landed else "partial" if silent else "complete",
        landed={ServerMetric.table: landed},
        fresh_as_of=newest,
        message=f"Prometheus has nothing of {', '.join(sorted(silent))} in the window." if silent else None,
    )


async def check(job: Job) -> str:
    """Ask for the last hour and say which figures there are.

    Raises:
        SourceError: Prometheus was not reached, or has nothing of one of the servers.
    """
    options, now = _options(job), datetime.now(UTC)
    async with await _client(job, timeout=10) as client:
        parsed = parse(await fetch(client, job, now - timedelta(hours=1), now), job.context, options.slot_seconds)
    found = [record for record in parsed.records if isinstance(record, ServerMetric)]
    silent = set(options.instances) - {record.server for record in found}
    if silent:
        raise SourceError(f"{options.url} has nothing of {', '.join(sorted(silent))} in the last hour: mend instances.")
    absent = sorted(QUERIES.keys() - {record.metric for record in found})
    return f"{len(found):,} figures in the last hour" + (f"; not there: {', '.join(absent)}" if absent else "")


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


async def _client(job: Job, *, timeout: float) -> httpx.AsyncClient:
    options = _options(job)
    return open_client(str(options.url), await job.secret(options.token) if options.token else None, timeout=timeout)


def _land(job: Job, parsed: Parsed, start: datetime, end: datetime) -> None:
    # The count of rows: a window that was not over when it was read first is landed again; the loader knows its rows.
    names = (job.context.site_id, job.context.source_id, _options(job).model_dump_json(exclude={"token"}))
    job.spool.land(
        batch_id_of(PARSER, *names, start, end, len(parsed.records)),
        parsed.by_table(),
        collector="servers_prometheus",
        parser_version=PARSER,
    )


def _queries(options: Options) -> Iterator[tuple[str, str]]:
    """Yield each metric with its expression for these servers."""
    ready = selector(options.labels)[1:-1]
    one_of = ",".join(filter(None, [ready, f'instance=~"{_either(options.instances)}"']))
    matchers = {"{ANY}": one_of, "{IDLE}": f'{one_of},mode="idle"', "{DISK}": f"{one_of},{_DISKS}"}
    for metric, query in QUERIES.items():
        for mark, text in matchers.items():
            query = query.replace(mark, "{" + text + "}")
        yield metric, query.replace("[SLOT]", f"[{options.slot_seconds}s]")
    for metric, query in options.queries.items():
        yield metric, query.replace("SLOT", f"{options.slot_seconds}s")


def _either(names: list[str]) -> str:
    """Return the RE2 pattern, in a PromQL string, that matches just these names."""
    special = set("\\.+*?()|[]{}^$")
    pattern = "|".join("".join(f"\\{char}" if char in special else char for char in name) for name in names)
    return selector({"x": pattern})[4:-2]


async def fetch(client: httpx.AsyncClient, job: Job, start: datetime, end: datetime) -> dict[str, Any]:
    """Return the answer for each metric: the slots that end in [start, end)."""
    options = _options(job)
    answers = {}
    for metric, query in _queries(options):
        asked = over(f"({query})", start, end)
        asked["query"] = asked["query"].removesuffix("]") + f":{options.slot_seconds}s]"
        answers[metric] = await ask(client, asked)
    return answers


def parse(payload: Mapping[str, Any], context: Context, slot_seconds: int) -> Parsed:
    """Return a record for each value; NaN and infinite values are none, ratios outside 0 to 1 are held there.

    Raises:
        SourceError: an answer is broken, or holds more series than one site has.
    """
    try:
        records = [
            record
            for metric, answer in payload.items()
            for series in _series(metric, answer)
            for record in _records(metric, series, context, slot_seconds)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise SourceError(f"Prometheus answered what can't be read: {excerpt(str(error))}") from None
    return Parsed(records=records, fresh_as_of=max((record.measured_at for record in records), default=None))


def _series(metric: str, answer: Mapping[str, Any]) -> list[Any]:
    result: list[Any] = answer["data"]["result"]
    if len(result) > SERIES:
        raise SourceError(f"Prometheus has {len(result):,} series of {metric}, over {SERIES}: name fewer instances.")
    return result


def _records(metric: str, series: Mapping[str, Any], context: Context, slot_seconds: int) -> Iterator[ServerMetric]:
    zone = ZoneInfo(context.site_time_zone or context.time_zone)
    labels = series["metric"]
    is_whole_site = metric.startswith("http_") and "instance" not in labels
    server, mount = context.host if is_whole_site else labels["instance"], labels.get("mountpoint")
    for moment, text in series["values"]:
        value = float(text)
        if not math.isfinite(value):
            continue
        measured_at = datetime.fromtimestamp(float(moment), UTC)
        yield ServerMetric(
            site_id=context.site_id,
            source_id=context.source_id,
            server=excerpt(str(server)),
            metric=metric,
            device=None if mount is None else excerpt(str(mount)),
            measured_at=measured_at,
            # A counter read at uneven times can give a rate a little over one.
            value=min(max(value, 0.0), 1.0) if metric.endswith("_ratio") else value,
            interval_seconds=float(slot_seconds),
            event_date=measured_at.astimezone(zone).date(),
        )

"""Figures that servers push: lines of JSON or CSV with the columns of `_Line`, one figure of one slot a line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, StringConstraints

from tasks.contracts import Context, Parsed
from tasks.redact import excerpt
from tasks.report_files import none_if_blank, reject, rows_of
from warehouse.records import Reject, ServerMetric

PARSER = "server_metrics/1"
_AHEAD = timedelta(days=1)

Metric = Literal[
    "cpu_busy_ratio",
    "memory_used_ratio",
    "load1",
    "disk_available_bytes",
    "disk_size_bytes",
    "boot_at_seconds",
    "is_reboot_required",
    "http_request_count",
    "http_5xx_count",
]
METRICS: tuple[str, ...] = get_args(Metric)
_HIGHEST: Mapping[str, float] = {"cpu_busy_ratio": 1, "memory_used_ratio": 1, "is_reboot_required": 1}
_OF_A_DISK = ("disk_available_bytes", "disk_size_bytes")


class _Line(BaseModel):
    """One figure. Other columns are left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    measured_at: AwareDatetime
    server: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    metric: Metric
    value: Annotated[FiniteFloat, Field(ge=0)]
    device: Annotated[str | None, BeforeValidator(none_if_blank)] = None
    interval_seconds: Annotated[FiniteFloat, Field(gt=0, le=86_400)] = 300.0


def parse(data: bytes, path: Path, context: Context) -> Parsed:
    """Return a record for each figure, and a reject for each line that is none.

    Raises:
        SourceError: the file is no UTF-8 or UTF-16 text.
    """
    zone = ZoneInfo(context.site_time_zone or context.time_zone)
    records: list[ServerMetric] = []
    rejects: list[Reject] = []
    for number, text, row in rows_of(data, path):
        try:
            if isinstance(row, Exception):
                raise row
            records.append(_record(_Line.model_validate(row), context, zone))
        except (ValueError, RecursionError, OverflowError) as error:
            rejects.append(reject(context, path.name, number, text, error))
    return Parsed(
        records=records, rejects=rejects, fresh_as_of=max((record.measured_at for record in records), default=None)
    )


def _record(line: _Line, context: Context, zone: ZoneInfo) -> ServerMetric:
    if line.measured_at > context.collected_at + _AHEAD:
        raise ValueError("measured_at lies ahead; set the server's clock")
    if line.value > _HIGHEST.get(line.metric, float("inf")):
        raise ValueError(f"{line.metric} is over 1; give a share of 1, not per cent")
    if (line.device is None) == (line.metric in _OF_A_DISK):
        raise ValueError(f"{line.metric} needs {'the mount point as' if line.device is None else 'no'} device")
    measured_at = line.measured_at.astimezone(UTC)
    return ServerMetric(
        site_id=context.site_id,
        source_id=context.source_id,
        server=excerpt(line.server),
        metric=line.metric,
        device=None if line.device is None else excerpt(line.device),
        measured_at=measured_at,
        value=line.value,
        interval_seconds=line.interval_seconds,
        event_date=measured_at.astimezone(zone).date(),
    )

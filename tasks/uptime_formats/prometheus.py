"""An answer of Prometheus with `probe_success`: https://prometheus.io/docs/prometheus/latest/querying/api/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tasks.contracts import Context, Parsed
from tasks.errors import SourceError
from tasks.redact import excerpt
from tasks.uptime_history import Monitor, Series, Wanted, number_of, objects, read_json, text, unix

TITLE = "Answer of Prometheus with probe_success of blackbox_exporter, instant or range"
FILLS = "check_result"
VERSION = 1
OPTIONS = {"monitor": "label instance of the probe", "every_seconds": "scrape interval of the probe"}
METRIC = "probe_success"


def detect(head: bytes) -> bool:
    """Return whether it starts like an answer of the query API."""
    return b'"status"' in head and (b'"resultType"' in head or b'"errorType"' in head)


def parse(payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
    """Turn the samples into results; NaN is none. Other metrics than `probe_success` are not read.

    Raises:
        SourceError: an error of Prometheus, another kind of answer, or several probes.
    """
    series = Series(context, wanted, str(payload) if isinstance(payload, Path) else "")
    found = _series(read_json(payload, "Prometheus"))
    chosen = {m.id for m in wanted.choose({name: Monitor(id=name, url=name) for name in found}.values(), context)}
    for instance in chosen:
        _take(series, instance, found[instance])
    return series.parsed()


def _series(answer: Any) -> dict[str, list[Any]]:
    """Return the samples by instance."""
    if isinstance(answer, dict) and answer.get("status") == "error":
        raise SourceError(f"Prometheus refused the query: {excerpt(str(answer.get('error', 'no reason given')), 500)}.")
    data = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(data, dict) or data.get("resultType") not in ("matrix", "vector"):
        raise SourceError("This is no vector or matrix of Prometheus: ask /api/v1/query for probe_success[1d].")
    found: dict[str, list[Any]] = {}
    metrics: dict[str, Any] = {}
    for one in objects(data.get("result")):
        metric: Mapping[str, Any] = one["metric"] if isinstance(one.get("metric"), dict) else {}
        if metric.get("__name__", METRIC) != METRIC:
            raise SourceError(f"This holds {excerpt(str(metric['__name__']), 80)}, not {METRIC}: ask for that.")
        instance = text(metric.get("instance"))
        if instance in found and metrics[instance] != metric:
            raise SourceError(f"Several probes of {excerpt(instance)} are in one answer: ask with more labels.")
        metrics[instance] = metric
        samples = one.get("values", [one.get("value")])
        found.setdefault(instance, []).extend(samples if isinstance(samples, list) else [samples])
    return found


def _take(series: Series, instance: str, samples: list[Any]) -> None:
    good = []
    for sample in samples:
        try:
            at, value = sample
            good.append((unix(at), None if value == "NaN" else number_of(value)))
        except (ValueError, TypeError):
            series.reject("sample: not a time and a value", sample)
    good.sort(key=lambda item: item[0])
    monitor = Monitor(id=instance, url=instance)
    seconds = series.wanted.seconds(monitor, [at for at, _ in good])
    for at, value in good:
        if value in (0, 1):
            series.add(monitor, at, seconds, "up" if value else "down")

"""Uptime checks once a minute, as blackbox_exporter measures them: arrays for demo.prometheus to answer from."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from demo.scenario import UNREACHABLE, Outage, Site

INTERVAL = 60
"""Seconds between samples."""
TIMEOUT = 10.0


def write_uptime(site: Site, path: Path) -> None:
    """Write time, success, status, seconds and expiry of every check; expiry 0 is a check that saw no certificate."""
    rng = np.random.default_rng(site.seed + 2)
    time = np.arange(site.start, site.end, INTERVAL, dtype=np.int64)
    hour = (time - site.start) % 86_400 / 3600
    busy = 1 + 0.25 * np.exp(-(((hour - 14) / 5) ** 2))
    seconds = site.typical_seconds * busy * rng.lognormal(0, 0.18, len(time))
    success, status = np.ones(len(time), np.uint8), np.full(len(time), 200, np.uint16)
    expiry = np.zeros(len(time), np.int64)
    for seen, expires in site.certificates:
        expiry[time >= _utc(seen)] = _utc(expires)
    for outage in site.outages:
        _fail(site, outage, time, success, status, seconds, expiry)
    is_checked = np.ones(len(time), bool)
    if site.monitoring_gap:
        first, after = (site.unix(day) for day in site.monitoring_gap)
        is_checked = (time < first) | (time >= after)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        instance=np.array(site.url),
        time=np.round(time + offset(site), 3)[is_checked],
        success=success[is_checked],
        status=status[is_checked],
        seconds=np.round(seconds, 6)[is_checked],
        expiry=expiry[is_checked],
    )
    os.utime(path, (site.end, site.end))


def offset(site: Site) -> float:
    """Return how many seconds after the full minute a site is checked: Prometheus spreads its targets."""
    return site.seed % 60 + 0.045


def _utc(text: str) -> int:
    return int(np.datetime64(text, "s").astype(np.int64))


def _fail(
    site: Site,
    outage: Outage,
    time: np.ndarray,
    success: np.ndarray,
    status: np.ndarray,
    seconds: np.ndarray,
    expiry: np.ndarray,
) -> None:
    """Mark the checks of an outage: nobody answers until the timeout, or the server answers with its error."""
    start = site.unix(outage.start)
    during = (time >= start) & (time < start + outage.minutes * INTERVAL)
    success[during], status[during] = 0, outage.status
    if outage.status == UNREACHABLE:
        seconds[during], expiry[during] = TIMEOUT, 0

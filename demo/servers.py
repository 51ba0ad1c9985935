"""Figures that the servers push: a CSV file for each server and month, see tasks/collect/servers_files.py."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from demo.operations import days, moment, operations, stamp, write
from demo.scenario import DAY_SECONDS, SUMMER, Site

HEADER = "measured_at,server,metric,device,value,interval_seconds"
HOUR = 3600
BUSY = np.array([2, 2, 2, 3, 2, 2, 4, 6, 8, 10, 11, 11, 10, 10, 10, 9, 9, 8, 8, 9, 9, 7, 5, 3]) / 8
"""Load of each hour of the day against the median."""
GB = 10**9


def write_servers(site: Site, folder: Path) -> None:
    """Write the figures of every server of the site into `folder`."""
    for number, server in enumerate(operations()["servers"][site.id]):
        rng = np.random.default_rng([site.seed, 3, number])
        months: dict[str, list[str]] = {}
        for at, line in sorted([*_load(site, server, rng), *_daily(site, server, rng)]):
            months.setdefault(f"{datetime.fromtimestamp(at, UTC):%Y-%m}", []).append(line)
        for month, lines in months.items():
            write(folder / f"{server['server']}-{month}.csv", [HEADER, *lines], site.end)


def _end(site: Site, server: dict[str, Any]) -> int:
    return min(site.unix(server["silent_from"]), site.end) if "silent_from" in server else site.end


def _line(server: dict[str, Any], at: int, metric: str, value: str, device: str = "") -> tuple[int, str]:
    stamped = stamp(datetime.fromtimestamp(at, UTC))
    return at, f"{stamped},{server['server']},{metric},{device},{value},{HOUR}"


def _load(site: Site, server: dict[str, Any], rng: np.random.Generator) -> Iterator[tuple[int, str]]:
    """Yield CPU, memory and load of every hour."""
    ends = np.arange(site.start + HOUR, _end(site, server), HOUR)
    hour = (ends - site.start) // HOUR % 24
    cpu = (server["cpu"] * BUSY[hour] * rng.lognormal(0, 0.12, len(ends))).clip(0.01, 0.99)
    memory = (server["memory"] + 0.05 * (BUSY[hour] - 1) + rng.normal(0, 0.012, len(ends))).clip(0.05, 0.985)
    for at, busy, used in zip(ends.tolist(), cpu.tolist(), memory.tolist(), strict=True):
        yield _line(server, at, "cpu_busy_ratio", f"{busy:.4f}")
        yield _line(server, at, "memory_used_ratio", f"{used:.4f}")
        yield _line(server, at, "load1", f"{4 * busy:.2f}")


def _daily(site: Site, server: dict[str, Any], rng: np.random.Generator) -> Iterator[tuple[int, str]]:
    """Yield disks, start and pending restart, each day at three in the morning."""
    due = site.unix(server["restart_due_from"]) if "restart_due_from" in server else site.end
    boot = int(moment(site, server["boot"]).timestamp())
    since_july = (site.period.start_date - SUMMER.start_date).days
    for number, _ in enumerate(days(site)):
        at = site.start + number * DAY_SECONDS + 3 * HOUR
        if at >= _end(site, server):
            return
        for device, disk in server["disks"].items():
            free = disk["free_gb"] - disk["gb_a_day"] * (since_july + number) + float(rng.normal(0, 0.05))
            yield _line(server, at, "disk_available_bytes", f"{free * GB:.0f}", device)
            yield _line(server, at, "disk_size_bytes", f"{disk['size_gb'] * GB:.0f}", device)
        yield _line(server, at, "boot_at_seconds", f"{boot}")
        yield _line(server, at, "is_reboot_required", f"{int(at >= due)}")

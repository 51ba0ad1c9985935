"""The story of operations.yaml, and what those who write it down share."""

from __future__ import annotations

import functools
import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from demo.scenario import Site


@functools.cache
def operations() -> dict[str, Any]:
    """Return operations.yaml: servers, backups, journeys and tickets by site."""
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "operations.yaml").read_text(encoding="utf-8"))
    return content


def days(site: Site) -> list[date]:
    """Return the days of the period."""
    return [site.period.start_date + timedelta(days=number) for number in range(site.period.days)]


def moment(site: Site, local: str) -> datetime:
    """Return a local time of the site in UTC."""
    return datetime.fromisoformat(local).replace(tzinfo=site.zone).astimezone(UTC)


def stamp(at: datetime) -> str:
    """Return a time in UTC as RFC 3339 has it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def write(path: Path, lines: list[str], at: float) -> None:
    """Write a file of lines, last changed at a time, unix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    os.utime(path, (at, at))

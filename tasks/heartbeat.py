"""A job that reports by touching a file: how long ago it last did."""

from __future__ import annotations

import asyncio
import glob
import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.probe_result import ProbeResult, outcome_of

MATCHES = 100_000
"""Files of one pattern that are looked at."""
CLOCK_SECONDS = 60
"""How far in the future a file may be, for clocks that differ."""


async def beat(path: Path, within_seconds: float) -> ProbeResult:
    """Return up where the newest file of `path` is young enough, down where it is late, unknown where there is none."""
    now = datetime.now(UTC)
    cause, message = await asyncio.to_thread(_judge, path, now, timedelta(seconds=within_seconds))
    return ProbeResult(checked_at=now, outcome=outcome_of(cause), cause=cause, host=str(path), message=message)


def _judge(path: Path, now: datetime, within: timedelta) -> tuple[str | None, str | None]:
    try:
        newest = _newest(path)
    except OSError as error:
        return "configuration", f"{path} can't be read: {error.strerror}"
    if newest is None:
        return "no_data", f"{path} was never seen: the job has not reported yet, or reports elsewhere"
    age = now - newest
    if age < timedelta(seconds=-CLOCK_SECONDS):
        return "configuration", f"the last report is of the future, {newest:%Y-%m-%d %H:%M:%S} UTC: a clock is wrong"
    if age > within:
        return "late", f"the last report is of {newest:%Y-%m-%d %H:%M:%S} UTC, more than {within} ago"
    return None, None


def _newest(path: Path) -> datetime | None:
    names = glob.iglob(str(path)) if glob.has_magic(path.name) else [str(path)]  # noqa: PTH207 - pathlib's is no iterator
    moments = []
    for name in itertools.islice(names, MATCHES):
        try:
            moments.append(Path(name).stat().st_mtime)
        except FileNotFoundError:  # removed meanwhile, or never there
            continue
    return datetime.fromtimestamp(max(moments), UTC) if moments else None

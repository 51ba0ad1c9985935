"""Run a flow by hand, for the `upkeep` command: the same flow that the schedule runs, with a progress bar.

With a Prefect server configured (`PREFECT_API_URL` or a profile) the run is recorded there; without one Prefect
starts a temporary server for the time of the run, which takes some seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from tasks import progress
from tasks.errors import ConfigurationError

FLOWS = {
    "uptime": "collect_uptime",
    "uptime-history": "import_uptime",
    "domains": "collect_domains",
    "patches": "collect_patches",
    "waf-logs": "collect_waf_logs",
    "journeys": "check_journeys",
    "servers": "collect_servers",
    "backups": "collect_backups",
    "tickets": "collect_tickets",
    "advisories": "collect_advisories",
    "audits": "collect_audits",
    "alerts": "send_alerts",
    "snapshot": "publish_snapshot",
    "review": "review_recommendations",
    "report": "report_quarterly",
}
"""Flow by the word that the command uses for it."""


def collect(what: str, sites: Sequence[str] | None, since: str | None, until: str | None) -> int:
    """Run one collection flow and return the exit status."""
    window = {
        "since": None if since is None else moment(since, "--since"),
        "until": None if until is None else moment(until, "--until"),
    }
    parameters: dict[str, Any] = {} if what == "advisories" else {"sites": list(sites) if sites else None}
    if sites and not parameters:
        raise ConfigurationError("Feeds are the same for all sites: leave --site out.")
    if what in ("uptime-history", "patches", "waf-logs", "servers", "backups", "tickets"):
        parameters |= window
    elif any(window.values()):
        raise ConfigurationError(f"`upkeep collect {what}` has no window: leave --since and --until out.")
    with bars():
        return run(what, parameters)


def report(quarter: str | None, sites: Sequence[str] | None, out: Path | None) -> int:
    """Run the report flow and return the exit status."""
    parameters = {
        "quarter": quarter,
        "sites": list(sites) if sites else None,
        "out": str(out.absolute()) if out else None,
    }
    with bars():
        return run("report", parameters)


def moment(text: str, option: str) -> datetime:
    """Read an RFC 3339 moment or a date; without an offset it is UTC."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option} {text!r} is no moment; write it as 2026-07-01 or 2026-07-01T00:00:00Z."
        ) from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def day(text: str, option: str) -> date:
    """Read a date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} {text!r} is no date; write it as 2026-07-01.") from None


def quieten() -> None:
    """Set what Prefect reads when it is imported: no tracking, errors only, patience with a slow machine."""
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "90")


def run(what: str, parameters: dict[str, Any]) -> int:
    """Run one flow to its end, say how it ended, and return the exit status."""
    quieten()
    name = FLOWS[what]
    flow = getattr(importlib.import_module(f"flows.{name}"), name)
    start = time.monotonic()
    state = asyncio.run(flow(**parameters, return_state=True))
    stream = sys.stdout if state.is_completed() else sys.stderr
    message = f": {state.message}" if state.message else ""
    stream.write(f"{what}: {state.name.lower()}{message} ({time.monotonic() - start:.1f} s)\n")
    return 0 if state.is_completed() else 1


@contextlib.contextmanager
def bars() -> Iterator[None]:
    """Show progress on stderr, one bar at a time; nothing where stderr is not a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as shown:
        known: dict[str, Any] = {}

        def listen(what: str, done: int, total: int) -> None:
            if what not in known:
                known[what] = shown.add_task(what, total=total)
            shown.update(known[what], completed=done, total=total)

        with progress.listening(listen):
            yield

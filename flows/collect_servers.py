"""Ask for the figures of the sites' servers: CPU, memory, disks, load, restarts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-servers", flow_run_name=runs.run_name)
async def collect_servers(
    sites: list[str] | None = None, since: datetime | None = None, until: datetime | None = None
) -> State[Any]:
    """Take in the figures of the window, and load them; slots that were taken before change nothing.

    Args:
        sites: ids of sites; all of them by default.
        since: start of the window; a day before its end by default.
        until: end of the window (exclusive); now by default.
    """
    return await runs.collect_all("servers", key="collect-servers", sites=sites, since=since, until=until)

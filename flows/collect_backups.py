"""Take in what the sites' backup jobs report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-backups", flow_run_name=runs.run_name)
async def collect_backups(
    sites: list[str] | None = None, since: datetime | None = None, until: datetime | None = None
) -> State[Any]:
    """Take in the reports that were not taken yet, and load them.

    Args:
        sites: ids of sites; all of them by default.
        since: oldest moment wanted, for a backfill; everything by default.
        until: newest moment wanted (exclusive).
    """
    return await runs.collect_all("backups", key="collect-backups", sites=sites, since=since, until=until)

"""Take in what is installed on the sites' servers: the bundles that their cron jobs dropped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-patches", flow_run_name=runs.run_name)
async def collect_patches(
    sites: list[str] | None = None, since: datetime | None = None, until: datetime | None = None
) -> State[Any]:
    """Take in the bundles that were not taken yet, and load them.

    Args:
        sites: ids of sites; all of them by default.
        since: oldest moment wanted, for a backfill; everything not yet taken by default.
        until: newest moment wanted (exclusive).
    """
    return await runs.collect_all("patches", key="collect-patches", sites=sites, since=since, until=until)

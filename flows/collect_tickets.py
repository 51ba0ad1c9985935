"""Take in the tickets that the sites' helpdesks export."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-tickets", flow_run_name=runs.run_name)
async def collect_tickets(
    sites: list[str] | None = None, since: datetime | None = None, until: datetime | None = None
) -> State[Any]:
    """Take in the exports that were not taken yet, and load them.

    Args:
        sites: ids of sites; all of them by default.
        since: oldest moment wanted, for a backfill; everything by default.
        until: newest moment wanted (exclusive).
    """
    return await runs.collect_all("tickets", key="collect-tickets", sites=sites, since=since, until=until)

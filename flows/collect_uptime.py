"""Check every site now: one run per slot, all sites in one batch."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-uptime", flow_run_name=runs.run_name)
async def collect_uptime(sites: list[str] | None = None, every_seconds: float = 60) -> State[Any]:
    """Check the sites once and load the results; one whose checks are rarer is left out of the slots between.

    Args:
        sites: ids of sites; all of them by default.
        every_seconds: how often this runs; a run more than two of these late records a gap and ends.
    """
    late = runs.stale(every_seconds)
    return late or await runs.collect_all(
        "uptime", key="collect-uptime", sites=sites, is_batch=True, slot_seconds=every_seconds
    )

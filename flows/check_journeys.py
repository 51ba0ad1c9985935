"""Check that core functions of the sites work: their journeys, step by step."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="check-journeys", flow_run_name=runs.run_name)
async def check_journeys(sites: list[str] | None = None, every_seconds: float = 3600) -> State[Any]:
    """Run the journeys of the sites once and load what came of them.

    Args:
        sites: ids of sites; all of them by default.
        every_seconds: how often this runs; a run more than two of these late records a gap and ends.
    """
    late = runs.stale(every_seconds)
    return late or await runs.collect_all("journeys", key="check-journeys", sites=sites)

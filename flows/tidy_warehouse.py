"""Store closed months in the order in which they are asked for."""

from __future__ import annotations

from typing import Any

from prefect import State, flow
from prefect.states import Completed

from tasks import runs
from tasks.settings import load_settings
from warehouse.tidy import tidy


@flow(name="tidy-warehouse", flow_run_name=runs.run_name)
async def tidy_warehouse(wait_seconds: float = 600) -> State[Any]:
    """Sort the rows of the months that are over; what is in order is left alone.

    Args:
        wait_seconds: how long to wait for a loader that holds the warehouse.
    """
    done = tidy(load_settings().warehouse, wait_seconds=wait_seconds)
    rows = sum(month.row_count for month in done)
    return Completed(message=f"{len(done)} months sorted, {rows:,} rows" if done else "Every closed month is in order")

"""Store closed months in the order in which they are asked for."""

from __future__ import annotations

from typing import Any

from prefect import State, flow
from prefect.states import Completed

from tasks import runs
from tasks.settings import load_settings
from warehouse.tidy import KEEP_DAYS, remove_evidence, tidy


@flow(name="tidy-warehouse", flow_run_name=runs.run_name)
async def tidy_warehouse(wait_seconds: float = 600, keep_evidence_days: float = KEEP_DAYS) -> State[Any]:
    """Sort the rows of the months that are over, and remove old pictures; what is in order is left alone.

    Args:
        wait_seconds: how long to wait for a loader that holds the warehouse.
        keep_evidence_days: age from which files of evidence are removed.
    """
    settings = load_settings()
    done = tidy(settings.warehouse, wait_seconds=wait_seconds)
    removed = remove_evidence(settings.evidence, keep_days=keep_evidence_days)
    rows = sum(month.row_count for month in done)
    what = f"{len(done)} months sorted, {rows:,} rows" if done else "Every closed month is in order"
    return Completed(message=f"{what}; {removed} old files of evidence removed")

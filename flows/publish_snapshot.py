"""Load what is still landed, check the data and publish the snapshot that analysts and reports read."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed

from tasks import runs
from tasks.settings import load_settings
from warehouse.publish import publish


@flow(name="publish-snapshot", flow_run_name=runs.run_name)
async def publish_snapshot(wait_seconds: float = 60) -> State[Any]:
    """Publish; a fail-grade data check that finds rows fails the run and the last snapshot stays.

    Args:
        wait_seconds: how long to wait for a loader that holds the warehouse.
    """
    settings = load_settings()
    loaded = await runs.load_landed(settings, wait_seconds)
    await runs.say("publish-snapshot", [], loaded)
    published = publish(settings.warehouse, settings.snapshot, wait_seconds=wait_seconds)
    for sentence in published.warnings:
        get_run_logger().warning(sentence)
    return Completed(message=f"Snapshot {published.snapshot_id}, {published.byte_count:,} bytes")

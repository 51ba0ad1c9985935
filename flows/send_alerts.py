"""Tell what is news: incidents that opened or closed, and sources that fell silent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from prefect import State, flow, get_run_logger
from prefect.events import Event, Resource
from prefect.events.clients import get_events_client
from prefect.states import Completed

from tasks import runs
from tasks.alerting import tell
from tasks.settings import load_settings
from tasks.sites import load_sites
from warehouse.errors import WarehouseBusyError


@flow(name="send-alerts", flow_run_name=runs.run_name)
async def send_alerts() -> State[Any]:
    """Send each message once to each channel of `agency.alerts`; what can't be sent is tried again by the next runs."""
    settings = load_settings()
    sites = load_sites(settings.sites_file)
    if not sites.agency.alerts:
        return Completed(message="No channel is configured")
    try:
        told = await tell(sites, settings, now=datetime.now(UTC), secret=runs.secret, emit=emit)
    except WarehouseBusyError as error:
        return Completed(name="Waiting", message=str(error))
    for problem in told.problems:
        get_run_logger().warning(problem)
    return Completed(message=f"{told.decided} decided, {told.sent} sent")


async def emit(message: Mapping[str, Any]) -> None:
    """Emit the event `upkeep.<kind>` of the resource `upkeep.source.<site>.<source>`, and wait until the server has it.

    A message that is sent again is the same event.
    """
    place = ".".join(name for name in (message["site_id"], message["source_id"]) if name)
    event = Event(
        id=uuid5(NAMESPACE_URL, f"upkeep:{message['alert_id']}"),
        occurred=datetime.now(UTC),
        event=f"upkeep.{message['kind']}",
        resource=Resource(
            {
                "prefect.resource.id": f"upkeep.source.{place}" if place else "upkeep.monitoring",
                "prefect.resource.name": message["subject"],
            }
        ),
        payload=dict(message),
    )
    async with get_events_client(reconnection_attempts=1, checkpoint_every=1) as client:
        await client.emit(event)

"""Tell what is news: incidents that opened or closed, and sources that fell silent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from prefect import State, flow, get_run_logger
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
        told = await tell(sites, settings, now=datetime.now(UTC), secret=runs.secret, emit=runs.emit)
    except WarehouseBusyError as error:
        return Completed(name="Waiting", message=str(error))
    for problem in told.problems:
        get_run_logger().warning(problem)
    return Completed(message=f"{told.decided} decided, {told.sent} sent")

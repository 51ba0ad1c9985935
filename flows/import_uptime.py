"""Take in uptime history from the monitoring that an agency already runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="import-uptime", flow_run_name=runs.run_name)
async def import_uptime(
    sites: list[str] | None = None, since: datetime | None = None, until: datetime | None = None
) -> State[Any]:
    """Import the results of a window and load them.

    Args:
        sites: ids of sites; all of them by default.
        since: start of the window; the day before `until` by default.
        until: end of the window (exclusive); midnight UTC before the scheduled time by default.
    """
    until = until or runs.scheduled_at().replace(hour=0, minute=0, second=0, microsecond=0)
    since = since or until - timedelta(days=1)
    return await runs.collect_all("uptime", key="import-uptime", sites=sites, since=since, until=until)

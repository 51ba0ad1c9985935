"""Take in what is new in the WAF and access logs of the sites: files, buckets, services, tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-waf-logs", flow_run_name=runs.run_name)
async def collect_waf_logs(
    sites: list[str] | None = None, since: datetime | None = None, until: datetime | None = None
) -> State[Any]:
    """Read what is new in every log, and load it.

    Args:
        sites: ids of sites; all of them by default.
        since: start of history that is wanted now, where a source keeps it by time: a bucket, Cloudflare. What was read
            before is not read twice. Files and tables are always read whole.
        until: end of it (exclusive).
    """
    return await runs.collect_all("waf", key="collect-waf-logs", sites=sites, since=since, until=until)

"""Take in what is new in the WAF and access logs of the sites."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-waf-logs", flow_run_name=runs.run_name)
async def collect_waf_logs(sites: list[str] | None = None) -> State[Any]:
    """Read what is new in every log file, and load it.

    Args:
        sites: ids of sites; all of them by default.
    """
    return await runs.collect_all("waf", key="collect-waf-logs", sites=sites)

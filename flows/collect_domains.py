"""Ask the registries when the domains of the sites end: once a day."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from tasks import runs


@flow(name="collect-domains", flow_run_name=runs.run_name)
async def collect_domains(sites: list[str] | None = None) -> State[Any]:
    """Ask once for every domain and load the results.

    Args:
        sites: ids of sites; all of them by default.
    """
    return await runs.collect_all("domain", key="collect-domains", sites=sites)

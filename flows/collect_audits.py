"""Audit pages of the sites: performance, accessibility, security, content; each site once a week."""

from __future__ import annotations

from typing import Any

from prefect import State, flow

from tasks import runs
from tasks.audits import is_due


@flow(name="collect-audits", flow_run_name=runs.run_name)
async def collect_audits(sites: list[str] | None = None, kinds: list[str] | None = None) -> State[Any]:
    """Audit the pages whose week has come, one source after the other, and load what came of it.

    A run that no deployment started audits all.

    Args:
        sites: ids of sites; all of them by default.
        kinds: only sources of these kinds, as audits_files; all of them by default.
    """
    return await runs.collect_all("audits", key="collect-audits", sites=sites, is_due=is_due, only=kinds)

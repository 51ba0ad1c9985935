"""Fetch the feeds of advisories, of what is exploited and of what ends: once a day."""

from __future__ import annotations

from typing import Any

from prefect import State, flow, get_run_logger
from prefect.states import Completed, Failed

from tasks import progress, runs
from tasks.advisory_feeds import collect_feed, sentence
from tasks.settings import load_settings
from tasks.sites import load_sites


@flow(name="collect-advisories", flow_run_name=runs.run_name)
async def collect_advisories() -> State[Any]:
    """Fetch every feed of `agency.advisories`, one after another, and load what changed."""
    settings = load_settings()
    feeds = load_sites(settings.sites_file).agency.advisories
    if not feeds:
        return Completed(message="No feed is configured: add agency.advisories to sites.yaml")
    found = []
    for feed in feeds:
        found.append(await collect_feed(feed, settings, runs.secret))
        progress.report("feeds", len(found), len(feeds))
        if found[-1].detail:
            get_run_logger().warning(found[-1].detail)
    await runs.load_landed(settings)
    is_done = any(run.outcome != "failed" for run in found)
    return Completed(message=sentence(found)) if is_done else Failed(message=sentence(found))

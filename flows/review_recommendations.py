"""Run the closing tests of what was recommended, and write down what data say of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import acreate_table_artifact
from prefect.states import Completed, Failed

from tasks import progress, reporting, reviewing, runs
from tasks.brand import brand_of
from tasks.errors import UpkeepError
from tasks.settings import load_settings
from tasks.sites import load_sites
from warehouse.records import RecommendationEvent


@flow(name="review-recommendations", flow_run_name=runs.run_name)
async def review_recommendations(as_of: date | None = None, sites: list[str] | None = None) -> State[Any]:
    """Review the register of each site.

    Args:
        as_of: the day after the data that count; the day for which the run was scheduled by default. Where a quarter
            ends on that day the rules are asked too.
        sites: ids of sites; all of them by default.
    """
    settings = load_settings()
    configuration = load_sites(settings.sites_file)
    brand = brand_of(configuration.agency, settings.sites_file.parent)
    day, chosen = as_of or runs.scheduled_at().date(), configuration.select(sites)
    # What a past day would have said is dated then, so that what people did afterwards comes after it.
    now = min(datetime.now(UTC), datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
    rows, problems = list[dict[str, Any]](), list[str]()
    for number, site in enumerate(chosen, start=1):
        try:
            found = await asyncio.to_thread(reporting.review_site, settings.snapshot, brand, site.id, day, now)
            reviewing.land(settings.spool, found)
            events = found.get(RecommendationEvent.table, ())
            rows += [{"site": site.id, "rule": e.rule_id, "subject": e.subject, "state": e.state} for e in events]  # type: ignore[attr-defined]
        except UpkeepError as error:
            problems.append(f"{site.id}: {error}")
            get_run_logger().error(problems[-1])
        progress.report("reviews", number, len(chosen))
    await runs.load_landed(settings)
    await acreate_table_artifact(key="review-recommendations", table=rows, description=f"What changed by {day}")
    summary = f"{len(rows)} changes on {len(chosen)} sites by {day}"
    return Failed(message=f"{summary}. {problems[0]}") if problems else Completed(message=summary)

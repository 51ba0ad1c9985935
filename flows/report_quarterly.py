"""Write the quarterly report: one PDF per site, out of the published snapshot."""

from __future__ import annotations

import asyncio
import os
import re
from concurrent.futures import Executor, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from prefect import State, flow, get_run_logger, task
from prefect.artifacts import acreate_link_artifact, acreate_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed

from tasks import delivery, progress, reporting, runs
from tasks.brand import Brand, brand_of, corrections
from tasks.errors import UpkeepError
from tasks.quarters import Quarter, last_finished, parse_quarter
from tasks.render.document import write
from tasks.render.page import render_overview
from tasks.reporting import Written
from tasks.settings import Settings, load_settings
from tasks.sites import Site, load_sites

REPORTS_PER_PROCESS = 50


@task(name="write-report", task_run_name="{site.id} {quarter}", cache_policy=NO_CACHE)
async def write_report(
    pool: Executor, settings: Settings, brand: Brand, site: Site, quarter: Quarter, folder: Path
) -> Written:
    """Write one site's PDF in a process of the pool; its failure stays its own."""
    arguments = (settings.snapshot, brand, site.id, quarter, folder)
    return await asyncio.get_running_loop().run_in_executor(pool, reporting.write_site_report, *arguments)


@flow(name="report-quarterly", flow_run_name=runs.run_name)
async def report_quarterly(
    quarter: str | None = None, sites: list[str] | None = None, out: str | None = None
) -> State[Any]:
    """Write the reports of a quarter.

    Args:
        quarter: as 2026Q3; the last one that was over at the scheduled time by default.
        sites: ids of sites; all of them by default.
        out: folder for the PDFs; `var/reports` by default.
    """
    settings = load_settings()
    configuration = load_sites(settings.sites_file)
    wanted = parse_quarter(quarter) if quarter else last_finished(runs.scheduled_at())
    folder = Path(out) if out else settings.reports
    brand = brand_of(configuration.agency, settings.sites_file.parent)
    for sentence in corrections(configuration.agency):
        get_run_logger().warning(sentence)
    chosen, rows, written = configuration.select(sites), list[dict[str, Any]](), list[Written]()

    async def one(pool: Executor, site: Site) -> None:
        try:
            own = brand_of(configuration.agency, settings.sites_file.parent, configuration.client_of(site))
            done = await write_report(pool, settings, own, site, wanted, folder)
            written.append(done)
            row = {"site": site.id, "state": "written", "recommendations": done.recommendation_count}
            rows.append(row | {"file": str(done.path)})
            key = re.sub(r"[^a-z0-9]+", "-", f"report-{site.id}-{wanted}".lower())
            await acreate_link_artifact(key=key, link=done.path.as_uri(), link_text=done.path.name)
        except UpkeepError as error:
            rows.append({"site": site.id, "state": "failed", "recommendations": 0, "file": str(error)})
            get_run_logger().error(str(error))
        progress.report("reports", len(rows), len(chosen))

    # Rendering is all CPU; a process each of few sites, so that what WeasyPrint keeps of memory is given back.
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), max_tasks_per_child=REPORTS_PER_PROCESS) as pool:
        await asyncio.gather(*(one(pool, site) for site in chosen))
    reporting.land(settings, written)
    problems = [(str(row["site"]), str(row["file"])) for row in rows if row["state"] == "failed"]
    overview = render_overview([done.row for done in written], problems, brand, str(wanted))
    write(overview.encode(), folder, f"overview-{wanted}.html")
    rows.sort(key=lambda row: row["site"])
    await acreate_table_artifact(key="report-quarterly", table=rows, description=f"Reports of {wanted}")
    failed = [row for row in rows if row["state"] == "failed"]
    hashes = [done.sha256 for done in written]
    for problem in await delivery.announce(configuration, wanted, hashes, secret=runs.secret, emit=runs.emit):
        get_run_logger().warning(problem)
    summary = f"{len(rows) - len(failed)} of {len(rows)} reports of {wanted} in {folder}"
    if failed:
        return Failed(message=f"{summary}. {failed[0]['file']}")
    return Completed(message=summary)

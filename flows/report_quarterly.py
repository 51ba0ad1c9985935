"""Write the quarterly report: one PDF per site, out of the published snapshot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from prefect import State, flow, get_run_logger
from prefect.artifacts import acreate_link_artifact, acreate_table_artifact
from prefect.states import Completed, Failed

from tasks import delivery, pool, progress, reporting, runs
from tasks.brand import brand_of, corrections
from tasks.errors import UpkeepError
from tasks.quarters import last_finished, parse_quarter
from tasks.render.document import write
from tasks.render.page import render_overview
from tasks.reporting import Written
from tasks.settings import load_settings
from tasks.sites import load_sites


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
    agency = configuration.agency
    brand = brand_of(agency, settings.sites_file.parent)
    for sentence in corrections(agency):
        get_run_logger().warning(sentence)
    chosen, rows, written = configuration.select(sites), list[dict[str, Any]](), list[Written]()

    arguments = [
        (settings.snapshot, brand_of(agency, settings.sites_file.parent, client), site.id, wanted, folder)
        for site, client in ((site, configuration.client_of(site)) for site in chosen)
    ]
    async for place, done in pool.each(reporting.write_site_report, arguments):
        site = chosen[place]
        if isinstance(done, Exception):
            said = str(done) if isinstance(done, UpkeepError) else f"{type(done).__name__}: {done}"
            rows.append({"site": site.id, "state": "failed", "recommendations": 0, "file": said})
            get_run_logger().error("%s: %s", site.id, said)
        else:
            written.append(done)
            row = {"site": site.id, "state": "written", "recommendations": done.recommendation_count}
            rows.append(row | {"file": str(done.path)})
            key = re.sub(r"[^a-z0-9]+", "-", f"report-{site.id}-{wanted}".lower())
            await acreate_link_artifact(key=key, link=done.path.as_uri(), link_text=done.path.name)
        progress.report("reports", len(rows), len(chosen))
    written.sort(key=lambda done: done.site_id)
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

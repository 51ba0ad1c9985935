"""Write a quarter of the demo: logs, inventories, figures and results of four sites, the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from demo.accessibility import write_audits
from demo.advisories import write_feeds
from demo.backups import write_backups
from demo.bundles import write_bundles
from demo.journeys import write_journeys
from demo.logs import write_logs
from demo.performance import write_performance
from demo.scenario import STORY
from demo.servers import write_servers
from demo.site_audits import write_site_audits
from demo.tickets import write_tickets
from demo.uptime import write_uptime


def generate(folder: Path, on_progress: Callable[[int, int], None] | None = None, *, quarter: str = "2026Q3") -> None:
    """Write the source files of a quarter below `folder`; about 5 seconds, 30 MB.

    Args:
        folder: is made where it is missing; gets the folders that README.md lists.
        on_progress: called with (done, total) steps.
        quarter: a key of `STORY`; each needs a folder of its own.

    Raises:
        OSError: the folder can't be written.
    """
    sites = STORY[quarter]
    done, total = 0, 9 * len(sites)
    write_tickets(sites, folder / "tickets")
    write_feeds(folder, sites[0].period.end_date)
    for site in sites:
        for write, path in (
            (write_logs, folder / "logs" / site.id),
            (write_bundles, folder / "bundles" / site.id),
            (write_uptime, folder / "prometheus" / f"{site.id}.npz"),
            (write_servers, folder / "servers" / site.id),
            (write_backups, folder / "backups" / site.id),
            (write_performance, folder / "audits" / site.id),
            (write_journeys, folder / "journeys" / f"{site.id}.jsonl"),
            (write_audits, folder / "audits"),
            (write_site_audits, folder / "site-audits" / f"{site.id}.jsonl"),
        ):
            write(site, path)
            done += 1
            if on_progress:
                on_progress(done, total)

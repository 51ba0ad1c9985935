"""Try every source of the configuration once: `upkeep check`."""

from __future__ import annotations

from collections.abc import Sequence

from tasks import collecting
from tasks.discovery import units
from tasks.errors import UpkeepError
from tasks.settings import Settings
from tasks.sites import Sites


async def check_sources(
    sites: Sites, settings: Settings, site_ids: Sequence[str] | None
) -> list[tuple[str, str, str, str, str]]:
    """Return (site, source, kind, yes or no, what was seen or what to mend) for each source; nothing is stored."""
    rows = []
    for job in collecting.jobs(sites, settings, list(units("tasks.collect")), site_ids=site_ids):
        try:
            works, text = "yes", await units("tasks.collect")[job.options.kind].check(job)
        except UpkeepError as error:
            works, text = "no", str(error)
        except OSError as error:
            works, text = "no", f"{error.filename or ''} {error.strerror or error}".strip()
        rows.append((job.context.site_id, job.context.source_id, job.options.kind, works, text))
    return rows

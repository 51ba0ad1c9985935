"""The Prefect tasks that collection flows share: collect a batch of sources, load what is landed, say what was done."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from prefect import State, get_run_logger, runtime, task
from prefect.artifacts import acreate_table_artifact
from prefect.blocks.system import Secret
from prefect.cache_policies import NO_CACHE
from prefect.events import Event, Resource
from prefect.events.clients import get_events_client
from prefect.states import Completed

from tasks import collecting
from tasks.collecting import Report
from tasks.contracts import Job, secret_of
from tasks.discovery import units
from tasks.settings import Settings, load_settings
from tasks.sites import load_sites
from warehouse.load import Loaded

ROWS = 50
"""Rows of the table of a run; of more sources, those that did as they should are one row together."""
_RETRY = {"retries": 2, "retry_delay_seconds": 5, "retry_jitter_factor": 1.0, "cache_policy": NO_CACHE}


@task(name="collect-sources", **_RETRY)  # type: ignore[call-overload, untyped-decorator]
async def collect_sources(jobs: Sequence[Job]) -> list[Report]:
    """Collect the sources one after the other; what each did is in its report, a failed one fails only itself."""
    return [await collecting.collect(job) for job in jobs]


@task(name="collect-batch", **_RETRY)  # type: ignore[call-overload, untyped-decorator]
async def collect_batch(jobs: Sequence[Job]) -> list[Report]:
    """Collect many sources at once, in one batch for each kind: for frequent checks."""
    kinds = collecting.by_kind(jobs)
    found = await asyncio.gather(*(units("tasks.collect")[kind].collect_many(own) for kind, own in kinds.items()))
    return [
        Report(job, outcome)
        for own, outcomes in zip(kinds.values(), found, strict=True)
        for job, outcome in zip(own, outcomes, strict=True)
    ]


@task(name="load-landed", **_RETRY)  # type: ignore[call-overload, untyped-decorator]
async def load_landed(settings: Settings, wait_seconds: float = 0.0) -> Loaded | None:
    """Load what is landed; where another process holds the warehouse, that one or the next run does it."""
    loaded = collecting.load_landed(settings, wait_seconds=wait_seconds)
    if loaded is None:
        get_run_logger().info("The warehouse is in use; what was landed is loaded by the next run.")
    for sentence in loaded.set_aside if loaded else ():
        get_run_logger().error(sentence)
    return loaded


async def collect_all(
    what: str,
    *,
    key: str,
    sites: Sequence[str] | None,
    since: datetime | None = None,
    until: datetime | None = None,
    is_batch: bool = False,
    slot_seconds: float | None = None,
    is_due: Callable[[Job, datetime], bool] | None = None,
    only: Sequence[str] | None = None,
) -> State[Any]:
    """Collect every `<what>_*` source, load, leave the table of the run under `key`, and return the state to end in.

    With `slot_seconds`, the interval of the deployment, a source that asks for a longer one is left out of the slots
    between; with `is_due` those of which that says no. A run that no deployment started collects all. With `only` just
    sources of those kinds.
    """
    settings = load_settings()
    configuration = load_sites(settings.sites_file)
    collecting.land_configuration(configuration, settings)
    kinds = [kind for kind in collecting.kinds(what, is_batch=is_batch) if only is None or kind in only]
    jobs = collecting.jobs(
        configuration, settings, kinds, site_ids=sites, since=since, until=until, load_block=load_block
    )
    if slot_seconds and runtime.deployment.id:
        jobs = [job for job in jobs if collecting.is_due(job, scheduled_at(), slot_seconds)]
    if is_due and runtime.deployment.id:
        jobs = [job for job in jobs if is_due(job, scheduled_at())]
    reports = await (collect_batch if is_batch else collect_sources)(jobs)
    loaded = await load_landed(settings)
    await say(key, reports, loaded)
    return state_of(reports)


async def say(key: str, reports: Sequence[Report], loaded: Loaded | None) -> None:
    """Leave the table of the run as an artifact: what each source landed, what was rejected, what is missing."""
    rows = table_of(reports)
    rows.append(
        {
            "site": "all",
            "source": "loaded into the warehouse",
            "state": "waiting" if loaded is None else "complete",
            "landed": loaded.row_count if loaded else 0,
            "rejected": loaded.reject_count if loaded else 0,
            "message": "" if loaded else "the warehouse was in use",
        }
    )
    await acreate_table_artifact(
        key=key, table=rows, description="Rows landed, loaded and rejected; a failed source is a gap."
    )
    for report in reports:
        if report.outcome.state == "failed":
            get_run_logger().warning("%s/%s: %s", report.row["site"], report.row["source"], report.outcome.message)


def table_of(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """Return the rows of the table, what is amiss first: each minute's table stays in the server's database."""
    odd = [report for report in reports if report.outcome.message or report.outcome.reject_count]
    shown = reports if len(reports) <= ROWS else sorted(odd, key=lambda report: report.outcome.state != "failed")[:ROWS]
    rows: list[dict[str, Any]] = [{name: _safe(value) for name, value in report.row.items()} for report in shown]
    named = {id(report) for report in shown}
    left = [report for report in reports if id(report) not in named]
    for state in sorted({report.outcome.state for report in left}):
        of_state = [report for report in left if report.outcome.state == state]
        rows.append(
            {
                "site": f"{len(of_state)} more",
                "source": "not named here",
                "state": state,
                "landed": sum(report.outcome.landed_count for report in of_state),
                "rejected": sum(report.outcome.reject_count for report in of_state),
                "message": "",
            }
        )
    return rows


def state_of(reports: Sequence[Report]) -> State[Any]:
    """Return the state the run ends in: failed where every source failed, else completed and named for what was not."""
    failed = [report for report in reports if report.outcome.state == "failed"]
    summary = f"{sum(report.outcome.landed_count for report in reports)} records from {len(reports)} sources"
    if reports and len(failed) == len(reports):
        raise RuntimeError(f"No source delivered; the first says: {failed[0].outcome.message}")
    if failed:
        return Completed(name="Gaps", message=f"{summary}; {len(failed)} of them failed and are gaps")
    return Completed(message=summary)


def stale(every_seconds: float) -> State[Any] | None:
    """Return a state to end with where this run starts more than two intervals late: its moment is gone, a gap."""
    scheduled = runtime.flow_run.scheduled_start_time
    if scheduled is None or datetime.now(UTC) - scheduled <= timedelta(seconds=2 * every_seconds):
        return None
    return Completed(
        name="Stale", message=f"Started more than two intervals after {scheduled:%Y-%m-%d %H:%M:%S} UTC: a gap"
    )


def scheduled_at() -> datetime:
    """Return the moment this run was meant for: the base of every default window."""
    return runtime.flow_run.scheduled_start_time or datetime.now(UTC)


def run_name() -> str:
    """Name a flow run after its sites and its window."""
    parameters = runtime.flow_run.parameters
    sites = ", ".join(parameters.get("sites") or ["all sites"])
    window = parameters.get("quarter") or parameters.get("since") or f"{scheduled_at():%Y-%m-%d %H:%M}"
    return f"{sites} · {window}"


async def load_block(name: str) -> str:
    """Return a secret out of a Prefect Secret block; raises ValueError where there is none."""
    block: Any = await Secret.aload(name)
    return str(block.get())


secret = partial(secret_of, load_block=load_block)
"""Returns the secret of a reference, from the environment or a block of Prefect."""


async def emit(message: Mapping[str, Any]) -> None:
    """Emit the event `upkeep.<kind>` of the resource `upkeep.source.<site>.<source>`, and wait until the server has it.

    A message that is sent again is the same event.
    """
    place = ".".join(name for name in (message["site_id"], message["source_id"]) if name)
    event = Event(
        id=uuid5(NAMESPACE_URL, f"upkeep:{message['alert_id']}"),
        occurred=datetime.now(UTC),
        event=f"upkeep.{message['kind']}",
        resource=Resource(
            {
                "prefect.resource.id": f"upkeep.source.{place}" if place else "upkeep.monitoring",
                "prefect.resource.name": message["subject"],
            }
        ),
        payload=dict(message),
    )
    async with get_events_client(reconnection_attempts=1, checkpoint_every=1) as client:
        await client.emit(event)


def _safe(value: object) -> object:
    """Escape text for the server's pages: it may come from outside."""
    return html.escape(value) if isinstance(value, str) else value

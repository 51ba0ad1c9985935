"""Run collectors over the sites of the configuration: what every collection flow and `upkeep collect` share.

Prefect-free: a flow adds schedule, retries, artifact and logs around these functions.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from zoneinfo import ZoneInfo

from tasks import progress
from tasks.contracts import Confirmation, Context, Job, Outcome, SourceOptions, UptimeOptions
from tasks.discovery import units
from tasks.errors import SourceError
from tasks.settings import Settings
from tasks.sites import Maintenance, Sites
from tasks.sites import Site as SiteOptions
from warehouse import load as loading
from warehouse.errors import WarehouseBusyError
from warehouse.records import CollectionRun, MaintenanceWindow, Site, Source
from warehouse.spool import batch_id_of

CONFIGURATION = "configuration"
COLLECTION_RUN = "collection_run"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Report:
    """What was done for one source."""

    job: Job
    outcome: Outcome

    @property
    def row(self) -> dict[str, object]:
        """Return it as a row of the run's table."""
        outcome = self.outcome
        return {
            "site": self.job.context.site_id,
            "source": self.job.context.source_id,
            "state": outcome.state,
            "landed": outcome.landed_count,
            "rejected": outcome.reject_count,
            "message": outcome.message or "",
        }


def kinds(what: str, *, is_batch: bool = False) -> list[str]:
    """Return the kinds whose file is `<what>_<source>.py`; with `is_batch` those that collect many at once."""
    return [
        kind
        for kind, module in units("tasks.collect").items()
        if kind.startswith(f"{what}_") and hasattr(module, "collect_many") == is_batch
    ]


def jobs(
    sites: Sites,
    settings: Settings,
    wanted: Sequence[str],
    *,
    site_ids: Sequence[str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    load_block: Callable[[str], Awaitable[str]] | None = None,
) -> list[Job]:
    """Return one job per source of the given kinds, in the order of the file."""
    now = datetime.now(UTC)
    return [
        Job(
            context=Context(
                site_id=site.id,
                source_id=options.source_id,
                time_zone=site.time_zone,
                site_time_zone=site.time_zone,
                host=site.host,
                url=str(site.url),
                collected_at=now,
            ),
            options=options,
            spool=settings.spool,
            since=since,
            until=until,
            base=settings.sites_file.parent,
            reference=settings.reference,
            vantage_anchors=sites.agency.vantage_anchors,
            evidence=settings.evidence,
            load_block=load_block,
            on_progress=partial(progress.report, f"{site.id} · {options.source_id}"),
        )
        for site in sites.select(site_ids)
        for options in site.sources
        if options.kind in wanted
    ]


def is_due(job: Job, slot_at: datetime, slot_seconds: float) -> bool:
    """Tell whether a source is to be collected in the slot of the deployment that starts at `slot_at`.

    A source that says `every_seconds` longer than the slot is collected every so many slots; which of them is fixed by
    its name, so that the load is spread and a restart changes nothing. An interval between two multiples of the slot
    is taken as the lower one: a result never has to speak for longer than it may.
    """
    every = getattr(job.options, "every_seconds", slot_seconds)
    period = max(1, int(every / slot_seconds + 1e-9))
    slot = round((slot_at - _EPOCH).total_seconds() / slot_seconds)
    return slot % period == zlib.crc32(f"{job.context.site_id}/{job.context.source_id}".encode()) % period


def by_kind(jobs: Sequence[Job]) -> dict[str, list[Job]]:
    """Group jobs by kind, in order."""
    kinds: dict[str, list[Job]] = {}
    for job in jobs:
        kinds.setdefault(job.options.kind, []).append(job)
    return kinds


async def collect(job: Job) -> Report:
    """Collect one source and land the record of the attempt beside what it brought; never raises SourceError."""
    started = datetime.now(UTC)
    try:
        outcome = await units("tasks.collect")[job.options.kind].collect(job)
    except (SourceError, WarehouseBusyError) as error:
        outcome = Outcome(state="failed", message=str(error))
    land_run(job, outcome, started)
    return Report(job, outcome)


def land_run(job: Job, outcome: Outcome, started: datetime) -> None:
    """Land the record of one attempt: the proof that somebody looked, whatever came of it."""
    run_id = uuid.uuid4().hex
    run = CollectionRun(
        run_id=run_id,
        site_id=job.context.site_id,
        source_id=job.context.source_id,
        kind=job.options.kind,
        window_start_at=job.since,
        window_end_at=job.until,
        started_at=started,
        ended_at=datetime.now(UTC),
        state=outcome.state,
        landed_count=outcome.landed_count,
        reject_count=outcome.reject_count,
        fresh_as_of_at=outcome.fresh_as_of,
        message=outcome.message,
    )
    job.spool.land(run_id, {run.table: [run]}, collector=COLLECTION_RUN, parser_version="collection_run/1")


def land_configuration(sites: Sites, settings: Settings) -> None:
    """Land sites and sources as the configuration has them, once for each time that it changed."""
    now = datetime.now(UTC)
    tables: dict[str, list[Site] | list[Source] | list[MaintenanceWindow]] = {
        Site.table: [_site_record(sites, site, now) for site in sites.sites],
        Source.table: [
            Source(
                site_id=site.id,
                source_id=options.source_id,
                kind=options.kind,
                fills=options.fills,
                expected_every_seconds=options.expected_every_seconds,
                configured_at=now,
                **_confirmation(options),
            )
            for site in sites.sites
            for options in site.sources
        ],
        MaintenanceWindow.table: [
            _window_record(site, window, now) for site in sites.sites for window in site.maintenance
        ],
    }
    content = batch_id_of(*(replace(row, configured_at=_EPOCH) for rows in tables.values() for row in rows))
    with settings.spool.hold_cursor(CONFIGURATION, wait_seconds=10) as last:
        if last and last["content"] == content:
            return
        number = last["number"] + 1 if last else 0
        settings.spool.land(
            batch_id_of(CONFIGURATION, content, number),
            tables,
            collector=CONFIGURATION,
            parser_version="configuration/1",
            cursor=(CONFIGURATION, {"content": content, "number": number}),
        )


def _confirmation(options: SourceOptions) -> dict[str, int]:
    confirm = options.confirm if isinstance(options, UptimeOptions) else Confirmation()
    return {f"confirm_{name}": value for name, value in confirm.model_dump().items()}


def _window_record(site: SiteOptions, window: Maintenance, now: datetime) -> MaintenanceWindow:
    zone = ZoneInfo(site.time_zone)
    start, end = (
        moment and (moment if moment.tzinfo else moment.replace(tzinfo=zone)) for moment in (window.start, window.end)
    )
    return MaintenanceWindow(
        site_id=site.id,
        reason=window.reason,
        source_ids=list(window.sources),
        start_at=start,
        end_at=end,
        weekdays=list(window.weekdays),
        local_time=window.at,
        duration_minutes=window.minutes,
        first_date=window.first,
        last_date=window.last,
        announced_date=window.announced,
        configured_at=now,
    )


def _site_record(sites: Sites, site: SiteOptions, now: datetime) -> Site:
    return Site(
        site_id=site.id,
        site_name=site.name,
        client_id=site.client,
        client_name=sites.client_of(site).name,
        url=str(site.url),
        platform=site.platform,
        time_zone=site.time_zone,
        locale=site.locale,
        owner_name=site.owner.name,
        lanes=list(site.lanes),
        availability_slo_pct=site.availability_slo_pct,
        security_patch_sla_days=site.patch_sla_days.security,
        routine_patch_sla_days=site.patch_sla_days.routine,
        configured_at=now,
        trusted_networks=[*sites.agency.trusted_networks, *site.trusted_networks],
        thresholds=json.dumps(site.thresholds, sort_keys=True),
    )


def load_landed(settings: Settings, *, wait_seconds: float = 0.0) -> loading.Loaded | None:
    """Load what is landed; None where another process holds the warehouse, which will load it."""
    try:
        return loading.load(settings.spool, settings.warehouse, wait_seconds=wait_seconds)
    except WarehouseBusyError:
        return None

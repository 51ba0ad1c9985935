"""Tell what is news about incidents and silent sources: read the live warehouse, decide, send, keep the ledger."""

from __future__ import annotations

import contextlib
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import duckdb

from tasks import alerts
from tasks.alert_channels import Channel, Emit, GetSecret, RefusedError, send
from tasks.alerts import Delivery, Incident, Place, State, Waiting
from tasks.errors import SourceError
from tasks.settings import Settings
from tasks.sites import Sites
from warehouse import migrate
from warehouse.connection import open_live, prepare
from warehouse.records import Alert
from warehouse.spool import batch_id_of

CURSOR = "alerts"
RARE_SECONDS = 900
"""Checks that are rarer are read for the days before, so that what is down now has its beginning."""
_SOURCES = """
SELECT
  source.site_id, source.source_id, site_name, url, time_zone,
  min(every.configured_at) AS known_since, any_value(source.expected_every_seconds) AS expected_every_seconds
FROM staging.source AS source
JOIN staging.site AS site USING (site_id)
JOIN raw.source AS every ON every.site_id = source.site_id AND every.source_id = source.source_id
GROUP BY ALL"""
_RUNS = """
SELECT site_id, source_id, max(ended_at) AS delivered_at FROM raw.collection_run
WHERE landed_count > 0 AND started_at > $now::TIMESTAMPTZ - INTERVAL 100 DAYS
GROUP BY site_id, source_id"""
_CHECKS = """
SELECT * FROM raw.check_result
WHERE slot_at > $now::TIMESTAMPTZ - CASE WHEN interval_seconds > $rare THEN INTERVAL 10 DAYS
  ELSE INTERVAL 7 HOURS END"""
_COLUMNS = ("started_at", "confirmed_at", "ended_at", "cause", "status", "check_count", "is_flapping", "is_planned")
_INCIDENTS = f"""
SELECT site_id, source_id, {", ".join(_COLUMNS)}, is_end_seen FROM marts.incident ORDER BY started_at"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Told:
    """What one run did: messages decided, sent, and why those that are still waiting were not sent."""

    decided: int
    sent: int
    problems: tuple[str, ...] = ()


async def tell(sites: Sites, settings: Settings, *, now: datetime, secret: GetSecret, emit: Emit) -> Told:
    """Decide what is news, send what waits and land the ledger.

    Raises:
        WarehouseBusyError: another process holds the warehouse, or tells.
    """
    with settings.spool.hold_cursor(CURSOR) as value:
        state = State.of(value)
        incidents, deliveries = situation(settings, now)
        alerts.forget(state, [delivery.place for delivery in deliveries])
        messages = alerts.decide(state, incidents, deliveries, now)
        channels = sites.agency.alerts
        for message in messages:
            for channel in channels:
                if not channel.sites or message.site_id in channel.sites:
                    state.waiting.append(Waiting(asdict(message), channel.id, now.isoformat()))
        known = {channel.id for channel in channels}
        state.waiting = [item for item in state.waiting if item.channel in known]
        rows, problems = list[Alert](), list[str]()
        for channel in channels:
            done, problem = await _deliver(state, channel, now, secret, emit)
            rows += done
            problems += problem
        if messages or rows or problems or State.of(value) != state:
            settings.spool.land(
                batch_id_of(CURSOR, now.isoformat()),
                {Alert.table: rows},
                collector=CURSOR,
                parser_version="alerts/1",
                cursor=(CURSOR, state.value()),
            )
    return Told(len(messages), sum(row.state == "sent" for row in rows), tuple(problems))


def situation(settings: Settings, now: datetime) -> tuple[list[Incident], list[Delivery]]:
    """Return the incidents of late and when each source last delivered.

    The views are asked over a copy of the newest checks: over years they would take minutes.
    """
    with open_live(settings.warehouse, wait_seconds=20) as live:
        places = {(row["site_id"], row["source_id"]): row for row in _dicts(live.execute(_SOURCES))}
        runs = {(site, source): at for site, source, at in live.execute(_RUNS, {"now": now}).fetchall()}
        tables = {
            name: live.execute(f"SELECT * FROM raw.{name}").to_arrow_table()  # noqa: S608 - our own names
            for name in ("site", "source", "maintenance_window")
        }
        tables["check_result"] = live.execute(_CHECKS, {"now": now, "rare": RARE_SECONDS}).to_arrow_table()
    with contextlib.closing(duckdb.connect()) as recent:
        prepare(recent)
        migrate.apply(recent)
        for name, rows in tables.items():
            recent.register("rows", rows)
            recent.execute(f"INSERT INTO raw.{name} BY NAME SELECT * FROM rows")  # noqa: S608 - our own names
            recent.unregister("rows")
        found = _dicts(recent.execute(_INCIDENTS))
    incidents = [
        Incident(
            place=_place(places[row["site_id"], row["source_id"]]),
            **{name: row[name] for name in _COLUMNS},
            is_over=row["is_end_seen"],
        )
        for row in found
        if (row["site_id"], row["source_id"]) in places
    ]
    deliveries = [
        Delivery(
            place=_place(row),
            delivered_at=runs.get(key),
            known_since=row["known_since"],
            silent_seconds=max(3 * row["expected_every_seconds"], 900),
        )
        for key, row in places.items()
    ]
    return incidents, deliveries


async def _deliver(
    state: State, channel: Channel, now: datetime, secret: GetSecret, emit: Emit
) -> tuple[list[Alert], list[str]]:
    """Send what waits for one channel; many messages go out as one."""
    waiting, rows, problems = alerts.due(state, channel.id, now), list[Alert](), list[str]()
    groups = [waiting] if len(waiting) > alerts.MANY else [[item] for item in waiting]
    for group in groups:
        if not group:
            continue
        problem, is_final = None, True
        try:
            await send(channel, alerts.joined([item.message for item in group]), secret, emit)
        except RefusedError as error:
            problem = str(error)
        except SourceError as error:
            problem, is_final = str(error), False
        problems += [problem] if problem else []
        for item in group:
            item.attempt_count += 1
            item.next_at = (now + alerts.delay(item.attempt_count)).isoformat()
            is_old = now - datetime.fromisoformat(item.decided_at) > alerts.GIVE_UP
            if is_final or is_old:
                state.waiting.remove(item)
                rows.append(_row(item, "sent" if is_final else "failed", problem))
    return rows, problems


def _row(item: Waiting, state: str, message: str | None) -> Alert:
    return Alert(
        **{name: item.message[name] for name in ("alert_id", "kind", "site_id", "source_id", "subject")},
        channel=item.channel,
        decided_at=datetime.fromisoformat(item.decided_at),
        ended_at=datetime.now(UTC),
        state=state,
        attempt_count=item.attempt_count,
        message=message,
    )


async def check(sites: Sites, *, secret: GetSecret, emit: Emit) -> list[dict[str, str]]:
    """Send a test message to every channel and return what came of it."""
    now = datetime.now(UTC)
    rows = []
    for channel in sites.agency.alerts:
        message = alerts.Message(
            alert_id=batch_id_of("test", channel.id, now.isoformat()),
            kind="test",
            site_id="",
            source_id="",
            subject="Test of the alerts of site-upkeep",
            text="Nothing is wrong: somebody ran `upkeep alerts check`.",
            started_at=now.isoformat(),
        )
        try:
            await send(channel, asdict(message), secret, emit)
        except SourceError as error:
            rows.append({"channel": channel.id, "kind": channel.kind, "state": "failed", "message": str(error)})
        else:
            rows.append({"channel": channel.id, "kind": channel.kind, "state": "sent", "message": ""})
    return rows


def _place(row: dict[str, Any]) -> Place:
    return Place(**{name: row[name] for name in ("site_id", "source_id", "site_name", "url", "time_zone")})


def _dicts(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

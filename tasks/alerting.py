"""Tell what is news about incidents and silent sources: read the live warehouse, decide, send, keep the ledger."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb

from tasks import alerts
from tasks.alert_channels import Channel, Emit, GetSecret, RefusedError, send
from tasks.alerts import Delivery, Incident, Message, Place, Situation, State, Waiting
from tasks.errors import SourceError
from tasks.settings import Settings
from tasks.sites import Sites
from warehouse import migrate
from warehouse.connection import dicts, open_live, prepare
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
_MAY_BE_QUIET = ("waf_event", "ticket", "accessibility_assertion")
"""What may not happen for days: of these a run that found nothing new was a delivery. All else is always there."""
_RUNS = """
SELECT run.site_id, run.source_id, max(ended_at) AS delivered_at
FROM raw.collection_run AS run
JOIN staging.source AS source ON source.site_id = run.site_id AND source.source_id = run.source_id
WHERE started_at > $now::TIMESTAMPTZ - INTERVAL 100 DAYS
  AND (landed_count > 0 OR state = 'empty' AND list_contains($may_be_quiet, fills))
GROUP BY run.site_id, run.source_id"""
_CHECKED = """
SELECT site_id, source_id, max(checked_at) AS delivered_at FROM raw.check_result
WHERE slot_at > $now::TIMESTAMPTZ - $days * INTERVAL 1 DAY
  AND ($source_ids IS NULL OR list_contains($source_ids::VARCHAR[], site_id || '/' || source_id))
GROUP BY site_id, source_id"""
"""Checks of our own are their own proof: no run stands for them."""
_CHECKED_DAYS = 2
"""Longer than any check may be silent; what is older is looked for only where nothing is as new."""
_CHECKS = """
SELECT * FROM raw.check_result
WHERE slot_at > $oldest AND (
  slot_at > $now::TIMESTAMPTZ - CASE WHEN interval_seconds > $rare THEN INTERVAL 10 DAYS ELSE INTERVAL 7 HOURS END
  {told}
)"""
_TOLD = "OR (site_id, source_id) IN (SELECT unnest($sites::VARCHAR[]), unnest($sources::VARCHAR[]))"
"""What was told and is older: its end may be younger than its beginning by days in which nobody looked."""
_LONGEST = timedelta(days=40)
_SLOTS = """
SELECT slot_at, count(*) FILTER (cause = 'vantage') AS lost_count, count(*) FILTER (outcome <> 'unknown') AS known_count
FROM raw.check_result
WHERE slot_at > $now::TIMESTAMPTZ - INTERVAL 1 HOUR
GROUP BY slot_at HAVING lost_count + known_count > 0 ORDER BY slot_at DESC"""
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
        messages, rows = move(state, sites, settings, now)
        if state.value() != value:
            _land(settings, "decided", state, rows, now)  # before anything goes out
        each = await asyncio.gather(*(_deliver(state, channel, now, secret, emit) for channel in sites.agency.alerts))
        rows = [row for done, _ in each for row in done]
        problems = [problem for _, found in each for problem in found]
        if rows or problems:
            _land(settings, "sent", state, rows, now)
    return Told(len(messages), sum(row.state == "sent" for row in rows), tuple(problems))


def preview(sites: Sites, settings: Settings, *, now: datetime) -> list[Message]:
    """Return what would be told now; nothing is sent or kept.

    Raises:
        WarehouseBusyError: another process holds the warehouse, or tells.
    """
    with settings.spool.hold_cursor(CURSOR) as value:
        return move(State.of(value), sites, settings, now)[0]


def move(state: State, sites: Sites, settings: Settings, now: datetime) -> tuple[list[Message], list[Alert]]:
    """Decide what is news, put it where it waits, and return it with the rows of what nobody waits for any more.

    Raises:
        WarehouseBusyError: another process holds the warehouse.
    """
    situation = read_situation(settings, now, state)
    alerts.forget(state, [delivery.place for delivery in situation.deliveries])
    messages = alerts.decide(state, situation, now)
    channels = {channel.id: sites.sites_of(channel) for channel in sites.agency.alerts}
    for message in messages:
        for channel, wanted in channels.items():
            if wanted is None or message.site_id in wanted:
                state.waiting.append(Waiting([asdict(message)], channel, now.isoformat()))
    gone = [item for item in state.waiting if item.channel not in channels]
    state.waiting = [item for item in state.waiting if item.channel in channels]
    alerts.gather(state, now)
    return messages, [row for item in gone for row in _rows(item, "skipped", "The channel is no longer in sites.yaml.")]


def read_situation(settings: Settings, now: datetime, state: State) -> Situation:
    """Return the incidents of late, when each source last delivered, and whether our own connection holds.

    The views are asked over a copy of the newest checks: over years they would take minutes.
    """
    told = [key.split("/") for key in state.incidents]
    first = min((datetime.fromisoformat(start) for start in state.incidents.values()), default=now)
    is_old = first < now - timedelta(hours=6)
    window: dict[str, Any] = {"now": now, "rare": RARE_SECONDS, "oldest": now - timedelta(days=10)}
    if is_old:
        window["oldest"] = min(window["oldest"], max(first - timedelta(hours=1), now - _LONGEST))
        window |= {"sites": [site for site, _ in told], "sources": [source for _, source in told]}
    with open_live(settings.warehouse, wait_seconds=20) as live:
        places = {(row["site_id"], row["source_id"]): row for row in dicts(live.execute(_SOURCES))}
        delivered = _delivered(live, now, places)
        tables = {
            name: live.execute(f"SELECT * FROM raw.{name}").to_arrow_table()  # noqa: S608 - our own names
            for name in ("site", "source", "maintenance_window")
        }
        query = _CHECKS.format(told=_TOLD if is_old else "")
        tables["check_result"] = live.execute(query, window).to_arrow_table()
        slots = live.execute(_SLOTS, {"now": now}).fetchall()
    with contextlib.closing(duckdb.connect()) as recent:
        prepare(recent)
        migrate.apply(recent)
        for name, rows in tables.items():
            recent.register("rows", rows)
            recent.execute(f"INSERT INTO raw.{name} BY NAME SELECT * FROM rows")  # noqa: S608 - our own names
            recent.unregister("rows")
        found = dicts(recent.execute(_INCIDENTS))
    return Situation(
        incidents=[
            Incident(
                place=_place(places[row["site_id"], row["source_id"]]),
                **{name: row[name] for name in _COLUMNS},
                is_over=row["is_end_seen"],
            )
            for row in found
            if (row["site_id"], row["source_id"]) in places
        ],
        deliveries=[
            Delivery(
                place=_place(row),
                delivered_at=delivered.get(key),
                known_since=row["known_since"],
                silent_seconds=patience(row["expected_every_seconds"]),
            )
            for key, row in places.items()
        ],
        blind_since=alerts.blind_since(slots),
    )


def _delivered(
    live: duckdb.DuckDBPyConnection, now: datetime, places: Collection[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    """Return when each source last delivered, by site and source; one that never did is left out."""
    found = live.execute(_RUNS, {"now": now, "may_be_quiet": list(_MAY_BE_QUIET)}).fetchall()
    found += live.execute(_CHECKED, {"now": now, "days": _CHECKED_DAYS, "source_ids": None}).fetchall()
    lost = [f"{site}/{source}" for site, source in set(places) - {(site, source) for site, source, _ in found}]
    if lost:
        found += live.execute(_CHECKED, {"now": now, "days": 100, "source_ids": lost}).fetchall()
    delivered: dict[tuple[str, str], datetime] = {}
    for site, source, at in found:
        delivered[site, source] = max(at, delivered.get((site, source), at))
    return delivered


def patience(every_seconds: int) -> int:
    """Return after how many seconds without data a source is silent: two more deliveries, 15 minutes to 12 hours."""
    return every_seconds + min(max(900, 2 * every_seconds), 43_200)


async def _deliver(
    state: State, channel: Channel, now: datetime, secret: GetSecret, emit: Emit
) -> tuple[list[Alert], list[str]]:
    """Send what waits for one channel; whatever is wrong with it, the others get theirs, and need not wait for it."""
    rows, problems = list[Alert](), list[str]()
    for item in alerts.due(state, channel.id, now):
        problem, is_final = None, True
        try:
            await send(channel, alerts.joined(item.messages), secret, emit)
        except RefusedError as error:
            problem = str(error)
        except SourceError as error:
            problem, is_final = str(error), False
        except Exception as error:  # noqa: BLE001 - its text may hold a secret
            problem, is_final = f"The channel {channel.id} failed ({type(error).__name__}).", False
        problems += [problem] if problem else []
        item.attempt_count += 1
        item.next_at = (now + alerts.delay(item.attempt_count)).isoformat()
        is_old = now - datetime.fromisoformat(item.decided_at) > alerts.GIVE_UP
        if is_final or is_old:
            state.waiting.remove(item)
            rows += _rows(item, "sent" if is_final else "failed", problem)
    return rows, problems


def _land(settings: Settings, what: str, state: State, rows: list[Alert], now: datetime) -> None:
    settings.spool.land(
        batch_id_of(CURSOR, what, now.isoformat()),
        {Alert.table: rows},
        collector=CURSOR,
        parser_version="alerts/1",
        cursor=(CURSOR, state.value()),
    )


def _rows(item: Waiting, state: str, problem: str | None) -> list[Alert]:
    return [
        Alert(
            **{name: message[name] for name in ("alert_id", "kind", "site_id", "source_id", "subject")},
            channel=item.channel,
            decided_at=datetime.fromisoformat(item.decided_at),
            ended_at=datetime.now(UTC),
            state=state,
            attempt_count=item.attempt_count,
            message=problem,
        )
        for message in item.messages
    ]


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

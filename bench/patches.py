"""Seconds from landed inventories and advisories to findings that can be asked for, of 1,000 sites.

Sites have 60 plugins each of 12,000, the popular ones more often, six of seven in their newest version and the others
up to five releases behind; 42,500 advisories, more of popular plugins, an eighth told by a second feed too.
"""

from __future__ import annotations

import contextlib
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.marts import SITE, site_id
from tasks.settings import Settings
from tasks.versions import sort_key
from warehouse.connection import open_live, open_snapshot
from warehouse.load import load
from warehouse.publish import publish
from warehouse.records import AdvisoryChange, AdvisoryRange, ComponentObservation, InventoryFile, Record

SITES, COMPONENTS, ADVISORIES, SLUGS = 1000, 60, 42_500, 12_000
ECOSYSTEM = "wordpress-plugin"
START = datetime(2026, 7, 1, 3, tzinfo=UTC)
JOIN = """
SELECT count(*)
FROM (SELECT DISTINCT advisory_ecosystem, advisory_name, advisory_key FROM raw.component_observation) AS seen
JOIN raw.advisory_range AS affected
  ON affected.ecosystem = seen.advisory_ecosystem AND affected.name = seen.advisory_name
  AND (affected.from_key IS NULL OR seen.advisory_key >= affected.from_key) AND seen.advisory_key < affected.to_key"""


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit)."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "sites.yaml", Path(folder) / "var")
        with open_live(settings.warehouse) as con:
            con.execute(SITE, {"sites": SITES})
        _land(settings, random.Random(7))
        start, used = time.perf_counter(), time.process_time()
        loaded = load(settings.spool, settings.warehouse)
        middle = time.perf_counter()
        publish(settings.warehouse, settings.snapshot)
        published = time.perf_counter()
        with contextlib.closing(open_snapshot(settings.snapshot)) as con:
            con.execute("CREATE TEMP TABLE found AS FROM marts.finding")
            ((count,),) = con.execute("SELECT count(*) FROM found").fetchall()
            end, used = time.perf_counter(), time.process_time() - used
            again = [_timed(con, "CREATE OR REPLACE TEMP TABLE found AS FROM marts.finding") for _ in range(3)]
            one = [
                _timed(con, f"CREATE OR REPLACE TEMP TABLE found AS FROM marts.finding WHERE site_id = '{site_id(7)}'")
                for _ in range(3)
            ]
            join = [_timed(con, JOIN) for _ in range(3)]
    yield f"findings: load {loaded.batch_count:,} batches, {loaded.row_count:,} rows", middle - start, "s"
    yield "findings: check and publish", published - middle, "s"
    yield f"findings: landed to {count:,} findings worked out", end - start, "s"
    yield "findings: the same, time of processors", used, "s"
    yield "findings: of all sites again, median of 3", statistics.median(again), "s"
    yield "findings: of one site, median of 3", statistics.median(one), "s"
    yield "findings: the join of components and ranges alone", statistics.median(join), "s"


def _timed(con: Any, sql: str) -> float:
    start = time.perf_counter()
    con.execute(sql).fetchall()
    return time.perf_counter() - start


def _land(settings: Settings, rng: random.Random) -> None:
    releases = [
        sorted({f"{rng.randint(1, 9)}.{rng.randint(0, 9)}.{rng.randint(0, 9)}" for _ in range(20)})
        for _ in range(SLUGS)
    ]
    feeds: dict[str, list[Record]] = {"advisory": [], "advisory_range": []}
    for number in range(ADVISORIES):
        slug = int(SLUGS * rng.random() ** 2)
        fixed = rng.choice(releases[slug][1:])
        for feed, name in (("wf", f"uuid-{number}"), ("osv", f"GHSA-{number}"))[: 2 if number % 8 == 0 else 1]:
            feeds["advisory"].append(_advisory(feed, name, number))
            feeds["advisory_range"].append(_range(feed, name, f"plugin-{slug}", fixed))
    settings.spool.land("feeds", feeds, collector="advisories", parser_version="bench/1")
    for site in range(SITES):
        slugs = {int(SLUGS * rng.random() ** 6) for _ in range(2 * COMPONENTS)}
        rows = [_installed(site, slug, releases[slug], rng) for slug in sorted(slugs)[:COMPONENTS]]
        place = {
            "site_id": site_id(site),
            "source_id": "patches",
            "bundle_id": "20260701T030000Z",
            "collected_at": START,
        }
        tables: dict[str, list[Record]] = {
            "component_observation": rows,
            "inventory_file": [InventoryFile(**place, file="plugin-list.json", ecosystems=[ECOSYSTEM])],  # type: ignore[arg-type]
        }
        settings.spool.land(site_id(site), tables, collector="patches_bundle", parser_version="bench/1")


def _installed(site: int, slug: int, versions: list[str], rng: random.Random) -> Record:
    version = versions[-1] if rng.random() < 0.85 else rng.choice(versions[-6:-1])
    key = sort_key(ECOSYSTEM, version)
    return ComponentObservation(
        site_id=site_id(site), source_id="patches", bundle_id="20260701T030000Z", collected_at=START,
        ecosystem=ECOSYSTEM, name=f"plugin-{slug}", version=version, status="active", update_state="unknown",
        latest_version=None, is_security_update=None, is_auto_update=None, fresh_as_of_at=None, version_key=key,
        advisory_ecosystem=ECOSYSTEM, advisory_name=f"plugin-{slug}", advisory_key=key,
    )  # fmt: skip


def _advisory(feed: str, name: str, number: int) -> AdvisoryChange:
    at = START - timedelta(days=number % 900)
    return AdvisoryChange(
        feed=feed, advisory_id=name, fetched_at=START, is_gone=False, aliases=[f"CVE-2026-{number:05}"], title="x",
        severity="high", cvss_score=7.5, cvss_vector=None, is_informational=False, published_at=at, modified_at=at,
        withdrawn_at=None, url=None,
    )  # fmt: skip


def _range(feed: str, name: str, slug: str, fixed: str) -> AdvisoryRange:
    key = sort_key(ECOSYSTEM, fixed)
    return AdvisoryRange(
        feed=feed, advisory_id=name, fetched_at=START, ecosystem=ECOSYSTEM, name=slug, from_version=None, from_key=None,
        is_from_included=True, to_version=fixed, to_key=key, is_to_included=False, fixed_version=fixed, fixed_key=key,
        is_comparable=True,
    )  # fmt: skip

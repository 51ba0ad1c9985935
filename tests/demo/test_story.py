"""The demo quarter, collected and loaded as real sites are, makes the rules say what its README promises."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from demo import journeys, prometheus
from demo.advisories import land_feeds
from demo.configure import configure
from demo.journeys import land_journeys
from demo.notes import write_notes
from tasks import collecting, reporting
from tasks.answers import Answers
from tasks.brand import brand_of
from tasks.discovery import units
from tasks.quarters import parse_quarter
from tasks.settings import Settings
from tasks.sites import Sites, load_sites
from tests.demo import counting
from warehouse.connection import open_snapshot
from warehouse.publish import publish
from warehouse.site_snapshot import open_site_snapshot

pytestmark = pytest.mark.slow

# A day more on each side: the quarter of a site begins and ends at midnight in its own zone.
SINCE, UNTIL = datetime(2026, 6, 30, tzinfo=UTC), datetime(2026, 10, 2, tzinfo=UTC)
Loaded = tuple[duckdb.DuckDBPyConnection, Sites, Path]


@pytest.fixture(scope="module")
def loaded(quarter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("story")
    for name in ("logs", "bundles", "servers", "backups", "tickets"):
        (folder / name).symlink_to(quarter / name)
    with prometheus.serve(quarter) as url:
        settings = Settings(configure(folder, url), folder / "var")
        sites = load_sites(settings.sites_file)
        collecting.land_configuration(sites, settings)
        land_journeys(settings, quarter)
        land_feeds(settings)
        kinds = [kind for kind in units("tasks.collect") if kind != journeys.KIND]
        for job in collecting.jobs(sites, settings, kinds, since=SINCE, until=UNTIL):
            report = asyncio.run(collecting.collect(job))
            assert (report.outcome.state, report.outcome.reject_count) == ("complete", 0), report.row
    collecting.load_landed(settings)
    publish(settings.warehouse, settings.snapshot)
    write_notes(settings)
    collecting.load_landed(settings)
    publish(settings.warehouse, settings.snapshot)
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        yield con, sites, settings.snapshot


@pytest.mark.parametrize("site", counting.SITES)
def test_the_rules_of_the_readme_speak_and_no_others(loaded: Loaded, site: str) -> None:
    _, sites, snapshot = loaded
    with contextlib.closing(open_site_snapshot(snapshot, site)) as con:
        report = reporting.build(Answers.on(con), brand_of(sites.agency, Path()), site, parse_quarter("2026Q3"))
    found = sorted(item.rule_id for item in report.recommendations)
    assert (", ".join(found) or "none") == counting.readme_rules()[site]


@pytest.mark.parametrize("site", counting.SITES)
def test_the_warehouse_holds_the_answers_of_the_readme(loaded: Loaded, site: str) -> None:
    *_, snapshot = loaded
    with contextlib.closing(open_site_snapshot(snapshot, site)) as con:
        found = answers(con, site)
    assert found == {what: counting.readme_answers()[f"{site}: {what}"] for what in found}


def answers(con: duckdb.DuckDBPyConnection, site: str) -> dict[str, str]:
    """Return what the warehouse says of what the table in the README says."""

    def one(sql: str) -> object:
        (row,) = con.execute(sql, {"site": site}).fetchall()
        return row[0]

    outages = con.execute(
        "SELECT down_seconds / 60 FROM marts.incident WHERE site_id = $site ORDER BY started_at", {"site": site}
    ).fetchall()
    runs = "SELECT count(*) FROM raw.journey_run WHERE site_id = $site AND outcome"
    failed, known = f"{runs} = 'failed'", f"{runs} <> 'unknown'"
    in_quarter = "FROM marts.ticket WHERE site_id = $site AND event_date >= '2026-07-01'"
    disk = con.execute(
        "SELECT device || ' of ' || split_part(server, '.', 1) || ' in ' || round(days_to_full)::INTEGER || ' days'"
        " FROM marts.disk_day WHERE site_id = $site AND day_date = '2026-09-30' AND days_to_full < 60",
        {"site": site},
    ).fetchall()
    found = {
        "access lines": f"{one('SELECT count(*) FROM raw.http_request WHERE site_id = $site'):,}",
        "audit events": f"{one('SELECT count(*) FROM raw.waf_event WHERE site_id = $site'):,}",
        "uptime checks": f"{one('SELECT count(*) FROM raw.check_result WHERE site_id = $site'):,}",
        "outages, minutes": ", ".join(f"{minutes:g}" for (minutes,) in outages) or "none",
        "inventories": str(
            one("SELECT count(DISTINCT bundle_id) FROM raw.component_observation WHERE site_id = $site")
        ),
        "known flaws open at the end": str(
            one(
                "SELECT CASE WHEN count(*) = 0 THEN 'none' ELSE count(DISTINCT flaw_id) || ' in ' || count(DISTINCT name)"
                " || ' components' END FROM marts.finding WHERE site_id = $site AND outcome = 'affected'"
                " AND closed_at IS NULL AND opened_at < '2026-10-01'"
            )
        ),
        "flaws of WordPress patched": str(
            one(
                "SELECT coalesce(string_agg(DISTINCT flaw_id, ', ' ORDER BY flaw_id), 'none') FROM marts.finding"
                " WHERE site_id = $site AND closed_reason = 'patched' AND ecosystem LIKE 'wordpress-%'"
            )
        ),
        "figures of servers": f"{one('SELECT count(*) FROM raw.server_metric WHERE site_id = $site'):,} of "
        f"{one('SELECT count(DISTINCT server) FROM marts.server_day WHERE site_id = $site')}",
        "answered with a server error": f"{one('SELECT count(*) FROM raw.http_request WHERE site_id = $site AND status >= 500'):,}",
    }
    if site != "kestrel":
        found |= {
            "disks full within 60 days": disk[0][0] if disk else "none",
            "nights without a backup": str(
                one(
                    "SELECT 92 - count(*) FROM marts.backup_day WHERE site_id = $site AND kind = 'backup' AND succeeded_count > 0"
                )
            ),
            "journeys failed": f"{one(failed)} of {one(known):,}",
            "tickets opened, solved, open": f"{one(f'SELECT count(*) {in_quarter}')}, "
            f"{one('SELECT count(resolved_at) FROM marts.ticket WHERE site_id = $site')}, "
            f"{one('SELECT count(*) - count(resolved_at) FROM marts.ticket WHERE site_id = $site')}",
            "outages that a client told, told first": f"{one(f'SELECT count(*) {in_quarter} AND is_about_outage')}, "
            f"{one(f'SELECT count(*) {in_quarter} AND is_before_monitor')}",
        }
    return found

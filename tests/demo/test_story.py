"""The demo quarter, collected and loaded as real sites are, makes the rules say what its README promises."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from demo import accessibility, journeys, prometheus, site_audits
from demo.accessibility import decide_findings, land_audits
from demo.advisories import land_feeds
from demo.configure import configure
from demo.decisions import BY_DATA, write_decisions
from demo.generate import generate
from demo.journeys import land_journeys
from demo.notes import write_notes
from tasks import closing, collecting, reporting, reviewing
from tasks.answers import Answers
from tasks.brand import brand_of
from tasks.closing import Measured
from tasks.discovery import units
from tasks.quarters import parse_quarter
from tasks.recommending import rules
from tasks.register import DATA_STATES
from tasks.render.page import render_overview, row_of
from tasks.report_model import Report
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


def collect(settings: Settings, files: Path, since: datetime, until: datetime) -> Sites:
    """Collect all sources but journeys and audits, whose results are recorded."""
    sites = load_sites(settings.sites_file)
    collecting.land_configuration(sites, settings)
    land_journeys(settings, files)
    site_audits.land_site_audits(settings, files)
    recorded = (journeys.KIND, accessibility.KIND, accessibility.MANUAL, *site_audits.KINDS)
    kinds = [kind for kind in units("tasks.collect") if kind not in recorded]
    for job in collecting.jobs(sites, settings, kinds, since=since, until=until):
        report = asyncio.run(collecting.collect(job))
        assert (report.outcome.state, report.outcome.reject_count) == ("complete", 0), report.row
    return sites


def refresh(settings: Settings) -> None:
    collecting.load_landed(settings)
    publish(settings.warehouse, settings.snapshot)


@pytest.fixture(scope="module")
def loaded(quarter: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder = tmp_path_factory.mktemp("story")
    for name in ("logs", "bundles", "servers", "backups", "tickets", "audits"):
        (folder / name).symlink_to(quarter / name)
    with prometheus.serve(quarter) as url:
        settings = Settings(configure(folder, url), folder / "var")
        sites = collect(settings, quarter, SINCE, UNTIL)
        land_feeds(settings)
        land_audits(settings, quarter)
    refresh(settings)
    write_notes(settings)
    decide_findings(settings)
    refresh(settings)
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        yield con, sites, settings.snapshot


@pytest.fixture(scope="module")
def report_of(loaded: Loaded) -> Callable[[str], Report]:
    @functools.cache
    def made(site: str) -> Report:
        _, sites, snapshot = loaded
        with contextlib.closing(open_site_snapshot(snapshot, site)) as con:
            return reporting.build(Answers.on(con), brand_of(sites.agency, Path()), site, parse_quarter("2026Q3"))

    return made


@pytest.mark.parametrize("site", counting.SITES)
def test_the_rules_of_the_readme_speak_and_no_others(report_of: Callable[[str], Report], site: str) -> None:
    found = sorted(item.rule_id for item in report_of(site).recommendations)
    assert (", ".join(found) or "none") == counting.readme_rules()[site]


@pytest.mark.parametrize("site", ["harbourvale", "alderfinch", "linden"])
def test_the_report_prints_the_answers_of_the_readme_on_servers_backups_and_tickets(
    report_of: Callable[[str], Report], site: str
) -> None:
    report = report_of(site)
    known = {key.partition(": ")[2]: text for key, text in counting.readme_answers().items() if key.startswith(site)}
    disk, memory, backups, restore = (fact.text for fact in report.view("servers").stats)
    full = known["disks full within 60 days"]
    assert disk == ("over a year" if full == "none" else full.rpartition(" in ")[2])
    assert memory == known["CPU and memory, 95th percentile"].partition(", ")[2]
    missing = known["nights without a backup"]
    assert backups == ("none" if missing == "0" else f"{missing} of 92")
    tested = known["last tested restore"]
    assert restore == (
        "never" if tested == "never" else f"{(date(2026, 10, 1) - date.fromisoformat(tested)).days} days"
    )
    opened, solved, still = known["tickets opened, solved, open"].split(", ")
    card = report.lanes[0]
    assert (card.headline, card.text.split()[0]) == (f"{opened} tickets", solved)
    assert f"{'none' if still == '0' else still} open" in card.text


def test_what_kestrel_does_not_measure_is_not_known_on_any_page(report_of: Callable[[str], Report]) -> None:
    report = report_of("kestrel")
    assert [fact.text for fact in report.view("servers").stats] == ["not known"] * 4
    assert report.view("servers").lead.startswith("It is not known whether the disks have room")
    assert "Servers" not in {dial.name for dial in report.dials if dial.score is not None}
    assert report.lanes[0].headline == "Not measured"


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
    broken = "SELECT broken_count FROM marts.crawl WHERE site_id = $site"
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
        audit = "FROM marts.accessibility_page_day WHERE site_id = $site"
        last = f"{audit} AND day_date = (SELECT max(day_date) {audit})"
        elements, failing, pages = (
            one(f"SELECT {what} {last}")
            for what in ("sum(failure_count)", "count(*) FILTER (failure_count > 0)", "count(*)")
        )
        found |= {
            "elements that failed in the last audit": f"{elements} on {failing} of {pages} pages",
            "disks full within 60 days": disk[0][0] if disk else "none",
            "nights without a backup": str(
                one(
                    "SELECT 92 - count(*) FROM marts.backup_day WHERE site_id = $site AND kind = 'backup' AND succeeded_count > 0"
                )
            ),
            "journeys failed": f"{one(failed)} of {one(known):,}",
            "audits of headers and crawls": str(
                one(
                    "SELECT count(*) FROM marts.crawl AS crawl WHERE site_id = $site AND is_read AND day_date IN "
                    "(SELECT day_date FROM marts.posture_test WHERE site_id = $site)"
                )
            ),
            "addresses not there, first and last crawl": f"{one(f'{broken} ORDER BY started_at LIMIT 1')}, "
            f"{one(f'{broken} ORDER BY started_at DESC LIMIT 1')}",
            "tickets opened, solved, open": f"{one(f'SELECT count(*) {in_quarter}')}, "
            f"{one('SELECT count(resolved_at) FROM marts.ticket WHERE site_id = $site')}, "
            f"{one('SELECT count(*) - count(resolved_at) FROM marts.ticket WHERE site_id = $site')}",
            "outages that a client told, told first": f"{one(f'SELECT count(*) {in_quarter} AND is_about_outage')}, "
            f"{one(f'SELECT count(*) {in_quarter} AND is_before_monitor')}",
        }
    return found


@pytest.fixture(scope="module")
def followed(loaded: Loaded, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Sites]:
    """June beside the quarter, its advice, what people said of it, and the review of 6 July."""
    _, sites, snapshot = loaded
    folder = tmp_path_factory.mktemp("followed")
    shutil.copytree(snapshot.parent, folder / "var")
    generate(folder, quarter="2026Q2")
    with prometheus.serve(folder) as url:
        settings = Settings(configure(folder, url, quarter="2026Q2"), folder / "var")
        collect(settings, folder, datetime(2026, 5, 31, tzinfo=UTC), SINCE + timedelta(days=2))
    refresh(settings)
    review(settings, sites, date(2026, 7, 1))
    write_decisions(settings)
    collecting.land_configuration(sites, settings)
    refresh(settings)
    review(settings, sites, BY_DATA)
    return settings, sites


def review(settings: Settings, sites: Sites, as_of: date) -> None:
    for site in sites.sites:
        now = datetime.combine(as_of, datetime.max.time(), UTC)
        brand = brand_of(sites.agency, Path())
        reviewing.land(settings.spool, reporting.review_site(settings.snapshot, brand, site.id, as_of, now))
    refresh(settings)


@pytest.fixture(scope="module")
def reports(followed: tuple[Settings, Sites]) -> dict[str, Report]:
    settings, sites = followed
    made = {}
    for site in counting.SITES:
        with contextlib.closing(open_site_snapshot(settings.snapshot, site)) as con:
            brand = brand_of(sites.agency, Path())
            made[site] = reporting.build(Answers.on(con), brand, site, parse_quarter("2026Q3"))
        reviewing.land(settings.spool, made[site].register_rows)
    refresh(settings)
    return made


def test_data_say_what_became_of_the_advice_of_the_quarter_before(followed, reports) -> None:
    settings, _ = followed
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        rows = con.execute(
            "SELECT site_id, rule_id, list(state ORDER BY number), list(set_by ORDER BY number) "
            "FROM marts.recommendation_history GROUP BY site_id, rule_id, subject"
        ).fetchall()
    became = {(site, rule): states for site, rule, states, _ in rows}
    assert became["harbourvale", "availability.below_slo"] == ["proposed", "accepted", "verified_done"]
    assert became["harbourvale", "security.login_brute_force"] == [
        "proposed", "claimed_done", "verified_done", "came_back",
    ]  # fmt: skip
    assert became["kestrel", "availability.monitoring_gap"] == [
        "proposed",
        "claimed_done",
        "verified_done",
        "came_back",
    ]
    assert became["alderfinch", "security.block_network"] == ["proposed", "declined"]
    assert became["kestrel", "servers.disk_filling"] == ["proposed", "scheduled", "unknown"]
    assert ["proposed", "no_longer_applies"] in [
        states for _, rule, states, _ in rows if rule == "coverage.source_silent"
    ]
    for _, _, states, by in rows:
        assert all(who == "engine" for state, who in zip(states, by, strict=True) if state in DATA_STATES)


def test_what_was_declined_is_silent_in_the_report_and_told_in_the_ledger(reports) -> None:
    report = reports["alderfinch"]
    assert "security.block_network" not in {item.rule_id for item in report.recommendations}
    ledger = {(row.title, row.state) for row in report.view("advice").rows}
    assert ("Challenge the network 203.0.113.0/24", "Declined") in ledger


def test_the_ledger_has_then_predicted_and_now(reports) -> None:
    rows = {row.title: row for row in reports["harbourvale"].view("advice").rows}
    slo, login = rows["Find and remove the cause of the outages"], rows["Limit attempts to log in"]
    assert (slo.state, slo.then, slo.expected, slo.now) == ("Verified done", "222%", "100%", "35%")
    assert (login.state, login.then, login.now) == ("Came back", "308", "520")
    assert reports["kestrel"].view("advice").stats[3].value == 1


def test_a_bar_shows_how_much_of_the_predicted_change_has_come(reports) -> None:
    bars = {bar.name: bar for bar in reports["harbourvale"].view("advice").progress}
    assert bars["Find and remove the cause of the outages"].text == "153%"  # 222 to 35 where 100 was predicted
    login = bars["Limit attempts to log in"]
    assert login.ratio is not None and login.ratio < 0 and login.text.startswith("−")
    unknown = [bar.text for bar in reports["kestrel"].view("advice").progress if bar.ratio is None]
    assert unknown == ["not known"]


def test_what_is_open_past_its_day_is_told_as_overdue(followed, reports) -> None:
    settings, _ = followed
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        late = con.execute("""
            SELECT site_id, count(*) FROM marts.recommendation AS now
            JOIN (
              SELECT site_id, rule_id, subject, due_date FROM raw.recommendation WHERE quarter = '2026Q2'
            ) AS stated USING (site_id, rule_id, subject)
            WHERE is_open AND state <> 'claimed_done' AND coalesce((
              SELECT arg_max(due_date, happened_at) FROM raw.recommendation_event AS event
              WHERE (event.site_id, event.rule_id, event.subject) = (now.site_id, now.rule_id, now.subject) AND due_date IS NOT NULL
            ), stated.due_date) < DATE '2026-10-01' GROUP BY site_id""").fetchall()
    assert late
    assert {site: report.view("advice").overdue_count for site, report in reports.items()} == {
        site: dict(late).get(site, 0) for site in reports
    }
    html = render_overview(
        [row_of(report, "a", "b") for report in reports.values()], [], brand_of(followed[1].agency, Path()), "2026Q3"
    )
    assert html.count(" of earlier advice overdue") == len(late)


def test_reviewing_the_same_data_again_changes_nothing(followed, reports) -> None:
    settings, sites = followed
    for site in counting.SITES:
        with contextlib.closing(open_site_snapshot(settings.snapshot, site)) as con:
            again = reporting.build(Answers.on(con), brand_of(sites.agency, Path()), site, parse_quarter("2026Q3"))
        assert again.register_rows == {}
        assert again.view("advice") == reports[site].view("advice")


def test_every_measure_runs_on_the_demo_and_fails_the_test_of_what_was_just_recommended(followed, reports) -> None:
    settings, _ = followed
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        query = Answers.on(con).dicts
        for site in counting.SITES:
            for entry in reviewing.entries(query, site).values():
                for stated in entry.statements:
                    measured = Measured(value=stated.measured_value, known_days=1)
                    assert closing.judge(reviewing.test_of(stated), measured).state == "fails", stated
        window = {
            "site_id": "alderfinch",
            "subject": "x",
            "start_date": date(2026, 9, 1),
            "end_date": date(2026, 10, 1),
        }
        for rule in rules():
            assert len(query(rule.measure_sql, window | {"threshold": rule.threshold})) <= 1, rule.id

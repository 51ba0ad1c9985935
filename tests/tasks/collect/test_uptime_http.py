"""Our own check lands every attempt of every site in one batch."""

from __future__ import annotations

import asyncio

from tasks import collecting
from tasks.collect.uptime_http import collect_many
from tasks.sites import parse_sites
from tests.servers import ok, serving
from warehouse.connection import open_live

SITE = """
  - id: {name}
    name: {name}
    client: c
    url: {url}
    platform: other
    time_zone: UTC
    owner: {{name: O, email: o@a.example}}
    sources: [{{kind: uptime_http, every_seconds: 30}}]
"""


def sites(**urls: str):
    head = "agency: {name: A, contact: a@a.example}\nclients: [{id: c, name: C}]\nsites:"
    return parse_sites(head + "".join(SITE.format(name=name, url=url) for name, url in urls.items()), "s")


def test_two_sites_make_one_batch_and_a_failure_two_attempts_of_one_slot(settings) -> None:
    async def run() -> list:
        async with serving(ok()) as good, serving(ok(status="500 Oops")) as bad:
            jobs = collecting.jobs(sites(good=good.url(), bad=bad.url()), settings, ["uptime_http"])
            return await collect_many(jobs)

    outcomes = asyncio.run(run())
    assert [outcome.landed_count for outcome in outcomes] == [1, 2]
    assert len(settings.spool.pending()) == 1
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        found = con.execute(
            "SELECT site_id, attempt, outcome, cause, status, interval_seconds FROM raw.check_result ORDER BY site_id, attempt"
        ).fetchall()
        slots = con.execute("SELECT count(DISTINCT slot_at) FROM raw.check_result WHERE site_id = 'bad'").fetchall()
    assert found == [
        ("bad", 1, "down", "status", 500, 30.0),
        ("bad", 2, "down", "status", 500, 30.0),
        ("good", 1, "up", None, 200, 30.0),
    ]
    assert slots == [(1,)]


def test_a_list_of_statuses_is_checked_when_the_configuration_is_read() -> None:
    import pytest

    from tasks.errors import ConfigurationError

    text = "agency: {name: A, contact: a@a.example}\nclients: [{id: c, name: C}]\nsites:" + SITE.format(
        name="one", url="http://x.example/"
    )
    with pytest.raises(ConfigurationError, match="'2xx' is no list of statuses"):
        parse_sites(text.replace("every_seconds: 30", "expected_status: 2xx"), "s")


def test_a_check_that_could_not_run_is_a_failed_collection_and_its_slot_unknown(settings) -> None:
    text = "agency: {name: A, contact: a@a.example}\nclients: [{id: c, name: C}]\nsites:" + SITE.format(
        name="one", url="https://127.0.0.1:9/"
    ).replace("every_seconds: 30", "every_seconds: 7.5, ca_file: missing.pem")
    jobs = collecting.jobs(parse_sites(text, "s"), settings, ["uptime_http"])
    (outcome,) = asyncio.run(collect_many(jobs))
    assert (outcome.state, outcome.fresh_as_of) == ("failed", None)
    assert "missing.pem" in outcome.message
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        found = con.execute("SELECT DISTINCT outcome, cause, interval_seconds FROM raw.check_result").fetchall()
    assert found == [("unknown", "configuration", 7.5)]


def test_a_secret_in_an_address_is_not_stored(settings) -> None:
    async def run() -> None:
        async with serving(ok()) as server:
            url = server.url(path="/health?token=hunter2")
            await collect_many(collecting.jobs(sites(one=url), settings, ["uptime_http"]))

    asyncio.run(run())
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        ((url, outcome),) = con.execute("SELECT url, outcome FROM raw.check_result").fetchall()
    assert (outcome, "hunter2" in url) == ("up", False)

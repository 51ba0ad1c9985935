"""The main job on real captures: logs of nginx with ModSecurity and real inventories become a report."""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
from pathlib import Path

import pypdf
import pytest

from tasks import collecting, reporting
from tasks.answers import Answers
from tasks.brand import brand_of
from tasks.discovery import units
from tasks.quarters import parse_quarter
from tasks.render.document import render_pdf
from tasks.settings import Settings
from tasks.sites import load_sites
from tests.conftest import CASES
from tests.tasks.collect.test_patches_bundle import debian, drop, wordpress
from warehouse.connection import open_snapshot
from warehouse.publish import publish
from warehouse.site_snapshot import open_site_snapshot

SITES = """
agency: {name: Northlight Studio, contact: hello@northlight.example}
clients: [{id: shop, name: Shop}]
sites:
  - id: shop
    name: The Example Shop
    client: shop
    url: https://shop.example/
    platform: wordpress
    time_zone: Europe/London
    owner: {name: O, email: o@northlight.example}
    sources:
      - {kind: waf_logs, id: audit, format: modsecurity-v3-json, paths: ["audit.log*"], time_zone: UTC}
      - {kind: waf_logs, id: access, format: access-combined, paths: ["access.log*"]}
      - {kind: patches_bundle, id: patches, folder: bundles}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    folder: Path = tmp_path_factory.mktemp("shop")
    (folder / "sites.yaml").write_text(SITES)
    shutil.copy(CASES / "waf" / "nginx-shop-audit.json.log.gz", folder / "audit.log.1.gz")
    shutil.copy(CASES / "waf" / "nginx-shop-access.log.gz", folder / "access.log.1.gz")
    drop(folder / "bundles", wordpress() | debian(), site_id="shop")
    settings = Settings(folder / "sites.yaml", folder / "var")
    sites = load_sites(settings.sites_file)
    collecting.land_configuration(sites, settings)
    for _ in range(2):  # the second time must change nothing
        for job in collecting.jobs(sites, settings, list(units("tasks.collect"))):
            report = asyncio.run(collecting.collect(job))
            assert report.outcome.state in ("complete", "empty", "partial"), report.row
        collecting.load_landed(settings)
    publish(settings.warehouse, settings.snapshot)
    with contextlib.closing(open_site_snapshot(settings.snapshot, "shop")) as con:
        return reporting.build(
            Answers.on(con), brand_of(sites.agency, folder), "shop", parse_quarter("2026Q4")
        ), settings


def test_the_report_has_the_counts_of_the_captures(made) -> None:
    report, settings = made
    facts = {fact.key: fact for fact in report.kpis} | {fact.label: fact for fact in report.view("security").stats}
    assert facts["Attacks stopped"].value == 319
    assert facts["Requests served"].value == 1362
    assert facts["of all requests"].value == pytest.approx(100 * 319 / 1362)
    assert facts["attempts to log in"].value == 80 + 70
    assert dict(report.view("updates").states)["Update available"] > 0
    assert dict(report.view("updates").states)["Not known"] > 0
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        query = "SELECT (SELECT count(*) FROM raw.waf_event), (SELECT count(*) FROM raw.waf_rule_hit), (SELECT count(*) FROM raw.http_request)"
        assert con.execute(query).fetchall() == [(375, 1027, 1362)]


def test_what_nobody_watched_is_unknown_in_the_report(made) -> None:
    report, _ = made
    dials = {dial.name: dial.score for dial in report.dials}
    assert dials["Availability"] is None
    assert ("mostly not known", True) in report.verdict
    assert "security.login_brute_force" in {item.rule_id for item in report.recommendations}


def test_it_becomes_a_pdf(made) -> None:
    report, _ = made
    reader = pypdf.PdfReader(io.BytesIO(render_pdf(report)))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert len(reader.pages) >= 6
    assert "The Example Shop" in text
    assert "319" in text

"""What the warehouse says of a real capture, against the list of what was sent: who, what for, and who was hurt."""

from __future__ import annotations

import asyncio
import csv
import gzip
import shutil
from collections import Counter

import duckdb
import pytest

from tasks import collecting
from tasks.settings import Settings
from tasks.sites import parse_sites
from tests.conftest import CASES
from warehouse.connection import open_live

SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: shop
    name: Shop
    client: c
    url: https://shop.example/
    platform: wordpress
    time_zone: UTC
    owner: {name: O, email: o@a.example}
    sources:
      - {kind: waf_logs, id: access, format: access-combined, paths: [access.log.gz]}
      - {kind: waf_logs, id: waf, format: modsecurity-v3-json, paths: [audit.log.gz]}
"""
BRUTE = {"203.0.113.7", "203.0.113.8", "2001:db8:bad::1"}


@pytest.fixture(scope="module")
def truth() -> list[dict[str, str]]:
    return list(csv.DictReader(gzip.open(CASES / "waf" / "truth.csv.gz", "rt")))


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory):
    home = tmp_path_factory.mktemp("truth")
    settings = Settings(home / "sites.yaml", home / "var")
    shutil.copy(CASES / "waf" / "nginx-shop-access.log.gz", home / "access.log.gz")
    shutil.copy(CASES / "waf" / "nginx-shop-audit.json.log.gz", home / "audit.log.gz")
    # The ranges of the "real" search bots of the capture, as their operators publish theirs.
    ranges = settings.reference / "bot-ranges"
    ranges.mkdir(parents=True)
    for name in (
        "google-common-crawlers.json",
        "google-special-crawlers.json",
        "bing-bingbot.json",
        "apple-applebot.json",
        "duckduckgo-duckduckbot.json",
    ):
        (ranges / name).write_text(
            '{"prefixes": [{"ipv4Prefix": "192.0.2.0/26"}, {"ipv6Prefix": "2001:db8:600d::/48"}]}'
        )
    sites = parse_sites(SITES, "s")
    collecting.land_configuration(sites, settings)
    for job in collecting.jobs(sites, settings, ["waf_logs"]):
        assert asyncio.run(collecting.collect(job)).outcome.state == "complete"
    collecting.load_landed(settings)
    with open_live(settings.warehouse) as con:
        yield con


def requests(con: duckdb.DuckDBPyConnection, columns: str) -> list[tuple]:
    """The line N of the log is the row N of the truth."""
    return con.execute(f"SELECT {columns} FROM raw.http_request ORDER BY line_number").fetchall()


def test_bots_are_told_by_class(con, truth) -> None:
    wanted = {
        "bot_ai": "ai",
        "bot_search": "search",
        "bot_fake_search": "search",
        "bot_seo": "seo",
        "bot_monitor": "monitoring",
    }
    right = total = 0
    for row, (bot_class,) in zip(truth, requests(con, "bot_class"), strict=True):
        if row["category"].startswith("bot_"):
            total += 1
            right += bot_class == wanted[row["category"]] if row["category"] in wanted else bot_class is not None
        elif row["category"] == "http_client":
            assert bot_class == "library"
        elif row["category"] == "scanner":
            assert bot_class == "scanner"
        else:
            assert bot_class is None, row
    assert total == 295
    assert right / total >= 0.97


def test_the_fake_search_bots_are_spoofed_and_the_real_ones_verified(con, truth) -> None:
    found = Counter(
        (row["category"], identity)
        for row, (identity,) in zip(truth, requests(con, "bot_identity"), strict=True)
        if row["category"] in ("bot_search", "bot_fake_search")
    )
    # Yandex publishes no ranges: its claim stays a claim without DNS.
    assert found == {("bot_fake_search", "spoofed"): 15, ("bot_search", "verified"): 64, ("bot_search", "claimed"): 16}
    spoofed = "SELECT sum(request_count) FROM marts.bot_day WHERE bot_identity = 'spoofed' AND bot_name = 'Googlebot'"
    assert con.execute(spoofed).fetchone() == (15,)


def test_those_who_try_passwords_are_found_and_no_visitor_is(con, truth) -> None:
    found = con.execute("SELECT behaviour, client_ip FROM marts.client_behaviour_day").fetchall()
    assert {ip for behaviour, ip in found if behaviour == "login_brute_force"} == BRUTE
    assert {ip for behaviour, ip in found if behaviour == "xmlrpc_abuse"} == {"203.0.113.9"}
    assert {ip for behaviour, ip in found if behaviour == "user_enumeration"} == {"203.0.113.11"}
    assert "203.0.113.80" in {ip for behaviour, ip in found if behaviour == "sensitive_files"}
    assert "203.0.113.81" in {ip for behaviour, ip in found if behaviour == "path_probing"}
    visitors = {row["client_ip"] for row in truth if row["category"].startswith(("normal", "legit"))}
    assert not visitors & {ip for _, ip in found}
    bots = {row["client_ip"] for row in truth if row["category"] in ("bot_search", "bot_ai", "bot_seo", "bot_monitor")}
    assert not bots & {ip for _, ip in found}


def test_blocked_editors_and_visitors_are_listed_with_what_to_exclude(con, truth) -> None:
    blocked = [r for r in truth if r["category"] == "legit_false_positive" and r["status"] == "403"]
    assert len(blocked) == 24
    listed = con.execute("SELECT client_ip, path FROM staging.blocked_visitor").fetchall()
    legitimate = {(row["client_ip"], row["path"]) for row in blocked}
    right = [item for item in listed if item in legitimate]
    assert len(right) >= 20
    assert len(listed) - len(right) <= 2, "attackers are not taken for visitors"
    exclusions = con.execute("SELECT DISTINCT path, target FROM marts.waf_exclusion_day").fetchall()
    assert {("/wp-json/wp/v2/posts/12", "ARGS:json.content"), ("/wp-admin/post.php", "ARGS:content")} <= set(exclusions)
    assert {path for path, _ in exclusions} >= {"/contact/"}


def test_what_was_missed_is_listed(con) -> None:
    missed = dict(
        con.execute(
            "SELECT path, sum(request_count) FROM marts.waf_missed_day WHERE seen_in = 'access_log' GROUP BY path"
        ).fetchall()
    )
    hostile = con.execute(
        "SELECT count(*) FROM raw.http_request WHERE path_class IN ('sensitive_file', 'path_probe', 'injection') AND status = 200"
    ).fetchone()
    assert sum(missed.values()) == hostile[0] > 0


def test_nothing_of_the_passwords_that_were_tried_is_kept(con) -> None:
    for table in ("waf_event", "waf_rule_hit", "http_request"):
        columns = [
            c
            for (c,) in con.execute(
                f"SELECT column_name FROM duckdb_columns() WHERE schema_name = 'raw' AND table_name = '{table}' AND data_type = 'VARCHAR'"
            ).fetchall()
        ]
        text = " || ' ' || ".join(f"coalesce({c}, '')" for c in columns)
        assert con.execute(
            f"SELECT count(*) FROM raw.{table} WHERE regexp_matches({text}, 'pwd=[^\\[&]|password=[^\\[&]')"
        ).fetchone() == (0,)

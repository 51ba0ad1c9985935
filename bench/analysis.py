"""Seconds to analyse one site of a large warehouse: `python -m bench.analysis 1000`.

One quarter of so many sites, as it stands after the nightly tidying: a check a minute, 100,000 rows of a firewall and
its rules, and 20,000 requests for each site. Tidying sorts by the id of the site; DuckDB knows of a block of rows the
first eight characters of the ids in it, so sites whose ids share these are read together.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from bench.marts import EVENT, HITS, SITE, site_id
from tasks import reporting
from tasks.answers import Answers
from tasks.brand import Brand
from tasks.quarters import parse_quarter
from warehouse.connection import open_live
from warehouse.publish import publish
from warehouse.site_snapshot import SiteReader

SITES, CHECKS, EVENTS, RULE_HITS, REQUESTS = 1000, 132_480, 75_000, 25_000, 20_000
DAYS = 92
BRAND = Brand(name="A", contact="a@x.example", ink="#14213a", accent="#3a4fd8")
SOURCES = """
INSERT INTO raw.source BY NAME
SELECT printf('site-%03d', i) AS site_id, source_id, kind, fills, 60 AS expected_every_seconds, 2 AS confirm_down,
  3 AS confirm_of, 2 AS confirm_up,
  TIMESTAMPTZ '2026-01-01 00:00:00+00' AS configured_at, 'p' AS parser_version, 'b' AS batch_id
FROM range($sites) AS t(i), (VALUES
  ('home', 'uptime_http', 'check_result'), ('waf', 'waf_logs', 'waf_event'), ('log', 'waf_logs', 'http_request')
) AS kinds(source_id, kind, fills)"""
WHEN = "TIMESTAMPTZ '2026-07-01 00:00:00+00' + to_seconds((k * (86400 * {days} / {per}))::BIGINT)"
CHECK = """
INSERT INTO raw.check_result BY NAME
SELECT printf('site-%03d', n // {per}) AS site_id, 'home' AS source_id, 'https://x.example/' AS url, {when} AS slot_at,
  slot_at AS checked_at, 1 AS attempt, 60 AS interval_seconds,
  CASE WHEN k % 20000 BETWEEN 50 AND 55 THEN 'down' WHEN k % 9000 = 7 THEN 'unknown' ELSE 'up' END AS outcome,
  CASE outcome WHEN 'down' THEN 'timeout' WHEN 'unknown' THEN 'vantage' END AS cause, 200 AS status,
  h % 30 AS dns_ms, h % 40 AS connect_ms,
  h % 50 AS tls_ms, h % 300 AS first_byte_ms, h % 500 AS total_ms,
  TIMESTAMPTZ '2026-12-01 00:00:00+00' AS certificate_not_after_at,
  true AS is_certificate_valid, 'p' AS parser_version, 'b' AS batch_id
FROM (SELECT n, n % {per} AS k, hash(n) AS h FROM range({first}::BIGINT, {last}::BIGINT) AS t(n))"""
ROW = """
INSERT INTO raw.{table} BY NAME
SELECT printf('site-%03d', n // {per}) AS site_id, '{source}' AS source_id, 'f' AS format, false AS is_zone_assumed,
  {when} AS event_at,
  event_at::DATE AS event_date, '203.0.' || h % 250 || '.' || h // 250 % 250 AS client_ip,
  '203.0.' || h % 250 || '.0/24' AS client_network,
  'Mozilla/5.0 (X11; Linux x86_64) Variant/' || h // 7 % 400 AS user_agent, 'x.example' AS host,
  CASE WHEN h % 13 = 0 THEN 'POST' ELSE 'GET' END AS method, '/product/' || h // 11 % 300 || '/' AS path,
  'HTTP/1.1' AS protocol,
  CASE WHEN h % 17 = 0 THEN 403 WHEN h % 19 = 0 THEN 404 ELSE 200 END AS status, (h % 60000)::BIGINT AS bytes,
  CASE WHEN h % 5 = 0 THEN 'search' WHEN h % 7 = 0 THEN 'ai' END AS bot_class,
  CASE WHEN h % 5 = 0 THEN 'Googlebot' WHEN h % 7 = 0 THEN 'GPTBot' END AS bot_name,
  CASE WHEN h % 23 = 0 THEN 'login' WHEN h % 29 = 0 THEN 'path_probe' WHEN h % 31 = 0 THEN 'static' END AS path_class,
  {more} 'f' AS file_id, k AS line_number, 'p/1' AS parser_version, 'b' AS batch_id
FROM (SELECT n, n % {per} AS k, hash(n) AS h FROM range({first}::BIGINT, {last}::BIGINT) AS t(n))"""


def run(sites: int = 8) -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit)."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        warehouse, snapshot = Path(folder) / "warehouse.duckdb", Path(folder) / "analytics.duckdb"
        with open_live(warehouse) as con:
            con.execute("SET preserve_insertion_order = true")
            con.execute(SITE, {"sites": sites})
            con.execute(SOURCES, {"sites": sites})
            for sql, per, values in (
                (CHECK, CHECKS, {}),
                (ROW, EVENTS, {"table": "waf_event", "source": "waf", "more": EVENT}),
                (ROW, REQUESTS, {"table": "http_request", "source": "log", "more": ""}),
            ):
                when, step = WHEN.format(days=DAYS, per=per), max(1, 10_000_000 // per)
                for first in range(0, sites, step):
                    bounds = {"first": first * per, "last": min(first + step, sites) * per}
                    con.execute(sql.format(per=per, when=when, days=DAYS, **bounds, **values))
            con.execute(f"{HITS} WHERE line_number < {RULE_HITS}")
        publish(warehouse, snapshot)
        os.sync()  # what the disk still has to write is no part of an analysis
        yield "analysis: checks in the warehouse", sites * CHECKS / 1e6, "million"
        yield "analysis: rows of firewalls", sites * (EVENTS + RULE_HITS) / 1e6, "million"
        yield "analysis: size of the snapshot", snapshot.stat().st_size / 1e9, "GB"
        reader, walls, cpus = SiteReader(snapshot), [], []
        for number in (0, *(sites * k // 10 for k in range(1, 10))):
            wall, cpu = time.perf_counter(), time.process_time()
            with reader.site(site_id(number)) as con:
                reporting.build(Answers.on(con), BRAND, site_id(number), parse_quarter("2026Q3"))
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        yield "analysis: first site, imports and cold disk with it", walls[0], "s"
        yield "analysis: median of nine more", median(walls[1:]), "s"
        yield "analysis: slowest of them", max(walls[1:]), "s"
        yield "analysis: median CPU of them", median(cpus[1:]), "s"


if __name__ == "__main__":
    for what, value, unit in run(int(sys.argv[1]) if len(sys.argv) > 1 else SITES):
        print(f"{what:72} {value:12,.2f} {unit}", flush=True)

"""How long the marts take for one site and quarter of a large warehouse: `python -m bench.marts 100000000`.

A year of 1,000 sites in the order in which it would arrive: day by day, all sites mixed; then tidied as each night.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from warehouse.connection import open_live, open_snapshot
from warehouse.tidy import tidy

SITES, DAYS = 1000, 365


def site_id(number: int) -> str:
    """Return the id of a site as the SQL of the benches writes it."""
    return f"site-{number:03}"


SITE = """
INSERT INTO raw.site BY NAME
SELECT printf('site-%03d', i) AS site_id, 'S' AS site_name, 'c' AS client_id, 'C' AS client_name,
  'https://x.example/' AS url,
  'wordpress' AS platform, 'Europe/London' AS time_zone, 'en-GB' AS locale, 'O' AS owner_name, ['maintenance'] AS lanes,
  99.9 AS availability_slo_pct, 7 AS security_patch_sla_days, 30 AS routine_patch_sla_days,
  TIMESTAMPTZ '2026-01-01 00:00:00+00' AS configured_at, 'p' AS parser_version, 'b' AS batch_id
FROM range($sites) AS t(i)"""
ROWS = """
INSERT INTO raw.{table} BY NAME
WITH made AS (
  SELECT day, site, k, hash(day * 1000003 + site * 7919 + k) AS h
  FROM range($first, $last) AS a(day), range($sites) AS b(site), range($per) AS c(k)
)
SELECT
  printf('site-%03d', site) AS site_id, 'log' AS source_id, 'f' AS format, false AS is_zone_assumed,
  TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_seconds(day * 86400 + k * 86400 // $per + site % 60) AS event_at,
  DATE '2026-01-01' + day::INTEGER AS event_date,
  '203.0.' || h % 250 || '.' || h // 250 % 250 AS client_ip, '203.0.' || h % 250 || '.0/24' AS client_network,
  'Mozilla/5.0 (X11; Linux x86_64) Variant/' || h // 7 % 400 AS user_agent, 'x.example' AS host,
  CASE WHEN h % 13 = 0 THEN 'POST' ELSE 'GET' END AS method, '/product/' || h // 11 % 3000 || '/' AS path,
  CASE WHEN h % 4 = 0 THEN 'id=' || h % 100000 END AS query, 'HTTP/1.1' AS protocol,
  CASE WHEN h % 17 = 0 THEN 403 WHEN h % 19 = 0 THEN 404 ELSE 200 END AS status, (h % 60000)::BIGINT AS bytes,
  CASE WHEN h % 5 = 0 THEN 'search' WHEN h % 7 = 0 THEN 'ai' END AS bot_class,
  CASE WHEN h % 5 = 0 THEN 'Googlebot' WHEN h % 7 = 0 THEN 'GPTBot' END AS bot_name,
  CASE WHEN h % 23 = 0 THEN 'login' WHEN h % 29 = 0 THEN 'path_probe' WHEN h % 31 = 0 THEN 'static' END AS path_class,
  {more} 'f' || day AS file_id, k AS line_number, 'p/1' AS parser_version, 'b' || day || '-' || site AS batch_id
FROM made
ORDER BY day, site, k"""
EVENT = """md5(h::VARCHAR) AS event_id, CASE WHEN h % 3 = 0 THEN 'block' ELSE 'log' END AS action, true AS is_enforced,
  false AS would_block, 1.0 AS sample_weight, ['sqli', 'xss', 'lfi', 'rce'][(1 + h % 4)::BIGINT] AS attack_class,
  [['sqli', 'xss', 'lfi', 'rce'][(1 + h % 4)::BIGINT]] AS attack_classes,"""
HITS = """
INSERT INTO raw.waf_rule_hit BY NAME
SELECT event_id, site_id, source_id, event_at, event_date, (942100 + hash(event_id) % 50)::VARCHAR AS rule_id,
  'OWASP_CRS' AS ruleset, attack_class, 'critical' AS severity, 5 AS score, 'ARGS:q' AS target, 'x' AS matched,
  'SQL Injection' AS message, ['a'] AS tags, false AS is_verdict, parser_version, batch_id
FROM raw.waf_event"""


def run(rows: int = 4_000_000) -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit): `rows` requests, a fifth of them WAF events with a rule each."""
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "warehouse.duckdb"
        with open_live(warehouse) as con:
            con.execute("SET preserve_insertion_order = true")
            con.execute(SITE, {"sites": SITES})
            for table, count, more in (("http_request", rows, ""), ("waf_event", rows // 5, EVENT)):
                for month in range(12):
                    bounds = {"first": month * DAYS // 12, "last": (month + 1) * DAYS // 12}
                    values = {**bounds, "sites": SITES, "per": max(1, count // DAYS // SITES)}
                    con.execute(ROWS.format(table=table, more=more), values)
            con.execute(HITS)
            ((total,),) = con.execute("SELECT count(*) FROM raw.http_request").fetchall()
        yield from _measure(warehouse, f"marts, {total:,} requests as they arrived")
        start = time.perf_counter()
        tidy(warehouse, now=datetime(2027, 2, 1, tzinfo=UTC))
        yield "tidy: a year of that", time.perf_counter() - start, "s"
        yield from _measure(warehouse, f"marts, {total:,} requests, tidied")


def _measure(warehouse: Path, what: str) -> Iterator[tuple[str, float, str]]:
    names = sorted(path.stem for path in (Path(__file__).parent.parent / "warehouse" / "marts").glob("*_day.sql"))
    where = "site_id = 'site-123' AND day_date >= DATE '2026-04-01' AND day_date < DATE '2026-07-01'"
    worst = (0.0, "")
    with contextlib.closing(open_snapshot(warehouse)) as con:
        for name in names:
            times = []
            for _ in range(4):
                start = time.perf_counter()
                con.execute(f"SELECT * FROM marts.{name} WHERE {where}").fetchall()
                times.append(time.perf_counter() - start)
            worst = max(worst, (statistics.median(times[1:]), name))
    yield f"{what}: slowest ({worst[1]})", worst[0] * 1000, "ms"


if __name__ == "__main__":
    for what, value, unit in run(int(sys.argv[1]) if len(sys.argv) > 1 else 4_000_000):
        print(f"{what:72} {value:12,.2f} {unit}", flush=True)

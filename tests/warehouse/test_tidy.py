"""Closed months are stored by site and time, once, and no row is lost or changed."""

from __future__ import annotations

import os
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from warehouse.connection import open_live
from warehouse.load import load
from warehouse.records import HttpRequest
from warehouse.spool import Spool
from warehouse.tidy import Sorted, remove_evidence, tidy

NOW = datetime(2026, 9, 10, tzinfo=UTC)


def request(site: str, at: datetime, line: int) -> HttpRequest:
    known = {
        "site_id": site, "source_id": "access", "format": "access-combined", "event_at": at, "event_date": at.date(),
        "is_zone_assumed": False, "path": f"/{line}", "file_id": "f", "line_number": line,
    }  # fmt: skip
    return HttpRequest(**(dict.fromkeys(HttpRequest.schema().names) | known))


def test_closed_months_are_sorted_once_and_late_rows_sorted_in(tmp_path: Path) -> None:
    spool, warehouse = Spool(tmp_path / "spool", tmp_path / "cursors"), tmp_path / "w.duckdb"
    start = datetime(2026, 7, 1, tzinfo=UTC)
    # Seventy days, all sites mixed in each: as they arrive.
    rows = [
        request(site, start + timedelta(days=day, hours=hour), day * 24 + hour)
        for day in range(70)
        for hour in range(0, 24, 6)
        for site in ("b", "c", "a")
    ]
    spool.land("first", {"http_request": rows}, collector="test", parser_version="t/1")
    load(spool, warehouse)

    def stored() -> list[tuple]:
        with open_live(warehouse) as con:
            return con.execute("SELECT site_id, event_at, path FROM raw.http_request ORDER BY rowid").fetchall()

    before = stored()
    july, august = Sorted("http_request", date(2026, 7, 1), 372), Sorted("http_request", date(2026, 8, 1), 372)
    assert tidy(warehouse, now=NOW) == [july, august]
    after = stored()
    assert sorted(before) == sorted(after)
    for month in (7, 8):
        inside = [row for row in after if row[1].month == month]
        assert inside == sorted(inside)
    assert tidy(warehouse, now=NOW) == [], "what is in order is left alone"

    spool.land(
        "late", {"http_request": [request("a", start, n) for n in range(1, 20)]}, collector="t", parser_version="t/1"
    )
    load(spool, warehouse)
    assert tidy(warehouse, now=NOW) == [Sorted("http_request", date(2026, 7, 1), 391)]
    assert len(stored()) == len(before) + 19


def test_old_evidence_is_removed_and_new_is_kept(tmp_path: Path) -> None:
    for name, age in (("one/home/old.png", 401), ("one/home/new.png", 399), ("two/home/old.json", 500)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
        os.utime(path, (time.time() - age * 86400,) * 2)
    assert remove_evidence(tmp_path) == 2
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == [
        "one",
        "one/home",
        "one/home/new.png",
    ]
    assert remove_evidence(tmp_path / "missing") == 0

"""One site's part of the snapshot says what the snapshot says of that site."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from tests import quarter
from warehouse import site_snapshot
from warehouse.connection import open_live, open_snapshot
from warehouse.errors import WarehouseError
from warehouse.publish import publish
from warehouse.site_snapshot import PASSED_ON, SiteReader, open_site_snapshot

VIEWS = """
SELECT DISTINCT schema_name || '.' || view_name
FROM duckdb_views() JOIN duckdb_columns() USING (schema_name)
WHERE schema_name IN ('staging', 'marts') AND table_name = view_name AND column_name = 'site_id'"""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = quarter.make(tmp_path_factory.mktemp("quarter"))[0]
    with open_live(settings.warehouse) as con:
        # Sources are set up for this one too, and nothing was ever collected.
        con.execute(
            "INSERT INTO raw.source BY NAME SELECT * REPLACE ('empty' AS site_id, 'more' AS batch_id) FROM raw.source"
        )
    publish(settings.warehouse, settings.snapshot)
    return settings.snapshot


@pytest.mark.parametrize("site", ["one", "empty"])
def test_every_view_has_the_same_rows_of_the_site(snapshot: Path, site: str) -> None:
    with (
        contextlib.closing(open_snapshot(snapshot)) as whole,
        contextlib.closing(open_site_snapshot(snapshot, site)) as part,
    ):
        views = [name for (name,) in whole.execute(VIEWS).fetchall()]
        known = whole.execute("SELECT schema_name || '.' || view_name FROM duckdb_views()").fetchall()
        assert {name for (name,) in known} >= PASSED_ON
        for view in views:
            query = f"SELECT * FROM {view} WHERE site_id = '{site}' ORDER BY ALL"
            assert part.execute(query).fetchall() == whole.execute(query).fetchall(), view


def test_it_holds_no_row_of_another_site(snapshot: Path) -> None:
    with contextlib.closing(open_site_snapshot(snapshot, "empty")) as con:
        assert con.execute("SELECT count(*) FROM raw.http_request").fetchall() == [(0,)]
        assert con.execute("SELECT DISTINCT site_id FROM marts.source_day").fetchall() == []


COUNTS = """
SELECT (SELECT count(*) FROM raw.http_request), (SELECT count(*) FROM staging.source), (SELECT count(*) FROM marts.source_day)"""


@pytest.mark.parametrize("kept_bytes", [0, 1 << 40])
def test_a_reader_gives_one_site_after_another_and_keeps_little_between(
    snapshot: Path, monkeypatch: pytest.MonkeyPatch, kept_bytes: int
) -> None:
    monkeypatch.setattr(site_snapshot, "_KEPT_BYTES", kept_bytes)
    reader, opened = SiteReader(snapshot), []
    for site in ("one", "empty", "one"):
        with contextlib.closing(open_site_snapshot(snapshot, site)) as alone, reader.site(site) as con:
            con.cursor().execute("CREATE TEMP TABLE answer AS FROM staging.site")
            assert con.execute(COUNTS).fetchall() == alone.execute(COUNTS).fetchall()
        if con not in opened:
            opened.append(con)
    assert len(opened) == (1 if kept_bytes else 3)


def test_a_reader_opens_what_was_published_meanwhile(snapshot: Path, tmp_path: Path) -> None:
    now, newer = tmp_path / "analytics.duckdb", tmp_path / "newer.duckdb"
    shutil.copy(snapshot, now)
    reader = SiteReader(now)
    with reader.site("one") as con:
        assert len(con.execute("FROM staging.site").fetchall()) == 1
    shutil.copy(snapshot, newer)
    with contextlib.closing(duckdb.connect(str(newer))) as con:
        con.execute("DELETE FROM raw.site")
    newer.replace(now)
    with reader.site("one") as con:
        assert con.execute("FROM staging.site").fetchall() == []


def test_a_reader_goes_on_after_a_failure(snapshot: Path) -> None:
    reader = SiteReader(snapshot)
    with pytest.raises(ZeroDivisionError), reader.site("one"):
        raise ZeroDivisionError
    with reader.site("one") as con:
        assert len(con.execute("FROM staging.site").fetchall()) == 1


def test_a_snapshot_with_other_views_says_to_publish_again(snapshot: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warehouse.migrate.digest_of", lambda _: "another")
    with pytest.raises(WarehouseError, match="upkeep publish"):
        open_site_snapshot(snapshot, "one")


def test_every_process_writes_the_views_alike() -> None:
    digest = "from warehouse import migrate; print(migrate.digest_of(migrate.views()))"
    told = [
        subprocess.run(
            [sys.executable, "-c", digest], env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2", "3")
    ]
    assert told[0] == told[1] == told[2] != b""

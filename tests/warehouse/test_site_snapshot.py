"""One site's part of the snapshot says what the snapshot says of that site."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import quarter
from warehouse.connection import open_live, open_snapshot
from warehouse.errors import WarehouseError
from warehouse.publish import publish
from warehouse.site_snapshot import PASSED_ON, open_site_snapshot

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

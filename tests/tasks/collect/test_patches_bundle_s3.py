"""Bundles in a bucket are taken whole, each once, and stay there. A local S3-compatible service holds them."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tasks import bundle, collecting
from tasks.collect import patches_bundle_s3
from tasks.contracts import Context, Job
from tasks.errors import SourceError
from tests import s3
from tests.conftest import CASES
from warehouse.connection import open_live

PLUGINS = (CASES / "patches_bundle" / "wordpress" / "plugin-list.json").read_bytes()
COUNT = len(json.loads(PLUGINS))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3.serving() as server:
        yield server


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("S3_KEY", "AKIAEXAMPLEKEY")
    monkeypatch.setenv("S3_SECRET", "hunter2-secret")
    with s3.bucket(server, "bundles") as client:
        yield client


def stamp(days_ago: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days_ago):%Y%m%dT%H%M%SZ}"


def drop(client, name: str, *, prefix: str = "one/", leave_out: str = "", **files: bytes) -> None:
    """Upload a bundle, its manifest last; one file may be left out."""
    files = {"plugin-list.json": PLUGINS, **{key.replace("__", "."): data for key, data in files.items()}}
    for key, data in files.items():
        if key != leave_out:
            client.put_object(Bucket="bundles", Key=f"{prefix}{name}/{key}", Body=data)
    listed = [
        {"name": key, "exit_status": 0, "sha256": hashlib.sha256(data).hexdigest()} for key, data in files.items()
    ]
    manifest = {
        "manifest": 1, "site_id": "one", "host": "web1", "time_zone": "UTC", "files": listed,
        "collected_at": datetime.strptime(name, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).isoformat(),
    }  # fmt: skip
    client.put_object(Bucket="bundles", Key=f"{prefix}{name}/manifest.json", Body=json.dumps(manifest))


def job(settings, server: str, *, hours_later: float = 0, **options) -> Job:
    options = patches_bundle_s3.Options(
        **{
            "kind": "patches_bundle_s3", "bucket": "bundles", "endpoint": server,
            "access_key": {"env": "S3_KEY"}, "secret_key": {"env": "S3_SECRET"},
        } | options
    )  # fmt: skip
    now = datetime.now(UTC) + timedelta(hours=hours_later)
    context = Context(site_id="one", source_id="patches", time_zone="UTC", host="h", collected_at=now)
    return Job(context=context, options=options, spool=settings.spool)


def take(settings, server: str, **options) -> tuple[str, int, int]:
    outcome = asyncio.run(patches_bundle_s3.collect(job(settings, server, **options)))
    collecting.load_landed(settings)
    return outcome.state, outcome.landed_count, outcome.reject_count


def test_each_whole_bundle_is_taken_once_and_stays_where_it_is(settings, server, client) -> None:
    newest = stamp(0)
    drop(client, stamp(2))
    drop(client, stamp(1), prefix="two/")
    client.put_object(Bucket="bundles", Key=f"one/{newest}/plugin-list.json", Body=PLUGINS)  # no manifest yet
    client.put_object(Bucket="bundles", Key="one/readme.txt", Body=b"x")
    client.put_object(Bucket="bundles", Key=f"one/{stamp(3)}/deeper/manifest.json", Body=b"x")
    assert take(settings, server) == ("complete", COUNT, 0)
    assert take(settings, server) == ("empty", 0, 0)
    drop(client, newest)
    assert take(settings, server) == ("complete", COUNT, 0)
    with open_live(settings.warehouse) as con:
        taken = con.execute(
            "SELECT max(bundle_id), count(DISTINCT bundle_id) FROM raw.component_observation"
        ).fetchall()
    assert taken == [(newest, 2)]
    assert len(client.list_objects_v2(Bucket="bundles")["Contents"]) == 8


def test_a_file_that_the_manifest_names_is_waited_for_an_hour(settings, server, client) -> None:
    drop(client, stamp(1), leave_out="os-release", **{"os-release": b"ID=debian\nVERSION_ID=12\n"})
    assert take(settings, server, hours_later=0.5) == ("empty", 0, 0)
    assert take(settings, server, hours_later=1.5) == ("partial", COUNT, 1)
    with open_live(settings.warehouse) as con:
        assert con.execute("SELECT reason FROM raw.reject").fetchall() == [(bundle.MISSING,)]


def test_an_empty_file_and_a_large_one_are_told_from_a_missing_one(settings, server, client, monkeypatch) -> None:
    monkeypatch.setattr(bundle, "FILE_BYTES", 100_000)
    drop(client, stamp(0), theme_list__json=b"", **{"dpkg.log": b"x" * 100_001, "os-release": b""})
    state, landed, rejects = take(settings, server)
    assert (state, landed, rejects) == ("partial", COUNT, 2)
    with open_live(settings.warehouse) as con:
        found = con.execute("SELECT split_part(file, '/', 2), reason FROM raw.reject ORDER BY 1").fetchall()
    assert found[0] == ("dpkg.log", "larger than 0 MiB")
    assert found[1][0] == "theme_list.json"


def test_a_mended_manifest_is_taken_and_the_prefix_can_be_any(settings, server, client) -> None:
    name = stamp(1)
    client.put_object(Bucket="bundles", Key=f"{name}/manifest.json", Body=b"{")
    assert take(settings, server, prefix="") == ("partial", 0, 1)
    drop(client, name, prefix="")
    assert take(settings, server, prefix="") == ("complete", COUNT, 0)


def test_check_says_what_is_there_and_what_to_mend(settings, server, client) -> None:
    with pytest.raises(SourceError, match="holds no complete bundle below 'one/'"):
        asyncio.run(patches_bundle_s3.check(job(settings, server)))
    drop(client, stamp(0))
    assert f"1 bundles; {stamp(0)[:9]}" in asyncio.run(patches_bundle_s3.check(job(settings, server)))
    with pytest.raises(SourceError, match="there is no such bucket there"):
        asyncio.run(patches_bundle_s3.check(job(settings, server, bucket="nowhere")))

"""A bucket is read each object once, late ones too; what it refuses is one sentence without a secret."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import gzip
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tasks import collecting, log_landing
from tasks.bucket_options import open_bucket
from tasks.collect import waf_logs_s3
from tasks.errors import ConfigurationError, SourceError
from tasks.sites import parse_sites
from tests import s3
from tests.conftest import CASES
from warehouse.connection import open_live
from warehouse.spool import Landing

LINE = '192.0.2.1 - - [23/Nov/2026:05:00:09 +0000] "GET /{} HTTP/1.1" 200 1 "-" "-"\n'
SITES = """
agency: {{name: A, contact: a@a.example}}
clients: [{{id: c, name: C}}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: UTC
    owner: {{name: O, email: o@a.example}}
    sources:
      - kind: waf_logs_s3
        format: access-combined
        bucket: logs
        access_key: {{env: S3_KEY}}
        secret_key: {{env: S3_SECRET}}
        endpoint: {endpoint}
        prefix: "{prefix}"
"""
DAILY = "web/%Y/%m/%d/"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with s3.serving() as server:
        yield server


@pytest.fixture
def bucket(server: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("S3_KEY", "AKIAEXAMPLEKEY")
    monkeypatch.setenv("S3_SECRET", "hunter2-secret")
    with s3.bucket(server, "logs") as client:

        def put(key: str, *paths: str, raw: bytes | None = None) -> None:
            body = raw if raw is not None else "".join(LINE.format(path) for path in paths).encode()
            client.put_object(Bucket="logs", Key=key, Body=gzip.compress(body) if key.endswith(".gz") else body)

        put.server = server  # type: ignore[attr-defined]
        yield put


def day(ago: int, pattern: str = DAILY) -> str:
    return (datetime.now(UTC) - timedelta(days=ago)).strftime(pattern)


def job(settings, bucket, prefix: str = DAILY, more: str = "", **window):
    text = SITES.format(endpoint=bucket.server, prefix=prefix) + more
    settings.sites_file.write_text(text)
    (found,) = collecting.jobs(parse_sites(text, "s"), settings, ["waf_logs_s3"], **window)
    return found


def collect(settings, bucket, *args, **window) -> dict:
    report = asyncio.run(collecting.collect(job(settings, bucket, *args, **window)))
    collecting.load_landed(settings)
    return report.row


def paths(settings) -> list[str]:
    with open_live(settings.warehouse) as con:
        return [path for (path,) in con.execute("SELECT path FROM raw.http_request ORDER BY path").fetchall()]


def test_each_object_is_read_once_and_one_that_comes_late_is_taken_in(settings, bucket) -> None:
    bucket(day(0) + "b.log.gz", "b1", "b2")
    bucket(day(1) + "z.log", "z")
    bucket(day(0) + "empty.log.gz", raw=b"")
    assert collect(settings, bucket)["landed"] == 3
    assert collect(settings, bucket)["state"] == "empty"
    bucket(day(2) + "late.log.gz", "late")
    bucket(day(0) + "a.log", "a")
    assert collect(settings, bucket)["landed"] == 2
    assert collect(settings, bucket)["state"] == "empty"
    assert paths(settings) == ["/a", "/b1", "/b2", "/late", "/z"]


def test_older_days_come_on_demand_and_once_too(settings, bucket) -> None:
    bucket(day(40) + "old.log.gz", "old")
    bucket(day(0) + "new.log.gz", "new")
    assert collect(settings, bucket)["landed"] == 1
    since = datetime.now(UTC) - timedelta(days=60)
    assert collect(settings, bucket, since=since)["landed"] == 1
    assert collect(settings, bucket, since=since)["state"] == "empty"
    assert collect(settings, bucket)["state"] == "empty"
    assert paths(settings) == ["/new", "/old"]


def test_an_object_that_grew_goes_on_and_a_rotated_copy_is_no_new_log(settings, bucket) -> None:
    many = [f"{n:03}" for n in range(100)]
    bucket(day(0) + "access.log", *many)
    collect(settings, bucket)
    bucket(day(0) + "access.log", *many, "more")
    assert collect(settings, bucket)["landed"] == 1
    bucket(day(0) + "access.log.1.gz", *many, "more")
    assert collect(settings, bucket)["state"] == "empty"
    assert paths(settings) == [*(f"/{n}" for n in many), "/more"]


def test_a_day_in_the_name_and_a_glob_choose_the_objects(settings, bucket) -> None:
    bucket("cdn/E1." + day(0, "%Y-%m-%d-") + "04.ab.gz", "mine")
    bucket("cdn/E2." + day(0, "%Y-%m-%d-") + "04.ab.gz", "other")
    bucket("cdn/E1." + day(9, "%Y-%m-%d-") + "04.ab.gz", "old")
    bucket("cdn/E1." + day(0, "%Y-%m-%d-") + "05.ab.txt", "no log")
    assert collect(settings, bucket, "cdn/E1.%Y-%m-%d-", '        keys: "*.gz"\n')["landed"] == 1
    assert paths(settings) == ["/mine"]


def test_without_a_day_in_the_prefix_the_time_of_writing_counts(settings, bucket) -> None:
    bucket("flat/a.log", "a")
    later = {"since": datetime.now(UTC) + timedelta(hours=1), "until": datetime.now(UTC) + timedelta(hours=2)}
    assert collect(settings, bucket, "flat/", **later)["state"] == "empty"
    assert collect(settings, bucket, "flat/")["landed"] == 1


@pytest.mark.slow
def test_more_objects_than_one_page_of_the_list_holds(settings, bucket) -> None:
    for number in range(1_003):
        bucket(f"{day(0)}{number:04}.log", f"{number:04}")
    here = job(settings, bucket)
    files = asyncio.run(open_bucket(here, here.options)).files(
        DAILY, "*", datetime.now(UTC) - timedelta(days=1), datetime.now(UTC)
    )
    assert len({file.name for file in files}) == 1_003


@pytest.mark.parametrize("last_good", [0, 1, 3])
def test_a_run_that_is_killed_goes_on_and_doubles_nothing(settings, bucket, monkeypatch, last_good: int) -> None:
    monkeypatch.setattr(log_landing, "BATCH_BYTES", 1)
    for number in range(6):
        bucket(f"{day(0)}{number}.log", f"{number}")
    finish, batches = Landing.finish, []

    def die(self, batch_id, cursor=None):
        if self.counts["http_request"] and len(batches) == last_good:
            raise KeyboardInterrupt
        batches.append(batch_id)
        return finish(self, batch_id, cursor)

    monkeypatch.setattr(Landing, "finish", die)
    with pytest.raises(KeyboardInterrupt):
        collect(settings, bucket)
    monkeypatch.setattr(Landing, "finish", finish)
    assert collect(settings, bucket)["landed"] == 6 - last_good
    assert paths(settings) == [f"/{number}" for number in range(6)]


def test_what_was_missed_while_nobody_ran_is_taken_in(settings, bucket) -> None:
    bucket(day(0) + "a.log", "a")
    collect(settings, bucket)
    with settings.spool.hold_cursor("one.waf-logs-s3") as cursor:
        assert cursor["until"][:10] == day(0, "%Y-%m-%d")
        cursor["until"] = (datetime.now(UTC) - timedelta(days=20)).isoformat()
        settings.spool.land("x", {}, collector="t", parser_version="t/1", cursor=("one.waf-logs-s3", cursor))
    bucket(day(19) + "b.log", "b")
    assert collect(settings, bucket)["landed"] == 1


def test_a_damaged_object_costs_only_itself(settings, bucket) -> None:
    whole = gzip.compress("".join(LINE.format(n) for n in range(20_000)).encode())
    bucket(day(0) + "a.log", raw=whole[: len(whole) // 2])
    bucket(day(0) + "b.log", "good")
    bucket(day(0) + "x//y.log", "not to be had")
    row = collect(settings, bucket)
    assert (row["state"], row["rejected"]) == ("partial", 1)
    assert "x//y.log: Empty path component" in row["message"]
    with open_live(settings.warehouse) as con:
        ((file, reason),) = con.execute("SELECT file, reason FROM raw.reject").fetchall()
    assert file == f"s3://logs/{day(0)}a.log"
    assert "the gzip file ends early" in reason
    assert "/good" in paths(settings)


def test_a_bucket_that_is_not_there_is_one_sentence(settings, bucket) -> None:
    bad = job(settings, bucket)
    bad = collecting.replace(bad, options=bad.options.model_copy(update={"bucket": "nowhere"}))
    message = asyncio.run(collecting.collect(bad)).row["message"]
    assert message == ("The bucket nowhere can't be listed: there is no such bucket there; mend bucket or endpoint.")


def test_a_service_that_is_not_there_is_one_sentence(settings, bucket) -> None:
    bad = job(settings, bucket)
    bad = collecting.replace(bad, options=bad.options.model_copy(update={"endpoint": "http://127.0.0.1:9/"}))
    message = asyncio.run(collecting.collect(bad)).row["message"]
    assert message == ("The bucket logs can't be listed: the service was not reached; mend endpoint or the network.")


@contextlib.contextmanager
def checking_keys(server: str) -> Iterator[None]:
    """Have the server refuse keys that it does not know."""

    def send(count: bytes) -> None:
        request = urllib.request.Request(f"{server}/moto-api/reset-auth", data=count, method="POST")
        request.add_header("Content-Type", "text/plain")
        urllib.request.urlopen(request).close()

    send(b"0")
    try:
        yield
    finally:
        send(b"inf")


def test_a_key_that_is_refused_is_one_sentence_without_the_key(settings, bucket, capfd) -> None:
    bucket(day(0) + "a.log", "a")
    with checking_keys(bucket.server):
        row = collect(settings, bucket)
    assert (row["state"], row["message"]) == (
        "failed",
        "The bucket logs can't be listed: the access key is not known there; mend access_key or endpoint.",
    )
    assert collect(settings, bucket)["landed"] == 1
    stored = b"".join(path.read_bytes() for path in settings.var.rglob("*") if path.is_file())
    printed = "".join(capfd.readouterr())
    for secret in ("hunter2-secret", "AKIAEXAMPLEKEY"):
        assert secret.encode() not in stored
        assert secret not in printed


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ("        look_back_days: 0\n", "look_back_days"),
        ("        addressing: subdomain\n", "addressing"),
        ("        keyz: x\n", "did you mean 'keys'"),
    ],
)
def test_an_option_that_can_not_be_is_told(settings, bucket, more: str, found: str) -> None:
    with pytest.raises(ConfigurationError, match=found):
        job(settings, bucket, DAILY, more)


def test_half_a_pair_of_keys_and_an_hour_in_the_prefix_are_refused() -> None:
    sites = SITES.format(endpoint="http://s3.example/", prefix=DAILY)
    with pytest.raises(ConfigurationError, match="both access_key and secret_key"):
        parse_sites(sites.replace("        secret_key: {env: S3_SECRET}\n", ""), "s")
    with pytest.raises(ConfigurationError, match="only %Y, %m and %d"):
        parse_sites(sites.replace("%d/", "%d/%H/"), "s")


def test_check_says_what_is_there_and_what_to_mend(settings, bucket) -> None:
    with pytest.raises(SourceError, match="holds nothing below 'web/%Y/%m/%d/' of the last 3 days"):
        asyncio.run(waf_logs_s3.check(job(settings, bucket)))
    bucket(day(0) + "a.log", "a", "b")
    said = asyncio.run(waf_logs_s3.check(job(settings, bucket)))
    assert said == f"1 objects, 2 records in the first block of s3://logs/{day(0)}a.log"
    bucket(day(0) + "b.log", raw=b"something else\n")
    with pytest.raises(SourceError, match="is not access-combined: line 1"):
        asyncio.run(waf_logs_s3.check(job(settings, bucket)))


def test_a_bucket_can_be_named_in_the_host(settings, bucket) -> None:
    bucket(day(0) + "a.log", "a")
    virtual = job(settings, bucket, DAILY, "        addressing: virtual\n")
    endpoint = bucket.server.replace("127.0.0.1", "localhost")
    virtual = collecting.replace(virtual, options=virtual.options.model_copy(update={"endpoint": endpoint}))
    assert asyncio.run(collecting.collect(virtual)).outcome.landed_count == 1


def test_the_memory_of_objects_is_bounded_and_what_is_older_counts_as_read(settings, bucket, monkeypatch) -> None:
    monkeypatch.setattr(waf_logs_s3, "TAKEN", 3)
    file = waf_logs_s3.LogFile("s3://b/k", 1, 0, lambda: None)
    days = [dataclasses.replace(file, mtime_ns=n * 86_400 * 10**9) for n in range(5)]
    cursor = waf_logs_s3._Memory().cursor(5, days, [])
    memory = waf_logs_s3._Memory.of(cursor)
    assert memory.floor == "1970-01-02"
    assert all(memory.has(each) for each in days)
    assert not memory.has(dataclasses.replace(file, mtime_ns=3 * 86_400 * 10**9, size=2))
    assert sum(len(text.split()) for text in cursor["taken"].values()) == 3


def test_the_waf_log_of_aws_is_read_as_it_lies_in_a_bucket(settings, bucket) -> None:
    case = CASES / "waf" / "aws-waf" / "kinds"
    prefix = "AWSLogs/123456789012/WAFLogs/eu-west-1/shop/%Y/%m/%d/"
    bucket(
        day(0, prefix) + "04/05/123456789012_waflogs_eu-west-1_shop_T0405Z_ab12.log.gz",
        raw=case.with_suffix(".log").read_bytes(),
    )
    here = job(settings, bucket, prefix)
    here = collecting.replace(here, options=here.options.model_copy(update={"format": "aws-waf"}))
    landed = asyncio.run(collecting.collect(here)).outcome.landed
    assert landed["waf_event"] == len(case.with_suffix(".expected.jsonl").read_text().splitlines()) > 0

"""Objects of a real S3 protocol, over HTTP: each once, late ones too, and a refusal in one sentence."""

from __future__ import annotations

import asyncio
import gzip
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tasks import collecting
from tasks.collect import waf_logs_s3
from tasks.sites import parse_sites
from warehouse.connection import open_live

boto3 = pytest.importorskip("boto3")
SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: UTC
    owner: {name: O, email: o@a.example}
    sources:
      - kind: waf_logs_s3
        format: access-combined
        bucket: BUCKET
        prefix: AWSLogs/one/
        endpoint: ENDPOINT
        access_key: {env: TEST_S3_KEY}
        secret_key: {env: TEST_S3_SECRET}
"""
LINE = '192.0.2.1 - - [23/Nov/2026:05:00:09 +0000] "GET /{n} HTTP/1.1" 200 1 "-" "-"\n'


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, object]]:
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    monkeypatch.setenv("TEST_S3_KEY", "key")
    monkeypatch.setenv("TEST_S3_SECRET", "a-secret-key-of-ours")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    with httpx.Client(trust_env=False) as http:
        http.post(f"{url}/moto-api/reset")
    client = boto3.client(
        "s3", endpoint_url=url, region_name="us-east-1", aws_access_key_id="k", aws_secret_access_key="s"
    )
    client.create_bucket(Bucket="logs")
    yield url, client
    server.stop()


def lines(*numbers: int) -> bytes:
    return "".join(LINE.format(n=n) for n in numbers).encode()


def collect(settings, url: str, bucket: str = "logs", **more):
    text = SITES.replace("ENDPOINT", url).replace("BUCKET", bucket)
    settings.sites_file.write_text(text)
    (job,) = collecting.jobs(parse_sites(text, "s"), settings, ["waf_logs_s3"], **more)
    outcome = asyncio.run(collecting.collect(job)).outcome
    collecting.load_landed(settings)
    return outcome, job


def paths(settings) -> list[str]:
    with open_live(settings.warehouse) as con:
        return [path for (path,) in con.execute("SELECT path FROM raw.http_request ORDER BY path").fetchall()]


def test_each_object_is_read_once_and_a_late_one_too(settings, s3) -> None:
    url, client = s3
    client.put_object(Bucket="logs", Key="AWSLogs/one/2026/11/23/b.log.gz", Body=gzip.compress(lines(1, 2)))
    client.put_object(Bucket="logs", Key="AWSLogs/one/2026/11/23/c.log", Body=lines(3))
    client.put_object(Bucket="logs", Key="AWSLogs/other/a.log", Body=lines(9))
    outcome, job = collect(settings, url)
    assert (outcome.state, dict(outcome.landed)) == ("complete", {"http_request": 3})
    assert collect(settings, url)[0].state == "empty"
    # Its key sorts before those that were read.
    client.put_object(Bucket="logs", Key="AWSLogs/one/2026/11/22/a.log", Body=lines(4))
    assert collect(settings, url)[0].landed == {"http_request": 1}
    assert paths(settings) == ["/1", "/2", "/3", "/4"]
    assert "records in the first block" in asyncio.run(waf_logs_s3.check(job))


def test_equal_objects_under_two_keys_are_two_objects(settings, s3) -> None:
    url, client = s3
    for key in ("a", "b"):
        client.put_object(Bucket="logs", Key=f"AWSLogs/one/{key}.log", Body=lines(1))
    assert collect(settings, url)[0].landed == {"http_request": 2}


def test_a_bucket_that_is_not_there_is_one_sentence_without_the_secret(settings, s3) -> None:
    outcome, _ = collect(settings, s3[0], bucket="nowhere")
    assert outcome.state == "failed"
    assert "The bucket nowhere can't be listed" in outcome.message
    assert "a-secret-key-of-ours" not in outcome.message


def test_a_window_bounds_what_is_looked_at(settings, s3) -> None:
    url, client = s3
    client.put_object(Bucket="logs", Key="AWSLogs/one/a.log", Body=lines(1))
    assert collect(settings, url, since=datetime.now(UTC) + timedelta(days=1))[0].state == "empty"
    assert collect(settings, url)[0].landed == {"http_request": 1}

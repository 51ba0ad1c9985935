"""A real S3-compatible service for tests: moto's server on loopback."""

from __future__ import annotations

import contextlib
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

boto3 = pytest.importorskip("boto3")
ThreadedMotoServer = pytest.importorskip("moto.server").ThreadedMotoServer


@contextlib.contextmanager
def serving() -> Iterator[str]:
    """Serve on a free port and give the address."""
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()


@contextlib.contextmanager
def bucket(server: str, name: str) -> Iterator[Any]:
    """Empty the service, make a bucket and give the client that writes to it."""
    urllib.request.urlopen(urllib.request.Request(f"{server}/moto-api/reset", method="POST")).close()
    with contextlib.closing(
        boto3.client(
            "s3", endpoint_url=server, aws_access_key_id="x", aws_secret_access_key="y", region_name="us-east-1"
        )
    ) as client:
        client.create_bucket(Bucket=name)
        yield client

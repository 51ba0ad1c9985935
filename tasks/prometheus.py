"""Questions to a Prometheus over its HTTP API.

https://prometheus.io/docs/prometheus/latest/querying/api/

History is read with a range selector in `/api/v1/query` (`up{...}[7d]`), never with `query_range`: that one fills the
time in which Prometheus itself was down with the last value, and hides the gap.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import httpx
from pydantic import StringConstraints

from tasks.errors import SourceError
from tasks.redact import excerpt

ATTEMPTS = 3
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)

Metric = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
LabelName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]


def open_client(url: str, token: str | None, *, timeout: float) -> httpx.AsyncClient:
    """Return a client of the Prometheus at `url`, with its bearer token where it has one; `timeout` in seconds."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=url, trust_env=False, timeout=timeout, headers=headers)


def selector(labels: Mapping[str, str]) -> str:
    """Return the label matchers, as `{instance="https://site.example/"}`."""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def over(series: str, start: datetime, end: datetime) -> dict[str, str]:
    """Return the query for the samples of `series`, a metric with its matchers, over [start, end)."""
    start_ms, end_ms = ((moment - _EPOCH) // _MS for moment in (start, end))
    seconds, rest_ms = divmod(end_ms - start_ms, 1000)
    span = f"{seconds}s" + (f"{rest_ms}ms" if rest_ms else "")
    # A range selector leaves its start out: one millisecond earlier makes the window [start, end).
    return {"query": f"{series}[{span}]", "time": str((end_ms - 1) / 1000)}


async def ask(client: httpx.AsyncClient, query: Mapping[str, str]) -> dict[str, Any]:
    """Return the answer of `/api/v1/query`, a matrix; a busy or unreachable server is asked `ATTEMPTS` times.

    Raises:
        SourceError: Prometheus was not reached, refused the query, or answered something else than a matrix.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            response = await client.get("/api/v1/query", params=dict(query))
            if response.status_code < 500 and response.status_code != 429:
                break
            problem = f"answered {response.status_code}"
        except httpx.RequestError as error:
            problem = str(error) or type(error).__name__
        if attempt == ATTEMPTS:
            raise SourceError(f"Prometheus at {client.base_url} {problem}, {ATTEMPTS} times.", can_retry=True)
        await asyncio.sleep(random.uniform(0.5, 1.5) * 2 ** (attempt - 1))  # noqa: S311 - jitter
    if response.status_code in (401, 403):
        raise SourceError(f"Prometheus at {client.base_url} answered {response.status_code}: is the token right?")
    try:
        answer: dict[str, Any] = response.json()
        if answer["status"] != "success":
            raise SourceError(
                f"Prometheus refused {query['query']!r}: {excerpt(str(answer.get('error', answer)), 500)}"
            )
        if answer["data"]["resultType"] != "matrix":
            raise SourceError(
                f"Prometheus answered {query['query']!r} with a {answer['data']['resultType']}, not a matrix."
            )
    except (ValueError, KeyError, TypeError):
        raise SourceError(f"{client.base_url} does not answer as Prometheus does; is the url right?") from None
    return answer

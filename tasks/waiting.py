"""Send a request, and wait where the server asks for it: `Retry-After` of RFC 9110, within bounds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

LONGEST_SECONDS = 120.0
"""A server that asks for more is left for the next run."""
TRIES = 4


async def send(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Return the answer with its body unread; after 429 or 503 the request is sent again when the server said.

    Raises:
        httpx.HTTPError: there is no answer.
    """
    for tries_left in reversed(range(TRIES)):
        answer = await client.send(request, stream=True)
        seconds = asked_seconds(answer, datetime.now(UTC))
        if seconds is None or seconds > LONGEST_SECONDS or not tries_left:
            break
        await answer.aclose()
        await asyncio.sleep(seconds)
    return answer


def asked_seconds(answer: httpx.Response, now: datetime) -> float | None:
    """Return how long the server asks to wait, seconds; None where it does not."""
    asked = answer.headers.get("Retry-After", "").strip()
    if answer.status_code not in (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE) or not asked:
        return None
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    try:
        at = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max((at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds(), 0.0)

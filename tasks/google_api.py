"""Ask an API of Google: one JSON document an answer, errors as well; the key goes in a header, never in an address."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from tasks.download import bounded
from tasks.errors import SourceError

ANSWER_BYTES = 64 << 20


def open_client(key: str | None, seconds: float) -> httpx.AsyncClient:
    """Return a client that sends the key, and follows no redirect with it."""
    headers = {"X-Goog-Api-Key": key} if key else {}
    return httpx.AsyncClient(timeout=seconds, trust_env=False, headers=headers, follow_redirects=False)


async def ask(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    query: Sequence[tuple[str, str]] = (),
    body: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the document that is answered, without the key; an error of the service is one with the key `error`.

    Raises:
        SourceError: there is no answer, or none of such an API.
    """
    host = httpx.URL(url).host
    try:
        async with client.stream(method, url, params=httpx.QueryParams(list(query)), json=body) as answer:
            data = await bounded(answer, ANSWER_BYTES)
    except httpx.TimeoutException:
        raise SourceError(f"{host} does not answer in time.", can_retry=True) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{host} gives no answer: {error}.", can_retry=True) from None
    if data is None:
        raise SourceError(f"{host} answers with more than {ANSWER_BYTES >> 20} MiB.")
    text = data.decode("utf-8", "replace")
    if key := client.headers.get("X-Goog-Api-Key"):
        text = text.replace(key, "[redacted]")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError(f"{host} answers {answer.status_code} and no JSON: is the url right?") from None
    if not isinstance(document, dict):
        raise SourceError(f"{host} answers no JSON object: is the url right?")
    if answer.status_code >= 400 and not isinstance(document.get("error"), dict):
        return {"error": {"code": answer.status_code, "message": f"{host} answers {answer.status_code}"}}
    return document

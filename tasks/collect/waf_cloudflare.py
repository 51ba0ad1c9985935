"""Firewall events of a Cloudflare zone, by its GraphQL Analytics API. Never run against the vendor.

https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-firewall-events/ and
https://developers.cloudflare.com/analytics/graphql-api/limits/

The events are sampled where there are many: `sampleInterval` says for how many requests one stands. A window that
brings as many as the API gives at once is halved. Each run asks again for the last `overlap_minutes`, because events
come late; the loader takes each once. How far back a plan lets one look is told by Cloudflare: a gap is said.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from pydantic import Field, HttpUrl

from tasks.contracts import Job, Outcome, SecretReference
from tasks.errors import SourceError
from tasks.log_landing import LogOptions, cursor_name, land_pieces, outcome_of, piece_of
from tasks.redact import excerpt

LIMIT = 10_000
"""Rows that the API gives at once."""
ATTEMPTS = 4
WINDOW = timedelta(hours=6)
FIELDS = (
    "action clientAsn clientCountryName clientIP clientRequestHTTPHost clientRequestHTTPMethodName"
    " clientRequestHTTPProtocol clientRequestPath clientRequestQuery datetime description edgeResponseStatus"
    " matchIndex originResponseStatus rayName ruleId rulesetId sampleInterval source userAgent"
)
QUERY = f"""
query Events($zoneTag: string, $since: Time, $until: Time) {{
  viewer {{ zones(filter: {{zoneTag: $zoneTag}}) {{
    firewallEventsAdaptive(
      filter: {{datetime_geq: $since, datetime_lt: $until}}, limit: {LIMIT}, orderBy: [datetime_ASC]
    ) {{ {FIELDS} }}
  }} }}
}}"""


class Options(LogOptions):
    """Firewall events of a Cloudflare zone, by the GraphQL Analytics API."""

    format: str = Field(default="cloudflare-events", description="cloudflare-events.")
    zone: str = Field(pattern=r"^[0-9a-f]{32}$", description="Zone ID, as the overview of the zone shows it.")
    token: SecretReference = Field(description="API token that may read the zone's analytics.")
    url: HttpUrl = Field(default=HttpUrl("https://api.cloudflare.com/client/v4/graphql"), description="API.")
    look_back_days: float = Field(default=1, gt=0, description="How far the first run looks back, days; plans differ.")
    overlap_minutes: int = Field(default=60, ge=0, description="How much of the last run is asked for again.")


async def collect(job: Job) -> Outcome:
    """Ask for the events since the last run, window by window, and land each with the cursor."""
    options = _options(job)
    until = job.until or job.context.collected_at
    landed, problems = Counter[str](), list[str]()
    async with await _client(job, options) as client:
        with job.spool.hold_cursor(cursor_name(job)) as cursor:
            start = job.since or _resume(cursor, options, until)
            while start < until and not problems:
                end = min(start + WINDOW, until)
                try:
                    lines = [json.dumps(event) async for event in fetch(client, options.zone, start, end)]
                except SourceError as error:
                    problems.append(str(error))
                    break
                piece = piece_of(lines, f"{options.zone} {start.isoformat()}", end.isoformat())
                landed.update(land_pieces(job, options, "waf_cloudflare", [piece]))
                start = end
    if problems and not landed:
        raise SourceError(problems[0])
    return outcome_of(landed, problems)


async def check(job: Job) -> str:
    """Ask for the last hour.

    Raises:
        SourceError: the zone can't be read.
    """
    options, until = _options(job), job.context.collected_at
    async with await _client(job, options) as client:
        events = [event async for event in fetch(client, options.zone, until - timedelta(hours=1), until)]
    return f"{len(events):,} events in the last hour"


async def fetch(
    client: httpx.AsyncClient, zone: str, since: datetime, until: datetime
) -> AsyncIterator[dict[str, Any]]:
    """Yield the events of [since, until); a window that is too full for one answer is asked for in halves.

    Raises:
        SourceError: refused, out of reach, or more events in one second than the API gives.
    """
    events = await _ask(client, {"zoneTag": zone, "since": _time(since), "until": _time(until)})
    if len(events) < LIMIT:
        for event in events:
            yield event
        return
    if until - since <= timedelta(seconds=1):
        raise SourceError(f"More than {LIMIT:,} events in the second after {_time(since)}: use Logpush for this zone.")
    middle = (since + (until - since) / 2).replace(microsecond=0)
    middle = middle if since < middle < until else since + timedelta(seconds=1)
    for start, end in ((since, middle), (middle, until)):
        async for event in fetch(client, zone, start, end):
            yield event


async def _ask(client: httpx.AsyncClient, variables: dict[str, str]) -> list[dict[str, Any]]:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            response = await client.post("", json={"query": QUERY, "variables": variables})
            if response.status_code < 500 and response.status_code != 429:
                break
            problem = f"answered {response.status_code}"
        except httpx.RequestError as error:
            problem = str(error) or type(error).__name__
        if attempt == ATTEMPTS:
            raise SourceError(f"The Cloudflare API {problem}, {ATTEMPTS} times.", can_retry=True)
        await asyncio.sleep(random.uniform(0.5, 1.5) * 2 ** (attempt - 1))  # noqa: S311 - jitter
    if response.status_code in (401, 403):
        raise SourceError(
            f"The Cloudflare API answered {response.status_code}: does the token read this zone's analytics?"
        )
    try:
        answer = response.json()
        if answer.get("errors"):
            words = "; ".join(str(error.get("message", error)) for error in answer["errors"])
            raise SourceError(f"The Cloudflare API refused {variables['since']}: {excerpt(words, 300)}")
        zones = answer["data"]["viewer"]["zones"]
        events: list[dict[str, Any]] = [event for zone in zones for event in zone["firewallEventsAdaptive"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise SourceError(
            f"The Cloudflare API answered what is no answer of it: {excerpt(response.text, 100)}"
        ) from None
    if not zones:
        raise SourceError("The token sees no such zone: check zone, and what the token may read.")
    return events


def _resume(cursor: str | None, options: Options, until: datetime) -> datetime:
    earliest = until - timedelta(days=options.look_back_days)
    if cursor is None:
        return earliest
    return datetime.fromisoformat(cursor) - timedelta(minutes=options.overlap_minutes)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _client(job: Job, options: Options) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {await job.secret(options.token)}"}
    return httpx.AsyncClient(base_url=str(options.url), headers=headers, trust_env=False, timeout=60)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

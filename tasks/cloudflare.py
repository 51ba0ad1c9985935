"""Cloudflare's GraphQL Analytics API, as far as the firewall events of one zone need it. Never run against the vendor.

https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-firewall-events/,
https://developers.cloudflare.com/analytics/graphql-api/features/discovery/settings/,
https://developers.cloudflare.com/analytics/graphql-api/limits/ and
https://developers.cloudflare.com/analytics/graphql-api/errors/
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tasks.errors import SourceError
from tasks.redact import excerpt

ATTEMPTS = 4
WINDOW = timedelta(hours=6)
"""Asked for at once, where the plan allows it."""
PATIENCE_SECONDS = 30.0
"""Longest wait that the API may ask for; else the next run goes on."""
FIELDS = (
    "datetime", "rayName", "action", "source", "ruleId", "matchIndex", "sampleInterval", "clientIP", "clientAsn",
    "clientCountryName", "clientRequestHTTPHost", "clientRequestHTTPMethodName", "clientRequestPath",
    "clientRequestQuery", "clientRequestHTTPProtocol", "userAgent", "edgeResponseStatus", "description", "rulesetId",
)  # fmt: skip
"""What is asked for, the most needed first: plans differ in which, and how many, they give."""
_NEEDED = FIELDS[:3]
_SETTINGS = """
query Settings($zoneTag: string) {
  viewer { zones(filter: {zoneTag: $zoneTag}) { settings { firewallEventsAdaptive {
    enabled maxDuration maxPageSize maxNumberOfFields notOlderThan availableFields
  } } } }
}"""
_EVENTS = """
query Events($zoneTag: string, $filter: FirewallEventsAdaptiveFilter_InputObject) {
  viewer { zones(filter: {zoneTag: $zoneTag}) {
    firewallEventsAdaptive(filter: $filter, limit: LIMIT, orderBy: [datetime_ASC]) { FIELDS }
  } }
}"""
_LATER = re.compile("try again|repeat your request|budget depleted|too many queries", re.IGNORECASE)
_NARROWER = re.compile("reduced time period|time range", re.IGNORECASE)
_TOO_OLD = re.compile(r"older than ((?:\d+[wdhms])+)", re.IGNORECASE)
_UNIT_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


class RefusedError(SourceError):
    """The API answered with an error that asking again does not mend."""


class NarrowerError(RefusedError):
    """The window is too wide for the API."""


class TooOldError(RefusedError):
    """The window starts before what Cloudflare keeps; `kept` is how long that is."""

    def __init__(self, kept: timedelta) -> None:
        super().__init__(f"Cloudflare keeps the events of this zone {kept.days} days only.")
        self.kept = kept


@dataclass(frozen=True, slots=True)
class Limits:
    """What the plan of the zone allows. A field that is not told is at its documented default."""

    fields: tuple[str, ...] = FIELDS
    rows: int = 10_000
    window: timedelta = WINDOW
    kept: timedelta | None = None

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Limits:
        """Read the answer of the settings node.

        Raises:
            SourceError: the plan does not give the events.
        """
        known = told.get("availableFields") or FIELDS
        fields = tuple(name for name in FIELDS if name in known)[: told.get("maxNumberOfFields") or None]
        if told.get("enabled") is False or not set(_NEEDED) <= set(fields):
            raise SourceError("The plan of this Cloudflare zone, or the token, does not give its firewall events.")
        return cls(
            fields,
            min(told.get("maxPageSize") or 10_000, 10_000),
            min(timedelta(seconds=told.get("maxDuration") or 86_400), WINDOW),
            timedelta(seconds=told["notOlderThan"]) if told.get("notOlderThan") else None,
        )


@dataclass(frozen=True, slots=True)
class ZoneApi:
    """The API for one zone."""

    client: httpx.Client
    url: str
    zone: str
    token: str

    def limits(self) -> Limits:
        """Return what the plan of the zone allows; what is documented where the API does not tell.

        Raises:
            SourceError: refused, out of reach, or no such zone.
        """
        try:
            (zone,) = self._zones(_SETTINGS, {})
        except RefusedError:
            return Limits()
        return Limits.of(zone["settings"]["firewallEventsAdaptive"] or {"enabled": False})

    def events(self, since: datetime, until: datetime, limits: Limits) -> list[dict[str, Any]]:
        """Return the first events of [since, until), at most `limits.rows`, by time.

        Raises:
            NarrowerError: the window is too wide.
            TooOldError: it starts too early.
            SourceError: refused or out of reach.
        """
        query = _EVENTS.replace("LIMIT", str(limits.rows)).replace("FIELDS", " ".join(limits.fields))
        (zone,) = self._zones(query, {"filter": {"datetime_geq": text_of(since), "datetime_lt": text_of(until)}})
        found: list[dict[str, Any]] = zone["firewallEventsAdaptive"]
        if any(not isinstance(event, dict) or not moment_of(event.get("datetime")) for event in found):
            raise SourceError("The Cloudflare API gave an event without a time: is the url right?")
        return found

    def _zones(self, query: str, variables: Mapping[str, Any]) -> list[dict[str, Any]]:
        body = {"query": query, "variables": {"zoneTag": self.zone, **variables}}
        for attempt in range(1, ATTEMPTS + 1):
            problem, wait = "", random.uniform(0.5, 1.5) * 2 ** (attempt - 1)  # noqa: S311 - jitter
            try:
                response = self.client.post(self.url, json=body)
                if response.status_code == 429 or response.status_code >= 500:
                    problem = f"answered {response.status_code}"
                    wait = max(wait, _seconds(response.headers.get("retry-after")))
                else:
                    return self._answer(response)
            except httpx.RequestError as error:
                problem = f"was not reached: {self._clean(str(error) or type(error).__name__)}"
            except SourceError as error:
                if not error.can_retry:
                    raise
                problem = str(error)
            if attempt == ATTEMPTS or wait > PATIENCE_SECONDS:
                raise SourceError(f"The Cloudflare API {problem}; the next run goes on from here.", can_retry=True)
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _answer(self, response: httpx.Response) -> list[dict[str, Any]]:
        if response.status_code in (401, 403):
            raise SourceError(
                f"The Cloudflare API answered {response.status_code}: does the token have Zone, Analytics, Read?"
            )
        try:
            answer = response.json()
            if errors := answer.get("errors"):
                raise self._refusal("; ".join(str(error.get("message", error)) for error in errors))
            zones: list[dict[str, Any]] = answer["data"]["viewer"]["zones"]
            if not isinstance(zones, list) or not all("settings" in z or "firewallEventsAdaptive" in z for z in zones):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise SourceError(
                f"{self.url} answered {response.status_code} and not as Cloudflare's GraphQL does; is the url right?"
            ) from None
        if len(zones) != 1:
            raise SourceError(f"The token sees no zone {self.zone}: mend zone, or let the token read it.")
        return zones

    def _refusal(self, words: str) -> SourceError:
        words = self._clean(words)
        if match := _TOO_OLD.search(words):
            parts = re.findall(r"(\d+)([wdhms])", match[1].lower())
            return TooOldError(timedelta(seconds=sum(int(number) * _UNIT_SECONDS[unit] for number, unit in parts)))
        if _NARROWER.search(words):
            return NarrowerError(f"The Cloudflare API refused the query: {words}.")
        if _LATER.search(words):
            return SourceError(f"says {words!r}", can_retry=True)
        return RefusedError(f"The Cloudflare API refused the query: {words}.")

    def _clean(self, words: str) -> str:
        return excerpt(words.replace(self.token, "[redacted]"), 300).rstrip(".")


def moment_of(text: object) -> datetime | None:
    """Return the time that an event gives, None where that is none."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0


def text_of(moment: datetime) -> str:
    """Return a time as the API takes it: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Firewall events of a Cloudflare zone, by its GraphQL Analytics API. Never run against the vendor.

https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-firewall-events/,
https://developers.cloudflare.com/analytics/graphql-api/features/discovery/settings/,
https://developers.cloudflare.com/analytics/graphql-api/limits/ and .../errors/

The token needs Zone · Analytics · Read. Cloudflare samples where there are many events: `sampleInterval` says for how
many one stands. What is asked for is kept within what the zone's plan allows, which Cloudflare tells; how far back it
looks differs by plan, and what fell out before it was read is said to be a gap. Each run asks again for the last
`overlap_minutes`, because events come late; what was read before is left out.

For all events, unsampled, use Logpush into a bucket and `waf_logs_s3`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import Field, HttpUrl

from tasks.cloudflare import Limits, NarrowerError, TooOldError, ZoneApi, moment_of, text_of
from tasks.contracts import Job, OpenUrl, Outcome, SecretReference
from tasks.errors import SourceError
from tasks.log_landing import LogOptions, Piece, cursor_name, land_pieces, piece_of

RECENT = 50_000
"""Events of the overlap remembered at most; the loader takes each event once all the same."""


class Options(LogOptions):
    """Firewall events of a Cloudflare zone, by the GraphQL Analytics API."""

    format: str = Field(default="cloudflare-events", description="cloudflare-events.")
    zone: str = Field(pattern=r"^[0-9a-f]{32}$", description="Zone ID, as the overview of the zone shows it.")
    token: SecretReference = Field(description="API token with Zone, Analytics, Read.")
    url: OpenUrl = Field(default=HttpUrl("https://api.cloudflare.com/client/v4/graphql"), description="The API.")
    look_back_days: float = Field(default=1, gt=0, description="How far the first run looks back, days.")
    overlap_minutes: int = Field(default=60, ge=0, le=1440, description="How much is asked for again, minutes.")


async def collect(job: Job) -> Outcome:
    """Ask for the events since the last run, or of the job's window, and land them.

    Raises:
        SourceError: the API was not reached or refused; where some events came, the outcome is partial instead.
    """
    options = _options(job)
    problems: list[str] = []
    with job.spool.hold_cursor(cursor_name(job)) as cursor, _connect(options, await _token(job)) as api:
        reader = _Reader(api, job, api.limits(), _Place.of(cursor), problems)
        landed = land_pieces(job, options, "waf_cloudflare", reader.pieces())
    if problems and not landed:
        raise SourceError(problems[-1], can_retry=True)
    return Outcome.of(landed, problems)


async def check(job: Job) -> str:
    """Ask for the limits of the zone and for the last hour.

    Raises:
        SourceError: the API was not reached, or refuses this token or zone.
    """
    options, until = _options(job), job.context.collected_at
    with _connect(options, await _token(job)) as api:
        limits = api.limits()
        events = api.events(until - timedelta(hours=1), until, limits)
    kept = f"; Cloudflare keeps them {limits.kept.days} days" if limits.kept else ""
    return f"events in the last hour: {len(events):,}{kept}"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


async def _token(job: Job) -> str:
    return await job.secret(_options(job).token)


@contextlib.contextmanager
def _connect(options: Options, token: str) -> Iterator[ZoneApi]:
    headers = {"Authorization": f"Bearer {token}", "User-Agent": "site-upkeep"}
    with httpx.Client(headers=headers, trust_env=False, timeout=60) as client:
        yield ZoneApi(client, str(options.url), options.zone, token)


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the events were read, and marks of those of the overlap before, with their unix seconds."""

    until: datetime | None = None
    recent: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, cursor: Any) -> _Place:
        return cls(datetime.fromisoformat(cursor["until"]), cursor["recent"]) if cursor else cls()

    def cursor(self) -> Any:
        return {"until": self.until.isoformat(), "recent": dict(self.recent)} if self.until else None

    def after(self, until: datetime, marks: Mapping[str, int], overlap: timedelta) -> _Place:
        oldest = (until - overlap).timestamp()
        recent = [(mark, at) for mark, at in {**self.recent, **marks}.items() if at >= oldest]
        return _Place(until, dict(sorted(recent, key=lambda item: item[1])[-RECENT:]))


@dataclass(slots=True)
class _Reader:
    """Reads a span of time in windows, and windows in pages."""

    api: ZoneApi
    job: Job
    limits: Limits
    place: _Place
    problems: list[str]

    def pieces(self) -> Iterator[Piece]:
        """Yield the events page by page; what is missing, or broke off, is a sentence in `problems`."""
        end = self.job.until or self.job.context.collected_at
        start, window, first = self._start(end), self.limits.window, None
        try:
            while start < end:
                start = self._kept(start, self.limits.kept)
                first = first or start
                until = min(start + window, end)
                try:
                    events = self.api.events(start, until, self.limits)
                except NarrowerError:
                    if window <= timedelta(minutes=1):
                        raise
                    window /= 4
                    continue
                except TooOldError as error:
                    if self._kept(start, error.kept) == start:
                        raise
                    start = self._kept(start, error.kept)
                    self.limits = Limits(self.limits.fields, self.limits.rows, self.limits.window, error.kept)
                    continue
                events, start = self._page(events, start, until)
                yield self._piece(events, start)
                if self.job.on_progress:
                    self.job.on_progress(int((start - first).total_seconds()), int((end - first).total_seconds()))
        except SourceError as error:
            self.problems.append(str(error))

    def _start(self, end: datetime) -> datetime:
        options = _options(self.job)
        if self.job.since:
            return self.job.since
        if self.place.until:
            return self.place.until - timedelta(minutes=options.overlap_minutes)
        start = end - timedelta(days=options.look_back_days)
        # What is older than the plan keeps was never promised to the first run: no gap.
        return max(start, self._oldest(self.limits.kept)) if self.limits.kept else start

    def _oldest(self, kept: timedelta) -> datetime:
        # A minute less: time goes on while we ask.
        return self.job.context.collected_at - kept + timedelta(minutes=1)

    def _kept(self, start: datetime, kept: timedelta | None) -> datetime:
        """Return where to start so that Cloudflare still has it, and say what is gone."""
        if kept is None or start >= self._oldest(kept):
            return start
        oldest = self._oldest(kept)
        self.problems.append(
            f"Cloudflare keeps the events of this zone {kept.days} days: those from {text_of(start)} to "
            f"{text_of(oldest)} are gone unread; collect more often, or use Logpush"
        )
        return oldest

    def _page(
        self, events: list[dict[str, Any]], start: datetime, until: datetime
    ) -> tuple[list[dict[str, Any]], datetime]:
        """Return the events of a page that is complete, and where the next one starts."""
        if len(events) < self.limits.rows:
            return events, until
        # There may be more of the last second: it is asked for again.
        last = (moment_of(events[-1]["datetime"]) or start).replace(microsecond=0)
        if last > start:
            return [event for event in events if (moment_of(event["datetime"]) or start) < last], last
        self.problems.append(
            f"Cloudflare has more than {self.limits.rows:,} events of {text_of(start)}; the others of that second are "
            "unknown: use Logpush for this zone"
        )
        return events, start + timedelta(seconds=1)

    def _piece(self, events: list[dict[str, Any]], until: datetime) -> Piece:
        marks = {_mark(event): event for event in events}
        lines = [json.dumps(event) for mark, event in marks.items() if mark not in self.place.recent]
        if not self.job.since:
            overlap = timedelta(minutes=_options(self.job).overlap_minutes)
            seconds = {mark: int((moment_of(event["datetime"]) or until).timestamp()) for mark, event in marks.items()}
            self.place = self.place.after(until, seconds, overlap)
        return piece_of(lines, f"firewallEventsAdaptive up to {text_of(until)}", self.place.cursor())


def _mark(event: Mapping[str, Any]) -> str:
    names = ("datetime", "rayName", "ruleId", "matchIndex", "action", "source")
    return hashlib.sha256("|".join(str(event.get(name)) for name in names).encode()).hexdigest()[:16]

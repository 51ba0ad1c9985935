"""Fetch the feeds of `agency.advisories` and land what changed in them.

A feed is read whole each time its publisher says that it changed. What it said before is known by a cursor, a hash for
each entry, so that only changes are stored; an entry that is no longer there is told as gone. A feed that can't be had,
or is cut short, changes nothing but its row in `raw.feed_run`: what was known stays, and gets old.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tasks import osv_api
from tasks.advisory_changes import Known, changes
from tasks.advisory_format import advisory_formats
from tasks.contracts import IDENTIFIER, SecretReference
from tasks.download import save
from tasks.errors import SourceError
from tasks.settings import Settings
from tasks.waiting import send
from warehouse.connection import open_snapshot
from warehouse.records import FeedRun, Record
from warehouse.spool import batch_id_of

MAX_BYTES = 1 << 30
"""Of one feed as it is sent: the largest has some 220 MB."""
REFUSALS = {
    401: "refused the token",
    403: "refused the token, or has none of us",
    404: "has nothing at that address",
}
_INSTALLED = """
-- To the API of OSV the case of a name counts in NuGet too: it is asked as the list writes it.
SELECT DISTINCT advisory_ecosystem, CASE WHEN ecosystem = 'NuGet' THEN name ELSE advisory_name END
FROM raw.component_observation
WHERE list_contains($ecosystems, split_part(advisory_ecosystem, ':', 1)) AND advisory_name <> '' ORDER BY ALL"""
GetSecret = Callable[[SecretReference], Awaitable[str]]


def _known_format(name: str) -> str:
    if name not in advisory_formats():
        raise ValueError(f"{name!r} is no format of feeds; formats: {', '.join(advisory_formats())}")
    return name


class Feed(BaseModel):
    """One feed of advisories, of what is exploited, or of what ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=IDENTIFIER, max_length=64, description="Short name, lower case: stands in the rows.")
    format: Annotated[str, AfterValidator(_known_format)] = Field(description="Format, as in `upkeep formats`.")
    url: str | None = Field(default=None, pattern="^https?://", description="Address; the publisher's when left out.")
    path: Path | None = Field(default=None, description="File instead of an address, relative to this file.")
    token: SecretReference | None = Field(default=None, description="Bearer token, where the publisher wants one.")
    ask: tuple[str, ...] = Field(
        default=(),
        description="Ecosystems, as [npm, Packagist]: ask the API of OSV about what is installed of them, instead of "
        "fetching all. It is told the names of the packages, and nothing of the sites.",
    )

    @model_validator(mode="after")
    def _has_a_place(self) -> Feed:
        if self.url and self.path:
            raise ValueError("give either url or path")
        if self.ask and (self.format != "osv" or self.path):
            raise ValueError("ask is for the format osv, and not for a path")
        if not self.path and not self.address:
            raise ValueError(f"{self.format} has no address of its own: give url or path")
        return self

    @property
    def address(self) -> str | None:
        """Return where to fetch it."""
        return (
            self.url
            or (osv_api.URL if self.ask else None)
            or getattr(advisory_formats()[self.format].module, "URL", None)
        )


@dataclass(frozen=True, slots=True)
class _Fetched:
    file: Path
    is_unchanged: bool = False
    etag: str | None = None
    last_modified: str | None = None
    asked: frozenset[str] = frozenset()
    """Ecosystems of the packages that were asked about; empty where a feed is fetched whole."""


async def collect_feed(feed: Feed, settings: Settings, secret: GetSecret, now: datetime | None = None) -> FeedRun:
    """Fetch one feed, land what changed and how it went, and return the latter. It raises nothing of the feed's."""
    at = now or datetime.now(UTC)
    form = advisory_formats()[feed.format]
    run = FeedRun(
        feed=feed.id,
        format=feed.format,
        fetched_at=at,
        outcome="failed",
        detail=None,
        as_of_at=None,
        entry_count=None,
        changed_count=None,
        reject_count=None,
        ecosystems=[],
        licence=form.module.LICENCE,
    )
    with settings.spool.hold_cursor(f"feed-{feed.id}") as held:
        cursor: dict[str, Any] = held or {"known": {}}
        # An answer on condition is about what this parser read from this place.
        read = {"parser": form.parser_version, "place": f"{feed.path or feed.address} {' '.join(feed.ask)}".strip()}
        is_same = read.items() <= cursor.items() and "ecosystems" in cursor
        rows: dict[str, list[Record]] = {}
        following: tuple[str, Any] | None = None
        try:
            fetched = await _fetch(feed, settings, secret, cursor if is_same else {})
            if fetched.is_unchanged:
                as_of = _http_date(cursor.get("last_modified"))
                run = replace(run, outcome="unchanged", as_of_at=as_of, ecosystems=cursor.get("ecosystems", []))
            else:
                before = Known(cursor["known"], cursor.get("rejected", ()))
                change = changes(form, feed.id, fetched.file, before, at)
                rows = change.rows
                run = replace(
                    run,
                    outcome="fetched",
                    as_of_at=_http_date(fetched.last_modified),
                    entry_count=len(change.known.entries),
                    changed_count=change.count,
                    reject_count=len(change.known.rejects),
                    licence="\n\n".join([run.licence, *change.licences]),
                    ecosystems=sorted({*change.ecosystems, *feed.ask, *fetched.asked}),
                )
                state = {"etag": fetched.etag, "last_modified": fetched.last_modified, "ecosystems": run.ecosystems}
                known = {"known": change.known.entries, "rejected": change.known.rejects}
                following = (f"feed-{feed.id}", read | state | known)
        except (SourceError, OSError) as error:
            run = replace(run, detail=str(error))
        settings.spool.land(
            batch_id_of("feed", feed.id, at.isoformat()),
            {FeedRun.table: [run], **rows},
            collector="advisories",
            parser_version=form.parser_version,
            cursor=following,
        )
    return run


async def _fetch(feed: Feed, settings: Settings, secret: GetSecret, cursor: Mapping[str, Any]) -> _Fetched:
    if feed.path:
        file = settings.sites_file.parent / feed.path
        mark = f"{file.stat().st_mtime_ns}-{file.stat().st_size}"
        return _Fetched(file, is_unchanged=mark == cursor.get("etag"), etag=mark)
    address = feed.address or ""
    if feed.ask:
        return await _ask(feed, settings, address)
    headers = {"User-Agent": "site-upkeep"}
    if cursor.get("etag"):
        headers["If-None-Match"] = cursor["etag"]
    if cursor.get("last_modified"):
        headers["If-Modified-Since"] = cursor["last_modified"]
    if feed.token:
        headers["Authorization"] = f"Bearer {await secret(feed.token)}"
    file = settings.var / "feeds" / feed.id / (Path(httpx.URL(address).path).name or "feed")
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.new")
    try:
        async with httpx.AsyncClient(timeout=60, follow_redirects=True, max_redirects=5) as client:
            answer = await send(client, client.build_request("GET", address, headers=headers))
            async with contextlib.aclosing(answer):
                if answer.status_code == 304 and cursor:
                    return _Fetched(file, is_unchanged=True)
                if answer.status_code != 200:
                    raise SourceError(_refusal(feed, answer))
                if not await save(answer, temporary, MAX_BYTES):
                    raise SourceError(f"The feed {feed.id} gives more than {MAX_BYTES >> 20} MiB.")
            temporary.replace(file)
            return _Fetched(file, etag=answer.headers.get("ETag"), last_modified=answer.headers.get("Last-Modified"))
    except httpx.HTTPError as error:
        raise SourceError(f"The feed {feed.id} can't be fetched: {error or type(error).__name__}.") from None
    finally:
        temporary.unlink(missing_ok=True)


async def _ask(feed: Feed, settings: Settings, address: str) -> _Fetched:
    """Ask the API of OSV about every package that ever was installed, as the snapshot knows them."""
    if not settings.snapshot.exists():
        raise SourceError(f"The feed {feed.id} asks about what is installed: run `upkeep publish` first.")
    with contextlib.closing(open_snapshot(settings.snapshot)) as con:
        packages = con.execute(_INSTALLED, {"ecosystems": feed.ask}).fetchall()
    file = settings.var / "feeds" / feed.id / "asked.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        async with httpx.AsyncClient(timeout=60, headers={"User-Agent": "site-upkeep"}) as client:
            await osv_api.save(client, address.rstrip("/"), packages, file)
    except httpx.HTTPError as error:
        raise SourceError(f"The feed {feed.id} can't be fetched: {error or type(error).__name__}.") from None
    except SourceError as error:
        raise SourceError(f"The feed {feed.id} can't be fetched: {error}.") from None
    return _Fetched(file, asked=frozenset(ecosystem for ecosystem, _ in packages))


def _refusal(feed: Feed, answer: httpx.Response) -> str:
    said = REFUSALS.get(answer.status_code, f"answered {answer.status_code}")
    wait = answer.headers.get("Retry-After", "")
    later = f"; it asks to wait {wait[:40]}" if wait else ""
    return f"The publisher of the feed {feed.id} {said}{later}."


def _http_date(text: object) -> datetime | None:
    try:
        return parsedate_to_datetime(str(text)).astimezone(UTC) if text else None
    except ValueError:
        return None


def sentence(runs: Sequence[FeedRun]) -> str:
    """Say how the feeds went."""
    failed = [run for run in runs if run.outcome == "failed"]
    changed = sum(run.changed_count or 0 for run in runs)
    text = f"{len(runs) - len(failed)} of {len(runs)} feeds are current, {changed:,} entries changed"
    return f"{text}. {failed[0].detail}" if failed else text

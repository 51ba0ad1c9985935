"""Fetch the feeds of `agency.advisories` and land what changed in them.

A feed is read whole each time its publisher says that it changed. What it said before is known by a cursor, a hash for
each entry, so that only changes are stored; an entry that is no longer there is told as gone. A feed that can't be had,
or is cut short, changes nothing but its row in `raw.feed_run`: what was known stays, and gets old.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tasks.advisory_format import (
    Advisory,
    AdvisoryFormat,
    Entry,
    Exploited,
    Lifecycle,
    Prediction,
    Rejected,
    advisory_formats,
)
from tasks.contracts import IDENTIFIER, SecretReference
from tasks.download import save
from tasks.errors import SourceError
from tasks.settings import Settings
from tasks.versions import sort_key
from warehouse.records import (
    AdvisoryChange,
    AdvisoryRange,
    ExploitedVulnerability,
    ExploitPrediction,
    FeedRun,
    ProductLifecycle,
    Record,
)
from warehouse.spool import batch_id_of

MAX_BYTES = 1 << 30
"""Of one feed as it is sent: the largest has some 220 MB."""
REFUSALS = {
    401: "refused the token",
    403: "refused the token, or has none of us",
    404: "has nothing at that address",
}
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

    @model_validator(mode="after")
    def _has_a_place(self) -> Feed:
        if self.url and self.path:
            raise ValueError("give either url or path")
        if not self.path and not self.address:
            raise ValueError(f"{self.format} has no address of its own: give url or path")
        return self

    @property
    def address(self) -> str | None:
        """Return where to fetch it."""
        return self.url or getattr(advisory_formats()[self.format].module, "URL", None)


@dataclass(frozen=True, slots=True)
class _Fetched:
    file: Path
    is_unchanged: bool = False
    etag: str | None = None
    last_modified: str | None = None


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
        licence=form.module.LICENCE,
    )
    with settings.spool.hold_cursor(f"feed-{feed.id}") as held:
        cursor: dict[str, Any] = held or {"known": {}}
        # An answer on condition is about what this parser read from this place.
        read = {"parser": form.parser_version, "place": str(feed.path or feed.address)}
        is_same = read.items() <= cursor.items()
        rows: dict[str, list[Record]] = {}
        following: tuple[str, Any] | None = None
        try:
            fetched = await _fetch(feed, settings, secret, cursor if is_same else {})
            if fetched.is_unchanged:
                run = replace(run, outcome="unchanged", as_of_at=_http_date(cursor.get("last_modified")))
            else:
                change = _changes(form, feed.id, fetched.file, cursor["known"], at)
                rows = change.rows
                run = replace(
                    run,
                    outcome="fetched",
                    as_of_at=_http_date(fetched.last_modified),
                    entry_count=len(change.known),
                    changed_count=change.count,
                    reject_count=change.reject_count,
                )
                state = {"etag": fetched.etag, "last_modified": fetched.last_modified, "known": change.known}
                following = (f"feed-{feed.id}", read | state)
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
        async with (
            httpx.AsyncClient(timeout=60, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", address, headers=headers) as answer,
        ):
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


def _refusal(feed: Feed, answer: httpx.Response) -> str:
    said = REFUSALS.get(answer.status_code, f"answered {answer.status_code}")
    wait = answer.headers.get("Retry-After", "")
    later = f"; it asks to wait {wait[:40]}" if wait else ""
    return f"The publisher of the feed {feed.id} {said}{later}."


@dataclass(frozen=True, slots=True)
class _Change:
    rows: dict[str, list[Record]]
    known: dict[str, str]
    count: int
    reject_count: int


def _changes(form: AdvisoryFormat, feed: str, file: Path, known: Mapping[str, str], at: datetime) -> _Change:
    """Compare a whole feed with what it said before."""
    rows: dict[str, list[Record]] = {}
    now_known: dict[str, str] = {}
    rejected: set[str] = set()
    is_all_named = True
    count = reject_count = 0
    for entry in form.module.read(file):
        if isinstance(entry, Rejected):
            rejected.add(entry.where)
            is_all_named &= entry.is_key
            reject_count += 1
            continue
        key, digest = _key(entry), _digest(entry)
        is_new = now_known.get(key, known.get(key)) != digest
        now_known[key] = digest
        if is_new:
            count += 1
            for record in _records(entry, feed, at):
                rows.setdefault(record.table, []).append(record)
    for key in known.keys() - now_known.keys():
        # An entry that can't be read is not gone; where it can't be told which ones those are, none is.
        if key in rejected or not is_all_named:
            now_known[key] = known[key]
        else:
            count += 1
            gone = _gone(form, key, feed, at)
            rows.setdefault(gone.table, []).append(gone)
    return _Change(rows, now_known, count, reject_count)


def _key(entry: Entry) -> str:
    match entry:
        case Advisory():
            return entry.advisory_id
        case Lifecycle():
            return f"{entry.product} {entry.cycle}"
        case Exploited() | Prediction():
            return entry.cve_id
        case Rejected():
            return entry.where


def _digest(entry: Entry) -> str:
    told = asdict(entry)
    if isinstance(entry, Prediction):
        told = {"score": round(entry.epss_score, 3), "model": entry.model_version}
    return hashlib.sha256(json.dumps(told, default=str, sort_keys=True).encode()).hexdigest()[:16]


def _records(entry: Entry, feed: str, at: datetime) -> Iterable[Record]:
    place: dict[str, Any] = {"feed": feed, "fetched_at": at}
    if isinstance(entry, Advisory):
        told = {field.name: getattr(entry, field.name) for field in fields(entry) if field.name != "affected"}
        yield AdvisoryChange(**place, **told | {"aliases": list(entry.aliases)}, is_gone=False)
        for one in entry.affected:
            yield AdvisoryRange(
                **place,
                advisory_id=entry.advisory_id,
                ecosystem=one.ecosystem,
                name=one.name,
                from_version=one.from_version,
                from_key=one.from_key,
                is_from_included=one.is_from_included,
                to_version=one.to_version,
                to_key=one.to_key,
                is_to_included=one.is_to_included,
                fixed_version=one.fixed_version,
                fixed_key=sort_key(one.ecosystem, one.fixed_version) if one.fixed_version else None,
                is_comparable=one.is_comparable,
            )
    elif isinstance(entry, Exploited):
        yield ExploitedVulnerability(**place, **asdict(entry), is_gone=False)
    elif isinstance(entry, Prediction):
        yield ExploitPrediction(**place, **asdict(entry), is_gone=False)
    elif isinstance(entry, Lifecycle):
        yield ProductLifecycle(**place, **asdict(entry), is_gone=False)


def _gone(form: AdvisoryFormat, key: str, feed: str, at: datetime) -> Record:
    """Return the row that says that an entry is no longer there."""
    told: dict[str, Any] = {"feed": feed, "fetched_at": at, "is_gone": True}
    record: type[Any]
    match form.module.FILLS:
        case "advisory":
            record = AdvisoryChange
            told |= {"advisory_id": key, "aliases": [], "severity": "unknown", "is_informational": False}
        case "product_lifecycle":
            record = ProductLifecycle
            told |= dict(zip(("product", "cycle"), key.split(" ", 1), strict=True))
        case "exploited_vulnerability":
            record, told = ExploitedVulnerability, told | {"cve_id": key}
        case _:
            record, told = ExploitPrediction, told | {"cve_id": key}
    nothing: dict[str, Any] = dict.fromkeys(field.name for field in fields(record))
    gone: Record = record(**nothing | told)
    return gone


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

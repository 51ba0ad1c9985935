"""What the collectors of uptime history share: asking an API within bounds, reading exports, landing what came."""

from __future__ import annotations

import asyncio
import glob
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
from pydantic import Field

from tasks.contracts import Context, Job, Outcome, Parsed, UptimeOptions
from tasks.download import bounded
from tasks.errors import SourceError
from tasks.redact import excerpt
from tasks.uptime_history import PAYLOAD_BYTES, Wanted, read_json
from warehouse.spool import batch_id_of

ATTEMPTS = 4
PATIENCE_SECONDS = 60.0
"""Longest wait that an API may ask for; else the next run asks again."""
DEADLINE_SECONDS = 300.0
"""Longest time of one answer, however slowly it drips."""
PAGES = 200
FILES = 10_000
CHUNK = timedelta(days=7)


class Format(Protocol):
    """A module of `tasks.uptime_formats`."""

    def parse(self, payload: Path | bytes, context: Context, wanted: Wanted) -> Parsed:
        """Turn a payload into records."""
        ...


class HistoryOptions(UptimeOptions):
    """What every source of uptime history may say."""

    monitor: str | None = Field(
        default=None, min_length=1, description="Id, name or address of the one monitor; the home page when left out."
    )


@dataclass(frozen=True, slots=True)
class Api:
    """One API. `secret` is taken out of whatever is said about it."""

    client: httpx.AsyncClient
    tool: str
    secret: str = ""

    async def ask(self, method: str, url: str, **more: Any) -> bytes:
        """Return the body of an answer, asked for again where that may help.

        Raises:
            SourceError: refused, out of reach, too long, or told to wait for too long.
        """
        for attempt in range(1, ATTEMPTS + 1):
            wait = random.uniform(0.5, 1.5) * 2 ** (attempt - 1)  # noqa: S311 - jitter
            try:
                async with asyncio.timeout(DEADLINE_SECONDS), self.client.stream(method, url, **more) as response:
                    if response.status_code != 429 and response.status_code < 500:
                        return await self._body(response)
                    problem, told = f"answered {response.status_code}", response.headers.get("retry-after", "")
                    wait = max(wait, float(told) if told.isascii() and told.isdigit() and len(told) < 9 else 0.0)
            except (httpx.RequestError, TimeoutError) as error:
                problem = f"was not reached: {self._clean(str(error) or type(error).__name__)}"
            if attempt == ATTEMPTS or wait > PATIENCE_SECONDS:
                break
            await asyncio.sleep(wait)
        raise SourceError(f"{self.tool} at {self.client.base_url} {problem}; the next run asks again.", can_retry=True)

    async def json(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        """Return the object of an answer.

        Raises:
            SourceError: as `ask`, or it is none.
        """
        answer = read_json(await self.ask(method, url, **more), self.tool)
        if not isinstance(answer, dict):
            raise SourceError(f"{self.client.base_url} does not answer as {self.tool} does: is the url right?")
        return answer

    def own(self, link: object) -> str:
        """Return a link to a next page, on the API's own scheme and host; the secret goes to the API's own host alone.

        Raises:
            SourceError: the link leads elsewhere.
        """
        try:
            url = self.client.base_url.join(str(link))
        except httpx.InvalidURL:
            url = httpx.URL("")
        if url.host != self.client.base_url.host:
            raise SourceError(f"{self.tool} names a next page on another host: is the url right?")
        return str(self.client.base_url.copy_with(raw_path=url.raw_path))

    async def _body(self, response: httpx.Response) -> bytes:
        body = await bounded(response, PAYLOAD_BYTES)
        if body is None:
            raise SourceError(f"The answer of {self.tool} is longer than {PAYLOAD_BYTES >> 20} MB.")
        status = response.status_code
        if status in (401, 403):
            raise SourceError(f"{self.tool} at {self.client.base_url} answered {status}: is the token right?")
        if status != 200:
            text = self._clean(body[:2000].decode("utf-8", "replace"))
            raise SourceError(f"{self.tool} at {self.client.base_url} answered {status}: {text or 'nothing more'}.")
        return body

    def _clean(self, text: str) -> str:
        return excerpt(text.replace(self.secret, "[redacted]") if self.secret else text).strip().rstrip(".")


def connect(url: object, *, token: str = "") -> httpx.AsyncClient:
    """Return a client for the API below `url`, which follows no redirect and obeys no proxy of the environment."""
    headers = {"User-Agent": "site-upkeep", "Accept": "application/json"}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(base_url=str(url), headers=headers, trust_env=False, timeout=30)


Ask = Callable[[datetime, datetime], Awaitable[Parsed]]


async def import_window(job: Job, ask: Ask, *, parser: str, chunk: timedelta | None = None) -> Outcome:
    """Ask for the window of the job, in chunks where told, and land each; the same again changes nothing.

    Raises:
        SourceError: there is no window, or a chunk was not answered; the chunks before are landed.
    """
    if job.since is None or job.until is None:
        raise SourceError("History needs a window: give --since and --until.")
    parts, start = [], job.since
    while start < job.until:
        end = min(start + chunk, job.until) if chunk else job.until
        parts.append(land(job, await ask(start, end), parser))
        start = end
        if job.on_progress:
            job.on_progress(int((start - job.since).total_seconds()), int((job.until - job.since).total_seconds()))
    return together(parts)


async def check_day(ask: Ask, tool: str) -> str:
    """Ask for the last day and say what there is.

    Raises:
        SourceError: refused, or there is nothing.
    """
    now = datetime.now(UTC)
    count = len((await ask(now - timedelta(days=1), now)).records)
    if not count:
        raise SourceError(f"{tool} has no results of this monitor in the last day.")
    return f"{count:,} results or states in the last day"


def land(job: Job, parsed: Parsed, parser: str) -> Outcome:
    """Land what was parsed. Its content makes the batch id: the same again is no new batch."""
    tables = parsed.by_table()
    if tables:
        name = parser.partition("/")[0]
        batch_id = batch_id_of(parser, job.context.site_id, job.context.source_id, *parsed.records, *parsed.rejects)
        job.spool.land(batch_id, tables, collector=name, parser_version=parser)
    rejects = len(parsed.rejects)
    return Outcome(
        state="partial" if rejects else "complete" if parsed.records else "empty",
        landed={"check_result": len(parsed.records)},
        reject_count=rejects,
        fresh_as_of=parsed.fresh_as_of,
        message=f"{rejects:,} pieces could not be read, as: {parsed.rejects[0].reason}" if rejects else None,
    )


def together(parts: Sequence[Outcome], problems: Sequence[str] = ()) -> Outcome:
    """Return one outcome for several; with a problem it is partial at best."""
    count, messages = sum(part.landed_count for part in parts), [*problems, *(p.message for p in parts if p.message)]
    return Outcome(
        state="partial" if messages else "complete" if count else "empty",
        landed={"check_result": count},
        reject_count=sum(part.reject_count for part in parts),
        fresh_as_of=max((part.fresh_as_of for part in parts if part.fresh_as_of), default=None),
        message="; ".join(messages[:3]) or None,
    )


def files_of(job: Job, patterns: Sequence[str]) -> list[Path]:
    """Return the files of `paths`, sorted; a folder stands for the files in it.

    Raises:
        SourceError: there is none, or there are far too many.
    """
    found: set[Path] = set()
    for pattern in patterns:
        for name in glob.iglob(str(job.base / pattern)):  # noqa: PTH207 - a pattern may be absolute
            path = Path(name)
            found.update(p for p in path.iterdir() if p.is_file()) if path.is_dir() else found.add(path)
            if len(found) > FILES:
                raise SourceError(f"`paths` names over {FILES:,} files: {pattern!r} is too wide.")
    if not found:
        raise SourceError(f"There is no file {', '.join(map(str, patterns))}: mend `paths`.")
    # SQLite keeps these two beside a database that is open.
    return sorted(path for path in found if not path.name.endswith(("-wal", "-shm")))


def import_files(job: Job, form: Format, wanted: Wanted, paths: Sequence[str], *, parser: str) -> Outcome:
    """Parse and land files, each on its own: a damaged one is said and the others are kept.

    Raises:
        SourceError: there is no file, or none could be read.
    """
    parts, problems, files = [], list[str](), files_of(job, paths)
    for number, path in enumerate(files, start=1):
        try:
            parts.append(land(job, form.parse(path, job.context, wanted), parser))
        except SourceError as error:
            problems.append(str(error))
        if job.on_progress:
            job.on_progress(number, len(files))
    if problems and not parts:
        raise SourceError(problems[0])
    return together(parts, problems)


def check_files(job: Job, form: Format, wanted: Wanted, paths: Sequence[str]) -> str:
    """Parse the newest file and say what it holds.

    Raises:
        SourceError: there is no file, or it can't be read.
    """
    path = max(files_of(job, paths), key=lambda p: p.stat().st_mtime)
    parsed = form.parse(path, job.context, wanted)
    return f"{path.name}: {len(parsed.records):,} results or states, {len(parsed.rejects):,} rejected"


def in_zone(job: Job, time_zone: str | None) -> Job:
    """Return the job with the zone of its source, where that names one."""
    return replace(job, context=replace(job.context, time_zone=time_zone)) if time_zone else job

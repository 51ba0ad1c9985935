"""Ask the addresses of one site, slowly and within limits, and judge what is answered: what a crawl is made of.

Only what HEAD and then GET say is not there is broken; what gives no clear answer is not known.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlsplit

from tasks import page_facts, robots
from tasks.audit_pages import is_of_site
from tasks.crawl_sitemap import Sitemap
from tasks.http_record import Response
from tasks.page_facts import PageFacts
from tasks.robots import Robots
from tasks.site_fetch import Asking, Followed, follow

ERRORS_OF_HEAD = (400, 403, 404, 405, 406, 410, 500, 501, 502, 503)
"""Statuses after HEAD that GET is asked about: many servers know GET alone."""
NOT_TELLING = (401, 403, 408, 425, 429, 503)
"""Statuses that say that we may not see it now, not that it is broken."""

Kind = Literal["page", "image", "link", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is asked at most: `size` in bytes, `seconds` of the whole crawl, `per_second` requests to a host."""

    pages: int = 200
    files: int = 300
    others: int = 50
    size: int = 200_000_000
    seconds: float = 1800.0
    per_second: float = 2.0
    is_following: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One address and what came of it: `outcome` is ok, broken or not_known."""

    url: str
    kind: Kind
    outcome: str
    response: Response | None = None
    cause: str | None = None
    """Why there was no answer: a word of `tasks.probe_result.CAUSES`."""
    audit_cause: str | None = None
    """The same as `tasks.audits.CAUSES` has it."""
    message: str = ""
    final_url: str = ""
    redirect_count: int = 0
    size: int | None = None
    duration_ms: float | None = None
    page: PageFacts | None = None
    """What the HTML says; None of what is no page that was read."""


@dataclass(slots=True)
class Crawl:
    """What a crawl gave. `cause` is a word of `tasks.audits.CAUSES` where it is not complete."""

    host: str
    asked: list[Asked] = field(default_factory=list)
    robots: Robots = robots.EVERYTHING
    robots_answer: Asked | None = None
    sitemap: dict[str, None] = field(default_factory=dict)
    sitemap_files: list[Sitemap] = field(default_factory=list)
    made_up: Asked | None = None
    """What an address that can't exist was answered."""
    cause: str | None = None
    message: str | None = None
    home_url: str | None = None
    status: int | None = None
    duration_ms: float = 0.0


def is_own(found: str, host: str) -> bool:
    """Tell whether a host is the site's own or below it."""
    return is_of_site(f"https://{found}/", host)


def verdict(followed: Followed, *, is_own: bool) -> str:
    """Judge an answer: broken is what says that it is not there, or fails for everybody."""
    last = followed.last
    if last.response is None:
        return "broken" if last.cause == "dns" or "circle" in last.message else "not_known"
    status = last.response.status
    if status in NOT_TELLING or (status >= 500 and not is_own):
        return "not_known"
    return "broken" if status >= 400 else "ok"


class Crawler:
    """One crawl under way."""

    def __init__(
        self, host: str, asking: Asking, limits: Limits, on_progress: Callable[[int, int], None] | None
    ) -> None:
        self.crawl = Crawl(host)
        self.asking, self.limits, self.on_progress = asking, limits, on_progress
        self.start, self.size = time.monotonic(), 0
        self.gap = 1 / limits.per_second
        self.next_at: dict[str, float] = {}

    @property
    def is_over(self) -> bool:
        """Whether a limit of time or size is reached."""
        return time.monotonic() - self.start > self.limits.seconds or self.size > self.limits.size

    async def turn(self, url: str) -> None:
        """Wait until the host may be asked again."""
        host = urlsplit(url).hostname or ""
        now = time.monotonic()
        at = max(now, self.next_at.get(host, 0.0))
        self.next_at[host] = at + self.gap
        await asyncio.sleep(max(0.0, min(at - now, self.start + self.limits.seconds + 1 - now)))

    async def ask(
        self, url: str, kind: Kind, *, method: Literal["GET", "HEAD"] = "GET", keeps_body: bool = False
    ) -> Asked:
        """Ask one address; where HEAD fails GET decides. Bodies are dropped but for what is read at once."""
        await self.turn(url)
        followed = await follow(url, self.asking, method=method, before=self._before)
        response = followed.last.response
        if method == "HEAD" and (response is None or response.status in ERRORS_OF_HEAD) and not self.is_over:
            return await self.ask(url, kind)
        self.size += sum(len(hop.data) for hop in followed.hops)
        return Asked(
            url=url,
            kind=kind,
            outcome=verdict(followed, is_own=is_of_site(url, self.crawl.host)),
            response=response if keeps_body or response is None else replace(response, body=None),
            cause=followed.last.cause,
            audit_cause=followed.last.audit_cause,
            message=followed.last.message,
            final_url=followed.last.url,
            redirect_count=len(followed.hops) - 1,
            size=len(followed.last.data) if method == "GET" and response else None,
            duration_ms=round(sum(hop.duration_ms for hop in followed.hops), 1),
        )

    async def read(self, url: str) -> Asked:
        """Ask for a page and read it, if it is one of this site."""
        asked = await self.ask(url, "page", keeps_body=True)
        response = asked.response
        if response is None:
            return asked
        bare = replace(asked, response=replace(response, body=None))
        if asked.outcome != "ok" or not response.is_html or not is_of_site(asked.final_url, self.crawl.host):
            return bare
        return replace(bare, page=page_facts.read(response.body or "", asked.final_url))

    async def _before(self, url: str) -> str | None:
        """Wait until a redirect may be followed; return why it may not be."""
        if is_of_site(url, self.crawl.host) and not self.crawl.robots.allows(url):
            return "robots.txt asks us not to read where it leads"
        await self.turn(url)
        return None

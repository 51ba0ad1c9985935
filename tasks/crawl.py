"""Crawl one site: robots.txt, sitemaps, pages, files, and a sample of what it links to.

`tasks.crawl_issues` tells what is wrong. Pages are read from the start pages, the sitemap (a sample drawn by a hash,
the same each time) and links, one after the other; then pictures and files of the site, and a sample of
what is elsewhere.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from urllib.parse import urlsplit

from tasks import page_facts, robots
from tasks.audit_pages import is_of_site
from tasks.crawl_sitemap import read_sitemaps
from tasks.crawler import Asked, Crawl, Crawler, Kind, Limits
from tasks.site_fetch import Asking

SLOWEST = 10.0
"""Longest delay between requests that a robots.txt can ask of us, seconds."""
OTHERS_AT_ONCE = 5
LEFT_OUT = 2000
"""Addresses of one kind that were not asked and are kept."""
_FILES = (
    ".pdf", ".zip", ".gz", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".jpg", ".jpeg", ".png", ".gif", ".svg",
    ".webp", ".avif", ".mp3", ".mp4", ".webm", ".ics", ".xml", ".json", ".txt", ".csv", ".css", ".js", ".ico",
)  # fmt: skip
_ACTS = ("logout", "log-out", "signout", "delete", "remove", "add-to-cart", "add_to_cart", "unsubscribe")
"""Words of addresses that may do something when they are asked."""


async def crawl(
    pages: Sequence[str],
    host: str,
    asking: Asking,
    limits: Limits,
    *,
    sitemap: str = "/sitemap.xml",
    on_progress: Callable[[int, int], None] | None = None,
) -> Crawl:
    """Crawl a site from its pages; `pages` are addresses of it, its home first. It raises nothing of the site's."""
    crawler = Crawler(host, asking, limits, on_progress)
    result = crawler.crawl
    await _robots(crawler, pages[0])
    if not result.cause:
        result.sitemap_files, result.sitemap = await read_sitemaps(
            [url for one in (*result.robots.sitemaps, sitemap) if (url := page_facts.joined(pages[0], one))],
            host,
            asking,
            crawler.turn,
        )
        await _pages(crawler, pages)
        if not result.cause:
            await _made_up(crawler, pages[0])
            await _files(crawler)
            await _others(crawler)
        if crawler.is_over:
            _limit(result, "its limit of time or size was reached")
    result.duration_ms = round((time.monotonic() - crawler.start) * 1000, 1)
    return result


def _leave_out(result: Crawl, addresses: Iterable[tuple[str, Kind]]) -> None:
    """Keep what was not asked: what it is like is not known, and what was wrong with it is not mended."""
    result.asked += [
        Asked(url=url, kind=kind, outcome="not_known", cause="no_data", message="it was not asked", final_url=url)
        for url, kind in islice(addresses, LEFT_OUT)
    ]


def _limit(result: Crawl, message: str) -> None:
    if result.cause is None:
        result.cause, result.message = "limit_reached", message


async def _robots(crawler: Crawler, home: str) -> None:
    """Read robots.txt: without an answer, or with an error of the server, nothing may be asked (RFC 9309, 2.3.1)."""
    result = crawler.crawl
    url = page_facts.joined(home, "/robots.txt") or home
    answer = result.robots_answer = await crawler.ask(url, "file", keeps_body=True)
    if answer.response is None or answer.response.status >= 500 or answer.response.status == 429:
        result.robots = robots.NOTHING
        result.cause = "not_permitted" if answer.response else answer.audit_cause
        result.message = f"robots.txt answers {answer.response.status}" if answer.response else answer.message
        return
    if answer.response.status == 200 and not answer.response.is_html:
        result.robots = robots.read(answer.response.body or "")
    delay = min(result.robots.crawl_delay or 0.0, SLOWEST)
    crawler.gap = max(crawler.gap, delay)
    if not result.robots.allows(home):
        result.cause, result.message = "not_permitted", "robots.txt asks us not to read the home page"


async def _pages(crawler: Crawler, start: Sequence[str]) -> None:
    result, limits = crawler.crawl, crawler.limits
    listed = sorted(result.sitemap, key=lambda url: (zlib.crc32(url.encode()), url))
    waiting = dict.fromkeys([*(page_facts.joined(page, "") or page for page in start), *listed])
    seen: set[str] = set()
    while waiting and len(seen) < limits.pages and not crawler.is_over:
        url = next(iter(waiting))
        del waiting[url]
        if url in seen or not _is_page(url) or not result.robots.allows(url):
            continue
        seen.add(url)
        asked = await crawler.read(url)
        result.asked.append(asked)
        if len(seen) == 1:
            result.status = asked.response.status if asked.response else None
            if asked.page is None:
                result.cause, result.message = _no_page(asked)
                return
            result.home_url = asked.final_url
        if asked.page and limits.is_following:
            own = (link for link in asked.page.links if is_of_site(link, crawler.crawl.host))
            waiting |= {link: None for link in own if link not in seen}
        if crawler.on_progress:
            crawler.on_progress(len(seen), min(limits.pages, len(seen) + len(waiting)))
    left = [url for url in waiting if url not in seen and _is_page(url) and result.robots.allows(url)]
    if left:
        _limit(result, f"{len(seen):,} pages were read, there are more")
        _leave_out(result, ((url, "page") for url in left))


def _no_page(asked: Asked) -> tuple[str, str]:
    if asked.response is None:
        return asked.audit_cause or "no_answer", asked.message
    is_error = asked.response.status >= 400
    return ("http_error" if is_error else "not_html"), f"the home page answers {asked.response.status}"


def _is_page(url: str) -> bool:
    """Tell whether an address may be that of a page that can be read without doing anything."""
    return not _is_file(url) and not _is_act(url)


def _is_file(url: str) -> bool:
    return urlsplit(url).path.lower().endswith(_FILES)


def _is_act(url: str) -> bool:
    parts = urlsplit(url.lower())
    return any(word in f"{parts.path}?{parts.query}" for word in _ACTS)


async def _made_up(crawler: Crawler, home: str) -> None:
    """Ask for what can't be there: a site that answers 200 to that hides its broken links."""
    url = page_facts.joined(home, f"/no-such-page-{zlib.crc32(home.encode()):08x}/")
    if url and crawler.crawl.robots.allows(url) and not crawler.is_over:
        crawler.crawl.made_up = await crawler.ask(url, "page")


def _unasked(crawler: Crawler, addresses: Iterable[tuple[str, Kind]]) -> list[tuple[str, Kind]]:
    known = {one.url for one in crawler.crawl.asked}
    found = {url: kind for url, kind in addresses if url not in known}
    return sorted(found.items(), key=lambda one: (zlib.crc32(one[0].encode()), one[0]))


async def _files(crawler: Crawler) -> None:
    """Ask for pictures and files of the site; pages that the limit left out are asked for too."""
    result = crawler.crawl
    pages = [one.page for one in result.asked if one.page]
    found: list[tuple[str, Kind]] = [(url, "image") for page in pages for url in page.images]
    found += [(url, "file") for page in pages for url in (*page.loaded, *page.links)]
    loaded = {url for page in pages for url in page.loaded}
    wanted = [
        (url, kind)
        for url, kind in _unasked(crawler, found)
        if is_of_site(url, result.host)
        and result.robots.allows(url)
        and not _is_act(url)
        and (kind == "image" or url in loaded or _is_file(url))
    ]
    for number, (url, kind) in enumerate(wanted[: crawler.limits.files]):
        if crawler.is_over:
            _leave_out(result, wanted[number:])
            return
        result.asked.append(await crawler.ask(url, kind, method="HEAD"))
    _leave_out(result, wanted[crawler.limits.files :])
    if len(wanted) > crawler.limits.files:
        _limit(result, f"{crawler.limits.files:,} of {len(wanted):,} pictures and files were asked for")


async def _others(crawler: Crawler) -> None:
    """Ask for a sample of what is elsewhere, several hosts at once."""
    result = crawler.crawl
    pages = [one.page for one in result.asked if one.page]
    found: list[tuple[str, Kind]] = [(url, "link") for page in pages for url in page.links]
    found += [(url, "image") for page in pages for url in page.images]
    found += [(url, "file") for page in pages for url in page.loaded]
    wanted = [one for one in _unasked(crawler, found) if not is_of_site(one[0], result.host)]
    gate = asyncio.Semaphore(OTHERS_AT_ONCE)

    async def ask(url: str, kind: Kind) -> Asked | None:
        async with gate:
            return None if crawler.is_over else await crawler.ask(url, kind, method="HEAD")

    asked = await asyncio.gather(*(ask(url, kind) for url, kind in wanted[: crawler.limits.others]))
    result.asked += [one for one in asked if one]
    known = {one.url for one in asked if one}
    _leave_out(result, (one for one in wanted if one[0] not in known))

"""Sitemaps of a site (sitemaps.org 0.9), read to crawl by them and to tell what is wrong with them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit

from tasks.audit_pages import is_of_site
from tasks.page_facts import joined
from tasks.site_fetch import Asking, Fetched, follow

FILES = 20
"""Files that are read at most; of each, what `tasks.site_fetch` reads of an answer."""
BYTES = 4 << 20
"""What a packed one may unpack to."""
ADDRESSES = 20_000
_LOCATION = re.compile(r"<(?:\w{1,20}:)?loc>([^<]{1,3000}|\s{0,99}<!\[CDATA\[[^\]]{1,3000}\]\]>\s{0,99})</")
_ROOT = re.compile(r"<(?:\w{1,20}:)?(urlset|sitemapindex)\b")


@dataclass(frozen=True, slots=True)
class Sitemap:
    """One file: `problem` says what is wrong, empty where nothing is; `is_missing` where there is none."""

    url: str
    problem: str = ""
    is_missing: bool = False
    count: int = 0


async def read_sitemaps(
    urls: Sequence[str], host: str, asking: Asking, turn: Callable[[str], Awaitable[None]]
) -> tuple[list[Sitemap], dict[str, None]]:
    """Return the files, an index followed, and the pages of the site that they name, each once, in order.

    `turn` is awaited before each request.
    """
    waiting = list(dict.fromkeys(urls))
    files: list[Sitemap] = []
    pages: dict[str, None] = {}
    seen: set[str] = set()
    while waiting and len(seen) < FILES and len(pages) < ADDRESSES:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        if not is_of_site(url, host):
            files.append(Sitemap(url, "it is at another site, which was not asked"))
            continue
        await turn(url)
        found, kind, file = _read((await follow(url, asking)).last, url)
        own = [one for one in found if is_of_site(one, host)]
        problem = file.problem or (
            f"{len(found) - len(own):,} of its addresses are of another site" if len(own) < len(found) else ""
        )
        files.append(Sitemap(url, problem, file.is_missing, len(found)))
        if kind == "sitemapindex":
            waiting += own
        else:
            pages |= dict.fromkeys(own)
    return files, pages


def _read(answer: Fetched, url: str) -> tuple[list[str], str, Sitemap]:
    response = answer.response
    if response is None:
        return [], "", Sitemap(url, f"it could not be read: {answer.message}")
    if response.status != 200:
        return [], "", Sitemap(url, f"it answers {response.status}", is_missing=response.status in (404, 410))
    text = _unpacked(answer.data)
    root = _ROOT.search(text[:5000])
    if root is None:
        return [], "", Sitemap(url, "it is no sitemap: it has neither urlset nor sitemapindex")
    named = [joined(url, unescape(_bare(location))) for location in _LOCATION.findall(text)]
    pages = [one for one in named[:ADDRESSES] if one and urlsplit(one).hostname]
    is_whole = answer.is_cut or f"{root[1]}>" in text[-200:]
    problem = "" if is_whole else "it is cut short"
    return pages, root[1], Sitemap(url, problem if pages else problem or "it names no page")


def _bare(location: str) -> str:
    text = location.strip()
    return text.removeprefix("<![CDATA[").removesuffix("]]>").strip()


def _unpacked(data: bytes) -> str:
    if data.startswith(b"\x1f\x8b"):
        try:
            data = zlib.decompressobj(wbits=31).decompress(data, BYTES)
        except zlib.error:
            return ""
    return data.decode("utf-8", "replace")

"""Which pages of a site are audited: those that the options name, and a sample of the sitemap (sitemaps.org 0.9).

The sample is drawn by a hash of each address: the same pages each time, and a page that comes or goes moves no other.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx

from tasks.audits import AuditOptions
from tasks.contracts import Job
from tasks.download import bounded
from tasks.errors import SourceError
from tasks.journey_gate import followed
from tasks.journey_run import StepError

SITEMAPS = 50
"""Files of a sitemap that are read at most; the standard allows 50,000 addresses in each."""
SITEMAP_BYTES = 50 << 20
"""Bytes of one, unpacked: the limit of the standard."""
HOPS = 5
SECONDS = 30.0
USER_AGENT = "Mozilla/5.0 (compatible; site-upkeep audits)"
_LOCATION = re.compile(r"<(?:\w+:)?loc>\s*(?:<!\[CDATA\[)?\s*(.*?)\s*(?:\]\]>)?\s*</(?:\w+:)?loc>", re.DOTALL)


def private_hosts(job: Job, options: AuditOptions) -> frozenset[str]:
    """Return the hosts that may be at private addresses: the site's own and those that the options name."""
    return frozenset({job.context.host, *options.private_hosts})


async def pages_of(job: Job, options: AuditOptions) -> list[str]:
    """Return the addresses of the pages to audit, each once: first those of the options, in their order.

    Raises:
        SourceError: a page is of another site, or the sitemap can't be read.
    """
    pages = [urljoin(job.context.url, page) for page in options.pages]
    for page in pages:
        if not is_of_site(page, job.context.host):
            raise SourceError(f"{page} is no page of {job.context.host}: mend `pages` of {job.context.source_id}.")
    if options.sitemap_sample:
        first = urljoin(job.context.url, options.sitemap)
        known = await sitemap_pages(first, job.context.host, private_hosts(job, options))
        drawn = sorted(set(known) - set(pages), key=lambda page: (zlib.crc32(page.encode()), page))
        pages += sorted(drawn[: options.sitemap_sample])
    return list(dict.fromkeys(pages))


def is_of_site(url: str, host: str) -> bool:
    """Tell whether an address is of the site with this host: the host itself, with or without www, or below it."""
    bare, found = host.lower().removeprefix("www."), (urlsplit(url).hostname or "").lower()
    return found in (host.lower(), bare) or found.endswith(f".{bare}")


async def sitemap_pages(url: str, host: str, may_be_private: Collection[str]) -> list[str]:
    """Return the pages that a sitemap names, an index followed, each once and of this site only.

    Raises:
        SourceError: the first file can't be read or names nothing; files that an index names may be missing.
    """
    found: dict[str, None] = {}
    waiting, seen = [url], set[str]()
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False, headers={"User-Agent": USER_AGENT}) as client:
        while waiting and len(seen) < SITEMAPS:
            file = waiting.pop(0)
            if file in seen:
                continue
            seen.add(file)
            try:
                text = await _text(client, file, may_be_private)
            except SourceError:
                if file == url:
                    raise
                continue
            named = [urljoin(file, unescape(location)) for location in _LOCATION.findall(text)]
            own = [one for one in named if is_of_site(one, host)]
            if re.search(r"<(\w+:)?sitemapindex\b", text[:10_000]):
                waiting += own
            else:
                found |= dict.fromkeys(own)
    if not found:
        raise SourceError(f"The sitemap {url} names no page of {host}: mend `sitemap`, or leave `sitemap_sample` out.")
    return list(found)


async def _text(client: httpx.AsyncClient, url: str, may_be_private: Collection[str]) -> str:
    """Fetch one file of a sitemap."""
    try:
        async with followed(client, url, may_be_private, HOPS) as (_, answer):
            if answer.status_code != 200:
                raise SourceError(f"The sitemap {url} answers {answer.status_code}: mend `sitemap`.")
            data = await bounded(answer, SITEMAP_BYTES)
    except StepError as error:
        raise SourceError(f"The sitemap {url}: {error}.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"The sitemap {url} gives no answer: {error}.", can_retry=True) from None
    if data is None:
        raise SourceError(f"The sitemap {url} has more than {SITEMAP_BYTES >> 20} MiB.")
    return _unpacked(data, url).decode("utf-8", "replace")


def _unpacked(data: bytes, url: str) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        unpacked = zlib.decompressobj(wbits=31).decompress(data, SITEMAP_BYTES)
    except zlib.error:
        raise SourceError(f"The sitemap {url} is a broken gzip file.") from None
    return unpacked

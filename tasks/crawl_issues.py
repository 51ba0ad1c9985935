"""What a crawl found wrong: one issue for each kind, page and target, known again by its key in the next crawl."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.audit_pages import is_of_site
from tasks.crawler import Asked, Crawl
from tasks.words import mark, say

KINDS = {
    "broken_link": mark("a link leads to what is not there"),
    "broken_image": mark("a picture is not there"),
    "broken_file": mark("a script, style or file is not there"),
    "server_error": mark("a page answers with an error of the server"),
    "redirect_chain": mark("a link leads over two redirects or more"),
    "soft_404": mark("an address that does not exist is not answered with 404"),
    "missing_title": mark("a page has no title"),
    "duplicate_title": mark("several pages have the same title"),
    "missing_description": mark("a page has no description"),
    "duplicate_description": mark("several pages have the same description"),
    "unlabelled_field": mark("a field of a form has no label"),
    "image_without_size": mark("a picture has no width and height in the HTML: the page jumps when it loads"),
    "robots_invalid": mark("robots.txt holds what is no rule, or is a page"),
    "robots_closed": mark("robots.txt closes the whole site to search engines"),
    "sitemap_missing": mark("there is no sitemap"),
    "sitemap_invalid": mark("a sitemap can't be read, or names what is of another site"),
    "sitemap_entry": mark("a sitemap names what is no page that may be found"),
}
"""Every kind, and what it means."""
SHORT = {
    "broken_link": mark("broken link"),
    "broken_image": mark("broken picture"),
    "broken_file": mark("broken file"),
    "server_error": mark("server error"),
    "redirect_chain": mark("redirect chain"),
    "soft_404": mark("soft 404"),
    "missing_title": mark("no title"),
    "duplicate_title": mark("same title twice"),
    "missing_description": mark("no description"),
    "duplicate_description": mark("same description twice"),
    "unlabelled_field": mark("field without label"),
    "image_without_size": mark("picture without size"),
    "robots_invalid": mark("robots.txt invalid"),
    "robots_closed": mark("robots.txt closed"),
    "sitemap_missing": mark("no sitemap"),
    "sitemap_invalid": mark("sitemap invalid"),
    "sitemap_entry": mark("wrong sitemap entry"),
}
"""The same in a word or two."""
_DETAILS = (
    (r"it answers (?P<status>\d+)", mark("it answers {status}")),
    (r"(?P<count>\d+) redirects, to (?P<url>.*)", mark("{count} redirects, to {url}")),
    (r"(?P<count>\d+) pages have it: (?P<text>.*)", mark("{count} pages have it: {text}")),
    (
        r"a made-up address answers (?P<status>\d+) after a redirect to (?P<url>.*)",
        mark("a made-up address answers {status} after a redirect to {url}"),
    ),
    (r"a made-up address answers (?P<status>\d+)", mark("a made-up address answers {status}")),
    (r"it redirects to (?P<url>.*)", mark("it redirects to {url}")),
    (r"it asks search engines to leave it out", mark("it asks search engines to leave it out")),
    (r"a page is answered in place of it", mark("a page is answered in place of it")),
)
"""What `issues` says of one, and the same as a text."""
MOST = 300
"""Issues of one kind that are kept of one crawl: more of the same is told once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One thing that is wrong."""

    kind: str
    page_url: str
    target: str = ""
    detail: str = ""


def detail_in_words(detail: str) -> str:
    """Return the detail of an issue, which was written down in English, in the language that is spoken."""
    for pattern, text in _DETAILS:
        if found := re.fullmatch(pattern, detail, re.DOTALL):
            return say(text, **found.groupdict())
    return detail


def key(kind: str, page_url: str, target: str) -> str:
    """Return what an issue is known by: it stays while the same is wrong on the same page."""
    return hashlib.sha256("\0".join((kind, page_url, target)).encode()).hexdigest()[:16]


def issues(crawl: Crawl) -> list[Issue]:
    """Return what is wrong, each once, at most MOST of a kind."""
    if crawl.home_url is None:
        return []
    found = dict.fromkeys(
        [*_targets(crawl), *_pages(crawl), *_twins(crawl), *_soft_404(crawl), *_robots(crawl), *_sitemaps(crawl)]
    )
    counts: Counter[str] = Counter()
    kept = []
    for issue in found:
        counts[issue.kind] += 1
        if counts[issue.kind] <= MOST:
            kept.append(issue)
    return kept


def _targets(crawl: Crawl) -> Iterator[Issue]:
    """Yield what pages lead to or show that is broken, and links over chains of redirects."""
    asked = {one.url: one for one in crawl.asked}
    for one in crawl.asked:
        if one.page is None:
            continue
        for link in one.page.links:
            if (target := asked.get(link)) is None:
                continue
            if target.outcome == "broken":
                yield Issue(kind="broken_link", page_url=one.final_url, target=link, detail=_said(target))
            elif target.redirect_count > 1 and is_of_site(link, crawl.host):
                steps = f"{target.redirect_count} redirects, to {target.final_url}"
                yield Issue(kind="redirect_chain", page_url=one.final_url, target=link, detail=steps)
        for kind, addresses in (("broken_image", one.page.images), ("broken_file", one.page.loaded)):
            for address in addresses:
                if (
                    (target := asked.get(address))
                    and target.outcome == "broken"
                    and not (kind == "broken_file" and address in one.page.images)
                ):
                    yield Issue(kind=kind, page_url=one.final_url, target=address, detail=_said(target))
    for one in crawl.asked:
        if one.kind == "page" and one.response and one.response.status >= 500 and one.outcome == "broken":
            yield Issue(kind="server_error", page_url=one.url, detail=_said(one))


def _said(asked: Asked) -> str:
    return f"it answers {asked.response.status}" if asked.response else asked.message


def _pages(crawl: Crawl) -> Iterator[Issue]:
    """Yield what single pages lack."""
    for one in crawl.asked:
        page = one.page
        if page is None:
            continue
        if not page.title:
            yield Issue(kind="missing_title", page_url=one.final_url)
        if not page.description and page.is_indexed:
            yield Issue(kind="missing_description", page_url=one.final_url)
        for name in dict.fromkeys(page.unlabelled):
            yield Issue(kind="unlabelled_field", page_url=one.final_url, target=name)
        for address, has_size in page.images.items():
            if not has_size:
                yield Issue(kind="image_without_size", page_url=one.final_url, target=address)


def _twins(crawl: Crawl) -> Iterator[Issue]:
    """Yield pages that say the same of themselves; what search engines are told to leave out is passed over."""
    for kind in ("title", "description"):
        pages: defaultdict[str, set[str]] = defaultdict(set)
        for one in crawl.asked:
            if one.page and one.page.is_indexed and (text := getattr(one.page, kind)):
                pages[text].add(one.final_url)
        for text, found in pages.items():
            for url in sorted(found) if len(found) > 1 else ():
                detail = f"{len(found)} pages have it: {text[:150]}"
                yield Issue(kind=f"duplicate_{kind}", page_url=url, detail=detail)


def _soft_404(crawl: Crawl) -> Iterator[Issue]:
    made_up = crawl.made_up
    if made_up and made_up.response and made_up.response.status < 300:
        led = f" after a redirect to {made_up.final_url}" if made_up.redirect_count else ""
        yield Issue(
            kind="soft_404",
            page_url=crawl.home_url or "",
            detail=f"a made-up address answers {made_up.response.status}{led}",
        )


def _robots(crawl: Crawl) -> Iterator[Issue]:
    answer = crawl.robots_answer
    if answer is None or answer.response is None or answer.response.status != 200:
        return
    if answer.response.is_html or (answer.response.body or "").lstrip().startswith("<"):
        yield Issue(kind="robots_invalid", page_url=answer.url, detail="a page is answered in place of it")
        return
    for problem in crawl.robots.problems:
        yield Issue(kind="robots_invalid", page_url=answer.url, target=problem.partition(" is ")[0], detail=problem)
    if crawl.robots.is_all_closed:
        yield Issue(kind="robots_closed", page_url=answer.url, detail="Disallow: / for every crawler")


def _sitemaps(crawl: Crawl) -> Iterator[Issue]:
    files = crawl.sitemap_files
    if files and all(file.is_missing for file in files):
        yield Issue(kind="sitemap_missing", page_url=files[-1].url, detail=files[-1].problem)
        return
    named = {file.url for file in files if not file.is_missing}
    for file in files:
        is_asked_for = not file.is_missing or file.url in crawl.robots.sitemaps or not named
        if file.problem and is_asked_for and "could not be read" not in file.problem:
            yield Issue(kind="sitemap_invalid", page_url=file.url, detail=file.problem)
    for one in crawl.asked:
        if one.url not in crawl.sitemap:
            continue
        if one.outcome == "broken":
            yield Issue(kind="sitemap_entry", page_url=one.url, detail=_said(one))
        elif one.redirect_count:
            yield Issue(kind="sitemap_entry", page_url=one.url, detail=f"it redirects to {one.final_url}")
        elif one.page and not one.page.is_indexed:
            yield Issue(kind="sitemap_entry", page_url=one.url, detail="it asks search engines to leave it out")

"""Audits of posture and crawls: recorded as files with the quarter, and landed as the flow lands what it just asked.

Nobody can ask a site of the past: what each audit was answered is one line of `site-audits/<site>.jsonl`. It is judged
by the functions that judge what a live site answers, and landed as they land it.
"""

from __future__ import annotations

import functools
import json
from datetime import datetime, time
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import yaml

from demo.operations import moment, stamp, write
from demo.scenario import Site
from tasks import collecting, page_facts, posture_audit, robots
from tasks.collect import audits_crawl, audits_posture
from tasks.contracts import Job
from tasks.crawl_sitemap import Sitemap
from tasks.crawler import Asked, Crawl, Kind
from tasks.http_record import Response
from tasks.posture_audit import Finding
from tasks.settings import Settings
from tasks.site_fetch import Fetched, Followed
from tasks.sites import load_sites

KINDS = ("audits_posture", "audits_crawl")
TUESDAY, AT = 1, time(3, 30)
_FOUND = {"Content-Type": "application/octet-stream"}


@functools.cache
def story() -> dict[str, Any]:
    """Return site_audits.yaml: what the audits saw, by site."""
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "site_audits.yaml").read_text(encoding="utf-8"))
    return content


def write_site_audits(site: Site, path: Path) -> None:
    """Write what each audit of the site was answered; nothing for a site without."""
    told = story().get(site.id)
    if told is None:
        return
    lines = []
    for day in site.period.weekly(TUESDAY):
        pages = {
            urljoin(site.url, name): {"status": 200, "headers": told["headers"], "body": _html(page, f"{day}")}
            for name, page in told["pages"].items()
        }
        files = {urljoin(site.url, name): {"status": 200, "headers": _FOUND} for name in told["files"]}
        line = {
            "audited_at": stamp(moment(site, datetime.combine(day, AT).isoformat())),
            "http": {"url": site.url.replace("https:", "http:")} | told["http"],
            "answers": pages | files,
            "made_up": told.get("made_up", 404),
            "mail": told["mail"],
        }
        lines.append(json.dumps(line, ensure_ascii=False))
    write(path, lines, site.end)


def _html(page: dict[str, Any], day: str) -> str:
    parts = [f"<title>{escape(page['title'])}</title>"]
    parts.append(f'<meta name="description" content="{escape(page["title"])}, for visitors">')
    for link in page.get("links", ()):
        target, until = (link["to"], link["until"]) if isinstance(link, dict) else (link, "9999")
        parts += [f'<a href="{target}">{target}</a>'] if day <= until else []
    parts += [f'<img src="{image}" width="800" height="450" alt="">' for image in page.get("images", ())]
    parts += [f'<label>{name} <input name="{name.lower()}"></label>' for name in page.get("fields", ())]
    parts += [f'<input name="{name}" placeholder="{name}">' for name in page.get("bare_fields", ())]
    return f'<!doctype html><html lang="en">{"".join(parts)}</html>'


def land_site_audits(settings: Settings, folder: Path) -> None:
    """Land the recorded audits of every site, one batch each.

    Raises:
        ConfigurationError: the configuration can't be read.
    """
    for job in collecting.jobs(load_sites(settings.sites_file), settings, KINDS):
        text = (folder / "site-audits" / f"{job.context.site_id}.jsonl").read_text(encoding="utf-8")
        for line in text.splitlines():
            recorded = json.loads(line)
            land = _land_posture if job.options.kind == "audits_posture" else _land_crawl
            land(job, datetime.fromisoformat(recorded["audited_at"]), recorded)


def _land_posture(job: Job, at: datetime, recorded: dict[str, Any]) -> None:
    home = job.context.url
    page = _response(home, recorded["answers"][home])
    lead = _response(recorded["http"]["url"], recorded["http"])
    hops = [Fetched(url=str(response.url), response=response) for response in (lead, page)]
    posture = posture_audit.posture_of(
        Followed(hops=hops[1:]), Followed(hops=hops), Response(url=home, status=204, headers=())
    )
    names = ("kind", "outcome", "target", "detail")
    posture.findings.extend(Finding(**dict(zip(names, said, strict=True))) for said in recorded["mail"])
    audits_posture.land_audits(job, [(audits_posture.run_of(job, home, at, posture, None), posture)])


def _land_crawl(job: Job, at: datetime, recorded: dict[str, Any]) -> None:
    home, answers = job.context.url, recorded["answers"]
    crawl = Crawl(host=job.context.host, home_url=home, status=200, robots=robots.EVERYTHING)
    pages = [url for url, answer in answers.items() if "body" in answer]
    crawl.sitemap = dict.fromkeys(pages)
    crawl.sitemap_files = [Sitemap(urljoin(home, "/sitemap.xml"), count=len(pages))]
    crawl.made_up = _asked(urljoin(home, "/no-such-page/"), "page", {"status": recorded["made_up"], "headers": {}})
    crawl.asked = [_asked(url, "page", answers[url]) for url in pages]
    found: dict[str, Kind] = {}
    for asked in crawl.asked:
        assert asked.page is not None  # noqa: S101 - it has a body
        for url in asked.page.links:
            found[url] = "file"
        for url in asked.page.images:
            found[url] = "image"
    missing = {"status": 404, "headers": {}}
    crawl.asked += [_asked(url, kind, answers.get(url, missing)) for url, kind in found.items() if url not in pages]
    audits_crawl.land_crawl(job, at, crawl)


def _asked(url: str, kind: Kind, answer: dict[str, Any]) -> Asked:
    response = _response(url, answer)
    return Asked(
        url=url,
        kind=kind,
        outcome="ok" if response.status < 400 else "broken",
        response=response,
        final_url=url,
        page=page_facts.read(response.body, url) if response.body else None,
    )


def _response(url: str, answer: dict[str, Any]) -> Response:
    headers = tuple((name.lower(), value) for name, value in answer["headers"].items())
    return Response(url=url, status=answer["status"], headers=headers, body=answer.get("body"))

"""Feeds of advisories as they stood on each day: what Wordfence, Debian, CISA, FIRST and endoflife.date would say.

Every security update of the demo's Debian mends one flaw; those of WordPress are in advisories.yaml. All are invented.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml

from demo import debian
from demo.scenario import SUMMER
from tasks.advisory_feeds import collect_feed
from tasks.contracts import SecretReference
from tasks.errors import SourceError
from tasks.settings import Settings
from tasks.sites import load_sites

FOLDER = "advisories"
FETCHED = time(4, 20)
"""When the feeds are fetched, UTC."""
LOW = (0.00043, 0.11950)
FIRST_OF_DEBIAN = 90201


@functools.cache
def _story() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "advisories.yaml").read_text(encoding="utf-8"))
    return content


def write_feeds(folder: Path, day: date) -> None:
    """Write what each feed says on a day."""
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    written = datetime.combine(day, FETCHED, UTC).timestamp()
    for name, content in feeds(day).items():
        (folder / FOLDER / name).write_text(content, encoding="utf-8")
        os.utime(folder / FOLDER / name, (written, written))


def feeds(day: date) -> dict[str, str]:
    """Return the feeds as they stand on a day, by file name."""
    flaws = [row for row in _story()["wordpress"] if date.fromisoformat(row[1]) <= day]
    likely = {row[0]: row[1:] for row in _story()["likely"]}
    known = [row[0] for row in flaws] + [flaw for flaw, _ in _of_debian(day)]
    scores = "".join("{},{:.5f},{:.5f}\n".format(flaw, *likely.get(flaw, LOW)) for flaw in sorted(known))
    return {
        "wordfence.json": _json({_uuid(row[0]): _wordfence(*row) for row in flaws}),
        "debian.json": _json(_debian(day)),
        "kev.json": _json(_kev(day)),
        "epss.csv": f"#model_version:v2026.03.14,score_date:{day}T12:00:00Z\ncve,epss,percentile\n{scores}",
        "php.json": _json([_branch(*row) for row in _story()["php"]]),
    }


def land_feeds(settings: Settings) -> None:
    """Fetch the feeds as the daily flow does, once a week and on the morning after the quarter."""
    folder = settings.sites_file.parent
    for day in [SUMMER.start_date - timedelta(days=1), *SUMMER.weekly(2), SUMMER.end_date]:
        write_feeds(folder, day)
        for feed in load_sites(settings.sites_file).agency.advisories:
            run = asyncio.run(collect_feed(feed, settings, _no_secret, datetime.combine(day, FETCHED, UTC)))
            if run.outcome == "failed" or run.reject_count:
                raise SourceError(f"The demo's feed {feed.id} can't be read: {run.detail}.")


async def _no_secret(reference: SecretReference) -> str:
    raise SourceError(f"The demo has no secret {reference}.")


def _of_debian(day: date) -> Iterator[tuple[str, debian.Update]]:
    """Yield a flaw for each security update that was published until a day."""
    security = [update for update in debian.updates() if update.is_security]
    for number, update in enumerate(security[1:], start=FIRST_OF_DEBIAN):  # the first one came before the quarter
        if update.published <= day:
            yield f"CVE-2026-{number}", update


def _wordfence(flaw: str, day: str, kind: str, slug: str, fixed: str, vector: str, title: str) -> dict[str, Any]:
    name = slug.replace("-", " ").title()
    software = {
        "type": kind,
        "name": name,
        "slug": slug,
        "affected_versions": {
            f"* - {fixed}": {
                "from_version": "*",
                "from_inclusive": True,
                "to_version": fixed,
                "to_inclusive": False,
            }
        },
        "patched": True,
        "patched_versions": [fixed],
        "remediation": f"Update to version {fixed}, or a newer patched version",
    }
    return {
        "id": _uuid(flaw),
        "title": f"{name} < {fixed} - {title}",
        "software": [software],
        "informational": False,
        "references": [f"https://advisories.example/{flaw}"],
        "cvss": {"vector": vector, "score": None, "rating": None},
        "cve": flaw,
        "published": f"{day} 00:00:00",
        "updated": f"{day} 00:00:00",
        "copyrights": {"message": "Invented for the demo of site-upkeep; there is no such flaw."},
    }


def _debian(day: date) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for flaw, update in _of_debian(day):
        state = {"status": "resolved", "fixed_version": update.version, "urgency": "medium"}
        told = {"description": f"A flaw in {update.source}", "scope": "remote", "releases": {"bookworm": state}}
        found.setdefault(update.source, {})[flaw] = told
    return found


def _kev(day: date) -> dict[str, Any]:
    names = {row[0]: row[3] for row in _story()["wordpress"]}
    entries = [
        {
            "cveID": flaw,
            "vendorProject": "WordPress plugin",
            "product": names[flaw],
            "vulnerabilityName": f"{names[flaw]}, invented",
            "dateAdded": added,
            "dueDate": due,
            "knownRansomwareCampaignUse": "Unknown",
        }
        for flaw, added, due in _story()["exploited"]
        if date.fromisoformat(added) <= day
    ]
    return {"catalogVersion": f"{day:%Y.%m.%d}", "count": len(entries), "vulnerabilities": entries}


def _branch(cycle: str, released: str, support: str, eol: str, latest: str) -> dict[str, str]:
    return {"cycle": cycle, "releaseDate": released, "support": support, "eol": eol, "latest": latest}


def _uuid(flaw: str) -> str:
    return f"5171e0de-0000-4000-8000-{int(flaw[-5:]):012d}"


def _json(content: object) -> str:
    return json.dumps(content, indent=1) + "\n"

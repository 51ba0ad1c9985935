"""Audits of accessibility: results of axe-core recorded with the quarter, and landed as the collector lands its own.

There is no browser in the past: each line of `audits/<site>.jsonl` is the result of one page, as axe-core gives it, or
the cause for which there is none. It goes through the parser of `upkeep try axe`. What people found is a CSV beside it.
"""

from __future__ import annotations

import asyncio
import functools
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from demo.operations import moment, stamp, write
from demo.scenario import Site
from tasks import accessibility_decisions, collecting
from tasks.accessibility_landing import records
from tasks.audit_formats.axe import page_result
from tasks.audits import land, run_record
from tasks.collect import audits_axe
from tasks.contracts import Job
from tasks.settings import Settings
from tasks.sites import load_sites
from warehouse.records import AccessibilityFinding, AccessibilityRun

KIND, MANUAL = "audits_axe", "audits_manual"
VERSION = "4.14.1"


@functools.cache
def _story() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))
    return content


def write_audits(site: Site, folder: Path) -> None:
    """Write the results of every week, and what people found; nothing for a site or a period without audits."""
    story = _story()["sites"].get(site.id)
    if story is None or site.period.end_date <= _story()["first_day"]:
        return
    lines = [
        json.dumps(_page(site, story, page, day, number))
        for day in site.period.weekly(story["weekday"])
        for number, page in enumerate(story["pages"])
    ]
    write(folder / f"{site.id}.jsonl", lines, site.end)
    said = story.get("manual")
    if said and site.period.start_date <= date.fromisoformat(said["day"]) < site.period.end_date:
        rows = [f"{number},passed,{said['day']},{said['by']}," for number in said["passed"]]
        write(folder / f"{site.id}-manual.csv", ["criterion,outcome,date,by,note", *rows], site.end)


def _page(site: Site, story: dict[str, Any], page: str, day: date, number: int) -> dict[str, Any]:
    at = moment(site, f"{day}T06:10") + timedelta(seconds=4 * number)
    line = {"url": f"https://{site.id}.example{page}", "started_at": stamp(at)}
    lost = [item for item in story.get("lost", ()) if item["page"] == page and item["day"] == day.isoformat()]
    if lost:
        return line | {"cause": lost[0]["cause"]}
    violations = list(_rules(story["faults"], page, day))
    incomplete = list(_rules(story.get("reviews", ()), page, day))
    found = {rule["id"] for rule in (*violations, *incomplete)}
    rules = _story()["rules"].items()
    result = {
        "testEngine": {"name": "axe-core", "version": VERSION},
        "timestamp": stamp(at),
        "url": line["url"],
        "violations": violations,
        "incomplete": incomplete,
        "passes": [{"id": name, "tags": tags, "nodes": []} for name, (tags, _) in rules if name not in found],
    }
    return line | {"axe": result}


def _rules(faults: list[dict[str, Any]], page: str, day: date) -> Iterator[dict[str, Any]]:
    """Yield the rules that are broken on a page on a day, as axe-core tells them."""
    for fault in faults:
        is_there = fault.get("from", "") <= day.isoformat() < fault.get("until", "9999")
        if page not in fault["pages"] or not is_there:
            continue
        tags, words = _story()["rules"][fault["rule"]]
        data = {"messageKey": fault["why"]} if "why" in fault else None
        nodes = [
            {
                "html": fault["html"].replace("%d", str(number)),
                "target": [fault["selector"].replace("%d", str(number))],
                "impact": fault["impact"],
                "any": [{"id": fault["rule"], "data": data}],
            }
            for number in range(1, fault["count"] + 1)
        ]
        yield {"id": fault["rule"], "impact": fault["impact"], "tags": tags, "help": words, "nodes": nodes}


def land_audits(settings: Settings, folder: Path) -> None:
    """Land the recorded results of every site, one batch a week, and take what people found.

    Raises:
        ConfigurationError: the configuration can't be read.
        SourceError: a file of what people found is missing.
    """
    sites = load_sites(settings.sites_file)
    for job in collecting.jobs(sites, settings, [KIND]):
        text = (folder / "audits" / f"{job.context.site_id}.jsonl").read_text(encoding="utf-8")
        lines = [json.loads(line) for line in text.splitlines()]
        for _, week in groupby(lines, key=lambda line: line["started_at"][:10]):
            _land(job, list(week))
    for job in collecting.jobs(sites, settings, [MANUAL]):
        asyncio.run(collecting.collect(job))


def _land(job: Job, lines: list[dict[str, Any]]) -> None:
    runs, looked, found = [], list[AccessibilityRun](), list[AccessibilityFinding]()
    for line in lines:
        run = run_record(
            job,
            audits_axe.AUDITOR,
            line["url"],
            datetime.fromisoformat(line["started_at"]),
            cause=line.get("cause"),
            tool_version=VERSION,
            final_url=line["url"],
            form_factor="desktop",
        )
        runs.append(run)
        if "axe" in line:
            one, findings = records(run, page_result(line["axe"]), 1)
            looked.append(one)
            found += findings
    land(job, runs, {AccessibilityRun.table: looked, AccessibilityFinding.table: found}, audits_axe.PARSER)


def decide_findings(settings: Settings) -> None:
    """Land what the agency decided on findings; they must be in the published snapshot.

    Raises:
        ConfigurationError: the snapshot doesn't know the finding.
    """
    for site_id, story in _story()["sites"].items():
        decided = story.get("decided")
        for key, _, _, rule, *_ in accessibility_decisions.listed(settings, site_id) if decided else ():
            if rule == decided["rule"]:
                words = {"reason": decided["reason"], "decided_by": "Northlight Studio"}
                accessibility_decisions.decide(settings, site_id, key, decided["decision"], **words)

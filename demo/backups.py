"""What the backup jobs report, a line each when they end: see tasks/collect/backups_reports.py."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

from demo.operations import days, moment, operations, stamp, write
from demo.scenario import SUMMER, Site


def write_backups(site: Site, folder: Path) -> None:
    """Write the reports of the quarter into `folder`; nothing for a site without a job."""
    job = operations()["backups"].get(site.id)
    if job is None:
        return
    lines = []
    for number, day in enumerate(days(site), start=(site.period.start_date - SUMMER.start_date).days):
        if _within(f"{day}", job.get("missing")):
            continue
        report = {"backup_at": stamp(moment(site, f"{day}T02:10")), "kind": "backup", "state": "succeeded"}
        if _within(f"{day}", job.get("failed")):
            lines.append(json.dumps(report | {"state": "failed", "message": job["message"]}))
        else:
            size = int(job["gigabytes"] * 10**9) + 21_300_011 * number
            lines.append(json.dumps(report | {"bytes": size, "location": job["location"]}))
        if f"{day}" in job["restores"]:
            tested = moment(site, f"{day}T10:00") + timedelta(minutes=42)
            lines.append(json.dumps({"backup_at": stamp(tested), "kind": "restore_test", "state": "succeeded"}))
    write(folder / "jobs.jsonl", lines, site.end)


def _within(day: str, span: list[str] | None) -> bool:
    return span is not None and span[0] <= day <= span[1]

"""Weekly inventories of the servers, as their cron jobs drop them: see tasks/bundle.py for what a bundle is."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime, time
from pathlib import Path

from demo import debian, wordpress
from demo.scenario import Site

MADE = time(5, 30)
"""Time of the site at which the cron job runs."""


def write_bundles(site: Site, folder: Path) -> None:
    """Write one bundle each Wednesday into `folder`."""
    for day in site.period.weekly(2):
        at = datetime.combine(day, MADE, site.zone).astimezone(UTC)
        files = (wordpress.files(site, at) if site.is_wordpress else {}) | debian.files(site, at)
        _write(site, folder / f"{at:%Y%m%dT%H%M%SZ}", at, files)


def _write(site: Site, folder: Path, at: datetime, files: dict[str, tuple[str, str]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for name, (command, content) in files.items():
        data = content.encode()
        (folder / name).write_bytes(data)
        digest = hashlib.sha256(data).hexdigest()
        entries.append({"name": name, "command": command, "exit_status": 0, "sha256": digest})
    manifest = {
        "manifest": 1,
        "site_id": site.id,
        "host": f"web1.{site.host}",
        "collected_at": at.isoformat(),
        "time_zone": site.log_zone,
        "files": entries,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for path in [*folder.iterdir(), folder]:
        os.utime(path, (at.timestamp(), at.timestamp()))

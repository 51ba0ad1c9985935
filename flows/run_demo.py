"""The whole main job on the bundled quarters: make the source files, collect, load, publish, review, report.

Everything goes through the same flows as in production; Prefect starts a temporary server of its own for it, with its
home below the demo's folder. Monitoring history comes from a small HTTP server that answers as Prometheus does.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from demo.accessibility import decide_findings, land_audits
from demo.advisories import land_feeds
from demo.configure import configure
from demo.decisions import BY_DATA, write_decisions
from demo.generate import generate
from demo.journeys import land_journeys
from demo.notes import write_notes
from demo.prometheus import serve
from demo.scenario import STORY
from demo.site_audits import land_site_audits
from flows import run_command
from tasks import progress
from tasks.errors import ConfigurationError, UpkeepError
from tasks.settings import load_settings

FIRST, QUARTER = "2026Q2", "2026Q3"
"""The quarter whose advice is followed, and the one whose report says what became of it."""
_MARK = ".upkeep-demo"
_QUESTION = "FROM marts.incident ORDER BY site_id, started_at"


def run(folder: Path) -> int:
    """Run the demo below `folder` and return the exit status.

    Raises:
        ConfigurationError: the folder holds something that is not a demo.
    """
    start = time.monotonic()
    _make_room(folder)
    os.environ["UPKEEP_VAR"] = str(folder / "var")
    os.environ["PREFECT_HOME"] = str(folder / "prefect")
    os.environ.pop("PREFECT_API_URL", None)
    with run_command.bars():
        _collect(folder / FIRST, FIRST)
        out = str(folder / "reports")
        _run([("snapshot", {}), ("report", {"quarter": FIRST, "out": out}), ("snapshot", {})])
        write_decisions(load_settings())
        _collect(folder, QUARTER)
        land_feeds(load_settings())
        land_audits(load_settings(), folder)
        _run([("snapshot", {}), ("review", {"as_of": BY_DATA})])
        write_notes(load_settings())
        decide_findings(load_settings())
        _run([("snapshot", {}), ("report", {"quarter": QUARTER, "out": out}), ("snapshot", {})])
    pdfs = sorted((folder / "reports").glob("*.pdf"))
    sys.stdout.write(f"\n{len(pdfs)} reports after {time.monotonic() - start:.0f} s:\n")
    for pdf in pdfs:
        sys.stdout.write(f"  {pdf}\n")
    sys.stdout.write(f"\nAsk the data yourself:\n  UPKEEP_VAR={folder / 'var'} .venv/bin/upkeep sql {_QUESTION!r}\n")
    return 0


def _collect(folder: Path, name: str) -> None:
    """Make the source files of a quarter below `folder` and collect them."""
    # A day more on either side: a quarter starts before midnight UTC in Berlin and ends after it in New York.
    midnight, period = datetime.min.time(), STORY[name][0].period
    window = {
        "since": datetime.combine(period.start_date - timedelta(days=1), midnight, UTC),
        "until": datetime.combine(period.end_date + timedelta(days=1), midnight, UTC),
    }
    folder.mkdir(exist_ok=True)
    generate(folder, lambda done, total: progress.report(f"source files of {name}", done, total), quarter=name)
    with serve(folder) as address:
        os.environ["UPKEEP_SITES"] = str(configure(folder, address, quarter=name))
        _run([("uptime-history", window)])
    land_journeys(load_settings(), folder)
    land_site_audits(load_settings(), folder)
    _run([(what, {}) for what in ("patches", "waf-logs", "servers", "backups", "tickets")])
    _run([("audits", {"kinds": ["audits_files", "audits_manual"]})])  # the others would ask sites that are not there


def _run(steps: list[tuple[str, dict[str, Any]]]) -> None:
    for what, parameters in steps:
        if run_command.run(what, parameters):
            raise UpkeepError(f"The demo stopped at {what}.")


def _make_room(folder: Path) -> None:
    """Empty the folder of the last demo; never one that is not a demo's."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise ConfigurationError(f"{folder} is not empty and not of a demo: name another one with --out.")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text(
        "Made by `upkeep demo`, which empties this folder when it runs again.\n", encoding="utf-8"
    )

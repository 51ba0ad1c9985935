"""The whole main job on the bundled quarter: make the source files, collect, load, publish, report.

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

from demo.advisories import land_feeds
from demo.configure import configure
from demo.generate import generate
from demo.journeys import land_journeys
from demo.notes import write_notes
from demo.prometheus import serve
from flows import run_command
from tasks import progress
from tasks.errors import ConfigurationError, UpkeepError
from tasks.quarters import parse_quarter
from tasks.settings import load_settings

QUARTER = "2026Q3"
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
    quarter = parse_quarter(QUARTER)
    # A day more on either side: the quarter starts before midnight UTC in Berlin and ends after it in New York.
    midnight = datetime.min.time()
    window = {
        "since": datetime.combine(quarter.start_date - timedelta(days=1), midnight, UTC),
        "until": datetime.combine(quarter.end_date + timedelta(days=1), midnight, UTC),
    }
    with run_command.bars():
        generate(folder, lambda done, total: progress.report("source files", done, total))
        with serve(folder) as address:
            os.environ["UPKEEP_SITES"] = str(configure(folder, address))
            steps: list[tuple[str, dict[str, Any]]] = [
                ("uptime-history", window),
                ("patches", {}),
                ("waf-logs", {}),
                ("servers", {}),
                ("backups", {}),
                ("tickets", {}),
                ("snapshot", {}),
            ]
            land_journeys(load_settings(), folder)
            land_feeds(load_settings())
            _run(steps)
        write_notes(load_settings())
        _run([("snapshot", {}), ("report", {"quarter": QUARTER, "out": str(folder / "reports")})])
    pdfs = sorted((folder / "reports").glob("*.pdf"))
    sys.stdout.write(f"\n{len(pdfs)} reports after {time.monotonic() - start:.0f} s:\n")
    for pdf in pdfs:
        sys.stdout.write(f"  {pdf}\n")
    sys.stdout.write(f"\nAsk the data yourself:\n  UPKEEP_VAR={folder / 'var'} .venv/bin/upkeep sql {_QUESTION!r}\n")
    return 0


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

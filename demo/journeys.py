"""Results of journeys: recorded as files with the quarter, and landed as the flow lands those that it just ran.

There is no browser in the past: what a run saw is one line of `journeys/<site>.jsonl`. It is made into a `Result` of
the journey that sites.yaml declares, and goes through `tasks.journey_landing`, as every result does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from demo.operations import operations, stamp, write
from demo.scenario import Site
from tasks import collecting, journey_landing
from tasks.collect import journeys_browser
from tasks.journey_run import CAUSES, UNKNOWN, Evidence, Result, Seen, StepResult
from tasks.journeys import Journey, JourneyOptions
from tasks.settings import Settings
from tasks.sites import load_sites

KIND = "journeys_browser"
SECONDS = 6 * 3600
OFFSET = 40 * 60
"""The first run of a day, seconds after midnight of the site."""
STEP_MS = {"goto": 640, "click": 310, "fill": 120, "expect": 60}


def write_journeys(site: Site, path: Path) -> None:
    """Write what every run of the site's journeys saw; nothing for a site without."""
    story = operations()["journeys"].get(site.id)
    if story is None:
        return
    rng, lines = np.random.default_rng([site.seed, 5]), []
    for journey in _journeys(site.id):
        for at in range(site.start + OFFSET, site.end, SECONDS):
            ended = _ended(site, story, journey.id, at)
            count = ended.get("step", 1) if ended else len(journey.steps)
            usual = [STEP_MS.get(step.action, 100) for step in journey.steps[:count]]
            times = np.round(np.array(usual) * (1 + 2 * site.typical_seconds) * rng.lognormal(0, 0.15, count), 1)
            started_at = stamp(datetime.fromtimestamp(at, UTC))
            line = {"journey": journey.id, "started_at": started_at, "steps_ms": times.tolist()}
            lines.append(json.dumps(line | {key: ended[key] for key in ("cause", "status") if key in ended}))
    write(path, lines, site.end)


def _journeys(site_id: str) -> list[Journey]:
    (site,) = load_sites(Path(__file__).parent / "sites.yaml").select([site_id])
    (options,) = [options for options in site.sources if isinstance(options, JourneyOptions)]
    return options.all_journeys


def _ended(site: Site, story: dict[str, Any], journey_id: str, at: int) -> dict[str, Any]:
    """Return why a run of a journey did not pass; nothing where it did."""
    for item in (*story.get("failed", ()), *story.get("unknown", ())):
        number = (at - site.unix(item["first_day"])) // SECONDS
        if item["journey"] == journey_id and 0 <= number < 4 * item["days"] and number % item["every"] == 0:
            ended: dict[str, Any] = item
            return ended
    return {}


def land_journeys(settings: Settings, folder: Path) -> None:
    """Land the recorded results of every site, one batch each.

    Raises:
        ConfigurationError: the configuration can't be read.
    """
    for job in collecting.jobs(load_sites(settings.sites_file), settings, [KIND]):
        options = job.options
        assert isinstance(options, JourneyOptions)  # noqa: S101 - by kind
        known = {journey.id: journey for journey in options.all_journeys}
        text = (folder / "journeys" / f"{job.context.site_id}.jsonl").read_text(encoding="utf-8")
        results = [_result(json.loads(line), known, job.context.url) for line in text.splitlines()]
        journey_landing.land(job, options, results, "browser", journeys_browser.PARSER)


def _result(line: dict[str, Any], known: Mapping[str, Journey], home: str) -> Result:
    """Return what a line says: the steps up to the last that was made, which did not pass where a cause is given."""
    journey, times, cause = known[line["journey"]], line["steps_ms"], line.get("cause")
    steps = []
    for index, step in enumerate(journey.steps):
        made = StepResult(number=index + 1, action=step.action, target=step.target)
        if index < len(times):
            is_end = cause is not None and index == len(times) - 1
            made = replace(
                made,
                outcome="passed" if not is_end else "unknown" if cause in UNKNOWN else "failed",
                cause=cause if is_end else None,
                duration_ms=times[index],
                message=CAUSES[str(cause)] if is_end else None,
            )
        steps.append(made)
    return Result(
        journey=journey,
        started_at=datetime.fromisoformat(line["started_at"]),
        attempt_count=1 if cause is None else 2,
        steps=tuple(steps),
        seen=None if cause in UNKNOWN else Seen(url=home, status=line.get("status", 200)),
        evidence=Evidence(note="a recorded result has no picture"),
    )

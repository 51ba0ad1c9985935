"""Run the journeys of one source and land what came of them: what both engines share."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from tasks.contracts import Job, Outcome
from tasks.errors import SourceError
from tasks.journey_run import OpenPage, Page, Result, StepError, run_journey
from tasks.journeys import Journey, JourneyOptions, base_of
from warehouse.records import JourneyRun, JourneyStep

PICTURES_A_DAY = 24
"""Failures of one journey and day that keep their files; the rows of the others say the same."""

Engine = Callable[[], AbstractAsyncContextManager[OpenPage]]


def private_hosts(job: Job, options: JourneyOptions) -> frozenset[str]:
    """Return the hosts that may be at private addresses: the site's own and those that the options name."""
    return frozenset({job.context.host, *options.private_hosts})


async def run_all(job: Job, options: JourneyOptions, engine: Engine, name: str, parser: str) -> Outcome:
    """Run every journey, one after the other, and land runs and steps as one batch."""
    results = await _results(job, options, engine, options.all_journeys)
    landed = land(job, options, results, name, parser)
    return Outcome(
        state=_state(results),
        landed=landed,
        fresh_as_of=max((r.started_at for r in results if r.outcome != "unknown"), default=None),
        message=_message(results),
    )


def land(job: Job, options: JourneyOptions, results: Sequence[Result], engine: str, parser: str) -> dict[str, int]:
    """Land runs and steps as one batch, and return the rows by table; `engine` is browser or http."""
    runs: list[JourneyRun] = []
    steps: list[JourneyStep] = []
    for result in results:
        run = _run_record(job, options, engine, result)
        runs.append(run)
        steps += _step_records(run, result)
    tables: dict[str, Sequence[JourneyRun | JourneyStep]] = {JourneyRun.table: runs, JourneyStep.table: steps}
    job.spool.land(uuid.uuid4().hex, tables, collector=job.options.kind, parser_version=parser)
    return {table: len(rows) for table, rows in tables.items()}


async def try_all(job: Job, options: JourneyOptions, engine: Engine) -> str:
    """Run every journey that writes nothing, keep nothing, and say what was seen.

    Raises:
        SourceError: a journey could not be run; the text says how to mend that.
    """
    safe = [journey for journey in options.all_journeys if not journey.writes]
    results = await _results(job, options, engine, safe)
    unknown = next((result for result in results if result.outcome == "unknown"), None)
    if unknown and unknown.last:
        raise SourceError(f"{unknown.journey.id}, step {unknown.last.number}: {unknown.last.message}")
    failed = [f"{r.journey.id} failed: {r.last.message}" for r in results if r.last]
    skipped = [journey.id for journey in options.all_journeys if journey.writes]
    passed = f"{len(results) - len(failed)} of {len(results)} journeys passed"
    return "; ".join([passed, *failed, *(f"{name} not tried: it writes" for name in skipped)])


async def _results(job: Job, options: JourneyOptions, engine: Engine, journeys: list[Journey]) -> list[Result]:
    async def run(open_page: OpenPage) -> list[Result]:
        results = []
        for number, journey in enumerate(journeys, start=1):
            results.append(
                await run_journey(
                    journey,
                    open_page,
                    job.secret,
                    base=base_of(job.context.url),
                    step_seconds=options.step_seconds,
                    journey_seconds=options.journey_seconds,
                )
            )
            if job.on_progress:
                job.on_progress(number, len(journeys))
        return results

    try:
        async with engine() as open_page:
            return await run(open_page)
    except StepError as error:
        failure = error  # a name that outlives the block

    @asynccontextmanager
    async def without() -> AsyncIterator[Page]:
        raise failure
        yield  # the mark of a generator

    return await run(without)


def _state(results: list[Result]) -> str:
    unknown = sum(result.outcome == "unknown" for result in results)
    return "complete" if not unknown else "failed" if unknown == len(results) else "partial"


def _message(results: list[Result]) -> str | None:
    words = [f"{r.journey.id}, step {r.last.number}, {r.outcome}: {r.last.message}" for r in results if r.last]
    return "; ".join(words)[:1000] or None


def _run_record(job: Job, options: JourneyOptions, engine: str, result: Result) -> JourneyRun:
    run_id, last = uuid.uuid4().hex, result.last
    screenshot, details = _keep(job, run_id, result)
    return JourneyRun(
        run_id=run_id,
        site_id=job.context.site_id,
        source_id=job.context.source_id,
        journey_id=result.journey.id,
        journey_name=result.journey.title,
        engine=engine,
        started_at=result.started_at,
        interval_seconds=options.every_seconds,
        attempt_count=result.attempt_count,
        outcome=result.outcome,
        cause=last.cause if last else None,
        failed_step=last.number if last else None,
        total_ms=result.total_ms,
        status=result.seen.status if result.seen else None,
        final_url=_without_fragment(result.seen.url) if result.seen else None,
        page_title=result.seen.title if result.seen else None,
        console_error_count=None if result.console is None else len(result.console),
        screenshot_file=screenshot,
        details_file=details,
        message=last.message if last else None,
    )


def _step_records(run: JourneyRun, result: Result) -> list[JourneyStep]:
    return [
        JourneyStep(
            run_id=run.run_id,
            site_id=run.site_id,
            source_id=run.source_id,
            journey_id=run.journey_id,
            started_at=run.started_at,
            number=step.number,
            action=step.action,
            target=step.target,
            outcome=step.outcome,
            cause=step.cause,
            duration_ms=step.duration_ms,
            message=step.message,
        )
        for step in result.steps
    ]


def _keep(job: Job, run_id: str, result: Result) -> tuple[str | None, str | None]:
    """Keep the files of a failure; return their paths, relative to the folder of evidence."""
    if job.evidence is None or result.last is None or result.outcome != "failed":
        return None, None
    folder = Path("journeys", job.context.site_id, f"{result.started_at:%Y-%m-%d}")
    (job.evidence / folder).mkdir(parents=True, exist_ok=True)
    prefix = f"{job.context.source_id}-{result.journey.id}-"
    if len(list((job.evidence / folder).glob(f"{prefix}*.json"))) >= PICTURES_A_DAY:
        return None, None
    stem = folder / f"{prefix}{result.started_at:%H%M%S}-{run_id[:8]}"
    picture = result.evidence.screenshot
    details = {
        "journey": result.journey.id,
        "started_at": _moment(result.started_at),
        "failed_step": result.last.number,
        "cause": result.last.cause,
        "message": result.last.message,
        "url": result.seen.url if result.seen else None,
        "title": result.seen.title if result.seen else None,
        "status": result.seen.status if result.seen else None,
        "console_errors": result.console,
        "picture": None if picture else result.evidence.note,
    }
    text = json.dumps(details, ensure_ascii=False, indent=1) + "\n"
    (job.evidence / f"{stem}.json").write_text(text, encoding="utf-8")
    if picture:
        (job.evidence / f"{stem}.png").write_bytes(picture)
    return (f"{stem}.png" if picture else None), f"{stem}.json"


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _without_fragment(url: str) -> str:
    return urlsplit(url)._replace(fragment="").geturl()

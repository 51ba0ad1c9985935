"""What real visitors saw of pages, by the CrUX API: 28 days, by screen. Never run against the service.

https://developer.chrome.com/docs/crux/api. A page with too little traffic has no data, which is unknown and no fault.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import product
from typing import Literal
from urllib.parse import urlsplit

import httpx
from pydantic import Field, HttpUrl

from tasks import field_data
from tasks.audit_pages import pages_of
from tasks.audits import AuditOptions, audit_each, run_record
from tasks.contracts import Job, OpenUrl, Outcome, SecretReference
from tasks.errors import SourceError
from tasks.google_api import ask, open_client
from tasks.json_text import part, word
from tasks.lighthouse_landing import field_records
from warehouse.records import AuditRun, FieldMetric

PARSER = "audits_crux/1"
AUDITOR = "crux"
_SCREENS = {"mobile": "PHONE", "desktop": "DESKTOP", "tablet": "TABLET"}
_CAUSES = {"404": "no_data", "429": "quota", "400": "not_permitted", "401": "not_permitted", "403": "not_permitted"}


class Options(AuditOptions):
    """The Chrome UX Report on pages of a site, and on the site as a whole."""

    page_seconds: float = Field(default=20, ge=1, le=120, description="Deadline of one question.")
    key: SecretReference = Field(description="API key, as {env: NAME}.")
    url: OpenUrl = Field(
        default=HttpUrl("https://chromeuxreport.googleapis.com/v1/records:queryRecord"), description="The API."
    )
    form_factors: list[Literal["mobile", "desktop", "tablet"]] = Field(
        default=["mobile", "desktop"], min_length=1, description="Screens, each a series of its own."
    )


async def collect(job: Job) -> Outcome:
    """Ask for the origin and for each page, on each screen.

    Raises:
        SourceError: the pages can't be told, or there is no such secret.
    """
    options = _options(job)
    subjects = [("origin", _origin(job)), *(("url", page) for page in await pages_of(job, options))]
    async with open_client(await job.secret(options.key), options.page_seconds) as client:
        return await audit_each(
            job,
            list(product(subjects, options.form_factors)),
            lambda one: _audit(job, client, *one[0], one[1]),
            PARSER,
        )


async def check(job: Job) -> str:
    """Ask for the origin.

    Raises:
        SourceError: the service refuses.
    """
    options = _options(job)
    async with open_client(await job.secret(options.key), options.page_seconds) as client:
        run, records = await _audit(job, client, "origin", _origin(job), options.form_factors[0])
    if run.cause not in (None, "no_data"):
        raise SourceError(f"{_origin(job)}: {run.message}")
    return f"{_origin(job)}: {len(records)} figures" if records else f"{_origin(job)}: too little traffic for figures"


async def _audit(
    job: Job, client: httpx.AsyncClient, kind: str, subject: str, screen: str
) -> tuple[AuditRun, list[FieldMetric]]:
    started_at, started = datetime.now(UTC), time.monotonic()
    cause, message, figures = None, None, list[field_data.FieldFigure]()
    try:
        answer = await ask(client, "POST", str(_options(job).url), body={kind: subject, "formFactor": _SCREENS[screen]})
        if error := part(answer, "error"):
            cause = _CAUSES.get(str(error.get("code")), "service_failed")
            message = word(error, "message")
        elif not (figures := list(field_data.of_crux(answer))):
            cause = "no_data"
    except SourceError as error:
        cause, message = "service_failed", str(error)
    run = run_record(
        job,
        AUDITOR,
        subject,
        started_at,
        cause=cause,
        message=message,
        duration_ms=round(1000 * (time.monotonic() - started), 1),
        form_factor=screen,
    )
    return run, field_records(run, figures, screen)


def _origin(job: Job) -> str:
    parts = urlsplit(job.context.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

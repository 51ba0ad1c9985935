"""Performance of pages by the PageSpeed Insights API: Lighthouse run by Google, with field data. Never run against it.

https://developers.google.com/speed/docs/insights/rest/v5/pagespeedapi/runpagespeed. Without `category` the service
gives performance only, without `strategy` desktop: both are always sent. It reaches public pages only.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import product
from typing import Literal

import httpx
from pydantic import Field, HttpUrl

from tasks import field_data
from tasks.audit_pages import pages_of
from tasks.audits import AuditOptions, audit_each
from tasks.contracts import Job, OpenUrl, Outcome, SecretReference
from tasks.errors import SourceError
from tasks.google_api import ask, open_client
from tasks.lighthouse_landing import field_records, records_of
from tasks.lighthouse_result import result_of
from tasks.lighthouse_run import Ran, failed
from warehouse.records import AuditRun, Record

PARSER = "audits_pagespeed/1"
AUDITOR = "pagespeed"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")


class Options(AuditOptions):
    """PageSpeed Insights on pages of a site."""

    key: SecretReference | None = Field(
        default=None, description="API key, as {env: NAME}; without one the service soon refuses."
    )
    url: OpenUrl = Field(
        default=HttpUrl("https://www.googleapis.com/pagespeedonline/v5/runPagespeed"), description="The API."
    )
    form_factors: list[Literal["mobile", "desktop"]] = Field(
        default=["mobile"], min_length=1, description="Screens, each a series of its own."
    )


async def collect(job: Job) -> Outcome:
    """Ask once for each page and screen; a page of which the service can't tell is unknown, with the cause.

    Raises:
        SourceError: the pages can't be told, or there is no such secret.
    """
    options = _options(job)
    todo = list(product(await pages_of(job, options), options.form_factors))
    async with open_client(await job.secret(options.key) if options.key else None, options.page_seconds) as client:
        return await audit_each(job, todo, lambda one: _audit(job, client, *one), PARSER)


async def check(job: Job) -> str:
    """Ask for the first page.

    Raises:
        SourceError: the service refuses, or can't tell of it.
    """
    options = _options(job)
    page = (await pages_of(job, options))[0]
    async with open_client(await job.secret(options.key) if options.key else None, options.page_seconds) as client:
        run, _ = await _audit(job, client, page, options.form_factors[0])
    if run.outcome in ("error", "unknown"):
        raise SourceError(f"{page}: {run.message}")
    return f"{page}: {run.outcome}, Lighthouse {run.tool_version}"


async def _audit(job: Job, client: httpx.AsyncClient, page: str, form_factor: str) -> tuple[AuditRun, list[Record]]:
    started_at, started = datetime.now(UTC), time.monotonic()
    query = [("url", page), ("strategy", form_factor), ("locale", "en"), *(("category", name) for name in CATEGORIES)]
    try:
        answer = await ask(client, "GET", str(_options(job).url), query=query)
        ran = Ran(result_of(answer), answer if "lighthouseResult" in answer else None, time.monotonic() - started)
    except SourceError as error:
        answer, ran = {}, Ran(failed("service_failed", str(error)), None, time.monotonic() - started)
    run, records = records_of(job, AUDITOR, page, started_at, [ran], form_factor=form_factor)
    return run, [*records, *field_records(run, list(field_data.of_pagespeed(answer)), form_factor)]


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

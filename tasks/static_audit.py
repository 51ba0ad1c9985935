"""Fetch pages and judge them by their HTML alone: what can be known of accessibility where no browser is."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import UTC, datetime

import httpx

from tasks import static_accessibility
from tasks.accessibility_landing import is_cut, records
from tasks.audit_pages import USER_AGENT, private_hosts
from tasks.audits import AuditOptions, run_record
from tasks.contracts import Job
from tasks.download import bounded
from tasks.journey_gate import followed
from tasks.journey_run import StepError
from warehouse.records import AccessibilityFinding, AccessibilityRun, AuditRun

PARSER = "audits_static/1"
AUDITOR = "static"
PAGE_BYTES = 8 << 20
HOPS = 10
_HTML = ("text/html", "application/xhtml+xml")
_OF_STEP = {"address_refused": "address_refused", "own_network": "own_network"}


class _StoppedError(Exception):
    """A page that can't be judged; `cause` and `message` say why."""

    def __init__(self, cause: str, message: str | None = None, status: int | None = None) -> None:
        super().__init__(cause)
        self.cause, self.message, self.status = cause, message, status


async def audit_pages(
    job: Job, options: AuditOptions, urls: list[str]
) -> tuple[list[AuditRun], list[AccessibilityRun], list[AccessibilityFinding]]:
    """Audit pages one after the other; each has a run, whatever came of it."""
    runs: list[AuditRun] = []
    looked: list[AccessibilityRun] = []
    found: list[AccessibilityFinding] = []
    headers = {"User-Agent": USER_AGENT, "Accept": "text/html,application/xhtml+xml"}
    async with httpx.AsyncClient(timeout=min(options.page_seconds, 30), trust_env=False, headers=headers) as client:
        for url in urls:
            started_at, start = datetime.now(UTC), time.monotonic()
            cause = message = status = final_url = result = None
            try:
                final_url, status, html = await _fetch(client, url, private_hosts(job, options))
                result = static_accessibility.page_result(html, url, started_at)
                cause = (
                    "needs_scripts"
                    if static_accessibility.needs_scripts(html)
                    else "limit_reached"
                    if is_cut(result)
                    else None
                )
            except _StoppedError as error:
                cause, message, status = error.cause, error.message, error.status
            run = run_record(
                job,
                AUDITOR,
                url,
                started_at,
                cause=cause,
                message=message,
                tool_version=static_accessibility.VERSION,
                final_url=final_url,
                status=status,
                duration_ms=1000 * (time.monotonic() - start),
            )
            runs.append(run)
            if result is not None:
                looked_at, findings = records(run, result)
                looked.append(looked_at)
                found += findings
    return runs, looked, found


async def _fetch(client: httpx.AsyncClient, url: str, may_be_private: Collection[str]) -> tuple[str, int, str]:
    """Return final address, status and HTML."""
    try:
        async with followed(client, url, may_be_private, HOPS) as (asked, answer):
            return asked, answer.status_code, await _html(answer)
    except StepError as error:
        raise _StoppedError(_OF_STEP.get(error.cause, "no_answer"), str(error)) from None
    except httpx.TimeoutException:
        raise _StoppedError("timeout", "the site gave no answer in time") from None
    except httpx.ConnectError as error:
        cause = "tls" if "CERTIFICATE" in str(error) or "SSL" in str(error) else "refused"
        raise _StoppedError(cause, str(error)) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _StoppedError("no_answer", str(error) or type(error).__name__) from None


async def _html(answer: httpx.Response) -> str:
    status = answer.status_code
    if status >= 400:
        raise _StoppedError("http_error", f"the page answered {status}", status)
    kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
    if answer.headers.get("content-disposition", "").lower().startswith("attachment"):
        raise _StoppedError("download", None, status)
    if kind and kind not in _HTML:
        raise _StoppedError("not_html", f"the address gives {kind[:80]} and no page", status)
    data = await bounded(answer, PAGE_BYTES)
    if data is None:
        raise _StoppedError("limit_reached", f"the page has more than {PAGE_BYTES >> 20} MiB", status)
    try:
        return data.decode(answer.encoding or "utf-8", "replace")
    except LookupError:
        return data.decode("utf-8", "replace")

"""Audit pages with axe-core in one Chromium: two at a time, a context of the site's own, and an answer for every page.

Pages may be hostile. A tab that hangs, crashes, opens dialogs, saves files or eats memory costs its own audit at most:
each page ends with a cause of `tasks.audits.CAUSES` or with none, and a browser that died is started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasks.axe_tab import TabAudit, audit_tab
from tasks.journey_browser import launched
from tasks.journey_run import StepError

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, CDPSession

    from tasks.journey_gate import Gate

PARALLEL = 2
"""Pages at a time: more are no faster on two cores and take more memory."""
STARTS = 3
"""Times that a browser is started for one site; after that the rest of its pages is unknown."""
RENDERER_BYTES = 1536 << 20
"""Memory at which the process of a tab is ended."""
_LOOK_SECONDS = 0.5
_CLOSE_SECONDS = 5.0
_FLAGS = ("--disable-dev-shm-usage", "--mute-audio")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAudit:
    """What came of one page: without a cause it is complete. `result` is what axe-core says, None where it did not."""

    url: str
    started_at: datetime
    duration_ms: float
    cause: str | None = None
    message: str | None = None
    status: int | None = None
    final_url: str | None = None
    result: dict[str, Any] | None = field(default=None, repr=False)
    frame_count: int | None = None


async def audit_pages(
    urls: Sequence[str],
    script: str,
    *,
    browser: str | None,
    private_hosts: Collection[str],
    page_seconds: float,
    on_page: Callable[[PageAudit], None],
    renderer_bytes: int = RENDERER_BYTES,
) -> None:
    """Audit every page and tell each as soon as it is done: nothing is kept of it here.

    Raises:
        StepError: no browser can be started; pages that are not told yet stay unknown.
    """
    waiting = list(reversed(urls))

    async def work(context: BrowserContext, gate: Gate, ended: list[float]) -> None:
        while waiting and context.browser is not None and context.browser.is_connected():
            on_page(await _audit(context, waiting.pop(), script, gate, page_seconds, ended))

    for _ in range(STARTS):
        async with (
            launched(browser, private_hosts, _FLAGS) as (chromium, gate),
            _guarded(chromium, renderer_bytes) as ended,
            _context(chromium) as context,
        ):
            await asyncio.gather(*(work(context, gate, ended) for _ in range(min(PARALLEL, len(urls)))))
        if not waiting:
            return
    for url in reversed(waiting):
        on_page(PageAudit(url=url, started_at=datetime.now(UTC), duration_ms=0, cause="crashed"))


@contextlib.asynccontextmanager
async def _context(browser: Browser) -> AsyncIterator[BrowserContext]:
    from playwright.async_api import Error

    try:
        context = await browser.new_context(
            accept_downloads=False, service_workers="block", locale="en-GB", viewport={"width": 1280, "height": 720}
        )
    except Error as error:
        raise StepError("browser_crashed", f"the browser opens no page: {error.message[:200]}") from None
    try:
        yield context
    finally:
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await context.close()


async def _audit(
    context: BrowserContext, url: str, script: str, gate: Gate, seconds: float, ended: list[float]
) -> PageAudit:
    """Audit one page in a tab of its own."""
    from playwright.async_api import Error

    started_at, start = datetime.now(UTC), time.monotonic()
    try:
        async with asyncio.timeout(seconds):
            tab = await context.new_page()
    except (Error, TimeoutError):
        done = TabAudit(cause="crashed")
    else:
        done = await audit_tab(tab, url, script, gate, seconds)
        if done.cause in ("crashed", "timeout") and any(moment >= start for moment in ended):
            done.cause, done.message = "out_of_memory", None
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await tab.close()
    return PageAudit(
        url=url,
        started_at=started_at,
        duration_ms=1000 * (time.monotonic() - start),
        cause=done.cause,
        message=done.message,
        status=done.status,
        final_url=done.final_url,
        result=done.result,
        frame_count=done.frame_count,
    )


@contextlib.asynccontextmanager
async def _guarded(browser: Browser, most_bytes: int) -> AsyncIterator[list[float]]:
    """End processes of tabs that take more memory than they may; the list tells when (monotonic seconds)."""
    ended: list[float] = []
    task = asyncio.create_task(_guard(browser, most_bytes, ended))
    try:
        yield ended
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _guard(browser: Browser, most_bytes: int, ended: list[float]) -> None:
    from playwright.async_api import Error

    with contextlib.suppress(Error):
        session = await browser.new_browser_cdp_session()
        while True:
            for process in await _renderers(session):
                if _resident_bytes(process) > most_bytes:
                    ended.append(time.monotonic())
                    with contextlib.suppress(OSError):
                        os.kill(process, signal.SIGKILL)
            await asyncio.sleep(_LOOK_SECONDS)


async def _renderers(session: CDPSession) -> list[int]:
    """Return the processes of tabs of this very browser."""
    found = await session.send("SystemInfo.getProcessInfo")
    return [int(one["id"]) for one in found["processInfo"] if one["type"] == "renderer"]


def _resident_bytes(process: int) -> int:
    """Return the memory of a process; 0 where it is gone, or the system has no /proc."""
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0

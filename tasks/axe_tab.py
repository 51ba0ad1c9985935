"""Audit what one tab shows with axe-core: load it, wait until it stands still, examine it, and say what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urlsplit

from tasks.axe_run import Run, run_axe
from tasks.journey_browser import first_line
from tasks.probe import CAUSES as PROBE_CAUSES

if TYPE_CHECKING:
    from playwright.async_api import Frame, Request
    from playwright.async_api import Page as Tab

    from tasks.journey_gate import Gate

DIALOGS = 10
"""Dialogs that a page may open before it counts as one that does nothing else."""
_LOAD_SHARE = 0.4
"""Share of the deadline that loading may take; the rest is for the examination."""
_STILL_SECONDS = 3.0
"""Longest time that requests after the load are waited for."""
_POLL_SECONDS = 0.02
_ATTEMPTS = 3
"""Times that a page is examined which goes elsewhere meanwhile."""
_HTML = ("text/html", "application/xhtml+xml")
_LASTING = ("eventsource", "websocket", "ping", "media")
"""Kinds of requests that may never end."""
_OF_PROBE = {PROBE_CAUSES["dns"]: "dns", PROBE_CAUSES["refused"]: "refused"}
_OF_STEP = {"address_refused": "address_refused", "own_network": "own_network"}


@dataclass(slots=True)
class TabAudit:
    """What came of a tab; without a cause it was examined as a whole."""

    cause: str | None = None
    message: str | None = None
    status: int | None = None
    final_url: str | None = None
    result: dict[str, Any] | None = None
    frame_count: int | None = None


class _StoppedError(Exception):
    """The page can't be examined; `cause` and `message` say why."""

    def __init__(self, cause: str, message: str | None = None) -> None:
        super().__init__(cause)
        self.cause, self.message = cause, message


async def audit_tab(tab: Tab, url: str, script: str, gate: Gate, seconds: float) -> TabAudit:
    """Load an address and examine it; never raises for what the page, its server or the browser does."""
    watch = _Watch(tab, gate)
    done = TabAudit()
    crash = asyncio.create_task(watch.crashed.wait())
    work = asyncio.create_task(_examine(tab, url, script, watch, done, seconds))
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wait({work, crash}, return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            done.cause = "crashed"
        elif error := work.exception():
            done.cause, done.message = "invalid_answer", f"the audit failed: {type(error).__name__}"
    except TimeoutError:
        done.cause = "timeout"
    finally:
        for task in (work, crash):
            task.cancel()
        await asyncio.gather(work, crash, return_exceptions=True)
    if watch.dialog_count > DIALOGS:
        done.cause, done.message = "dialogs", f"the page opened {watch.dialog_count} dialogs, one after the other"
    elif done.message is None and (watch.dialog_count or watch.download_count):
        done.message = watch.noticed()
    done.status = done.status or watch.status
    done.final_url = done.final_url or watch.url
    return done


async def _examine(tab: Tab, url: str, script: str, watch: _Watch, done: TabAudit, seconds: float) -> None:
    from playwright.async_api import Error

    end = time.monotonic() + seconds * _LOAD_SHARE
    try:
        await _load(tab, url, watch, done, end)
        run = await _run(tab, script, watch, end)
        if run.is_too_large:
            raise _StoppedError("invalid_answer", "the answer of axe-core is too large")
        if not _is_whole(run.result):
            raise _StoppedError("invalid_answer", "the page answered in the place of axe-core")
        done.result, done.final_url, done.frame_count = run.result, tab.url, run.frame_count
        if done.cause is None and run.unreached:
            done.cause, done.message = "frame_unreached", f"not examined: frame {', '.join(run.unreached[:3])}"
    except _StoppedError as error:
        done.cause, done.message = error.cause, error.message
    except Error as error:
        text = first_line(error)
        if await watch.is_gone(text):
            done.cause = "crashed"
        else:
            done.cause, done.message = "invalid_answer", text
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        done.cause, done.message = "invalid_answer", f"the answer of axe-core can't be read: {error}"


async def _run(tab: Tab, script: str, watch: _Watch, end: float) -> Run:
    """Run axe-core, anew where the page went elsewhere meanwhile."""
    from playwright.async_api import Error

    for attempt in range(_ATTEMPTS):
        if attempt:
            await _settled(tab, watch, end)
        shown_count = watch.shown_count
        try:
            return await run_axe(tab, script)
        except Error as error:
            # Also between two questions it may leave: no axe-core is in the page that came then.
            has_left = "Execution context" in str(error) or watch.shown_count > shown_count
            if not has_left or await watch.is_gone(first_line(error)):
                raise
    raise _StoppedError("never_idle", "the page keeps going elsewhere: nothing of it was examined")


def _is_whole(result: Any) -> bool:
    """Say whether it is what axe-core answers: a page may have put something else in its place."""
    if not isinstance(result, dict) or not isinstance(result.get("testEngine"), dict):
        return False
    return all(isinstance(result.get(group), list) for group in ("violations", "incomplete", "passes"))


async def _load(tab: Tab, url: str, watch: _Watch, done: TabAudit, end: float) -> None:
    """Load the page until it stands still; a page that takes too long is examined as it is then."""
    from playwright.async_api import Error
    from playwright.async_api import TimeoutError as TooSlowError

    try:
        await tab.goto(url, wait_until="commit", timeout=1000 * max(end - time.monotonic(), 1))
    except TooSlowError:
        raise _StoppedError("timeout", "the site gave no answer in time") from None
    except Error as error:
        raise await watch.failure(first_line(error)) from None
    if watch.status is not None and watch.status >= 400:
        raise _StoppedError("http_error", f"the page answered {watch.status}")
    if watch.media_type and watch.media_type not in _HTML:
        raise _StoppedError("not_html", f"the address gives {watch.media_type[:80]} and no page")
    if not await _is_ready(tab, ("interactive", "complete"), end):
        done.cause = "too_slow"
    elif not await _settled(tab, watch, end):
        done.cause = "never_idle"


async def _settled(tab: Tab, watch: _Watch, end: float) -> bool:
    """Wait until the page is loaded, and for what is asked after that; say whether it was loaded."""
    if not await _is_ready(tab, ("complete",), end):
        return False
    still = time.monotonic() + _STILL_SECONDS
    while watch.open_count and time.monotonic() < still:
        await asyncio.sleep(_POLL_SECONDS)
    return True


async def _is_ready(tab: Tab, states: tuple[str, ...], end: float) -> bool:
    """Wait until the document is in one of the states.

    Its events can't be waited for: they never come once a navigation of the page became a download.
    """
    from playwright.async_api import Error

    while True:
        try:
            if await tab.evaluate("document.readyState") in states:
                return True
        except Error as error:
            if "Execution context" not in str(error):
                raise
        if time.monotonic() >= end:
            return False
        await asyncio.sleep(_POLL_SECONDS)


class _Watch:
    """Listens to a tab: its status, what it asks for, and what it does to those who visit it."""

    def __init__(self, tab: Tab, gate: Gate) -> None:
        self.status: int | None = None
        self.url: str | None = None
        self.media_type = ""
        self.dialog_count = self.download_count = self.shown_count = 0
        self.crashed = asyncio.Event()
        self._open: set[Request] = set()
        self._answer: tuple[str, int | None, str] = ("", None, "")
        self._host = ""
        self._tab, self._gate = tab, gate
        tab.on("dialog", self._dismiss)
        tab.on("download", self._downloads)
        tab.on("popup", self._close)
        tab.on("crash", lambda _: self.crashed.set())
        tab.on("close", lambda _: self.crashed.set())
        tab.on("request", self._asked)
        tab.on("response", self._answered)
        tab.on("framenavigated", self._shown)
        tab.on("requestfinished", self._ended)
        tab.on("requestfailed", self._ended)

    @property
    def open_count(self) -> int:
        """Return how many requests are on their way that should end."""
        return len(self._open)

    def noticed(self) -> str:
        """Say what the page did beside showing itself."""
        words = [
            f"{count} {word}{'s' if count > 1 else ''} {what}"
            for count, word, what in (
                (self.dialog_count, "dialog", "dismissed"),
                (self.download_count, "download", "refused"),
            )
            if count
        ]
        return ", ".join(words)

    async def is_gone(self, text: str) -> bool:
        """Say whether the tab is there no more; the news of a crash may come after what it broke."""
        if "crashed" in text or "has been closed" in text or "Target closed" in text:
            return True
        if "ERR_ABORTED" in text:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.crashed.wait(), 2)
        return self.crashed.is_set()

    async def failure(self, text: str) -> _StoppedError:
        """Return why an address can't be opened."""
        if "Download is starting" in text:
            return _StoppedError("download")
        if await self.is_gone(text):
            return _StoppedError("crashed")
        if self.download_count:
            return _StoppedError("download")
        failed = self._gate.failures.get(self._host)
        if "SOCKS" in text and failed is not None:
            cause = _OF_STEP.get(failed.cause) or _OF_PROBE.get(str(failed), "no_answer")
            return _StoppedError(cause, str(failed))
        if "INTERNET_DISCONNECTED" in text or "NETWORK_CHANGED" in text or "PROXY" in text:
            return _StoppedError("own_network")
        if "ERR_CERT" in text or "ERR_SSL" in text:
            return _StoppedError("tls", text)
        return _StoppedError("no_answer", text)

    async def _dismiss(self, dialog: Any) -> None:
        from playwright.async_api import Error

        self.dialog_count += 1
        with contextlib.suppress(Error):
            await (dialog.accept() if dialog.type == "beforeunload" else dialog.dismiss())

    def _downloads(self, _: Any) -> None:
        self.download_count += 1

    async def _close(self, popup: Any) -> None:
        from playwright.async_api import Error

        with contextlib.suppress(Error):
            await popup.close()

    def _asked(self, request: Request) -> None:
        if request.resource_type not in _LASTING:
            self._open.add(request)
        if self._is_page(request):
            self._host = urlsplit(request.url).hostname or ""

    def _ended(self, request: Request) -> None:
        self._open.discard(request)

    def _answered(self, response: Any) -> None:
        if self._is_page(response.request):
            self._answer = response.url, response.status, response.headers.get("content-type", "")

    def _shown(self, frame: Frame) -> None:
        if frame != self._tab.main_frame:
            return
        self.shown_count += 1
        # An answer may also be a file that the page saves: only what the tab then shows is the page's own.
        url, status, media_type = self._answer
        if urldefrag(frame.url)[0] == urldefrag(url)[0]:
            self.status, self.url = status, url
            self.media_type = media_type.split(";")[0].strip().lower()

    def _is_page(self, request: Request) -> bool:
        return request.is_navigation_request() and request.frame == self._tab.main_frame

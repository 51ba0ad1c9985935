"""Pages of a journey in real Chromium, driven by Playwright: one browser, a fresh context for each page.

The page may be hostile: no downloads, no service workers, no permissions; dialogs are dismissed, windows that it opens
are closed, and all traffic goes through the gate. Playwright is the extra `browser`; Chromium is the system's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator, Collection, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tasks.journey_gate import Gate
from tasks.journey_run import Evidence, OpenPage, Page, Seen, StepError, label_pattern
from tasks.journeys import CSS

if TYPE_CHECKING:
    from playwright.async_api import Browser
    from playwright.async_api import Page as Tab

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
CONSOLE_LINES = 50
TEXT_LENGTH = 1_000_000
_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_LOOK = """(selectors) => ({
  title: document.title.slice(0, 500),
  text: (document.body ? document.body.innerText : "").slice(0, %d),
  counts: selectors.map((css) => document.querySelectorAll(css).length),
})"""


def browser_file(given: str | None) -> str:
    """Return the Chromium to start: the one given, else the first installed one by its usual names.

    Raises:
        StepError: there is none; the text says how to mend that.
    """
    for name in (given,) if given else NAMES:
        if found := shutil.which(name):
            return found
    raise StepError(
        "browser_missing",
        f"There is no browser {given}: mend the option browser."
        if given
        else "Chromium is not installed here: install the package chromium, or name a browser with the option browser.",
    )


@contextlib.asynccontextmanager
async def opened(given: str | None, private_hosts: Collection[str], step_seconds: float) -> AsyncIterator[OpenPage]:
    """Start a browser and return what opens pages in it, until the end of the block.

    Raises:
        StepError: it can't be started; the text says how to mend that.
    """
    async with launched(given, private_hosts) as (browser, gate):
        yield lambda: _open_page(browser, gate, step_seconds)


@contextlib.asynccontextmanager
async def launched(
    given: str | None, private_hosts: Collection[str], flags: Sequence[str] = ()
) -> AsyncIterator[tuple[Browser, Gate]]:
    """Start a browser behind a gate of its own, until the end of the block.

    Raises:
        StepError: it can't be started; the text says how to mend that.
    """
    path = browser_file(given)
    try:
        from playwright.async_api import Error, async_playwright
    except ImportError:
        raise StepError(
            "browser_missing", "Playwright is not installed here: pip install 'site-upkeep[browser]'."
        ) from None
    async with Gate(private_hosts).serving() as gate, async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=path,
                args=[*_FLAGS, *flags],
                # Chromium refuses its sandbox to root, as in most containers.
                chromium_sandbox=os.geteuid() != 0,
                proxy={"server": f"socks5://127.0.0.1:{gate.port}", "bypass": "<-loopback>"},
                timeout=20_000,
            )
        except Error as error:
            raise StepError("browser_missing", f"{path} can't be started: {first_line(error)}") from None
        try:
            yield browser, gate
        finally:
            with contextlib.suppress(Error):
                await browser.close()


@contextlib.asynccontextmanager
async def _open_page(browser: Browser, gate: Gate, step_seconds: float) -> AsyncIterator[Page]:
    from playwright.async_api import Error

    try:
        context = await browser.new_context(accept_downloads=False, service_workers="block", locale="en-GB")
        context.set_default_timeout(1000 * step_seconds)
        tab = await context.new_page()
    except Error as error:
        raise StepError("browser_crashed", f"the browser opens no page: {first_line(error)}") from None
    try:
        yield BrowserPage(tab, gate)
    finally:
        with contextlib.suppress(Error):
            await context.close()


class BrowserPage:
    """A tab."""

    can_change = True

    def __init__(self, tab: Tab, gate: Gate) -> None:
        """Listen to what the tab does by itself."""
        self.console: list[str] | None = []
        self._tab, self._gate = tab, gate
        self._status: int | None = None
        self._host = ""
        self._has_crashed = False
        tab.on("dialog", self._dismiss)
        tab.on("popup", self._close)
        tab.on("crash", self._crashed)
        tab.on("request", self._asked)
        tab.on("response", self._answered)
        tab.on("console", lambda message: self._said(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: self._said(str(error)))

    async def goto(self, url: str) -> None:
        """Open an address; what the page loads after its HTML is not waited for."""
        async with self._translated("no_answer"):
            await self._tab.goto(url, wait_until="domcontentloaded")

    async def fill(self, label: str, text: str) -> None:
        """Type into a field."""
        async with self._translated("field_missing", f"no field that can be typed into is labelled {label!r}"):
            await self._field(label).fill(text)

    async def select(self, label: str, option: str) -> None:
        """Choose an option by its visible text."""
        async with self._translated("field_missing", f"no field labelled {label!r} has an option {option!r}"):
            await self._field(label).select_option(label=option)

    async def check(self, label: str) -> None:
        """Tick a box."""
        async with self._translated("field_missing", f"no box is labelled {label!r}"):
            await self._field(label).check()

    async def click(self, name: str) -> None:
        """Click a button or a link."""
        if name.startswith(CSS):
            found = self._tab.locator(name.removeprefix(CSS))
        else:
            pattern = label_pattern(name)
            found = self._tab.get_by_role("button", name=pattern).or_(self._tab.get_by_role("link", name=pattern))
        async with self._translated("button_missing", f"no button or link that can be clicked is named {name!r}"):
            await found.first.click()
        async with self._translated("no_answer"):
            await self._tab.wait_for_load_state("domcontentloaded")

    async def look(self, selectors: tuple[str, ...]) -> Seen:
        """Return what it shows; nothing of a page that is about to give way to the next."""
        from playwright.async_api import Error

        self._raise_if_gone()
        try:
            found = await self._tab.evaluate(_LOOK % TEXT_LENGTH, list(selectors))
        except Error as error:
            self._raise_if_gone()
            if "not a valid selector" in str(error):
                raise StepError("configuration", f"there is no such CSS selector: {first_line(error)}") from None
            return Seen(url=self._tab.url, status=self._status)
        return Seen(
            url=self._tab.url,
            status=self._status,
            title=str(found["title"]),
            text=str(found["text"]),
            counts=dict(zip(selectors, found["counts"], strict=True)),
        )

    async def evidence(self, secrets: tuple[str, ...]) -> Evidence:
        """Take a picture, with the fields of passwords and secrets covered."""
        from playwright.async_api import Error

        if self._has_crashed:
            return Evidence(note="the page crashed before a picture could be taken")
        try:
            text = (await self.look(())).text
            if any(secret in text for secret in secrets):
                return Evidence(note="no picture was kept: the page shows a secret")
            # A page may copy what was typed from one field into another.
            masks = [self._tab.locator("input,textarea" if secrets else "input[type=password]")]
            picture = await self._tab.screenshot(mask=masks, timeout=4000, animations="disabled", caret="hide")
        except Error as error:
            return Evidence(note=f"no picture could be taken: {first_line(error)}")
        return Evidence(screenshot=picture)

    def _field(self, label: str) -> Any:
        if label.startswith(CSS):
            return self._tab.locator(label.removeprefix(CSS)).first
        return self._tab.get_by_label(label_pattern(label)).locator("visible=true").first

    @contextlib.asynccontextmanager
    async def _translated(self, cause: str, message: str = "") -> AsyncIterator[None]:
        """Say in our words what Playwright raises."""
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as TooSlowError

        self._raise_if_gone()
        try:
            yield
        except TooSlowError:
            self._raise_if_gone()
            raise StepError("too_slow" if cause == "no_answer" else cause, message) from None
        except Error as error:
            text = first_line(error)
            await self._await_news(text)
            self._raise_if_gone()
            if "crashed" in text or "has been closed" in text:
                raise StepError("browser_crashed") from None
            if "Download is starting" in text:
                raise StepError("download") from None
            if "net::" in text:
                raise self._network_error(text) from None
            if "selector" in text and message:
                raise StepError("configuration", text) from None
            raise StepError(cause, message or text) from None

    def _network_error(self, text: str) -> StepError:
        failure = self._gate.failures.get(self._host)
        if "SOCKS" in text and failure is not None:
            return failure
        if "INTERNET_DISCONNECTED" in text or "NETWORK_CHANGED" in text or "PROXY" in text:
            return StepError("own_network")
        return StepError("no_answer", f"the site gave no answer: {text.split('net::', 1)[-1].split(' ', 1)[0]}")

    def _raise_if_gone(self) -> None:
        if self._has_crashed or self._tab.is_closed():
            raise StepError("browser_crashed")

    async def _await_news(self, text: str) -> None:
        """Wait for the news of a crash, which may come after what it broke."""
        for _ in range(20 if "ERR_ABORTED" in text else 0):
            if self._has_crashed:
                return
            await asyncio.sleep(0.1)

    async def _dismiss(self, dialog: Any) -> None:
        from playwright.async_api import Error

        with contextlib.suppress(Error):
            # Staying on a page that asks "leave?" would hold the journey up.
            await (dialog.accept() if dialog.type == "beforeunload" else dialog.dismiss())

    async def _close(self, popup: Any) -> None:
        from playwright.async_api import Error

        with contextlib.suppress(Error):
            await popup.close()

    def _crashed(self, _: Any) -> None:
        self._has_crashed = True

    def _asked(self, request: Any) -> None:
        # Chromium's error names the address that a redirect began with, not the one that failed.
        if request.is_navigation_request() and request.frame == self._tab.main_frame:
            self._host = urlsplit(request.url).hostname or ""

    def _answered(self, response: Any) -> None:
        if response.request.is_navigation_request() and response.frame == self._tab.main_frame:
            self._status = response.status

    def _said(self, text: str) -> None:
        if self.console is not None and len(self.console) < CONSOLE_LINES:
            self.console.append(text[:2000])


def first_line(error: Exception) -> str:
    """Return the first line of what Playwright says, cut."""
    return str(error).strip().split("\n", 1)[0][:300]

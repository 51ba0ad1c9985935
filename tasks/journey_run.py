"""Run a journey on a page of any engine: steps with times and outcomes, a failure confirmed at once.

An engine gives pages (`Page`); what it can't do for a reason of ours, as no browser or no network, is unknown and
never the site's failure. No secret leaves this module in a text: `Clean` takes them out of everything that is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
import time
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import quote, quote_plus, unquote, urljoin, urlsplit

from tasks.contracts import SecretReference
from tasks.errors import SourceError
from tasks.journeys import Expect, Journey, Step
from tasks.redact import HIDDEN, redact

CAUSES = {
    "no_answer": "the site gave no answer",
    "too_slow": "the step was not done in time",
    "field_missing": "the page has no such field",
    "button_missing": "the page has no such button or link",
    "text_missing": "the page does not show the text that is expected",
    "text_shown": "the page shows a text that it must not show",
    "wrong_address": "the page is not the one that is expected",
    "wrong_status": "the status is not the one that is expected",
    "wrong_count": "the page has more or fewer elements than expected",
    "download": "the address gives a file and no page",
    "own_network": "our own connection failed: nothing is known of the site",
    "address_refused": "the page led to a private address, which is not asked: nothing is known of the site",
    "browser_missing": "no browser can be started here: nothing is known of the site",
    "browser_crashed": "the browser or its page crashed: nothing is known of the site",
    "needs_browser": "the step needs scripts, which this engine does not run: nothing is known of the site",
    "secret_missing": "a secret can't be read: nothing is known of the site",
    "configuration": "the journey can't be run as it is written: nothing is known of the site",
}
"""Every cause that a step can have; those of UNKNOWN make it unknown, all others failed."""

UNKNOWN = (
    "own_network",
    "address_refused",
    "browser_missing",
    "browser_crashed",
    "needs_browser",
    "secret_missing",
    "configuration",
)
_HOPELESS = ("address_refused", "browser_missing", "secret_missing", "configuration", "needs_browser")
_POLL_SECONDS = 0.1
_TEXT_LENGTH = 300


class StepError(Exception):
    """A step can't be done. `cause` is one of CAUSES; the text says what was seen, and may hold outside text."""

    def __init__(self, cause: str, message: str = "") -> None:
        super().__init__(message or CAUSES[cause])
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a page shows now; `counts` by CSS selector. None is not known."""

    url: str
    status: int | None
    title: str = ""
    text: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is kept of a failure: a picture in PNG, errors of the console, and why there is no picture."""

    screenshot: bytes | None = None
    note: str | None = None


class Page(Protocol):
    """One page of an engine, with cookies of its own. Every method raises StepError; a caller sets the deadline."""

    can_change: bool
    """Whether it may show something else later, without a step."""
    console: list[str] | None
    """Errors of its console, bounded; None where the engine has none."""

    async def goto(self, url: str) -> None:
        """Open an address."""

    async def fill(self, label: str, text: str) -> None:
        """Type into a field."""

    async def select(self, label: str, option: str) -> None:
        """Choose an option by its visible text."""

    async def check(self, label: str) -> None:
        """Tick a box."""

    async def click(self, name: str) -> None:
        """Click a button or a link."""

    async def look(self, selectors: tuple[str, ...]) -> Seen:
        """Return what it shows."""

    async def evidence(self, secrets: tuple[str, ...]) -> Evidence:
        """Return what is to be kept of a failure; a page that shows a secret gives no picture."""


OpenPage = Callable[[], AbstractAsyncContextManager[Page]]


class Clean:
    """Takes secrets, as typed, quoted or escaped, and control characters out of text that is to be kept."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        """Know every way in which the secrets can stand in a text."""
        forms = {form for s in secrets if s for form in (s, quote(s), quote(s, safe=""), quote_plus(s), html.escape(s))}
        self._forms = sorted(forms, key=len, reverse=True)

    def __call__(self, text: str, length: int = _TEXT_LENGTH) -> str:
        """Return the text as one line, cut."""
        text = text[: 100 * length]
        for form in self._forms:
            text = text.replace(form, HIDDEN)
        text = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in text)
        return redact(" ".join(text.split()))[:length]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One step: `outcome` passed, failed, unknown or not_run."""

    number: int
    action: str
    target: str
    outcome: str = "not_run"
    cause: str | None = None
    duration_ms: float | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One journey: the attempt that counts."""

    journey: Journey
    started_at: datetime
    attempt_count: int
    steps: tuple[StepResult, ...]
    seen: Seen | None = None
    console: tuple[str, ...] | None = None
    evidence: Evidence = Evidence()

    @property
    def last(self) -> StepResult | None:
        """Return the step that did not pass; None where all did."""
        return next((step for step in self.steps if step.outcome in ("failed", "unknown")), None)

    @property
    def outcome(self) -> str:
        """Return passed, failed or unknown."""
        return self.last.outcome if self.last else "passed"

    @property
    def total_ms(self) -> float | None:
        """Return the time of all steps, ms; None where none was made."""
        times = [step.duration_ms for step in self.steps if step.duration_ms is not None]
        return sum(times) if times else None


Secrets = Callable[[SecretReference], Awaitable[str]]


async def run_journey(
    journey: Journey,
    open_page: OpenPage,
    read_secret: Secrets,
    *,
    base: str,
    step_seconds: float = 10,
    journey_seconds: float = 60,
) -> Result:
    """Run a journey; where it does not pass, once more on a fresh page, unless that would send a form twice.

    Never raises for what the site, the network or the browser does.
    """
    started_at = datetime.now(UTC)
    try:
        secrets = await _secrets(journey, read_secret)
    except SourceError as error:
        step = _blank(journey, 0)
        unknown = StepResult(
            number=1,
            action=step.action,
            target=step.target,
            outcome="unknown",
            cause="secret_missing",
            message=str(error)[:_TEXT_LENGTH],
        )
        rest = tuple(_blank(journey, n) for n in range(1, len(journey.steps)))
        return Result(journey=journey, started_at=started_at, attempt_count=1, steps=(unknown, *rest))
    run = _Run(journey, open_page, secrets, base, step_seconds, journey_seconds)
    result = await run.attempt(started_at, 1)
    if _is_worth_repeating(journey, result.steps):
        result = await run.attempt(started_at, 2)
    return result


def _is_worth_repeating(journey: Journey, steps: Sequence[StepResult]) -> bool:
    ended = next((step for step in steps if step.outcome in ("failed", "unknown")), None)
    if ended is None or ended.cause in _HOPELESS:
        return False
    # A click may have sent what nobody knows to have arrived.
    has_sent = any(step.action == "click" and step.outcome != "not_run" for step in steps)
    return not (journey.writes and has_sent)


async def _secrets(journey: Journey, read: Secrets) -> dict[SecretReference, str]:
    wanted = {v for step in journey.steps for v in (step.fill or {}).values() if isinstance(v, SecretReference)}
    return {reference: await read(reference) for reference in wanted}


def _blank(journey: Journey, index: int) -> StepResult:
    step = journey.steps[index]
    return StepResult(number=index + 1, action=step.action, target=redact(step.target)[:_TEXT_LENGTH])


@dataclass(slots=True)
class _Run:
    journey: Journey
    open_page: OpenPage
    secrets: Mapping[SecretReference, str]
    base: str
    step_seconds: float
    journey_seconds: float

    async def attempt(self, started_at: datetime, number: int) -> Result:
        clean = Clean(tuple(self.secrets.values()))
        steps: list[StepResult] = []
        try:
            async with self.open_page() as page:
                end = time.monotonic() + self.journey_seconds
                for index in range(len(self.journey.steps)):
                    steps.append(await self._step(page, index, end, clean))
                    if steps[-1].outcome != "passed":
                        break
                has_ended = number == 2 or not _is_worth_repeating(self.journey, steps)
                seen, evidence = await self._look_back(
                    page, clean, is_wanted=has_ended and steps[-1].outcome == "failed"
                )
                console = None if page.console is None else tuple(clean(line) for line in page.console)
        except StepError as error:  # no page could be opened, or it could not be closed
            if not steps or steps[-1].outcome == "passed":
                index = min(len(steps), len(self.journey.steps) - 1)
                steps[index:] = [_outcome(_blank(self.journey, index), error, None, clean)]
            seen, console, evidence = None, None, Evidence()
        rest = (_blank(self.journey, index) for index in range(len(steps), len(self.journey.steps)))
        return Result(
            journey=self.journey,
            started_at=started_at,
            attempt_count=number,
            steps=(*steps, *rest),
            seen=seen,
            console=console,
            evidence=evidence,
        )

    async def _step(self, page: Page, index: int, end: float, clean: Clean) -> StepResult:
        step, blank = self.journey.steps[index], _blank(self.journey, index)
        start = time.monotonic()
        wanted = (step.expect and step.expect.within) or self.step_seconds
        seconds = min(wanted, max(end - start, 0.001))
        error: StepError | None = None
        try:
            # Engines keep to `seconds` themselves; the second is for those whose page does not answer any more.
            async with asyncio.timeout(seconds + 0.5):
                await self._do(page, step, seconds)
        except TimeoutError:
            error = StepError("too_slow", f"{CAUSES['too_slow']} ({seconds:.0f} s)")
        except StepError as caught:
            error = caught
        return _outcome(blank, error, 1000 * (time.monotonic() - start), clean)

    async def _do(self, page: Page, step: Step, seconds: float) -> None:
        if step.goto is not None:
            await page.goto(urljoin(self.base + "/", step.goto))
        elif step.expect is not None:
            await _expect(page, step.expect, seconds)
        elif step.click is not None:
            await page.click(step.click)
        elif step.check is not None:
            await page.check(step.check)
        else:
            for label, value in (step.fill or {}).items():
                await page.fill(label, self.secrets[value] if isinstance(value, SecretReference) else value)
            for label, option in (step.select or {}).items():
                await page.select(label, option)

    async def _look_back(self, page: Page, clean: Clean, *, is_wanted: bool) -> tuple[Seen | None, Evidence]:
        seen, evidence = None, Evidence()
        with contextlib.suppress(StepError, TimeoutError):
            async with asyncio.timeout(2):
                found = await page.look(())
                seen = Seen(url=clean(found.url), status=found.status, title=clean(found.title, 120))
        if is_wanted and seen is None:
            evidence = Evidence(note="the page did not answer any more, so there is no picture")
        elif is_wanted:
            evidence = Evidence(note="the page gave no picture in time")
            with contextlib.suppress(StepError, TimeoutError):
                async with asyncio.timeout(6):
                    evidence = await page.evidence(tuple(self.secrets.values()))
        return seen, evidence


def _outcome(blank: StepResult, error: StepError | None, duration_ms: float | None, clean: Clean) -> StepResult:
    return StepResult(
        number=blank.number,
        action=blank.action,
        target=clean(blank.target),
        outcome="passed" if error is None else "unknown" if error.cause in UNKNOWN else "failed",
        cause=error.cause if error else None,
        duration_ms=duration_ms,
        message=clean(str(error)) if error else None,
    )


async def _expect(page: Page, expect: Expect, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        problem = judge(expect, await page.look(tuple(expect.count)))
        if problem is None:
            return
        if time.monotonic() >= end or not page.can_change:
            raise problem
        await asyncio.sleep(_POLL_SECONDS)


def judge(expect: Expect, seen: Seen) -> StepError | None:
    """Compare what is seen with what is expected; return what is wrong first, or None."""
    where = f"at {urlsplit(seen.url).path or '/'}, status {seen.status or 'not known'}"
    text = " ".join(seen.text.split())
    if expect.status is not None and seen.status != expect.status:
        return StepError("wrong_status", f"the status is {seen.status or 'not known'}, expected {expect.status}")
    if expect.url is not None and not _is_at(expect.url, seen.url):
        return StepError("wrong_address", f"{where}; expected {expect.url}")
    if expect.text is not None and " ".join(expect.text.split()) not in text:
        return StepError("text_missing", f"the page does not show {expect.text!r} ({where})")
    if expect.no_text is not None and " ".join(expect.no_text.split()) in text:
        return StepError("text_shown", f"the page shows {expect.no_text!r} ({where})")
    for css, wanted in expect.count.items():
        if seen.counts.get(css) != wanted:
            found = seen.counts.get(css, "no number of")
            return StepError("wrong_count", f"{found} elements are {css!r}, expected {wanted} ({where})")
    return None


def label_pattern(label: str) -> re.Pattern[str]:
    """Return what the text of a label has to match: case and the mark of a field that is required do not matter."""
    return re.compile(rf"^\s*{re.escape(label)}\s*[*:]*\s*(\(?required\)?)?\s*$", re.IGNORECASE)


def _is_at(wanted: str, url: str) -> bool:
    """Say whether an address ends with what is wanted; `*` is any text, a query matters only where it is asked for."""
    parts = urlsplit(url)
    whole = url if "?" in wanted else f"{parts.scheme}://{parts.netloc}{parts.path or '/'}"
    return re.search(".*".join(map(re.escape, wanted.split("*"))) + "$", unquote(whole)) is not None

"""Run Lighthouse once on one page: a Chromium and a node of its own, with limits of time and memory.

Both are started as process groups of their own, and whole groups are ended, so that nothing stays behind. All traffic
goes through the gate of journeys: no page leads to a private address. One run at a time on a machine: others change
what is measured, so a lock is held across processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks import audit_programs
from tasks.audit_programs import MissingProgramError
from tasks.audits import CAUSES
from tasks.errors import SourceError
from tasks.lighthouse_result import ERRORS, LighthouseResult, result_of
from tasks.redact import excerpt
from warehouse.connection import exclusive

LOCK = Path(tempfile.gettempdir()) / f"site-upkeep-lighthouse-{os.getuid()}.lock"
LOCK_SECONDS = 3600.0
START_SECONDS = 20.0
RESULT_BYTES = 64 << 20
_POLL_SECONDS = 0.25
# What Lighthouse itself starts Chromium with, as far as it changes what is measured or asked for in the background:
# https://github.com/GoogleChrome/chrome-launcher/blob/main/docs/chrome-flags-for-tools.md
_FLAGS = (
    "--headless=new",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,CalculateNativeWinOcclusion,"
    "InterestFeedContentSuggestions,CertificateTransparencyComponentUpdater,AutofillServerCommunication,"
    "PrivacySandboxSettings4",
    "--disable-extensions",
    "--disable-component-extensions-with-background-pages",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-client-side-phishing-detection",
    "--disable-sync",
    "--metrics-recording-only",
    "--disable-default-apps",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-ipc-flooding-protection",
    "--disable-hang-monitor",
    "--password-store=basic",
    "--use-mock-keychain",
    "--force-fieldtrials=*BackgroundTracing/default/",
    "--disable-breakpad",
    "--disable-quic",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: what it says, what Lighthouse wrote (None where it wrote nothing), and how long it took."""

    result: LighthouseResult
    document: Mapping[str, Any] | None
    seconds: float
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """How a page is run. `extra` are options more for Chromium."""

    form_factor: str = "mobile"
    throttling_method: str = "simulate"
    seconds: float = 120
    memory_bytes: int = 3 << 30
    browser: str | None = None
    proxy_port: int | None = None
    extra: Sequence[str] = ()


async def run_once(url: str, how: How) -> Ran:
    """Run Lighthouse on a page, when nobody else on this machine does; whatever happens is a result with its cause.

    Raises:
        WarehouseBusyError: another process ran it all the time that this one waited.
    """
    lock = exclusive(LOCK, wait_seconds=LOCK_SECONDS, what="Lighthouse")
    await asyncio.to_thread(lock.__enter__)
    try:
        return await _run(url, how)
    finally:
        lock.__exit__(None, None, None)


async def _run(url: str, how: How) -> Ran:
    started = time.monotonic()
    try:
        node, lighthouse = audit_programs.node(), audit_programs.lighthouse()
        browser = audit_programs.chromium(how.browser)
    except MissingProgramError as error:
        return Ran(failed(error.cause, str(error)), None, 0)
    folder = Path(tempfile.mkdtemp(prefix="upkeep-lighthouse-"))
    watch = _Watch(started + how.seconds, how.memory_bytes)
    try:
        async with _started(_chromium(browser, folder, how), folder, Path(os.devnull)) as chromium:
            watch.groups.append(chromium.pid)
            port = await _port(folder / "profile" / "DevToolsActivePort", chromium, watch)
            if port is None:
                return Ran(failed("no_browser", f"{browser} can't be started"), None, time.monotonic() - started)
            command = _command(node, lighthouse.file, url, port, folder, how)
            async with _started(command, folder, folder / "stderr") as process:
                watch.groups.append(process.pid)
                cause = await watch.until_done(process)
            has_died = chromium.returncode is not None
        document = _document(folder / "result.json")
        seconds = time.monotonic() - started
        if document is not None and cause is None:
            return Ran(_result(document), document, seconds, watch.peak_bytes)
        said = (folder / "stderr").read_text(encoding="utf-8", errors="replace")
        cause = cause or ("crashed" if has_died else _cause_told(said))
        message = excerpt(said.strip().partition("\n")[0]) if cause == "tool_failed" else None
        return Ran(failed(cause, message), None, seconds, watch.peak_bytes)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def failed(cause: str, message: str | None = None) -> LighthouseResult:
    """Return a result without figures."""
    outcome, meaning = CAUSES[cause]
    return LighthouseResult(outcome=outcome, cause=cause, message=message or meaning)


def _result(document: Mapping[str, Any]) -> LighthouseResult:
    try:
        return result_of(document)
    except SourceError as error:
        return failed("invalid_answer", str(error))


def _cause_told(said: str) -> str:
    """Return the cause that Lighthouse names where it gives up without a result, as of a page that never rests."""
    code = re.search(r"LighthouseError: ([A-Z_]+)", said)
    return ERRORS.get(code[1], "tool_failed") if code else "tool_failed"


def _chromium(browser: str, folder: Path, how: How) -> list[str]:
    proxy = [f"--proxy-server=socks5://127.0.0.1:{how.proxy_port}", "--proxy-bypass-list=<-loopback>"]
    return [
        browser,
        *_FLAGS,
        *(proxy if how.proxy_port else []),
        # Chromium refuses its sandbox to root, as in most containers.
        *(["--no-sandbox"] if os.geteuid() == 0 else []),
        *how.extra,
        f"--user-data-dir={folder / 'profile'}",
        "--remote-debugging-port=0",
        "about:blank",
    ]


def _command(node: str, lighthouse: Path, url: str, port: int, folder: Path, how: How) -> list[str]:
    return [
        node,
        "--max-old-space-size=1024",
        str(lighthouse),
        url,
        f"--port={port}",
        "--output=json",
        f"--output-path={folder / 'result.json'}",
        "--quiet",
        "--locale=en",
        "--no-enable-error-reporting",
        "--disable-full-page-screenshot",
        f"--throttling-method={how.throttling_method}",
        *(["--preset=desktop"] if how.form_factor == "desktop" else []),
    ]


@contextlib.asynccontextmanager
async def _started(
    command: Sequence[str], folder: Path, errors_file: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a program as a group of its own that sees nothing of our environment; end the whole group."""
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "TMPDIR": str(folder), "LANG": "C.UTF-8"}
    with errors_file.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _port(file: Path, chromium: asyncio.subprocess.Process, watch: _Watch) -> int | None:
    """Return the port on which Chromium listens, as it writes it; None where it does not start."""
    deadline = min(time.monotonic() + START_SECONDS, watch.deadline)
    while time.monotonic() < deadline and chromium.returncode is None:
        with contextlib.suppress(OSError, ValueError):
            port, end_of_line, _ = file.read_text(encoding="ascii").partition("\n")
            if end_of_line:
                return int(port)
        await asyncio.sleep(0.02)
    return None


def _document(file: Path) -> Mapping[str, Any] | None:
    """Return what Lighthouse wrote, also where it failed; None where that is nothing or no JSON."""
    try:
        if file.stat().st_size > RESULT_BYTES:
            return None
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return document if isinstance(document, Mapping) else None


class _Watch:
    """Looks after process groups: how long they run, and how much memory they hold together."""

    def __init__(self, deadline: float, memory_bytes: int) -> None:
        self.deadline, self.groups, self.peak_bytes = deadline, list[int](), 0
        self._memory_bytes = memory_bytes

    async def until_done(self, process: asyncio.subprocess.Process) -> str | None:
        """Wait for the process; return the cause where a limit is reached before its end."""
        while process.returncode is None:
            if time.monotonic() >= self.deadline:
                return "timeout"
            held = await asyncio.to_thread(memory_of, self.groups)
            self.peak_bytes = max(self.peak_bytes, held)
            if held > self._memory_bytes:
                return "out_of_memory"
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), _POLL_SECONDS)
        return None


def memory_of(groups: Sequence[int]) -> int:
    """Return the memory that process groups hold, shared pages shared out (PSS), bytes; 0 where /proc is not there."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if int((folder / "stat").read_text().rpartition(")")[2].split()[2]) not in groups:
                continue
            for line in (folder / "smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) << 10
        except (OSError, ValueError, IndexError):
            continue  # it ended meanwhile
    return total

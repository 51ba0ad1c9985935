"""Pages a minute for axe-core at two in parallel, beside bare Playwright and axe-core in the same run; memory.

Rounds of ours and of the bare tools alternate, so that both meet the same machine. Goal: an overhead under 15%. Memory
is what Chromium and Python hold together (proportional set size), sampled while 200 pages are audited.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tasks import audit_programs, axe_browser
from tasks.audit_formats.axe import page_result
from tasks.axe_run import OPTIONS
from tasks.errors import SourceError

PAGES, ROUNDS, MANY = 16, 5, 200
_ROW = '<tr><td><a href="/{0}">Row {0}</a></td><td style="color:#888">pale</td><td><img src="data:,"></td></tr>'
_PAGE = (
    '<!doctype html><html lang="en"><head><title>Page</title></head><body><main><h1>Page</h1><table>'
    + "".join(_ROW.format(number) for number in range(20))
    + "</table><form>"
    + "".join(f'<input name="f{number}">' for number in range(10))
    + "</form></main></body></html>"
).encode()


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit); says so where Chromium or axe-core is not installed."""
    try:
        script, browser = audit_programs.axe().file.read_text(encoding="utf-8"), audit_programs.chromium()
    except SourceError as error:
        yield f"axe: {error}"[:62], 0, "pages/min"
        return
    with _served() as address:
        urls = [f"{address}/{number}" for number in range(PAGES)]
        ours, bare = [], []
        for number in range(ROUNDS + 1):  # the first warms up
            pair = (asyncio.run(_ours(urls, script, browser)), asyncio.run(_bare(urls, script, browser)))
            if number:
                ours.append(pair[0])
                bare.append(pair[1])
        yield "axe: pages a minute, two in parallel", 60 * PAGES / statistics.median(ours), "pages/min"
        yield "axe: the same with bare Playwright and axe-core", 60 * PAGES / statistics.median(bare), "pages/min"
        ratios = [mine / other for mine, other in zip(ours, bare, strict=True)]
        yield "axe: ours to bare, median of rounds (goal under 1.15)", statistics.median(ratios), "ratio"
        held: list[int] = []
        with _sampled(held):
            asyncio.run(_ours([f"{address}/{number}" for number in range(MANY)], script, browser))
    third = max(len(held) // 3, 1)
    yield f"axe: memory of Chromium and Python, {MANY} pages, most", max(held, default=0) / 2**20, "MiB"
    yield (
        "axe: last third of them to the first, median",
        statistics.median(held[-third:]) / statistics.median(held[:third]),
        "ratio",
    )


async def _ours(urls: list[str], script: str, browser: str) -> float:
    start, found = time.perf_counter(), []

    def take(page: axe_browser.PageAudit) -> None:
        assert page.cause is None and page.result is not None, page
        found.append(len(page_result(page.result, page.url).findings))

    await axe_browser.audit_pages(
        urls, script, browser=browser, private_hosts=["127.0.0.1"], page_seconds=60, on_page=take
    )
    assert len(found) == len(urls) and len(set(found)) == 1
    return time.perf_counter() - start


async def _bare(urls: list[str], script: str, browser: str) -> float:
    from playwright.async_api import async_playwright

    start, waiting = time.perf_counter(), list(urls)
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=browser, chromium_sandbox=os.geteuid() != 0)
        context = await chromium.new_context()

        async def work() -> None:
            while waiting:
                url = waiting.pop()
                page = await context.new_page()
                await page.goto(url, wait_until="load")
                await page.evaluate(script)
                result = await page.evaluate("(options) => axe.run(document, options)", OPTIONS)
                assert result["violations"]
                await page.close()

        await asyncio.gather(*(work() for _ in range(axe_browser.PARALLEL)))
        await chromium.close()
    return time.perf_counter() - start


@contextlib.contextmanager
def _sampled(held: list[int]) -> Iterator[None]:
    """Sample the memory of this process and all below it, bytes, until the end of the block."""
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(0.5):
            held.append(sum(map(_bytes_of, _tree(os.getpid()))))

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _tree(process: int) -> list[int]:
    found = [process]
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [below for child in path.read_text().split() for below in _tree(int(child))]
    return found


def _bytes_of(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer with the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)


@contextlib.contextmanager
def _served() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()

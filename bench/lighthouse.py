"""Seconds and memory of a run of Lighthouse on a local page, beside the bare command by turns, options alike."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tasks import audit_programs
from tasks.audit_programs import MissingProgramError
from tasks.contracts import Context
from tasks.journey_gate import Gate
from tasks.lighthouse_landing import records_of
from tasks.lighthouse_run import How, Ran, run_once

RUNS = 3
PAGE = b"""<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A page</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"></head>
<body><main><h1>A page</h1>%s</main></body></html>""" % (b"<p>Text of some length.</p>" * 200)


class _Pages(BaseHTTPRequestHandler):
    def do_GET(self) -> None:  # the name of the protocol
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit); nothing where Lighthouse or Chromium is missing."""
    try:
        audit_programs.node(), audit_programs.lighthouse(), audit_programs.chromium()
    except MissingProgramError:
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    ours, bare, peaks = [], [], []
    for _ in range(RUNS):
        seconds, ran = asyncio.run(_ours(url))
        ours.append(seconds)
        peaks.append(ran.peak_bytes)
        bare.append(_bare(url))
    server.shutdown()
    yield f"lighthouse: a run with parsing, median of {RUNS}", statistics.median(ours), "s"
    yield f"lighthouse: the bare command, median of {RUNS}, by turns", statistics.median(bare), "s"
    yield "lighthouse: more than the bare command", 100 * (statistics.median(ours) / statistics.median(bare) - 1), "%"
    yield "lighthouse: memory at most (PSS, node and Chromium)", max(peaks) / 1e6, "MB"


async def _ours(url: str) -> tuple[float, Ran]:
    start = time.perf_counter()
    async with Gate(["127.0.0.1"]).serving() as gate:
        ran = await run_once(url, How(proxy_port=gate.port))
    context = Context(site_id="one", source_id="lab", time_zone="UTC", host="127.0.0.1", collected_at=datetime.now(UTC))
    records_of(context, "lighthouse", url, datetime.now(UTC), [ran], form_factor="mobile")
    if ran.result.outcome != "complete":
        raise SystemExit(f"Lighthouse did not complete: {ran.result.cause}: {ran.result.message}")
    return time.perf_counter() - start, ran


def _bare(url: str) -> float:
    flags = "--headless=new" + (" --no-sandbox" if os.geteuid() == 0 else "")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "result.json"
        command = [
            audit_programs.node(), str(audit_programs.lighthouse().file), url,
            "--output=json", f"--output-path={out}", "--quiet", "--locale=en",
            "--no-enable-error-reporting", "--disable-full-page-screenshot", f"--chrome-flags={flags}",
        ]  # fmt: skip
        start = time.perf_counter()
        subprocess.run(command, check=True, env={**os.environ, "CHROME_PATH": audit_programs.chromium()})
        return time.perf_counter() - start

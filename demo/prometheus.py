"""A local server that answers history as Prometheus does, out of the files of demo.uptime.

Only range selectors of one instance, as `probe_success{instance="https://site.example/"}[7d]`, in `/api/v1/query`:
https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

METRICS = {
    "probe_success": "success",
    "probe_http_status_code": "status",
    "probe_duration_seconds": "seconds",
    "probe_ssl_earliest_cert_expiry": "expiry",
}
"""Array of the files by metric."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
MAX_BODY = 1 << 20
_QUERY = re.compile(
    r'\s*(?P<metric>[a-zA-Z_:][\w:]*)\s*\{\s*instance\s*=\s*"(?P<instance>(?:[^"\\]|\\.)*)"\s*,?\s*\}'
    r"\s*\[\s*(?P<range>(?:\d+[smhdw])+)\s*\]\s*",
    re.ASCII,
)

Series = Mapping[str, np.ndarray]


class BadQueryError(ValueError):
    """A query or a time that can't be answered."""


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve the uptime history of a generated quarter on a free local port while the block runs.

    Args:
        folder: what `demo.generate.generate` wrote to.

    Yields:
        The address of the server, as http://127.0.0.1:40123
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(load(folder)))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="demo-prometheus", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def load(folder: Path) -> dict[str, Series]:
    """Return the checks of every site by instance."""
    found: dict[str, Series] = {}
    for path in sorted((folder / "prometheus").glob("*.npz")):
        with np.load(path) as arrays:
            found[str(arrays["instance"])] = {name: arrays[name] for name in arrays.files if name != "instance"}
    return found


def answer(series: Mapping[str, Series], query: str, at: float) -> dict[str, Any]:
    """Return the matrix of one range selector at a time; samples of (at - range, at], the start left out.

    Raises:
        BadQueryError: the query is no range selector of one instance.
    """
    match = _QUERY.fullmatch(query)
    if not match:
        raise BadQueryError(
            'invalid parameter "query": parse error: not a selector as probe_success{instance="..."}[7d]'
        )
    instance = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), match["instance"])
    seconds = sum(int(count) * UNITS[unit] for count, unit in re.findall(r"(\d+)([smhdw])", match["range"]))
    values: list[list[Any]] = []
    if instance in series and match["metric"] in METRICS:
        arrays = series[instance]
        first, last = np.searchsorted(arrays["time"], [at - seconds, at], side="right")
        values = _values(arrays, METRICS[match["metric"]], slice(first, last))
    metric = {"__name__": match["metric"], "instance": instance, "job": "blackbox"}
    result = [{"metric": metric, "values": values}] if values else []
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def _values(arrays: Series, name: str, window: slice) -> list[list[Any]]:
    times, values = arrays["time"][window], arrays[name][window]
    if name == "expiry":  # a check that saw no certificate has no sample
        times, values = times[values > 0], values[values > 0]
    return [[at, f"{value:.16g}"] for at, value in zip(times.tolist(), values.tolist(), strict=True)]


def _time(text: str | None) -> float:
    """Return unix time from a number or RFC 3339; now where none is given, as Prometheus does."""
    if text is None:
        return time.time()
    problem = BadQueryError(f'invalid parameter "time": cannot parse "{text}" to a valid timestamp')
    try:
        at = float(text)
    except ValueError:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise problem from None
        at = moment.timestamp() if moment.tzinfo else math.nan
    if not math.isfinite(at):
        raise problem
    return at


def _handler(series: Mapping[str, Series]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._respond(lambda: urllib.parse.urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._respond(self._form)

        def _form(self) -> str:
            length = self.headers.get("Content-Length", "0")
            if not length.isascii() or not length.isdigit() or int(length) > MAX_BODY:
                self.close_connection = True
                raise BadQueryError(f"the body is to have a Content-Length of {MAX_BODY:,} bytes at most")
            body = self.rfile.read(int(length)).decode("utf-8", "replace")
            return f"{urllib.parse.urlsplit(self.path).query}&{body}"

        def _respond(self, parameters: Callable[[], str]) -> None:
            try:
                given = dict(urllib.parse.parse_qsl(parameters()))
                if urllib.parse.urlsplit(self.path).path != "/api/v1/query":
                    status, content = 404, _error("not_found", "only /api/v1/query is served here")
                else:
                    status, content = 200, answer(series, given.get("query", ""), _time(given.get("time")))
            except (BadQueryError, OverflowError) as error:
                status, content = 400, _error("bad_data", str(error))
            data = json.dumps(content, separators=(",", ":")).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Stay silent: whoever runs the demo looks at its progress."""

    return Handler


def _error(kind: str, text: str) -> dict[str, Any]:
    return {"status": "error", "errorType": kind, "error": text}

"""A thousand TLS sites a minute through the real thing: a Prefect server, a process worker and what prefect.yaml says.

    python -m bench.deployment [MINUTES] [GAP_MINUTES]

runs the deployment for MINUTES (10), kills the worker for GAP_MINUTES (7; 0 leaves that out), goes on for three more,
and fails where a slot was missed, a check was lost, or the gap is told as anything but unknown time.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from bench.uptime import certificates, serve
from tasks.settings import Settings
from warehouse.connection import open_live
from warehouse.load import load
from warehouse.records import CheckResult

SITES = 1000
ROW_SLOTS = 20
STOP_SECONDS = 30
AFTER_MINUTES = 3
ROOT = Path(__file__).parent.parent
PREFECT = str(Path(sys.executable).parent / "prefect")


def run(minutes: int = 10, gap_minutes: int = 7) -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        certificates(folder)
        ours, theirs = multiprocessing.Pipe()
        website = multiprocessing.get_context("spawn").Process(target=serve, args=(f"{name}/server.pem", theirs))
        website.start()
        theirs.close()
        (folder / "sites.yaml").write_text(_sites(ours.recv(), folder))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        env = os.environ | {
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "UPKEEP_HOME": str(ROOT),
            "UPKEEP_SITES": str(folder / "sites.yaml"),
            "UPKEEP_VAR": str(folder / "var"),
        }
        server = _start(folder / "server.log", env, "server", "start", "--host", "127.0.0.1", "--port", str(port))
        worker = None
        try:
            with httpx.Client(base_url=env["PREFECT_API_URL"], trust_env=False, timeout=30) as client:
                _wait_for_server(client)
                for command in (("work-pool", "create", "upkeep", "--type", "process"), ("deploy", "--all")):
                    subprocess.run(
                        [PREFECT, "--no-prompt", *command], env=env, cwd=ROOT, check=True, capture_output=True
                    )
                # A whole slot ahead, so that the start of the worker costs none.
                start = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)
                worker = _worker(folder, env)
                _sleep_until(start + timedelta(minutes=minutes, seconds=-5))
                spans = [(start, minutes)]
                usage = [_stop(worker, signal.SIGKILL if gap_minutes else signal.SIGTERM)]
                if gap_minutes:
                    again = start + timedelta(minutes=minutes + gap_minutes)
                    _sleep_until(again - timedelta(seconds=20))
                    worker = _worker(folder, env)
                    _sleep_until(again + timedelta(minutes=AFTER_MINUTES, seconds=-5))
                    # The runs that wait from the gap end at once as stale, but take the first slot.
                    spans.append((again + timedelta(minutes=1), AFTER_MINUTES - 1))
                    usage.append(_stop(worker, signal.SIGTERM))
                worker = None
                runs = _runs(client)
        finally:
            if worker:
                _stop(worker, signal.SIGKILL)
            served = _stop(server, signal.SIGTERM)
            ours.send("stop")
            accepts = ours.recv()
            website.join()
        settings = Settings(folder / "sites.yaml", folder / "var")
        load(settings.spool, settings.warehouse)  # what the last run landed when it was ended
        yield from _figures(runs, spans, settings.warehouse, accepts)
        yield from _gap(settings.warehouse, gap_minutes)
        yield from _rows(Settings(folder / "sites.yaml", folder / "rows"))
        used = usage[0].ru_utime + usage[0].ru_stime
        yield "deployment: CPU of the worker and its runs", used / minutes, "s a minute"
        total = minutes + (gap_minutes + AFTER_MINUTES if gap_minutes else 0)
        yield "deployment: CPU of the Prefect server", (served.ru_utime + served.ru_stime) / total, "s a minute"
        yield "deployment: largest process of the worker", usage[0].ru_maxrss / 1024, "MB"
        yield "deployment: largest process of the server", served.ru_maxrss / 1024, "MB"


def _figures(
    runs: list[dict[str, Any]], spans: list[tuple[datetime, int]], warehouse: Path, accepts: int
) -> Iterator[tuple[str, float, str]]:
    slots = {start + timedelta(minutes=n) for start, minutes in spans for n in range(minutes)}
    by_slot = {_slot_of(run): run for run in runs if run["start_time"]}
    done = {slot: run for slot, run in by_slot.items() if slot in slots and run["state_type"] == "COMPLETED"}
    late = [(datetime.fromisoformat(run["start_time"]) - slot).total_seconds() for slot, run in done.items()]
    with open_live(warehouse, wait_seconds=60) as con:
        (rows, checks, sites, loaded) = con.execute(
            "SELECT count(*), count(*) FILTER (attempt = 1), count(DISTINCT site_id),"
            " count(*) FILTER (outcome = 'up') FROM raw.check_result"
        ).fetchall()[0]
        gaps = con.execute(
            "SELECT site_id, max(date_diff('second', start_at, next_at)) FROM (SELECT site_id, start_at, lead(start_at)"
            " OVER (PARTITION BY site_id ORDER BY start_at) AS next_at FROM staging.check_span) GROUP BY site_id"
        ).fetchall()
        down = con.execute("SELECT sum(down_seconds), sum(up_seconds) FROM marts.availability_day").fetchall()[0]
    for slot in sorted(slots - done.keys()):
        states = [f"{run['state_name']}: {run['state'].get('message')}" for run in runs if _slot_of(run) == slot]
        print(f"missed {slot:%H:%M}: {'; '.join(states) or 'no run'}", file=sys.stderr, flush=True)
    yield "deployment: slots of a minute", len(slots), "count"
    yield "deployment: slots missed", len(slots - done.keys()), "count"
    assert late, "no slot was checked: see worker.log"
    yield "deployment: start after the slot, median", statistics.median(late), "s"
    yield "deployment: start after the slot, worst", max(late), "s"
    yield "deployment: one run, median", statistics.median(run["total_run_time"] for run in done.values()), "s"
    yield "deployment: checks stored", checks, "count"
    yield "deployment: connections the server saw", accepts, "count"
    yield "deployment: longest time between two checks of a site", max(seconds for _, seconds in gaps), "s"
    yield "deployment: time told as down", float(down[0]), "s"
    assert rows == loaded, "a check of a site that was up is not up"
    assert sites == SITES and accepts >= rows >= SITES * len(slots), (sites, accepts, rows)
    assert not slots - done.keys(), "a slot was missed"
    assert down[0] == 0, "a gap was told as downtime"
    # Each check speaks for its own minute and for nothing of the gap.
    assert float(down[1]) <= 60.0 * checks, (down, checks)


def _slot_of(run: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(run["expected_start_time"])


def _gap(warehouse: Path, gap_minutes: int) -> Iterator[tuple[str, float, str]]:
    """Show what the marts say of the time from the first check to the last: the gap is in no availability."""
    with open_live(warehouse, wait_seconds=60) as con:
        watched, up, down, least = con.execute(
            "WITH watched AS (SELECT site_id, date_diff('second', min(start_at), max(end_at)) AS seconds"
            " FROM staging.check_span GROUP BY site_id), known AS (SELECT site_id, sum(up_seconds) AS up,"
            " sum(down_seconds) AS down FROM marts.availability_day GROUP BY site_id)"
            " SELECT median(seconds), median(up), median(down), min(100 * up / (up + down))"
            " FROM watched JOIN known USING (site_id)"
        ).fetchall()[0]
    unknown = float(watched - up - down)
    yield "deployment: a site, from its first check to its last", float(watched), "s"
    yield "deployment: of it up", float(up), "s"
    yield "deployment: of it down", float(down), "s"
    yield "deployment: of it unknown", unknown, "s"
    yield "deployment: known of it", 100 * (1 - unknown / float(watched)), "%"
    yield "deployment: availability of what is known, the worst site", float(least), "%"
    # The first slot after a gap may go to the runs that waited; slots begin a little early or late.
    assert 60 * gap_minutes - 60 <= unknown <= 60 * gap_minutes + 120, f"{unknown} s are unknown"


def _rows(settings: Settings) -> Iterator[tuple[str, float, str]]:
    """Land and load results as the deployment does, a batch for each slot, with nothing beside it."""
    now = datetime.now(UTC).replace(second=0, microsecond=0)

    def slot(number: int) -> None:
        at = now - timedelta(minutes=number)
        rows = [
            CheckResult(
                site_id=f"s{n}",
                source_id=f"s{n}-uptime",
                url=f"https://localhost/{n}",
                slot_at=at,
                checked_at=at,
                attempt=1,
                interval_seconds=60,
                outcome="up",
                check_type="http",
                cause=None,
                status=200,
                dns_ms=1.0,
                connect_ms=10.0,
                tls_ms=20.0,
                first_byte_ms=50.0,
                total_ms=81.0 + n,
                certificate_not_after_at=at + timedelta(days=60),
                is_certificate_valid=True,
                message=None,
            )
            for n in range(SITES)
        ]
        settings.spool.land(uuid.uuid4().hex, {"check_result": rows}, collector="uptime_http", parser_version="bench/1")

    slot(0)
    load(settings.spool, settings.warehouse)  # makes the warehouse
    start = time.perf_counter()
    for number in range(1, ROW_SLOTS + 1):
        slot(number)
    landed = time.perf_counter()
    assert load(settings.spool, settings.warehouse).row_count == ROW_SLOTS * SITES
    yield "deployment: results landed a second, by batches of a slot", ROW_SLOTS * SITES / (landed - start), "rows/s"
    yield "deployment: results loaded a second", ROW_SLOTS * SITES / (time.perf_counter() - landed), "rows/s"


def _sites(port: int, folder: Path) -> str:
    head = "agency: {name: A, contact: a@a.example}\nclients: [{id: c, name: C}]\nsites:\n"
    site = (
        "  - {{id: s{n}, name: S{n}, client: c, url: 'https://localhost:{port}/{n}', platform: other, time_zone: UTC,"
        " owner: {{name: O, email: o@a.example}}, sources: [{{kind: uptime_http, ca_file: ca.pem}}]}}\n"
    )
    return head + "".join(site.format(n=n, port=port) for n in range(SITES))


def _worker(folder: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    return _start(folder / "worker.log", env, "worker", "start", "--pool", "upkeep", "--type", "process")


def _start(log: Path, env: dict[str, str], *arguments: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            [PREFECT, *arguments], env=env, cwd=ROOT, stdout=out, stderr=out, start_new_session=True
        )


def _stop(process: subprocess.Popen[bytes], how: signal.Signals) -> Any:
    """End a process group, by force after a while, and return what it and those that it waited for used."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    deadline = time.monotonic() + STOP_SECONDS
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.1)
    _, status, usage = ended
    process.returncode = os.waitstatus_to_exitcode(status)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    return usage


def _wait_for_server(client: httpx.Client) -> None:
    for _ in range(180):
        with contextlib.suppress(httpx.TransportError):
            if client.get("/health").status_code == 200:
                return
        time.sleep(0.5)
    raise RuntimeError("the Prefect server did not start within 90 s")


def _sleep_until(moment: datetime) -> None:
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))


def _runs(client: httpx.Client) -> list[dict[str, Any]]:
    body = {"flows": {"name": {"any_": ["collect-uptime"]}}, "limit": 200, "sort": "EXPECTED_START_TIME_ASC"}
    found: list[dict[str, Any]] = client.post("/flow_runs/filter", json=body).raise_for_status().json()
    return found


if __name__ == "__main__":
    for what, value, unit in run(*(int(argument) for argument in sys.argv[1:])):
        print(f"{what:62} {value:12,.2f} {unit}", flush=True)
    print("END", flush=True)

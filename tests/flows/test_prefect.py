"""A real Prefect server and a real process worker run what prefect.yaml says."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import http_server
from tests.tasks.collect.test_uptime_prometheus import SINCE, UNTIL, prometheus, replay
from warehouse.connection import open_snapshot

ROOT = Path(__file__).parent.parent.parent
PREFECT = str(Path(sys.executable).parent / "prefect")

pytestmark = [pytest.mark.slow, pytest.mark.server]

SITES = """
agency: {{name: Northlight Studio, contact: hello@northlight.example, alerts: [{{kind: prefect, id: events}}]}}
clients: [{{id: one, name: One}}]
sites:
  - id: one
    name: One
    client: one
    url: {url}
    platform: other
    time_zone: Europe/London
    owner: {{name: O, email: o@a.example}}
    sources:
      - {{kind: uptime_http}}
      - {{kind: uptime_prometheus, url: "{history}", token: {{prefect: prometheus-token}}}}
  - id: gone
    name: Gone
    client: one
    url: http://127.0.0.1:9/
    platform: other
    time_zone: Europe/London
    owner: {{name: O, email: o@a.example}}
    sources: [{{kind: uptime_http}}]
"""
SECRET = "seventeen-blue-herons"
SAVE_SECRET = "import sys; from prefect.blocks.system import Secret; Secret(value=sys.argv[1]).save('prometheus-token')"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def process(*command: str, env: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a process group of its own, and end the whole group."""
    with log.open("wb") as out:
        started = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=log.parent, start_new_session=True)
        try:
            yield started
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGTERM)
            try:
                started.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait()


def running(needle: str) -> list[int]:
    """Return the processes that have this in their environment; none where there is no /proc."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if needle.encode() in (folder / "environ").read_bytes() and _state(folder) != b"Z":
                found.append(int(folder.name))
    return found


def _state(folder: Path) -> bytes:
    return (folder / "stat").read_bytes().rpartition(b")")[2].split()[0]


@contextlib.contextmanager
def website() -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    with http_server(Quiet) as server:
        yield f"http://127.0.0.1:{server.server_port}/"


@contextlib.contextmanager
def prefect_server(folder: Path, **more: str) -> Iterator[tuple[dict[str, str], httpx.Client]]:
    """Run a Prefect server; give the environment in which its commands and the configuration in `folder` work, and its API."""
    host, port = "127.0.0.1", free_port()
    env = os.environ | {
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_API_URL": f"http://{host}:{port}/api",
        "UPKEEP_HOME": str(ROOT),
        "UPKEEP_SITES": str(folder / "sites.yaml"),
        "UPKEEP_VAR": str(folder / "var"),
        # What its quick look at new deployments misses comes soon all the same.
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "5",
        **more,
    }
    command = (PREFECT, "server", "start", "--host", host, "--port", str(port))
    with (
        process(*command, env=env, log=folder / "server.log"),
        httpx.Client(
            base_url=env["PREFECT_API_URL"],
            trust_env=False,
            timeout=30,
            event_hooks={"response": [httpx.Response.raise_for_status]},
        ) as client,
    ):
        wait_for("a healthy server", lambda: client.get("/health").status_code == 200, 90)
        yield env, client


def prefect(env: dict[str, str], *arguments: str) -> str:
    """Run one command of Prefect and return what it says."""
    done = subprocess.run(
        [PREFECT, "--no-prompt", *arguments], env=env, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def wait_for(what: str, check: Callable[[], Any], seconds: float) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.HTTPError):  # it starts, or its own database is busy
            if found := check():
                return found
        time.sleep(0.5)
    raise AssertionError(f"{what} did not happen within {seconds:g} s")


def run_to_end(env: dict[str, str], client: httpx.Client, deployment: str, *options: str) -> None:
    """Run a deployment by hand, again where a run of its schedule had its place."""

    def ended() -> dict | None:
        run: dict = client.get(f"/flow_runs/{number}").json()
        return run if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") else None

    state = "CANCELLED"
    while state == "CANCELLED":
        said = prefect(env, "deployment", "run", deployment, *options)
        number = re.findall(r"UUID: ([0-9a-f-]{36})", said)[0]
        run = wait_for(f"the end of {deployment}", ended, 180)
        state = run["state_type"]
    assert state == "COMPLETED", run


def test_deployments_run_on_schedule_and_by_hand_and_the_rows_are_published(tmp_path: Path) -> None:
    authorizations: list[str | None] = []
    with website() as url, prometheus(replay, authorizations) as history, contextlib.ExitStack() as stack:
        (tmp_path / "sites.yaml").write_text(SITES.format(url=url, history=history))
        env, client = stack.enter_context(prefect_server(tmp_path, PREFECT_WORKER_QUERY_SECONDS="2"))
        subprocess.run([sys.executable, "-c", SAVE_SECRET, SECRET], env=env, cwd=ROOT, check=True, capture_output=True)
        prefect(env, "work-pool", "create", "upkeep", "--type", "process")
        prefect(env, "deploy", "--all")
        scheduled = {"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        wait_for("60 scheduled runs", lambda: client.post("/flow_runs/count", json=scheduled).json() > 60, 150)
        limits = {d["name"]: d["concurrency_options"] for d in client.post("/deployments/filter", json={}).json()}
        assert limits["every-minute"]["collision_strategy"] == "CANCEL_NEW"

        # An automation of one's own: whoever goes down has the warehouse tidied.
        (tidy,) = (d["id"] for d in client.post("/deployments/filter", json={}).json() if "tidy" in d["entrypoint"])
        automation = {
            "name": "tidy-when-down",
            "trigger": {
                "type": "event", "posture": "Reactive", "threshold": 1, "within": 0,
                "expect": ["upkeep.incident_opened"], "match": {"prefect.resource.id": "upkeep.source.gone.*"},
            },
            "actions": [{"type": "run-deployment", "source": "selected", "deployment_id": tidy, "parameters": {}}],
        }  # fmt: skip
        prefect(env, "automation", "create", "--from-json", json.dumps(automation))
        worker = (PREFECT, "worker", "start", "--pool", "upkeep", "--type", "process", "--limit", "4")
        stack.enter_context(process(*worker, env=env, log=tmp_path / "worker.log"))

        def completed(flow: str) -> list[dict]:
            body = {
                "flows": {"name": {"any_": [flow]}},
                "flow_runs": {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED"]}}},
            }
            runs = client.post("/flow_runs/filter", json=body).json()
            assert all(run["state_type"] == "COMPLETED" for run in runs), (
                json.dumps(runs)[:2000] + (tmp_path / "worker.log").read_text()[-3000:]
            )
            return runs

        (run, *_) = wait_for(
            "a scheduled uptime run", lambda: [r for r in completed("collect-uptime") if r["auto_scheduled"]], 300
        )
        assert run["name"].startswith("all sites · ")
        prefect(env, "deployment", "run", "send-alerts/every-minute")
        # What was seen while the snapshot was made is loaded a minute later, and told by the run after that.
        wait_for("a run that the automation started", lambda: completed("tidy-warehouse"), 420)
        window = ("--param", f"since={SINCE.isoformat()}", "--param", f"until={UNTIL.isoformat()}")
        run_to_end(env, client, "import-uptime/nightly", *window)  # with a secret out of a block
        run_to_end(env, client, "publish-snapshot/every-quarter-hour")
        quarter = f"{run['start_time'][:4]}Q{(int(run['start_time'][5:7]) - 1) // 3 + 1}"
        run_to_end(env, client, "report-quarterly/quarterly", "--param", f"quarter={quarter}")
        logs = json.dumps(client.post("/logs/filter", json={}).json())
        artifacts = {a["key"] for a in client.post("/artifacts/filter", json={}).json()}
    assert {"collect-uptime", "publish-snapshot", "report-quarterly", f"report-one-{quarter.lower()}"} <= artifacts
    assert (tmp_path / "var" / "reports" / f"one-{quarter}.pdf").read_bytes().startswith(b"%PDF")
    with contextlib.closing(open_snapshot(tmp_path / "var" / "analytics.duckdb")) as con:
        assert con.execute("SELECT count(*) > 0 FROM raw.check_result WHERE outcome = 'up'").fetchall() == [(True,)]
        assert con.execute(
            "SELECT count(*) > 0 FROM raw.check_result WHERE source_id = 'uptime-prometheus'"
        ).fetchone()[0]
    wait_for("the end of the last runs", lambda: not running(f"UPKEEP_VAR={tmp_path}"), 60)
    assert set(authorizations) == {f"Bearer {SECRET}"}
    shutil.rmtree(tmp_path / "prefect", ignore_errors=True)  # where the server keeps the block, encrypted
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert not kept and SECRET not in logs

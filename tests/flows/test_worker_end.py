"""A worker that is told to end, or is killed, takes its runs with it, and what they did not finish is told as unknown."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path

import pytest

from tasks.settings import Settings
from tests.flows.test_prefect import PREFECT, prefect, prefect_server, process, running, wait_for, website
from warehouse.connection import open_live
from warehouse.load import load

pytestmark = [pytest.mark.slow, pytest.mark.server]

GRACE_SECONDS = 30
SITE = """
  - id: {name}
    name: {name}
    client: one
    url: {url}
    platform: other
    time_zone: UTC
    owner: {{name: O, email: o@a.example}}
    sources: [{{kind: uptime_http, timeout_seconds: 60}}]
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="processes are found in /proc")
def test_a_worker_ends_and_the_run_that_it_was_at_is_a_gap(tmp_path: Path) -> None:
    with website() as url, socket.create_server(("127.0.0.1", 0)) as silent, contextlib.ExitStack() as stack:
        silent.settimeout(180)
        head = "agency: {name: A, contact: a@a.example}\nclients: [{id: one, name: One}]\nsites:"
        hanging = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        (tmp_path / "sites.yaml").write_text(
            head + SITE.format(name="answers", url=url) + SITE.format(name="silent", url=hanging)
        )
        env, client = stack.enter_context(prefect_server(tmp_path, PREFECT_WORKER_QUERY_SECONDS="1"))
        prefect(env, "work-pool", "create", "upkeep", "--type", "process")
        prefect(env, "deploy", "--name", "collect-uptime/every-minute")
        worker_env = env | {"WORKER_OF": str(tmp_path)}
        command = (PREFECT, "worker", "start", "--pool", "upkeep", "--type", "process")
        worker = stack.enter_context(process(*command, env=worker_env, log=tmp_path / "worker.log"))
        prefect(env, "deployment", "run", "collect-uptime/every-minute")
        kept, _ = silent.accept()  # the run is at its checks
        with kept:
            assert len(running(f"WORKER_OF={tmp_path}")) > 1
            worker.send_signal(signal.SIGTERM)
            try:
                wait_for("the end of worker and runs", lambda: not running(f"WORKER_OF={tmp_path}"), GRACE_SECONDS)
            except AssertionError:  # Prefect can lose the signal: whoever runs the worker kills all of it then
                for process_id in running(f"WORKER_OF={tmp_path}"):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process_id, signal.SIGKILL)
        states = [run["state_type"] for run in client.post("/flow_runs/filter", json={}).json()]
        assert "COMPLETED" not in states, (tmp_path / "worker.log").read_text()[-3000:]
    settings = Settings(tmp_path / "sites.yaml", tmp_path / "var")
    load(settings.spool, settings.warehouse)
    with open_live(settings.warehouse) as con:
        assert con.execute("SELECT count(*) FROM raw.check_result").fetchall() == [(0,)]
        assert con.execute("SELECT count(*) FROM marts.availability_day").fetchall() == [(0,)]

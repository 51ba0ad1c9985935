"""Collectors and the loader are killed at random moments; every line is loaded, and once."""

from __future__ import annotations

import contextlib
import gzip
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from warehouse.connection import open_live, open_snapshot
from warehouse.publish import publish

KILLS = 200
LINE = '192.0.2.1 - - [01/Jul/2026:05:00:09 +0000] "GET /{n} HTTP/1.1" 200 1 "-" "-"\n'


def collect_forever(folder: Path) -> None:
    import asyncio

    from tasks import collecting
    from tasks.settings import Settings
    from tasks.sites import load_sites

    settings = Settings(folder / "sites.yaml", folder / "var")
    (job,) = collecting.jobs(load_sites(settings.sites_file), settings, ["waf_logs"])
    while True:
        asyncio.run(collecting.collect(job))


def load_forever(folder: Path) -> None:
    from tasks.settings import Settings
    from warehouse.load import load

    settings = Settings(folder / "sites.yaml", folder / "var")
    while True:
        load(settings.spool, settings.warehouse, wait_seconds=60)


@pytest.mark.slow
def test_200_kills_lose_nothing_double_nothing_and_an_open_snapshot_blocks_nobody(tmp_path: Path) -> None:
    from tasks.settings import Settings

    (tmp_path / "logs").mkdir()
    (tmp_path / "sites.yaml").write_text(SITES)
    settings = Settings(tmp_path / "sites.yaml", tmp_path / "var")
    chance, written, kills = random.Random(7), 0, 0
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tasks.collecting", "tasks.sites", "warehouse.load", "tasks.waf_parse"])
    with contextlib.ExitStack() as stack:
        while kills < KILLS:
            with (tmp_path / "logs" / "access.log").open("a") as out:
                for _ in range(chance.randint(1, 300)):
                    out.write(LINE.format(n=written))
                    written += 1
            if chance.random() < 0.1:
                rotated = tmp_path / "logs" / f"access.log.{written}.gz"
                rotated.write_bytes(gzip.compress((tmp_path / "logs" / "access.log").read_bytes()))
                (tmp_path / "logs" / "access.log").unlink()
            workers = [context.Process(target=target, args=(tmp_path,)) for target in (collect_forever, load_forever)]
            for worker in workers:
                worker.start()
            for worker in sorted(workers, key=lambda _: chance.random()):
                time.sleep(chance.uniform(0.02, 0.35))
                os.kill(worker.pid, signal.SIGKILL)
                worker.join()
                assert worker.exitcode == -signal.SIGKILL, "a worker ended by itself"
                kills += 1
            if kills == 100:
                publish(settings.warehouse, settings.snapshot, wait_seconds=60)
                stack.enter_context(contextlib.closing(open_snapshot(settings.snapshot)))
        _finish(settings)
        found = _lines(settings)
        publish(settings.warehouse, settings.snapshot, wait_seconds=60)
    assert len(found) == written
    assert Counter(found) == Counter(f"/{n}" for n in range(written))


def _finish(settings) -> None:
    import asyncio

    from tasks import collecting
    from tasks.sites import load_sites

    (job,) = collecting.jobs(load_sites(settings.sites_file), settings, ["waf_logs"])
    asyncio.run(collecting.collect(job))
    collecting.load_landed(settings, wait_seconds=60)


def _lines(settings) -> list[str]:
    with open_live(settings.warehouse) as con:
        return [path for (path,) in con.execute("SELECT path FROM raw.http_request").fetchall()]


SITES = """
agency: {name: A, contact: a@a.example}
clients: [{id: c, name: C}]
sites:
  - id: one
    name: One
    client: c
    url: https://one.example/
    platform: other
    time_zone: UTC
    owner: {name: O, email: o@a.example}
    sources:
      - {kind: waf_logs, id: access, format: access-combined, paths: ["logs/access.log*"]}
"""

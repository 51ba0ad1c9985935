"""The script that servers run makes bundles that are taken, in every POSIX shell, and says how each command ended."""

from __future__ import annotations

import asyncio
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks import bundle
from tasks.collect import patches_bundle
from tasks.contracts import Context, Job
from tests.conftest import CASES

SCRIPT = Path(bundle.__file__).with_name("bundle_script.sh")
TOOLS = (
    "cat",
    "cut",
    "date",
    "dpkg-query",
    "env",
    "grep",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sha256sum",
    "stat",
    "tr",
)
SHELLS = {"dash": ["dash"], "busybox": ["busybox", "sh"], "bash": ["bash", "--posix"]}
INVENTORY = CASES / "inventory"


def fake(folder: Path, name: str, body: str) -> None:
    """Write a command of the server, as a script."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> list[str]:
    found = shutil.which(SHELLS[request.param][0])
    if found is None:
        pytest.skip(f"{request.param} is not installed here")
    return [found, *SHELLS[request.param][1:]]


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """Return a folder that is the PATH of a small server: real tools, dpkg-query as it is here, and stand-ins."""
    path = tmp_path / "bin"
    path.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (path / tool).symlink_to(found)
    fake(path, "uname", "echo 'web\"1'")
    fake(path, "dpkg-query", f'cat "{INVENTORY}/dpkg-query/dpkg-query.tsv"')
    fake(path, "apt-get", "echo 'E: no lists' >&2; exit 100")
    fake(path, "composer", f'case "$*" in *audit*) cat "{INVENTORY}/composer-audit/found.json"; exit 2;; esac; exit 1')
    fake(path, "php", "echo 'PHP 8.2.20 (cli) (built: Jun 17 2024 13:33:14) (NTS)'")
    fake(path, "mysqld", "echo 'mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)'")
    fake(path, "npm", 'echo \'{"error": {"code": "ENOTFOUND"}}\'; exit 1')
    return path


def run(shell: list[str], server: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*shell, str(SCRIPT), *map(str, arguments)],
        env={"PATH": str(server), "HOME": str(server)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_bundle_is_made_whole_and_taken(shell: list[str], server: Path, settings, tmp_path: Path) -> None:
    project = tmp_path / 'my "shop" $(touch pwned)'
    project.mkdir()
    shutil.copy(INVENTORY / "composer-lock" / "composer.lock", project)
    shutil.copy(INVENTORY / "package-lock" / "package-lock.json", project)
    drop = tmp_path / "drop"
    drop.mkdir()
    done = run(shell, server, "--project", project, "one", drop)
    assert (done.returncode, done.stderr) == (0, "")
    (folder,) = drop.iterdir()
    assert done.stdout == f"{folder}\n"
    manifest = bundle.read_manifest((folder / "manifest.json").read_bytes())
    assert (manifest.site_id, manifest.host) == ("one", 'web"1')
    statuses = {entry.name: entry.exit_status for entry in manifest.files}
    assert statuses["dpkg-query.tsv"] == 0
    assert (statuses["apt-simulate.txt"], statuses["p1.composer-audit.json"], statuses["p1.npm-audit.json"]) == (
        100,
        2,
        1,
    )
    assert {entry.name for entry in manifest.files} == {p.name for p in folder.iterdir()} - {"manifest.json"}

    options = patches_bundle.Options(kind="patches_bundle", folder=drop)
    job = Job(
        context=Context(
            site_id="one", source_id="patches-bundle", time_zone="UTC", host="h", collected_at=datetime.now(UTC)
        ),
        options=options,
        spool=settings.spool,
    )
    outcome = asyncio.run(patches_bundle.collect(job))
    assert outcome.state == "partial"
    assert outcome.landed["scanner_run"] == 1
    assert outcome.landed["scanner_finding"] == 2
    assert outcome.landed["component_observation"] > 25
    assert outcome.landed["runtime"] == 2 + (folder / "os-release").exists()


def test_the_directory_is_asked_only_where_wp_can(shell: list[str], server: Path, tmp_path: Path) -> None:
    made = []
    for drop, helped in (
        (tmp_path / "old", "--format"),
        (tmp_path / "new", "These are wporg_status, wporg_last_updated."),
    ):
        drop.mkdir()
        fake(server, "wp", f'case "$*" in help*) echo "{helped}";; *) echo "[]";; esac')
        assert run(shell, server, "--wordpress", tmp_path, "one", drop).returncode == 0
        (folder,) = drop.iterdir()
        made.append((folder / "plugin-directory.json").exists())
        assert (folder / "plugin-list.json").read_text() == "[]\n"
    assert made == [False, True]


def test_a_wordpress_without_wp_or_a_wrong_use_writes_nothing(shell: list[str], server: Path, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    assert run(shell, server, "--wordpress", tmp_path, "one", drop).returncode == 1
    assert run(shell, server, "--project", tmp_path / "none", "one", drop).returncode == 1
    assert run(shell, server, 'on"e', drop).returncode == 2
    assert run(shell, server, "one").returncode == 2
    assert run(shell, server, "one", tmp_path / "none").returncode == 1
    assert list(drop.iterdir()) == []

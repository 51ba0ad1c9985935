"""A real MariaDB for tests, of the system's packages."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVER = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")
INSTALL = shutil.which("mariadb-install-db")
needs_mariadb = pytest.mark.skipif(
    not (SERVER and INSTALL), reason="MariaDB is not installed: apt-get install mariadb-server-core"
)


@contextlib.contextmanager
def mariadb(folder: Path, *options: str) -> Iterator[int]:
    """A MariaDB of its own with its socket in the folder; gives its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    subprocess.run(
        [str(INSTALL), "--no-defaults", f"--datadir={folder / 'data'}", "--user=root", "--skip-test-db",
         "--auth-root-authentication-method=normal"],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    process = subprocess.Popen(
        [str(SERVER), "--no-defaults", f"--datadir={folder / 'data'}", "--user=root", f"--socket={folder / 's.sock'}",
         f"--port={port}", "--bind-address=127.0.0.1", f"--pid-file={folder / 'pid'}", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not (folder / "s.sock").exists():
            assert time.monotonic() < deadline, "MariaDB did not start"
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(30)

"""What every test relies on: no network but loopback, settings of its own, a real DuckDB."""

from __future__ import annotations

import ipaddress
import os
import socket
from pathlib import Path

import pytest
from hypothesis import settings

from warehouse import migrate

# The same examples each time, so that a change is never blamed for another one's luck. Look for new ones now and then:
# pytest --hypothesis-profile=explore
settings.register_profile("repeat", derandomize=True, deadline=None)  # a loaded machine is no failure
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile("repeat")

os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

CASES = Path(__file__).parent / "cases"

_connect = socket.socket.connect


def _guarded(self: socket.socket, address: object) -> None:
    if isinstance(address, tuple) and self.family in (socket.AF_INET, socket.AF_INET6):
        try:
            is_loopback = ipaddress.ip_address(address[0]).is_loopback
        except ValueError:
            is_loopback = address[0] == "localhost"
        if not is_loopback:
            raise AssertionError(f"A test tried to leave this machine: {address}")
    return _connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _guarded)


_with_comments = migrate._apply_one


def _without_comments(con, name: str, digest: str, text: str) -> None:
    lines = (line for line in text.splitlines(keepends=True) if not line.startswith("COMMENT ON "))
    _with_comments(con, name, digest, "".join(lines))


# Comments take half of the time to make a warehouse; they are there where they are what is tested.
migrate._apply_one = _without_comments


@pytest.fixture(autouse=True)
def _comments(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.path.name in ("test_house.py", "test_cli.py"):
        monkeypatch.setattr(migrate, "_apply_one", _with_comments)


@pytest.fixture(name="settings")
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Settings of an installation in a temporary folder."""
    from tasks.settings import load_settings

    monkeypatch.setenv("UPKEEP_SITES", str(tmp_path / "sites.yaml"))
    monkeypatch.setenv("UPKEEP_VAR", str(tmp_path / "var"))
    return load_settings()

"""The demo quarter, written once for all tests that read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.generate import generate


@pytest.fixture(scope="session")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("quarter")
    generate(folder)
    return folder

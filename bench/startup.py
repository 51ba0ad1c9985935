"""How long `upkeep --help` takes."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def run() -> Iterator[tuple[str, float, str]]:
    """Yield (what, value, unit)."""
    command = [str(Path(sys.executable).parent / "upkeep"), "--help"]
    times = []
    for _ in range(7):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - start)
    yield "upkeep --help, median of 7", statistics.median(times), "s"

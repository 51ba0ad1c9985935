"""Measure in one run: all with `make bench`, some with `python -m bench axe uptime`.

Figures depend on the machine; compare ratios of one run.
"""

from __future__ import annotations

import sys

from bench import analysis, axe, lighthouse, logs, marts, patches, report, startup, uptime

PARTS = (startup, logs, marts, analysis, patches, uptime, axe, report, lighthouse)

if __name__ == "__main__":
    chosen = sys.argv[1:]
    print(f"{'what':62} {'value':>12} unit")
    for part in PARTS:
        if not chosen or part.__name__.removeprefix("bench.") in chosen:
            for name, value, unit in part.run():
                print(f"{name:62} {value:12,.2f} {unit}", flush=True)

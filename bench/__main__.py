"""Measure everything in one run: `make bench`. Figures depend on the machine; compare ratios of one run."""

from __future__ import annotations

from bench import analysis, axe, lighthouse, logs, marts, patches, report, startup, uptime

if __name__ == "__main__":
    print(f"{'what':62} {'value':>12} unit")
    for part in (startup, logs, marts, analysis, patches, uptime, axe, report, lighthouse):
        for name, value, unit in part.run():
            print(f"{name:62} {value:12,.2f} {unit}", flush=True)

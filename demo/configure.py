"""Write the sites.yaml of a generated quarter, with the address at which its uptime history is served."""

from __future__ import annotations

from pathlib import Path

PLACEHOLDER = "http://127.0.0.1:9090"
"""What demo/sites.yaml has in place of the address."""


def configure(folder: Path, prometheus_url: str, *, quarter: str = "2026Q3") -> Path:
    """Write the sites.yaml of a quarter into `folder`, beside logs and bundles, and return its path.

    Raises:
        OSError: the folder can't be written.
    """
    template = (Path(__file__).parent / "sites.yaml").read_text(encoding="utf-8")
    path = folder / "sites.yaml"
    text = template.replace(PLACEHOLDER, prometheus_url).replace(f"#{quarter} ", "")
    path.write_text(text, encoding="utf-8")
    return path

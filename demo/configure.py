"""Write the sites.yaml of a generated quarter, with the address at which its uptime history is served."""

from __future__ import annotations

from pathlib import Path

PLACEHOLDER = "http://127.0.0.1:9090"
"""What demo/sites.yaml has in place of the address."""


def configure(folder: Path, prometheus_url: str) -> Path:
    """Write sites.yaml into `folder`, beside logs and bundles, and return its path.

    Raises:
        OSError: the folder can't be written.
    """
    template = (Path(__file__).parent / "sites.yaml").read_text(encoding="utf-8")
    path = folder / "sites.yaml"
    path.write_text(template.replace(PLACEHOLDER, prometheus_url), encoding="utf-8")
    return path

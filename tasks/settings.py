"""Where this installation keeps its things: read from the environment, with defaults below the current folder.

| variable | default | what |
|---|---|---|
| `UPKEEP_SITES` | `sites.yaml` | the configuration |
| `UPKEEP_VAR` | `var` | spool, cursors, warehouse, snapshot, reports |
| `UPKEEP_REFERENCE` | `var/reference` | `bot-ranges/` as the operators publish them, `geo/` with MMDB files of yours |
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from warehouse.spool import Spool


@dataclass(frozen=True, slots=True)
class Settings:
    """The paths of one installation. `var` and everything below it can be moved to another disk as a whole."""

    sites_file: Path
    var: Path
    reference_folder: Path | None = None

    @property
    def reference(self) -> Path:
        """What parsers look up: published ranges of bots, databases of networks."""
        return self.reference_folder or self.var / "reference"

    @property
    def spool(self) -> Spool:
        """Where collectors land."""
        return Spool(self.var / "spool", self.var / "cursors")

    @property
    def warehouse(self) -> Path:
        """The live DuckDB file: only the loader and the publisher open it."""
        return self.var / "warehouse.duckdb"

    @property
    def snapshot(self) -> Path:
        """The published DuckDB file: what analysts and reports open."""
        return self.var / "analytics.duckdb"

    @property
    def evidence(self) -> Path:
        """Pictures and other files that prove what was seen."""
        return self.var / "evidence"

    @property
    def reports(self) -> Path:
        """Where the PDFs go when nobody says otherwise."""
        return self.var / "reports"


def load_settings() -> Settings:
    """Read the settings from the environment, anew at each call."""
    return Settings(
        sites_file=Path(os.environ.get("UPKEEP_SITES", "sites.yaml")).absolute(),
        var=Path(os.environ.get("UPKEEP_VAR", "var")).absolute(),
        reference_folder=Path(folder).absolute() if (folder := os.environ.get("UPKEEP_REFERENCE")) else None,
    )

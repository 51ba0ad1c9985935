"""Data checks: every file `checks/{fail,warn}_<claim>.sql` is a query that must return no rows.

Its first line is a comment that states the claim in one sentence. `fail` keeps a bad warehouse from being
published, `warn` is printed beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

FOLDER = Path(__file__).parent / "checks"


@dataclass(frozen=True, slots=True)
class Finding:
    """A claim that does not hold: its name, `grade` fail or warn, the claim, the rows against it, the first of them."""

    name: str
    grade: str
    claim: str
    row_count: int
    first_row: str

    @property
    def sentence(self) -> str:
        """Say it for people."""
        against = f"{self.row_count} rows against it, the first is {self.first_row}"
        return f"{self.name}: not true that {self.claim} ({against})."


def run(con: duckdb.DuckDBPyConnection) -> list[Finding]:
    """Run every check and return those that found rows."""
    findings = []
    for path in sorted(FOLDER.glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        rows = con.execute(text).fetchall()
        if rows:
            claim = text.splitlines()[0].removeprefix("--").strip().rstrip(".")
            findings.append(Finding(path.stem, path.stem.split("_", 1)[0], claim, len(rows), str(rows[0])[:200]))
    return findings

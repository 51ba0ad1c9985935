"""Bring a warehouse to the newest schema: numbered migrations once each, then every view anew.

A migration is never edited after it has been applied anywhere: its hash is kept and compared. Views of
schemas `staging` and `marts` hold no data, so all of them are made again whenever one of their files changed,
each with its comments from the same file (`CREATE OR REPLACE VIEW` drops comments).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import duckdb

from warehouse.errors import WarehouseError

HERE = Path(__file__).parent
VIEW_FOLDERS = ("staging", "marts")
VIEW_SCHEMAS = "CREATE SCHEMA IF NOT EXISTS staging; CREATE SCHEMA IF NOT EXISTS marts;\n"

_LEDGER = """
CREATE SCHEMA IF NOT EXISTS raw;
CREATE TABLE IF NOT EXISTS raw.migration (
  name VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, applied_at TIMESTAMPTZ NOT NULL);
COMMENT ON TABLE raw.migration IS 'Migrations that were applied to this warehouse, and the hash of its views.';
COMMENT ON COLUMN raw.migration.name IS 'File name of the migration; views stands for all views together.';
COMMENT ON COLUMN raw.migration.sha256 IS 'Hash of its text when it was applied.';
COMMENT ON COLUMN raw.migration.applied_at IS 'When, UTC.';
"""


@functools.cache
def _files() -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    migrations = tuple(sorted((HERE / "migrations").glob("*.sql")))
    views = tuple(path for folder in VIEW_FOLDERS for path in sorted((HERE / folder).glob("*.sql")))
    return migrations, views


def apply(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Apply what is missing and return the names of what was applied, in order; often nothing.

    Raises:
        WarehouseError: an applied migration was edited, or the warehouse is newer than this program.
    """
    migrations, _ = _files()
    con.execute(_LEDGER)
    applied = dict(con.execute("SELECT name, sha256 FROM raw.migration").fetchall())
    unknown = sorted(applied.keys() - {path.name for path in migrations} - {"views"})
    if unknown:
        raise WarehouseError(
            f"The warehouse has migration {unknown[-1]}, which this version of site-upkeep does not know: "
            "update site-upkeep before you use it."
        )
    done = []
    for path in migrations:
        text = path.read_text(encoding="utf-8")
        digest = digest_of(text)
        if path.name not in applied:
            _apply_one(con, path.name, digest, text)
            done.append(path.name)
        elif applied[path.name] != digest:
            raise WarehouseError(
                f"Migration {path.name} was edited after it had been applied: restore it, and write a new one."
            )
    text = views()
    if applied.get("views") != digest_of(text):
        _apply_one(con, "views", digest_of(text), text)
        done.append("views")
    return done


def views() -> str:
    """Return the SQL that makes every view of schemas `staging` and `marts`, each after those that it reads."""
    return VIEW_SCHEMAS + "\n".join(each_view().values())


def each_view() -> dict[str, str]:
    """Return the SQL of each view by its name, each after those that it reads."""
    return _in_order(_files()[1])


def reads() -> Mapping[str, Sequence[str]]:
    """Return the views that each view reads, by its name, in an order that is the same in every process."""
    return _reads(_files()[1])


@functools.cache
def _texts_of(files: tuple[Path, ...]) -> dict[str, str]:
    return {f"{path.parent.name}.{path.stem}": path.read_text(encoding="utf-8") for path in files}


@functools.cache
def _in_order(files: tuple[Path, ...]) -> dict[str, str]:
    texts = _texts_of(files)
    try:
        return {name: texts[name] for name in TopologicalSorter(_reads(files)).static_order()}
    except CycleError as error:
        raise WarehouseError(f"The views {' and '.join(error.args[1][1:])} read each other.") from None


@functools.cache
def _reads(files: tuple[Path, ...]) -> dict[str, Sequence[str]]:
    texts = _texts_of(files)
    return {name: sorted(words(text) & texts.keys() - {name}) for name, text in texts.items()}


def bare(text: str) -> str:
    """Return the SQL of a view without its comments, which stand behind it."""
    return text.split("COMMENT ON ", 1)[0]


def digest_of(text: str) -> str:
    """Return the hash that `raw.migration` keeps of a migration, and of all views."""
    return hashlib.sha256(text.encode()).hexdigest()


def _apply_one(con: duckdb.DuckDBPyConnection, name: str, digest: str, text: str) -> None:
    con.execute("BEGIN")
    try:
        con.execute(text)
        con.execute("DELETE FROM raw.migration WHERE name = ?", [name])
        con.execute("INSERT INTO raw.migration VALUES (?, ?, now())", [name, digest])
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise


def words(text: str) -> frozenset[str]:
    """Return the words of the SQL of a view, the names of what it reads among them."""
    lines = (line for line in bare(text).splitlines() if not line.startswith("--"))
    return frozenset(word.strip("(),;") for line in lines for word in line.split())

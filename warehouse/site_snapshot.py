"""Read the published snapshot as if it held one site, in memory, with the costly views worked out once.

A report asks the same views dozens of times, and a view works everything out anew each time. Here the raw tables are
those of the snapshot cut down to one site, and the views are made over them from their own files, nearly all as
tables; those that read nothing but what was never collected of the site are made empty without a look at them. Every
query gives what it gives on the snapshot itself for that site.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path
from threading import Lock

import duckdb

from warehouse import migrate
from warehouse.connection import prepare, quoted
from warehouse.errors import WarehouseError
from warehouse.records import RECORD_CLASSES

PASSED_ON = frozenset(
    {
        "marts.accessibility_assertion",
        "marts.advisory",
        "marts.finding_decision",
        "marts.report_comment",
        "marts.ticket",
        "marts.waf_missed_day",
        "staging.check_span",
        "staging.http_request",
        "staging.patch_event",
        "staging.recommendation",
        "staging.recommendation_event",
        "staging.recommendation_test",
        "staging.ticket",
        "staging.waf_event",
        "staging.waf_rule_hit",
    }
)
"""Views that stay views: they only pass rows on, or few questions read them. All others are made as tables."""

_THREADS = 2
"""Views that are made at the same time."""
_KEPT_BYTES = 64 << 20
"""What a reader may hold of a snapshot when it is done with a site: with more it opens it anew for the next."""
_DROP = "DROP SCHEMA marts CASCADE; DROP SCHEMA staging CASCADE; DROP SCHEMA raw CASCADE"
_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = 'published' AND schema_name = 'raw'"
_OF_SITES = {record.table for record in RECORD_CLASSES if "site_id" in record.schema().names}
_CONFIGURED = {"site", "source"}
"""Tables in which every site has rows: the others that name a site hold what was collected of it."""
_SHAPES = """
SELECT schema_name || '.' || table_name, string_agg('"' || column_name || '" ' || data_type, ', ' ORDER BY column_index)
FROM duckdb_columns() WHERE database_name = 'published' AND schema_name IN ('staging', 'marts') GROUP BY ALL"""
_shapes: dict[str, dict[str, str]] = {}
"""Columns of each view with their types, by the digest of all views."""


def open_site_snapshot(snapshot: Path, site_id: str) -> duckdb.DuckDBPyConnection:
    """Open one site's part of the snapshot: the same schemas, tables, views and columns; UTC is its session zone.

    Raises:
        WarehouseError: the snapshot was published by another version of this program.
    """
    con = _connected(snapshot)
    try:
        _make_site(con, site_id)
    except BaseException:
        con.close()
        raise
    return con


class SiteReader:
    """Opens one site's part of a snapshot after another, and what is the same for all of them once.

    What DuckDB knows of the file grows with the warehouse, as it tells of each block of rows which sites it holds.
    """

    def __init__(self, snapshot: Path) -> None:
        """Open nothing yet."""
        self._snapshot = snapshot
        self._lock = Lock()
        self._con: duckdb.DuckDBPyConnection | None = None
        self._opened: tuple[int, ...] = ()

    @contextlib.contextmanager
    def site(self, site_id: str) -> Iterator[duckdb.DuckDBPyConnection]:
        """Give what `open_site_snapshot` gives, of the snapshot as it is now, for the block; one site at a time.

        Raises:
            WarehouseError: the snapshot was published by another version of this program.
        """
        with self._lock:
            con = self._taken()
            try:
                _make_site(con, site_id)
                yield con
                con.execute(_DROP)
                (used,) = con.execute("SELECT sum(memory_usage_bytes) FROM duckdb_memory()").fetchall()[0]
            except BaseException:
                con.close()
                raise
            if used > _KEPT_BYTES:
                con.close()
            else:
                self._con = con

    def _taken(self) -> duckdb.DuckDBPyConnection:
        file = self._snapshot.stat()
        found, con, self._con = (file.st_dev, file.st_ino, file.st_mtime_ns, file.st_size), self._con, None
        if con and found != self._opened:
            con.close()
            con = None
        self._opened = found
        return con or _connected(self._snapshot)


def _connected(snapshot: Path) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    try:
        prepare(con)
        con.execute(f"ATTACH {quoted(str(snapshot))} AS published (READ_ONLY)")
        # Reports are made side by side, one on each core.
        con.execute("SET threads = 1")
        _require_same_views(con, migrate.digest_of(migrate.views()))
    except BaseException:
        con.close()
        raise
    return con


def _make_site(con: duckdb.DuckDBPyConnection, site_id: str) -> None:
    digest = migrate.digest_of(migrate.views())
    if digest not in _shapes:
        _shapes[digest] = dict(con.execute(_SHAPES).fetchall())
    with ThreadPoolExecutor(_THREADS) as pool:
        missing = pool.submit(_missing, con.cursor(), site_id)
        con.execute(f"BEGIN; CREATE SCHEMA raw; {_raw_views(con, site_id)} COMMIT;")
        con.execute(migrate.VIEW_SCHEMAS)
        _make_views(con, pool, _statements() | _empty(missing.result(), _shapes[digest]))


def _raw_views(con: duckdb.DuckDBPyConnection, site_id: str) -> str:
    return " ".join(
        f"CREATE VIEW raw.{table} AS FROM published.raw.{table}"
        f"{f' WHERE site_id = {quoted(site_id)}' if table in _OF_SITES else ''};"
        for (table,) in con.execute(_TABLES).fetchall()
    )


def _missing(con: duckdb.DuckDBPyConnection, site_id: str) -> set[str]:
    """Return the tables that hold nothing of the site, of those that hold what is collected."""
    tables = set().union(*_collected().values())
    looks = [
        f"(SELECT {quoted(table)} FROM published.raw.{table} WHERE site_id = {quoted(site_id)} LIMIT 1)"  # noqa: S608 - our own names
        for table in sorted(tables)
    ]
    return tables - {table for (table,) in con.execute(" UNION ALL ".join(looks)).fetchall()}


def _empty(missing: set[str], shapes: Mapping[str, str]) -> dict[str, str]:
    """Return what makes those views that can have no rows, as all that they read of what is collected is missing."""
    return {
        name: f"CREATE TABLE {name} ({shapes[name]})"
        for name, reads in _collected().items()
        if reads and reads <= missing
    }


@functools.cache
def _collected() -> dict[str, frozenset[str]]:
    """Return the tables of what is collected of sites that each view reads, directly or not."""
    found: dict[str, frozenset[str]] = {}
    for name, text in migrate.each_view().items():
        tables = {word.removeprefix("raw.") for word in migrate.words(text) if word.startswith("raw.")}
        found[name] = frozenset(tables & _OF_SITES - _CONFIGURED).union(
            *(found[other] for other in migrate.reads()[name])
        )
    return found


def _make_views(con: duckdb.DuckDBPyConnection, pool: ThreadPoolExecutor, statements: Mapping[str, str]) -> None:
    """Make each view as soon as those that it reads are there, first the one that most others wait for."""
    waited_for = _waited_for()
    order = TopologicalSorter(migrate.reads())
    order.prepare()
    ready, running = list[str](), dict[Future[object], str]()
    while order.is_active():
        ready = sorted([*ready, *order.get_ready()], key=lambda name: (waited_for[name], name))
        while ready and len(running) < _THREADS:
            name = ready.pop()
            running[pool.submit(con.cursor().execute, statements[name])] = name
        for made in wait(running, return_when=FIRST_COMPLETED).done:
            made.result()
            order.done(running.pop(made))


@functools.cache
def _statements() -> dict[str, str]:
    """Return what makes each view, without comments: those are for analysts, and take as long as the view."""
    made = {name: migrate.bare(text) for name, text in migrate.each_view().items()}
    return {
        name: text if name in PASSED_ON else text.replace("CREATE OR REPLACE VIEW", "CREATE TABLE", 1)
        for name, text in made.items()
    }


@functools.cache
def _waited_for() -> dict[str, int]:
    """Return how many views wait for each, directly or not."""
    waiting: dict[str, set[str]] = {name: set() for name in migrate.each_view()}
    for name in reversed(waiting):
        for other in migrate.reads()[name]:
            waiting[other] |= {name, *waiting[name]}
    return {name: len(others) for name, others in waiting.items()}


def _require_same_views(con: duckdb.DuckDBPyConnection, digest: str) -> None:
    rows = con.execute("SELECT sha256 FROM published.raw.migration WHERE name = 'views'").fetchall()
    if rows != [(digest,)]:
        raise WarehouseError("The snapshot is of another version of site-upkeep: run `upkeep publish` first.")

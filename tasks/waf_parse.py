"""Run a log format over blocks of lines: SQL in an in-memory DuckDB, columns out, in the shape of the record classes.

A format is one module of `tasks/waf_formats/`, found by discovery, and a `.sql` file of the same name. The module has

- `TITLE`, `FILLS` (waf_event or http_request), `VERSION` and `detect(head) -> bool`;
- `ACTIONS`: the vendor's word in lower case -> our action, for formats that have words;
- `OPTIONS`: name -> one line of help, for what `format_options` of a source may say;
- `HEADER`, `RECORD_END`: patterns of bytes, where lines depend on a header or a record has several lines;
- `LINE_BYTES`, `HAS_BINARY`: where lines are longer than usual, or hold bytes that are no text;
- `documents(lines, header, options)`: Python for what SQL can't cut; it yields (line number, JSON) or `BadLine`;
- `setup_sql(options)`: statements that depend on options; `sql_for(options)`: other SQL than the file's.

The SQL reads the table `lines(line_number, line)`, the macros of `waf_prelude.sql` and variables (`site_id`,
`source_id`, `time_zone`, `header`, `option_<name>`). After `-- @setup` it gives either `-- @http_request`, or
`-- @event` and `-- @hit`, joined by `key`; and `-- @reject`. Where nearly all lines have one simple shape, `-- @bulk`
takes them before all this: a quick `http_request` with rows for the lines that are simple. What is the same for every
format happens here: event ids, redaction, the classes of an event, the client's network, bots, and what a path is for.
"""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeAlias, TypeVar

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.contracts import Context
from tasks.discovery import units
from tasks.errors import ConfigurationError
from tasks.log_blocks import LINES
from tasks.log_files import Block, Cut
from tasks.redact import SQL_MACROS, excerpt
from tasks.traffic import Classifier, local_dates
from warehouse.connection import prepare
from warehouse.load import STRENGTH
from warehouse.records import HttpRequest, Record, Reject, WafEvent, WafRuleHit

_HERE = Path(__file__).parent
_RECORDS: dict[str, type[Record]] = {record.table: record for record in (WafEvent, WafRuleHit, HttpRequest, Reject)}
_CLASSIFIED = ("client_network", "asn", "country", "bot_class", "bot_name", "bot_identity", "path_class")
WORKERS = max(1, min(8, os.cpu_count() or 1))

Tables: TypeAlias = dict[str, pa.Table]


@dataclass(frozen=True, slots=True)
class LogFormat:
    """One log format: `fills` is the table of its rows, `parser` its name/version for the ledger."""

    name: str
    title: str
    fills: str
    parser: str
    module: ModuleType
    sections: Mapping[str, str]

    @property
    def options(self) -> Mapping[str, str]:
        """Return the names of its options with what each is for."""
        return getattr(self.module, "OPTIONS", {})

    @property
    def cut(self) -> Cut:
        """Return how its lines hang together."""
        return Cut(
            getattr(self.module, "RECORD_END", None),
            getattr(self.module, "HEADER", None),
            getattr(self.module, "LINE_BYTES", LINES.line_bytes),
            getattr(self.module, "HAS_BINARY", False),
        )


@dataclass(frozen=True, slots=True)
class BadLine:
    """What `documents` yields for a record that it can't take: where it starts, why, and its text."""

    line_number: int
    reason: str
    text: str


@functools.cache
def formats() -> dict[str, LogFormat]:
    """Return every format by its name, which is its file's name in kebab case."""
    found = {}
    for stem, module in units("tasks.waf_formats").items():
        name = stem.replace("_", "-")
        text = Path(str(module.__file__)).with_suffix(".sql").read_text(encoding="utf-8")
        found[name] = LogFormat(name, module.TITLE, module.FILLS, f"{name}/{module.VERSION}", module, _sections(text))
    return found


def format_named(name: str) -> LogFormat:
    """Return one format.

    Raises:
        ConfigurationError: no such format.
    """
    known = formats()
    if name not in known:
        raise ConfigurationError(f"There is no log format {name!r}; formats: {', '.join(known)}.")
    return known[name]


def check_options(log_format: LogFormat, options: Mapping[str, str]) -> None:
    """Raise where an option is none of the format's.

    Raises:
        ConfigurationError: with the names that are allowed.
    """
    for name in options.keys() - log_format.options.keys():
        allowed = ", ".join(log_format.options) or "it has none"
        raise ConfigurationError(f"The log format {log_format.name} has no option {name!r}; options: {allowed}.")


def _sections(text: str) -> dict[str, str]:
    sections = {}
    for part in text.split("-- @use ")[1:]:
        name = part.partition("\n")[0].strip()
        text = text.replace(f"-- @use {name}\n", (_HERE / f"{name}.sql").read_text(encoding="utf-8"))
    for part in text.split("-- @")[1:]:
        name, _, sql = part.partition("\n")
        sections[name.strip()] = sql.strip()
    return sections


class _Piece(Protocol):
    @property
    def block(self) -> Block: ...

    @property
    def file(self) -> str: ...


P = TypeVar("P", bound=_Piece)


def parse_blocks(
    log_format: LogFormat,
    context: Context,
    options: Mapping[str, str],
    classifier: Classifier,
    pieces: Iterable[P],
) -> Iterator[tuple[P, Tables]]:
    """Parse pieces, which have a `block` and a `file`, on every core; yield them in order with their rows by table.

    SQL runs in threads, since DuckDB lets them; the Python of a format runs in processes, once there are more
    than a few blocks. At most twice as many blocks as there are cores are held.
    """
    idle: deque[LogParser] = deque()
    parsers = ThreadPoolExecutor(WORKERS)
    processes = ProcessPoolExecutor(WORKERS, get_context("spawn")) if hasattr(log_format.module, "documents") else None
    waiting: deque[tuple[P, Future[Tables]]] = deque()

    def parse(block: Block, file: str, elsewhere: ProcessPoolExecutor | None) -> Tables:
        if not block.lines.num_rows and not block.rejects:
            return {}
        parser = idle.pop() if idle else LogParser(log_format, context, options, classifier)
        try:
            return parser.parse(block, file, elsewhere)
        finally:
            idle.append(parser)

    try:
        for number, piece in enumerate(pieces):
            elsewhere = processes if number >= WORKERS else None
            waiting.append((piece, parsers.submit(parse, piece.block, piece.file, elsewhere)))
            if len(waiting) >= 2 * WORKERS:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        parsers.shutdown(cancel_futures=True)
        if processes:
            processes.shutdown(cancel_futures=True)


class LogParser:
    """Parses blocks of one source. Not for several threads: it holds one DuckDB connection."""

    def __init__(
        self,
        log_format: LogFormat,
        context: Context,
        options: Mapping[str, str] | None = None,
        classifier: Classifier | None = None,
    ) -> None:
        """Open the in-memory database and define what the format's SQL relies on."""
        self._format, self._context, self._options = log_format, context, dict(options or {})
        check_options(log_format, self._options)
        self._classifier = classifier or Classifier()
        self._columns: dict[str, frozenset[str]] = {}
        self._con = duckdb.connect(config={"threads": 1})
        prepare(self._con)
        self._con.execute(SQL_MACROS)
        self._con.execute((_HERE / "waf_prelude.sql").read_text(encoding="utf-8"))
        self._con.execute(_action_macro(getattr(log_format.module, "ACTIONS", {})))
        for name in ("site_id", "source_id", "time_zone"):
            self._con.execute(f"SET VARIABLE {name} = ?", [getattr(context, name)])
        for name in log_format.options:
            self._con.execute(f"SET VARIABLE option_{name} = ?::VARCHAR", [self._options.get(name)])
        make: Callable[[Mapping[str, str]], str] | None = getattr(log_format.module, "setup_sql", None)
        other: Callable[[Mapping[str, str]], str | None] | None = getattr(log_format.module, "sql_for", None)
        text = other(self._options) if other else None
        self._sections = _sections(text) if text else log_format.sections
        self._setup = ((make(self._options) + ";\n") if make else "") + self._sections.get("setup", "")

    def parse(self, block: Block, file: str, processes: ProcessPoolExecutor | None = None) -> Tables:
        """Return the rows of one block by table; the rejects name `file` and carry a cut, redacted excerpt.

        Args:
            block: lines, and what could not be read of them.
            file: name for the rejects.
            processes: where the Python of the format runs; here when left out.
        """
        lines, bad = block.lines, [BadLine(r.line_number or 0, r.reason, r.excerpt) for r in block.rejects]
        if hasattr(self._format.module, "documents"):
            arguments = (self._format.name, lines, block.header, self._options)
            lines, more = processes.submit(_documents, *arguments).result() if processes else _documents(*arguments)
            bad += more
        self._con.execute("SET VARIABLE header = ?", [block.header])
        bulk, lines = self._bulk(lines)
        tables: Tables = {}
        if lines.num_rows or not bulk:
            self._con.register("lines", lines)
            try:
                if self._setup:
                    self._con.execute(self._setup)
                tables = self._events() if self._format.fills == "waf_event" else {"http_request": self._requests()}
                bad += [BadLine(*row) for row in self._con.execute(self._sections["reject"]).fetchall()]
            finally:
                self._con.unregister("lines")
        if bulk:
            tables["http_request"] = pa.concat_tables([bulk, *tables.values()])
        tables = {name: self._complete(name, rows, block) for name, rows in tables.items()}
        return {**tables, "reject": self._rejects(bad, file)}

    def _bulk(self, lines: pa.Table) -> tuple[pa.Table | None, pa.Table]:
        """Return what the format's quick way takes, where it has one, and the lines that it leaves."""
        if "bulk" not in self._sections or not lines.num_rows:
            return None, lines
        self._con.register("lines", lines)
        found = self._requests("bulk")
        self._con.unregister("lines")
        # Line numbers go up by one from line to line.
        is_left = np.ones(lines.num_rows, dtype=bool)
        is_left[found["line_number"].to_numpy() - lines["line_number"][0].as_py()] = False
        return found, lines.filter(pa.array(is_left))

    def _requests(self, section: str = "http_request") -> pa.Table:
        sql = self._sections[section]
        columns = ", ".join(f"redact({name}) AS {name}" for name in ("query", "referrer") if name in self._names(sql))
        redacted = f"REPLACE ({columns})" if columns else ""
        return self._con.execute(f"SELECT * {redacted} FROM ({sql})").to_arrow_table()  # noqa: S608 - our own SQL

    def _events(self) -> Tables:
        event, hit = self._sections["event"], self._sections["hit"]
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE hit AS {hit}")
        names, hit_names = self._names(event), self._names("FROM hit")
        # The columns go straight out; the rules need only a few of them again.
        events = self._con.execute(_event_sql(event, names, hit_names)).to_arrow_table()
        if len(pc.unique(events["event_id"])) < events.num_rows:
            events = self._without_copies(events, hit_names)
        self._con.register("event", events.select(["key", "event_id", "event_at", "line_number"]))
        hits = self._con.execute(_hit_sql(hit_names)).to_arrow_table()
        self._con.unregister("event")
        return {"waf_event": events, "waf_rule_hit": hits}

    def _without_copies(self, events: pa.Table, hit_names: frozenset[str]) -> pa.Table:
        """Take an event once where its line stands here many times: each copy would get the rules of all of them."""
        identity = ", ".join(name for name in ("key", *WafRuleHit.identity) if name in hit_names)
        self._con.execute(f"CREATE OR REPLACE TEMP TABLE hit AS SELECT DISTINCT ON ({identity}) * FROM hit")  # noqa: S608
        return self._con.execute(
            "FROM events QUALIFY row_number() OVER"
            f" (PARTITION BY event_id ORDER BY {STRENGTH.format('')} DESC, event_at, line_number) = 1"
        ).to_arrow_table()

    def _names(self, sql: str) -> frozenset[str]:
        if sql not in self._columns:
            self._columns[sql] = frozenset(row[0] for row in self._con.execute(f"DESCRIBE {sql}").fetchall())
        return self._columns[sql]

    def _complete(self, table: str, rows: pa.Table, block: Block) -> pa.Table:
        constants = {
            "site_id": self._context.site_id,
            "source_id": self._context.source_id,
            "format": self._format.name,
            "file_id": block.state.file_id,
            "is_zone_assumed": False,
        }
        found = {name: rows[name] for name in rows.column_names}
        found["event_date"] = local_dates(
            rows["event_at"].cast(pa.timestamp("us", tz="UTC")), self._context.site_time_zone or self._context.time_zone
        )
        if table != "waf_rule_hit":
            found |= self._classifier.classify({**{n: pa.nulls(rows.num_rows) for n in _CLASSIFIED}, **found})
        columns = []
        for field in _RECORDS[table].schema():
            if field.name in found:
                columns.append(found[field.name].cast(field.type))
            elif field.name in constants:
                columns.append(pa.repeat(pa.scalar(constants[field.name], field.type), rows.num_rows))
            else:
                columns.append(pa.nulls(rows.num_rows, field.type))
        return pa.Table.from_arrays(columns, schema=_RECORDS[table].schema())

    def _rejects(self, bad: Sequence[BadLine], file: str) -> pa.Table:
        count, schema = len(bad), Reject.schema()
        values = {
            "site_id": pa.repeat(pa.scalar(self._context.site_id), count),
            "source_id": pa.repeat(pa.scalar(self._context.source_id), count),
            "file": pa.repeat(pa.scalar(file), count),
            "line_number": pa.array([line.line_number or None for line in bad], pa.int64()),
            "reason": pa.array([line.reason for line in bad], pa.string()),
            "excerpt": pa.array([excerpt(line.text) for line in bad], pa.string()),
        }
        return pa.Table.from_arrays([values[name] for name in schema.names], schema=schema)


def _documents(name: str, lines: pa.Table, header: str, options: Mapping[str, str]) -> tuple[pa.Table, list[BadLine]]:
    """Run a format's own Python; at module level, so that another process can."""
    numbers, texts, bad = [], [], []
    rows = zip(lines["line_number"].to_pylist(), lines["line"].to_pylist(), strict=True)
    for item in format_named(name).module.documents(rows, header, options):
        if isinstance(item, BadLine):
            bad.append(item)
        else:
            numbers.append(item[0])
            texts.append(item[1])
    return pa.table({"line_number": pa.array(numbers, pa.int64()), "line": pa.array(texts, pa.string())}), bad


def _action_macro(actions: Mapping[str, str]) -> str:
    words = " ".join(f"WHEN '{word.replace(chr(39), chr(39) * 2)}' THEN '{action}'" for word, action in actions.items())
    known = f"CASE lower(word) {words} ELSE 'unknown' END" if words else "'unknown'"
    return f"CREATE OR REPLACE MACRO action_of(word) AS CASE WHEN word IS NULL THEN NULL ELSE {known} END"


def _event_sql(event: str, names: frozenset[str], hit_names: frozenset[str]) -> str:
    """Return the rows of raw.waf_event, and their key, from a format's own and the temporary table `hit`."""
    given = {name: f"event.{name}" for name in ("key", *WafEvent.schema().names) if name in names}
    given["event_id"] = "md5(concat_ws('|', getvariable('site_id'), getvariable('source_id'), event.key))"
    if "query" in given:
        given["query"] = "redact(event.query)"
    given["would_block"] = "coalesce(event.would_block, false)" if "would_block" in names else "false"
    given["sample_weight"] = "coalesce(event.sample_weight, 1.0)" if "sample_weight" in names else "1.0"
    for name, empty in (("attack_class", "NULL"), ("attack_classes", "[]::VARCHAR[]")):
        known = [f"event.{name}"] * (name in names) + [f"class_of.{name}"] * ("attack_class" in hit_names)
        given[name] = f"coalesce({', '.join([*known, empty])})"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in given.items())
    if "attack_class" not in hit_names:
        return f"SELECT {columns} FROM ({event}) AS event"  # noqa: S608 - our own columns
    score = "sum(coalesce(score, 0))" if "score" in hit_names else "0"
    return f"""
WITH by_class AS (
  SELECT key, attack_class, {score} AS score
  FROM hit
  WHERE attack_class IS NOT NULL
  GROUP BY key, attack_class
), class_of AS (
  SELECT
    key,
    arg_max(attack_class, score * 100 - class_rank(attack_class)) AS attack_class,
    list_sort(list(attack_class)) AS attack_classes
  FROM by_class
  GROUP BY key
)
SELECT {columns}
FROM ({event}) AS event LEFT JOIN class_of ON class_of.key = event.key"""  # noqa: S608 - our own columns


def _hit_sql(names: frozenset[str]) -> str:
    given = {name: f"hit.{name}" for name in WafRuleHit.schema().names if name in names}
    given["event_id"] = "event.event_id"
    given["event_at"] = "event.event_at"
    if "matched" in names:
        secret = "is_secret_target(hit.target)" if "target" in names else "false"
        given["matched"] = f"CASE WHEN {secret} THEN '[redacted]' ELSE redact(left(hit.matched, 200)) END"
    given["tags"] = "coalesce(hit.tags, [])" if "tags" in names else "[]::VARCHAR[]"
    given["is_verdict"] = "coalesce(hit.is_verdict, false)" if "is_verdict" in names else "false"
    columns = ", ".join(f"{sql} AS {name}" for name, sql in given.items())
    order = "ORDER BY event.line_number, hit.position" if "position" in names else ""
    return f"SELECT {columns} FROM hit JOIN event ON event.key = hit.key {order}"  # noqa: S608 - our own columns

"""Run a log format over blocks of lines: SQL in an in-memory DuckDB, columns out, in the shape of the record classes.

A format is one module of `tasks/waf_formats/`, found by discovery, with `TITLE`, `FILLS`, `VERSION` and
`detect(head)`, and a `.sql` file of the same name. The SQL reads the table `lines(line_number, line)`, the macros of
`waf_prelude.sql` and the variables `site_id`, `source_id`, `time_zone`; each `-- @table` section gives one table's
columns. What a format can't know (site, file, network of the client) is filled in here.
"""

from __future__ import annotations

import functools
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import duckdb
import pyarrow as pa

from tasks.contracts import Context
from tasks.discovery import units
from tasks.errors import ConfigurationError
from tasks.log_files import Block
from tasks.redact import SQL_MACROS, excerpt
from warehouse.connection import prepare
from warehouse.records import HttpRequest, Record, Reject, WafEvent, WafRuleHit

_RECORDS: dict[str, type[Record]] = {record.table: record for record in (WafEvent, WafRuleHit, HttpRequest, Reject)}


@dataclass(frozen=True, slots=True)
class LogFormat:
    """One log format: `fills` is the table of its rows, `parser` its name/version for the ledger."""

    name: str
    title: str
    fills: str
    parser: str
    module: ModuleType
    sections: Mapping[str, str]


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


def _sections(text: str) -> dict[str, str]:
    sections = {}
    for part in text.split("-- @")[1:]:
        name, _, sql = part.partition("\n")
        sections[name.strip()] = sql.strip()
    return sections


class LogParser:
    """Parses blocks of one source. Not for several threads: it holds one DuckDB connection."""

    def __init__(self, log_format: LogFormat, context: Context) -> None:
        """Open the in-memory database and define what the format's SQL relies on."""
        self._format, self._context = log_format, context
        self._con = duckdb.connect()
        prepare(self._con)
        self._con.execute("SET preserve_insertion_order = true")
        self._con.execute(SQL_MACROS)
        self._con.execute((Path(__file__).parent / "waf_prelude.sql").read_text(encoding="utf-8"))
        for name in ("site_id", "source_id", "time_zone"):
            self._con.execute(f"SET VARIABLE {name} = ?", [getattr(context, name)])

    def parse(self, block: Block, file: str) -> dict[str, pa.Table]:
        """Return the rows of one block by table; the rejects name `file` and carry a cut, redacted excerpt."""
        self._con.register("lines", block.lines)
        tables = {}
        for section, sql in self._format.sections.items():
            if section == "setup":
                self._con.execute(sql)
                continue
            rows = self._con.execute(sql).to_arrow_table()
            tables[section] = self._rejects(rows, file) if section == "reject" else self._complete(section, rows, block)
        self._con.unregister("lines")
        read = [
            Reject(
                site_id=self._context.site_id, source_id=self._context.source_id, file=file,
                line_number=r.line_number, reason=r.reason, excerpt=excerpt(r.excerpt),
            )
            for r in block.rejects
        ]  # fmt: skip
        schema = Reject.schema()
        columns = [pa.array([getattr(r, name) for r in read], schema.field(name).type) for name in schema.names]
        tables["reject"] = pa.concat_tables([pa.Table.from_arrays(columns, schema=schema), tables["reject"]])
        return tables

    def _complete(self, table: str, rows: pa.Table, block: Block) -> pa.Table:
        constants = {
            "site_id": self._context.site_id,
            "source_id": self._context.source_id,
            "format": self._format.name,
            "file_id": block.state.file_id,
        }
        columns = []
        for field in _RECORDS[table].schema():
            if field.name in rows.column_names:
                columns.append(rows[field.name].cast(field.type))
            elif field.name in constants:
                columns.append(pa.repeat(pa.scalar(constants[field.name], field.type), rows.num_rows))
            elif field.name == "client_network":
                columns.append(_networks(rows["client_ip"]))
            else:
                columns.append(pa.nulls(rows.num_rows, field.type))
        return pa.Table.from_arrays(columns, schema=_RECORDS[table].schema())

    def _rejects(self, rows: pa.Table, file: str) -> pa.Table:
        count = rows.num_rows
        values = {
            "site_id": pa.repeat(pa.scalar(self._context.site_id), count),
            "source_id": pa.repeat(pa.scalar(self._context.source_id), count),
            "file": pa.repeat(pa.scalar(file), count),
            "line_number": rows["line_number"],
            "reason": rows["reason"],
            "excerpt": pa.array([excerpt(line) for line in rows["line"].to_pylist()], pa.string()),
        }
        schema = Reject.schema()
        return pa.Table.from_arrays([values[name] for name in schema.names], schema=schema)


def _networks(addresses: pa.ChunkedArray) -> pa.Array:
    """Return the network of each address; each distinct address is looked at once."""
    encoded = addresses.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    networks = pa.array([network_of(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return networks.take(encoded.indices)


def network_of(address: str | None) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one; None where it is no address."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return None
    return str(ipaddress.ip_network(f"{ip}/{24 if ip.version == 4 else 48}", strict=False))

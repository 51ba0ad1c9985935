"""What Wordfence wrote down in a WordPress site's database: the table `<prefix>wfHits`, read over MySQL.

The user needs SELECT on that one table. Wordfence keeps a limited number of rows (Live Traffic Options, "Amount of
Live Traffic data to store"), so collect often: rows that were pruned before they were read are said to be a gap.
The table as Wordfence makes it: https://plugins.svn.wordpress.org/wordfence/trunk/lib/wfSchema.php

Rows are read in the order of their id. The last `OVERLAP` ids are looked at again, because ids come into being in one
order and are committed in another. A table that was emptied, whose ids began anew, is read from its start.
"""

from __future__ import annotations

import contextlib
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from tasks.contracts import Job, Outcome, SecretReference
from tasks.errors import SourceError
from tasks.log_landing import LogOptions, Piece, cursor_name, land_pieces, piece_of
from tasks.redact import excerpt

ROWS = 2_000
"""Rows asked for at once; bounds the memory."""
OVERLAP = 500
COLUMNS = (
    "id", "attackLogTime", "ctime", "IP", "statusCode", "isGoogle", "userID", "URL", "referer", "UA", "action",
    "actionDescription", "actionData",
)  # fmt: skip


class Options(LogOptions):
    """Wordfence's live traffic and blocks, out of the site's database."""

    format: str = Field(default="wordfence", description="wordfence.")
    host: str = Field(default="127.0.0.1", description="Host of the database, as a tunnel gives it.")
    port: int = Field(default=3306, ge=1, le=65535, description="Port of the database.")
    socket: str | None = Field(default=None, description="Socket of a database on this machine, instead of host, port.")
    database: str = Field(min_length=1, description="Name of the database.")
    user: str = Field(min_length=1, description="User that may SELECT from the table; nothing more is needed.")
    password: SecretReference = Field(description="Password of the user.")
    table_prefix: str = Field(default="wp_", pattern=r"^[A-Za-z0-9_]*$", description="Prefix of WordPress's tables.")
    is_encrypted: bool = Field(default=True, description="Insist on TLS; a tunnel may do without.")
    ca_file: str | None = Field(
        default=None,
        description="PEM file of the authority of the server's certificate; any certificate is accepted when left out.",
    )


async def collect(job: Job) -> Outcome:
    """Read the rows after the last one and land them.

    Raises:
        SourceError: the database was not reached, refused the user, or has no such table.
    """
    options, password = _options(job), await job.secret(_options(job).password)
    problems: list[str] = []
    with job.spool.hold_cursor(cursor_name(job)) as cursor, _connect(job, options, password) as connection:
        table = _Table.of(connection, options)
        landed = land_pieces(job, options, "waf_wordfence", table.pieces(_Place.of(cursor), problems))
    if problems and not landed:
        raise SourceError(problems[0], can_retry=True)
    return Outcome.of(landed, problems)


async def check(job: Job) -> str:
    """Count the rows.

    Raises:
        SourceError: the database or its table can't be read.
    """
    options, password = _options(job), await job.secret(_options(job).password)
    with _connect(job, options, password) as connection:
        table = _Table.of(connection, options)
        ((rows, _, last, _),) = table.ask(f"SELECT {table.SPAN} FROM {table.quoted}")  # noqa: S608 - a checked name
    return f"{rows:,} rows in {table.name}, the last has id {last}"


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the table was read: up to `last_id`; `recent` are the ids read of the last OVERLAP."""

    last_id: int = 0
    last_ctime: float = 0.0
    """The latest time of all rows read, unix seconds."""
    recent: tuple[int, ...] = ()

    @classmethod
    def of(cls, cursor: Any) -> _Place:
        return cls(cursor["last_id"], cursor["last_ctime"], tuple(cursor["recent"])) if cursor else cls()

    def cursor(self) -> Any:
        return {"last_id": self.last_id, "last_ctime": self.last_ctime, "recent": list(self.recent)}

    def after(self, rows: list[dict[str, Any]]) -> _Place:
        last_id = max(self.last_id, rows[-1]["id"])
        recent = {number for number in (*self.recent, *(row["id"] for row in rows)) if number > last_id - OVERLAP}
        return _Place(last_id, max(self.last_ctime, *(row["ctime"] for row in rows)), tuple(sorted(recent)))


@dataclass(frozen=True, slots=True)
class _Table:
    """The table and the connection to its server."""

    connection: Any
    name: str

    SPAN = "count(*), min(id), max(id), max(ctime)"

    @classmethod
    def of(cls, connection: Any, options: Options) -> _Table:
        """Return the table by the name that this server gives it: some keep no capitals.

        Raises:
            SourceError: there is none, or this user may not see it.
        """
        wanted = f"{options.table_prefix}wfHits"
        names = [row[0] for row in cls(connection, "").ask("SHOW TABLES")]
        found = next((name for name in names if name.lower() == wanted.lower()), None)
        if found is None:
            raise SourceError(
                f"The database {options.database} shows {options.user} no table {wanted}: "
                "mend table_prefix, or grant SELECT on it."
            )
        return cls(connection, found)

    @property
    def quoted(self) -> str:
        return f"`{self.name}`"

    def ask(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def rows(self, from_id: int) -> list[dict[str, Any]]:
        """Return the next rows after an id, at most ROWS, as the columns are named."""
        sql = f"SELECT {', '.join(COLUMNS)} FROM {self.quoted} WHERE id > %s ORDER BY id LIMIT {ROWS}"  # noqa: S608
        return [dict(zip(COLUMNS, row, strict=True)) for row in self.ask(sql.replace(" IP,", " HEX(IP),"), from_id)]

    def pieces(self, place: _Place, problems: list[str]) -> Iterator[Piece]:
        """Yield what was not read yet; what is missing, or broke off, is a sentence in `problems`."""
        try:
            place = self._start(place, problems)
            from_id = place.last_id - OVERLAP
            while rows := self.rows(from_id):
                from_id = rows[-1]["id"]
                if new := [row for row in rows if row["id"] > place.last_id or row["id"] not in place.recent]:
                    place = place.after(new)
                    numbers = [row["id"] for row in new]
                    lines = [json.dumps(row, default=str) for row in new]
                    yield piece_of(lines, f"{self.name}, line is id", place.cursor(), numbers)
        except _errors() as error:
            problems.append(f"The database broke off at id {place.last_id}: {_words(error)}.")

    def _start(self, place: _Place, problems: list[str]) -> _Place:
        """Return where to go on: at the start where the ids began anew; say which rows are gone unread."""
        ((rows, first, last, _),) = self.ask(f"SELECT {self.SPAN} FROM {self.quoted}")  # noqa: S608 - a checked name
        newer = self.ask(
            f"SELECT 1 FROM {self.quoted} WHERE id <= %s AND ctime > %s LIMIT 1",  # noqa: S608 - a checked name
            place.last_id - OVERLAP,
            place.last_ctime,
        )
        if place.last_id and rows and (last < place.last_id or newer):
            return replace(place, last_id=0, recent=())
        if place.last_id and rows and first > place.last_id + 1:
            problems.append(
                f"The rows with ids {place.last_id + 1} to {first - 1} of {self.name} were pruned before they were "
                "read: collect more often, or have Wordfence store more Live Traffic data"
            )
        return place


@contextlib.contextmanager
def _connect(job: Job, options: Options, password: str) -> Iterator[Any]:
    import pymysql

    where = options.socket or f"{options.host}:{options.port}"
    try:
        connection = pymysql.connect(
            host=options.host,
            port=options.port,
            unix_socket=options.socket,
            user=options.user,
            password=password,
            database=options.database,
            connect_timeout=15,
            read_timeout=120,
            charset="utf8mb4",
            init_command="SET SESSION TRANSACTION READ ONLY",
            ssl=_tls(job, options),
        )
    except _errors() as error:
        raise SourceError(
            f"The database {options.database} at {where} can't be opened: {_words(error)}.", can_retry=True
        ) from None
    try:
        yield connection
    except _errors() as error:
        raise SourceError(f"The database {options.database} at {where} refused: {_words(error)}.") from None
    finally:
        with contextlib.suppress(*_errors()):
            connection.close()


def _tls(job: Job, options: Options) -> ssl.SSLContext | None:
    """Return what is insisted on; with None TLS is used where the server offers it."""
    if not options.ca_file and (options.socket or not options.is_encrypted):
        return None
    context = ssl.create_default_context(cafile=str(job.base / options.ca_file) if options.ca_file else None)
    if not options.ca_file:  # most servers of databases make a certificate of their own
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _errors() -> tuple[type[Exception], ...]:
    import pymysql

    return (pymysql.MySQLError, OSError)


def _words(error: Exception) -> str:
    return excerpt(str(error.args[-1] if error.args else error), 300).rstrip(".")

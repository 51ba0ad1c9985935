"""What Wordfence wrote down in a WordPress site's database: the table `<prefix>wfHits`, read over MySQL.

Live traffic is pruned by row count, so collect often. Rows are read in the order of their id, from the last one on.
Wordfence's own tables: https://github.com/wp-plugins/wordfence/blob/master/lib/wfSchema.php
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from pydantic import Field

from tasks.contracts import Job, Outcome, SecretReference
from tasks.errors import SourceError
from tasks.log_landing import LogOptions, Piece, cursor_name, land_pieces, outcome_of, piece_of
from tasks.redact import excerpt

ROWS = 20_000
"""Rows asked for at once; bounds the memory."""


class Options(LogOptions):
    """Wordfence's live traffic and blocks, out of the site's database."""

    format: str = Field(default="wordfence", description="wordfence.")
    host: str = Field(default="127.0.0.1", description="Host of the database, as a tunnel gives it.")
    port: int = Field(default=3306, ge=1, le=65535, description="Port of the database.")
    database: str = Field(min_length=1, description="Name of the database.")
    user: str = Field(min_length=1, description="User that may SELECT from the table; nothing more is needed.")
    password: SecretReference = Field(description="Password of the user.")
    table_prefix: str = Field(default="wp_", pattern=r"^[A-Za-z0-9_]*$", description="Prefix of WordPress's tables.")
    is_encrypted: bool = Field(default=True, description="Insist on TLS; a tunnel on this host may do without.")


async def collect(job: Job) -> Outcome:
    """Read the rows after the last one and land them."""
    options, password = _options(job), await job.secret(_options(job).password)
    with job.spool.hold_cursor(cursor_name(job)) as cursor, _connect(options, password) as connection:
        pieces = _pieces(connection, options, int(cursor or 0))
        try:
            landed = land_pieces(job, options, "waf_wordfence", pieces)
        except _errors() as error:
            raise SourceError(f"The database {options.database} broke off: {_words(error, password)}") from None
    return outcome_of(landed, [])


async def check(job: Job) -> str:
    """Count the rows.

    Raises:
        SourceError: the database or its table can't be read.
    """
    options, password = _options(job), await job.secret(_options(job).password)
    with _connect(options, password) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) AS row_count FROM `{_table(connection, options)}`")  # noqa: S608 - a checked name
        return f"{cursor.fetchone()['row_count']:,} rows in {_table(connection, options)}"


def _pieces(connection: Any, options: Options, last_id: int) -> Iterator[Piece]:
    table = _table(connection, options)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM `{table}` WHERE id > %s ORDER BY id LIMIT {ROWS}", [last_id])  # noqa: S608
            rows = cursor.fetchall()
        if not rows:
            return
        first, last_id = last_id + 1, rows[-1]["id"]
        lines = [json.dumps({name: _plain(value) for name, value in row.items()}) for row in rows]
        yield piece_of(lines, f"{table} from id {first}", last_id)


def _table(connection: Any, options: Options) -> str:
    """Return the name of the table as this server spells it: some keep no capitals.

    Raises:
        SourceError: there is none.
    """
    wanted = f"{options.table_prefix}wfHits"
    with connection.cursor() as cursor:
        cursor.execute("SHOW TABLES")
        names = [str(next(iter(row.values()))) for row in cursor.fetchall()]
    found = next((name for name in names if name.lower() == wanted.lower()), None)
    if found is None:
        raise SourceError(f"The database {options.database} has no table {wanted}: mend table_prefix.")
    return found


@contextlib.contextmanager
def _connect(options: Options, password: str) -> Iterator[Any]:
    import pymysql
    import pymysql.cursors

    try:
        connection = pymysql.connect(
            host=options.host,
            port=options.port,
            user=options.user,
            password=password,
            database=options.database,
            cursorclass=pymysql.cursors.DictCursor,
            connect_timeout=15,
            read_timeout=120,
            charset="utf8mb4",
            ssl={"check_hostname": False} if options.is_encrypted else None,
        )
    except _errors() as error:
        raise SourceError(
            f"The database at {options.host}:{options.port} can't be opened: {_words(error, password)}", can_retry=True
        ) from None
    with contextlib.closing(connection):
        yield connection


def _errors() -> tuple[type[Exception], ...]:
    import pymysql

    return (pymysql.MySQLError, OSError)


def _words(error: Exception, password: str) -> str:
    return excerpt(str(error.args[-1] if error.args else error).replace(password, "[redacted]"), 200)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray):
        return value.hex()
    return value if isinstance(value, int | float | str) or value is None else str(value)


def _options(job: Job) -> Options:
    assert isinstance(job.options, Options)  # noqa: S101 - by kind
    return job.options

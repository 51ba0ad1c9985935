"""What the snapshot answered to the queries of a report: asked once each, kept, and given again out of files.

A report carries its answers as attachments. Whoever has the PDF alone can so make the report anew and compare:
`Answers` asks a snapshot, `KeptAnswers` gives what was answered then, value by value and type by type.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from warehouse.connection import dicts, prepare
from warehouse.errors import UpkeepError
from warehouse.publish import snapshot_id

_TEXT_FIRST = ("=", "+", "-", "@", "\t", "\r", "'")
"""What a text in a table must not begin with: spreadsheets would take it for a formula, and ours marks that."""

_ORDERED = re.compile(r"\bORDER BY\b[^)]*$")


class AnswerError(UpkeepError):
    """Kept answers can't be read, or a question was never asked."""


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """One query with its parameters; `parameters` is JSON with sorted keys."""

    sql: str
    parameters: str

    @classmethod
    def of(cls, sql: str, parameters: Mapping[str, Any]) -> Question:
        """Return the question, with those parameters only that the query names."""
        bound = {name: value for name, value in parameters.items() if f"${name}" in sql}
        return cls(sql, json.dumps(bound, sort_keys=True, default=_plain))


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer as CSV with a header. Null is an empty cell; an apostrophe marks text that follows as it is."""

    question: Question
    types: Mapping[str, str]
    """DuckDB's type of each column."""
    data: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the file."""
        return hashlib.sha256(self.data).hexdigest()


class Answers:
    """Asks a snapshot, each question once, from any thread; `snapshot_id` names the data.

    An answer is the temporary table `answer` of a cursor of its own.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, snapshot_id: str) -> None:
        self.snapshot_id = snapshot_id
        self._con = con
        self._answers: dict[Question, Future[duckdb.DuckDBPyConnection]] = {}
        self._lock = Lock()

    @classmethod
    def on(cls, con: duckdb.DuckDBPyConnection) -> Answers:
        """Return the answers of an open snapshot, or of one site's part of it."""
        return cls(con, snapshot_id(con))

    def frame(self, sql: str, parameters: Mapping[str, Any]) -> pd.DataFrame:
        """Return the rows as pandas has them."""
        answer = self._answer(sql, parameters)
        with self._lock:
            return answer.execute("FROM answer").df()

    def dicts(self, sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return the rows by the names of their columns."""
        answer = self._answer(sql, parameters)
        with self._lock:
            return dicts(answer.execute("FROM answer"))

    def kept(self) -> list[KeptAnswer]:
        """Return every answer so far, sorted by question."""
        return [self._kept(question, answer.result()) for question, answer in sorted(self._answers.items())]

    def _answer(self, sql: str, parameters: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
        question = Question.of(sql, parameters)
        with self._lock:
            is_new = question not in self._answers
            answer = self._answers.setdefault(question, Future())
        if is_new:
            try:
                answer.set_result(
                    self._ask(question, {name: parameters[name] for name in json.loads(question.parameters)})
                )
            except BaseException as error:
                answer.set_exception(error)
                del self._answers[question]
                raise
        return answer.result()

    def _ask(self, question: Question, bound: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
        # Where a query leaves the order open, it is the same each time all the same.
        order = "" if _ORDERED.search(question.sql) else " ORDER BY ALL"
        return self._con.cursor().execute(f"CREATE TEMP TABLE answer AS FROM ({question.sql}){order}", dict(bound))

    def _kept(self, question: Question, answer: duckdb.DuckDBPyConnection) -> KeptAnswer:
        described = answer.execute("DESCRIBE answer").fetchall()
        types = {str(name): str(kind) for name, kind, *_ in described}
        columns = ", ".join(
            f"to_json({_name(name)})::VARCHAR" if _is_nested(kind) else f"{_name(name)}::VARCHAR"
            for name, kind in types.items()
        )
        rows = answer.execute(f"SELECT {columns} FROM answer").fetchall()  # noqa: S608 - our own names
        file = io.StringIO()
        writer = csv.writer(file)  # CRLF, as RFC 4180 has it: a lone CR in a text is quoted then
        writer.writerow(types)
        for row in rows:
            writer.writerow([_cell(value, kind) for value, kind in zip(row, types.values(), strict=True)])
        return KeptAnswer(question, types, file.getvalue().encode())


class KeptAnswers(Answers):
    """Gives answers out of files, as the snapshot gave them; what was never asked has no answer."""

    def __init__(self, answers: Sequence[KeptAnswer], snapshot_id: str) -> None:
        con = duckdb.connect()
        prepare(con)
        super().__init__(con, snapshot_id)
        for answer in answers:
            self._answers[answer.question] = taken = Future[duckdb.DuckDBPyConnection]()
            taken.set_result(self._taken(answer))

    def _ask(self, question: Question, bound: Mapping[str, Any]) -> duckdb.DuckDBPyConnection:
        raise AnswerError(
            f"It holds no answer to a query that this version asks with {dict(bound)}: {question.sql.strip()}"
        )

    def _taken(self, answer: KeptAnswer) -> duckdb.DuckDBPyConnection:
        rows = list(csv.reader(io.StringIO(answer.data.decode(), newline="")))
        if not rows or rows[0] != list(answer.types) or any(len(row) != len(rows[0]) for row in rows):
            raise AnswerError("a table has other columns than were written")
        told = pa.table(
            {
                name: pa.array([_value(row[place]) for row in rows[1:]], pa.string())
                for place, name in enumerate(rows[0])
            }
        )
        columns = ", ".join(
            f"CAST({_name(name)}{'::JSON' if _is_nested(kind) else ''} AS {kind}) AS {_name(name)}"
            for name, kind in answer.types.items()
        )
        cursor = self._con.cursor()
        cursor.register("told", told)
        try:
            cursor.execute(f"CREATE TEMP TABLE answer AS SELECT {columns} FROM told")  # noqa: S608 - quoted
        except duckdb.Error as error:
            raise AnswerError(
                f"a table holds a value of another type than was written: {str(error).splitlines()[0]}"
            ) from None
        finally:
            cursor.unregister("told")
        return cursor


def _plain(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} can't be a parameter of a query")


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))


def _cell(value: str | None, kind: str) -> str:
    if value is None:
        return ""
    is_text = kind == "VARCHAR" or _is_nested(kind)
    return f"'{value}" if not value or (is_text and value.startswith(_TEXT_FIRST)) else value


def _value(cell: str) -> str | None:
    return cell.removeprefix("'") if cell else None

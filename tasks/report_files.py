"""Files of reports that jobs and other systems drop: found, read within bounds, landed once for each content."""

from __future__ import annotations

import csv
import glob
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from tasks.contracts import Context, Job, Outcome, Parsed
from tasks.errors import SourceError
from tasks.redact import excerpt
from warehouse.records import Record, Reject
from warehouse.spool import batch_id_of

FILES = 1000
FILE_BYTES = 16 * 1024 * 1024
"""A file of reports at most: some 100,000 lines."""

T = TypeVar("T", bound=Record)


def take(
    job: Job,
    paths: Sequence[str],
    parser: str,
    kind: type[T],
    moment: Callable[[T], datetime],
    parse: Callable[[bytes, Path], Parsed],
) -> Outcome:
    """Land each file as one batch, named by its content; one that can't be read leaves the others.

    Args:
        job: what to collect; its window leaves out what lies outside of it.
        paths: files and globs.
        parser: name and version.
        kind: the record that the files hold.
        moment: gives the time of a record.
        parse: gives the records and rejects of one file.

    Raises:
        SourceError: no file is there, or too many are.
    """
    landed, rejected, newest, problems = 0, 0, list[datetime](), list[str]()
    for path in find(paths, job.base):
        try:
            data = read(path)
            parsed = parse(data, path)
        except (OSError, SourceError) as error:
            problems.append(f"{path.name}: {getattr(error, 'strerror', None) or error}")
            continue
        records = [record for record in parsed.records if isinstance(record, kind) and _is_wanted(moment(record), job)]
        kept = Parsed(records=records, rejects=parsed.rejects)
        if kept.records or kept.rejects:
            digest = hashlib.sha256(data).hexdigest()
            job.spool.land(
                batch_id_of(parser, job.context.site_id, job.context.source_id, digest, job.since, job.until),
                kept.by_table(),
                collector=job.options.kind,
                parser_version=parser,
            )
        landed, rejected = landed + len(records), rejected + len(parsed.rejects)
        newest += [moment(record) for record in records]
    return Outcome.of({kind.table: landed, Reject.table: rejected}, problems, fresh_as_of=max(newest, default=None))


def find(patterns: Sequence[str], base: Path) -> list[Path]:
    """Return the files that match, in order of their names; `*` and `?` stand for any.

    Raises:
        SourceError: no file is there, or more than `FILES`.
    """
    found = sorted(set(_matching(patterns, base)))
    if not found:
        raise SourceError(f"No file matches {', '.join(patterns)} below {base}: mend paths.")
    if len(found) > FILES:
        raise SourceError(f"{len(found):,} files match, over {FILES:,}: narrow paths, or remove old files.")
    return found


def read(path: Path) -> bytes:
    """Return what a file holds.

    Raises:
        OSError: it can't be read.
        SourceError: it is larger than `FILE_BYTES`.
    """
    with path.open("rb") as handle:
        data = handle.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise SourceError(f"{path.name} is over {FILE_BYTES // 2**20} MiB: rotate it.")
    return data


def rows_of(data: bytes, path: Path) -> Iterator[tuple[int, str, dict[str, Any] | Exception]]:
    """Yield number, text and fields of each line of JSON lines (`.jsonl`, `.ndjson`) or of CSV with a header.

    An error stands in place of the fields of a line that has none.

    Raises:
        SourceError: the file is no UTF-8 or UTF-16 text.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise SourceError(f"{path.name} is no UTF-8 text: export it as UTF-8.") from None
    if path.suffix in (".jsonl", ".ndjson"):
        for number, line in enumerate(text.split("\n"), start=1):
            if line.strip():
                yield number, line, _json_object(line)
        return
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    lines = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    header: list[str] | None = None
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield lines.line_num, "", ValueError(f"it is no line of CSV ({error}); export it again")
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
        elif any(cells):
            fields = dict(zip(header, cells, strict=False))
            is_whole = len(cells) == len(header)
            problem = ValueError(f"it has {len(cells)} columns, the header {len(header)}")
            yield lines.line_num, delimiter.join(cells), fields if is_whole else problem


def _json_object(line: str) -> dict[str, Any] | Exception:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return error
    return value if isinstance(value, dict) else ValueError("it is no JSON object; write one a line")


def none_if_blank(value: object) -> object:
    """Return None for the empty cell of a table, else the value: a validator."""
    return None if isinstance(value, str) and not value.strip() else value


def reject(context: Context, file: str, line_number: int, text: str, error: Exception) -> Reject:
    """Return the quarantined line, with what is wrong with it."""
    return Reject(
        site_id=context.site_id,
        source_id=context.source_id,
        file=file,
        line_number=line_number,
        reason=_reason(error),
        excerpt=excerpt(text),
    )


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the line"
        return excerpt(f"{where}: {first['msg']}")
    if isinstance(error, json.JSONDecodeError | UnicodeDecodeError | RecursionError):
        return "it is no line of JSON; write one report a line"
    return excerpt(str(error))


def _matching(patterns: Sequence[str], base: Path) -> Iterator[Path]:
    for pattern in patterns:
        yield from (path for path in map(Path, glob.iglob(str(base / pattern))) if path.is_file())  # noqa: PTH207 - absolute ones too


def _is_wanted(moment: datetime, job: Job) -> bool:
    return (job.since is None or moment >= job.since) and (job.until is None or moment < job.until)

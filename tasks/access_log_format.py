"""Turn an Apache LogFormat or an nginx log_format into a pattern and the columns that it fills.

https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats and
https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format (variables: https://nginx.org/en/docs/varindex.html)

The pattern is one for RE2, whose time grows with the line alone: no request can make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.access_log_clock import Field, apache_time, literal, time_patterns, time_sql, times_of
from tasks.errors import ConfigurationError
from warehouse.connection import quoted

LONGEST = 4096
"""Characters that a format may have."""
COLUMNS = (
    "client_ip", "forwarded", "host", "request", "method", "path", "query", "target", "protocol", "status", "bytes",
    "referrer", "user_agent",
)  # fmt: skip
NAMED = {
    "common": '%h %l %u %t "%r" %>s %b',
    "combined": '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
    "vhost_combined": '%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"',
}
"""Formats that servers come with."""
# Column and rank of each directive and variable.
_APACHE = {
    "a": ("client_ip", 0), "h": ("client_ip", 1), "r": ("request", 0), ">s": ("status", 0), "s": ("status", 1),
    "b": ("bytes", 0), "B": ("bytes", 0), "O": ("bytes", 1), "U": ("path", 0), "q": ("query", 0), "m": ("method", 0),
    "H": ("protocol", 0), "v": ("host", 0), "V": ("host", 1),
}  # fmt: skip
_APACHE_OTHERS = {*"ADfIklLpPRSTuX", "{}a", "{}h", "{}p", "{}P", "{}T", "{}C", "{}c", "{}e", "{}i", "{}n", "{}o", "{}x"}
_NGINX = {
    "remote_addr": ("client_ip", 0), "request": ("request", 0), "status": ("status", 0),
    "body_bytes_sent": ("bytes", 0), "bytes_sent": ("bytes", 1), "host": ("host", 0), "server_name": ("host", 3),
    "request_method": ("method", 0), "request_uri": ("target", 0), "uri": ("path", 0), "document_uri": ("path", 0),
    "args": ("query", 0), "query_string": ("query", 0), "server_protocol": ("protocol", 0),
    "proxy_add_x_forwarded_for": ("forwarded", 4),
}  # fmt: skip
_HEADERS = {
    "referer": ("referrer", 0), "user-agent": ("user_agent", 0), "host": ("host", 2),
    "cf-connecting-ip": ("forwarded", 0), "true-client-ip": ("forwarded", 1), "x-real-ip": ("forwarded", 2),
    "x-forwarded-for": ("forwarded", 3),
}  # fmt: skip
_NGINX_TIMES = {"time_local": "clf", "time_iso8601": "iso", "msec": "epoch"}
_NOTHING = ("", 0)
_PATTERNS = {
    "method": r"[A-Za-z_-]*", "protocol": r"(?:HTTP/[0-9.]+|-?)", "status": r"(?:[0-9]+|-?)", "bytes": r"(?:[0-9]+|-?)",
    "host": r'[^\s/"?]*', "client_ip": r"[^\s,]*",
}  # fmt: skip
_QUOTED = r'(?:[^"\\]|\\.)*'
_DIRECTIVE = re.compile(r"%(?:!?[0-9]{3}(?:,[0-9]{3})*)?([<>]?)(\{[^}]*\})?[<>]?(\^t[io]|[a-zA-Z%])")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Compiled:
    """`pattern` has a group for each of `columns`, in order; `stamp` and `time` are SQL over the struct `f` of them."""

    pattern: str
    columns: tuple[str, ...]
    stamp: str
    """The time as it is written."""
    time: str
    """The time as a TIMESTAMPTZ."""
    is_zone_assumed: bool


def compile_log_format(text: str, client_ip: str | None = None) -> Compiled:
    """Return the pattern of a format.

    Args:
        text: the format, or the whole directive as it stands in the configuration, or one of `NAMED`.
        client_ip: the directive or variable of the client's address, where it is not that of the connection.

    Raises:
        ConfigurationError: it has no time or no request, or a directive that the server does not have.
    """
    text = NAMED.get(text.strip(), _bare(text.strip()))
    if len(text) > LONGEST:
        raise ConfigurationError(f"The log_format has {len(text):,} characters; allowed: {LONGEST:,}.")
    if text.startswith("{"):
        raise ConfigurationError("The log_format writes JSON; use the format access-json for it.")
    pieces = list(_nginx(text) if _is_nginx(text) else _apache(text))
    fields = [piece for piece in pieces if isinstance(piece, Field)]
    if not {field.column for field in fields} & {"request", "path", "target"}:
        raise ConfigurationError("The log_format has no request; allowed: %r, %U, $request, $request_uri, $uri.")
    columns_of, times = _columns_of(fields, client_ip), times_of(fields)
    parts, columns, stamps = ["^"], list[str](), list[str]()
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            parts.append(literal(piece))
        elif piece.time:
            for pattern, is_of_use in time_patterns(piece):
                is_kept = is_of_use and any(piece is time for time in times)
                if is_kept:
                    stamps.append(f"time_{len(stamps)}")
                    columns.append(stamps[-1])
                parts.append(f"({pattern})" if is_kept else pattern)
        else:
            column = columns_of.get(id(piece))
            columns += [column] if column else []
            parts.append(f"({'' if column else '?:'}{_pattern(pieces, at)})")
    # Every column has a group, an empty one where the format does not fill it.
    missing = [column for column in COLUMNS if column not in columns]
    pattern = "".join(parts) + "$" + "()" * len(missing)
    return Compiled(pattern, (*columns, *missing), *time_sql(times, stamps))


def sql_of(text: str, client_ip: str | None = None) -> str:
    """Return the sections of SQL that read lines of a format; arguments and errors as of `compile_log_format`."""
    made = compile_log_format(text, client_ip)
    names = ", ".join(f"'{name}'" for name in made.columns)
    macros = f"""-- @setup
CREATE OR REPLACE MACRO cut_line(line) AS regexp_extract(line, {quoted(made.pattern)}, [{names}]);
CREATE OR REPLACE MACRO stamp_of(f) AS {made.stamp};
CREATE OR REPLACE MACRO time_of(f) AS {made.time};
CREATE OR REPLACE MACRO is_unzoned() AS {str(made.is_zone_assumed).lower()};
"""
    return macros + Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")


def _bare(text: str) -> str:
    """Return the format that a directive of a configuration file holds, without its quoting."""
    apache = re.fullmatch(r'LogFormat\s+"((?:[^"\\]|\\.)*)"\s*\S*', text, re.DOTALL | re.IGNORECASE)
    nginx = re.fullmatch(r"(?:log_format\s+\S+\s+(?:escape=\w+\s+)?)?((?:'(?:[^'\\]|\\.)*'\s*)+);?", text, re.DOTALL)
    if apache:
        text = apache.group(1)
    elif nginx:
        text = "".join(re.findall(r"'((?:[^'\\]|\\.)*)'", nginx.group(1), re.DOTALL))
    return re.sub(r"""\\(["'\\t])""", lambda found: "\t" if found.group(1) == "t" else found.group(1), text)


def _is_nginx(text: str) -> bool:
    return _VARIABLE.search(text) is not None and not re.search(r"%(?:[<>]?[ahrstU]\b|\{)", text)


def _nginx(text: str) -> Iterator[str | Field]:
    """Cut a log_format; a variable that nginx does not come with may be of a map and is read and left out."""
    at = 0
    for found in _VARIABLE.finditer(text):
        yield text[at : found.start()]
        name = found.group(1) or found.group(2)
        known = _NGINX.get(name, _NOTHING)
        if name.startswith("http_"):
            known = _HEADERS.get(name.removeprefix("http_").replace("_", "-"), _NOTHING)
        yield Field(f"${name}", *known, _NGINX_TIMES.get(name, ""))
        at = found.end()
    yield text[at:]


def _apache(text: str) -> Iterator[str | Field]:
    """Cut a LogFormat."""
    at = 0
    while (start := text.find("%", at)) >= 0:
        found = _DIRECTIVE.match(text, start)
        sign, argument, letter = found.groups() if found else ("", "", "")
        argument = (argument or "").strip("{}")
        yield text[at:start]
        if letter == "%":
            yield "%"
        elif letter == "t":
            yield apache_time(argument)
        elif argument and ("{}" + letter in _APACHE_OTHERS or letter in ("^ti", "^to")):
            known = _HEADERS.get(argument.lower(), _NOTHING) if letter == "i" else _NOTHING
            yield Field(f"%{{{argument}}}{letter}", *known)
        elif not argument and (letter in _APACHE or letter in _APACHE_OTHERS):
            yield Field(f"%{sign}{letter}", *_APACHE.get(sign + letter, _APACHE.get(letter, _NOTHING)))
        else:
            names = sorted({*_APACHE, *_APACHE_OTHERS, "t", "{}t", "%", "{}^ti", "{}^to"} - {">s"})
            raise ConfigurationError(
                f"The log_format has {text[start : found.end() if found else start + 8]!r} at character {start + 1}, "
                f"which is no directive of Apache; allowed: {' '.join('%' + n.replace('{}', '{..}') for n in names)}."
            )
        at = found.end() if found else start
    yield text[at:]


def _columns_of(fields: Sequence[Field], client_ip: str | None) -> dict[int, str]:
    """Return the column of each field that fills one, by its identity: a directive may be there twice."""
    kept: dict[str, Field] = {}
    for field in fields:
        if field.column and (field.column not in kept or field.rank < kept[field.column].rank):
            kept[field.column] = field
    if client_ip:
        chosen = next((field for field in fields if field.name.lower() == client_ip.strip().lower()), None)
        if chosen is None:
            known = " ".join(dict.fromkeys(field.name for field in fields if not field.time))
            raise ConfigurationError(f"The log_format has no {client_ip!r} for the option client_ip; allowed: {known}.")
        kept.pop("client_ip", None)
        kept["forwarded"] = chosen
    return {id(field): column for column, field in kept.items()}


def _pattern(pieces: Sequence[str | Field], at: int) -> str:
    """Return the pattern of a field, by what it may hold and by what stands around it."""
    field, before, after = pieces[at], "".join(p for p in pieces[:at] if isinstance(p, str)), pieces[at + 1 : at + 5]
    column, name = (field.column, field.name) if isinstance(field, Field) else ("", "")
    next_text = next((piece for piece in after if isinstance(piece, str) and piece), "")
    is_quoted = before.count('"') % 2 == 1
    if column in _PATTERNS:
        return _PATTERNS[column]
    if name == "%q":
        return rf"(?:\?{_QUOTED}?)?" if is_quoted else r"(?:\?.*?)?"
    if name == "$is_args":
        return r"\??"
    if column == "path" and any(p == "?" or (isinstance(p, Field) and p.column == "query") for p in after):
        if is_quoted:
            return r'(?:[^"\\?]|\\.)*'
        return r"[^?\s]*" if name.startswith("$") else r"[^?]*?"
    if is_quoted:
        return _QUOTED if next_text.startswith('"') else f"{_QUOTED}?"
    return r"[^\]]*" if before.endswith("[") and next_text.startswith("]") else ".*?"

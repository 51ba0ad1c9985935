"""Turn an Apache LogFormat or an nginx log_format into a pattern and the columns that it fills.

https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats and
https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format (variables: https://nginx.org/en/docs/varindex.html)

The pattern is one for RE2, whose time grows with the line alone: no request can make it slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.errors import ConfigurationError

LONGEST = 4096
"""Characters that a format may have."""
COLUMNS = (
    "client_ip", "forwarded", "host", "request", "method", "path", "query", "target", "protocol", "status", "bytes",
    "referrer", "user_agent",
)  # fmt: skip
NAMED = {
    "common": r'%h %l %u %t "%r" %>s %b',
    "combined": r'%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"',
    "vhost_combined": r'%v:%p %h %l %u %t "%r" %>s %O "%{Referer}i" "%{User-Agent}i"',
}

# Column and rank: of several directives for one column that of the lowest rank counts. No column: read and left out.
APACHE = {
    "a": ("client_ip", 0), "h": ("client_ip", 1), "r": ("request", 0), ">s": ("status", 0), "s": ("status", 1),
    "<s": ("status", 2), "b": ("bytes", 0), "B": ("bytes", 0), "O": ("bytes", 1), "U": ("path", 0), "q": ("query", 0),
    "m": ("method", 0), "H": ("protocol", 0), "v": ("host", 0), "V": ("host", 1),
    **dict.fromkeys(("A", "D", "f", "I", "k", "l", "L", "p", "P", "R", "S", "T", "u", "X", "{}a", "{}h", "{}p", "{}P"), ("", 0)),
    **dict.fromkeys(("{}T", "{}C", "{}c", "{}e", "{}i", "{}n", "{}o", "{}x", "{}^ti", "{}^to"), ("", 0)),
}  # fmt: skip
HEADERS = {
    "referer": ("referrer", 0), "user-agent": ("user_agent", 0), "host": ("host", 2), "cf-connecting-ip": ("forwarded", 0),
    "true-client-ip": ("forwarded", 1), "x-real-ip": ("forwarded", 2), "x-forwarded-for": ("forwarded", 3),
}  # fmt: skip
NGINX = {
    "remote_addr": ("client_ip", 0), "request": ("request", 0), "status": ("status", 0), "body_bytes_sent": ("bytes", 0),
    "bytes_sent": ("bytes", 1), "host": ("host", 0), "server_name": ("host", 3), "request_method": ("method", 0),
    "request_uri": ("target", 0), "uri": ("path", 0), "document_uri": ("path", 0), "args": ("query", 0),
    "query_string": ("query", 0), "server_protocol": ("protocol", 0), "proxy_add_x_forwarded_for": ("forwarded", 4),
}  # fmt: skip
_PATTERNS = {
    "method": r"[A-Za-z_-]*", "protocol": r"(?:HTTP/[0-9.]+|-?)", "status": r"(?:[0-9]+|-?)", "bytes": r"(?:[0-9]+|-?)",
    "host": r'[^\s/"?]*', "client_ip": r"[^\s,]*",
}  # fmt: skip
# Clock: https://man7.org/linux/man-pages/man3/strftime.3.html; what DuckDB can read of it.
_CLOCK = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{2}", "d": "[0-9]{2}", "e": "[ 0-9][0-9]", "j": "[0-9]{3}", "b": "[A-Za-z]+",
    "B": "[A-Za-z]+", "a": "[A-Za-z]+", "A": "[A-Za-z]+", "H": "[0-9]{2}", "I": "[0-9]{2}", "M": "[0-9]{2}", "S": "[0-9]{2}",
    "p": "[A-Za-z]{2}", "z": "[+-][0-9]{4}",
}  # fmt: skip
_LONG = {
    "T": "%H:%M:%S",
    "R": "%H:%M",
    "F": "%Y-%m-%d",
    "D": "%m/%d/%y",
    "r": "%I:%M:%S %p",
    "h": "%b",
    "n": " ",
    "t": "\t",
}
_EPOCH = {"sec", "msec", "usec", "%s"}
_FRACTION = {"msec_frac", "usec_frac"}
_CLF = r"[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2} [+-][0-9]{4}"
_APACHE = re.compile(r"%(?:!?[0-9]{3}(?:,[0-9]{3})*)?([<>]?)(\{[^}]*\})?[<>]?(\^t[io]|[a-zA-Z%])")
_NGINX = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Compiled:
    """`pattern` has a group for each of `columns`, in order; `time` and `stamp` are SQL over the struct `f` of them."""

    pattern: str
    columns: tuple[str, ...]
    time: str
    """Gives a TIMESTAMPTZ."""
    stamp: str
    """The time as it is written."""
    is_zone_assumed: bool


@dataclass(frozen=True, slots=True)
class _Field:
    """A directive: its name for messages, and either a column or the kind of time with its strftime text."""

    name: str
    column: str = ""
    rank: int = 0
    time: str = ""
    clock: str = ""


def compile_log_format(text: str, client_ip: str | None = None) -> Compiled:
    """Return the pattern of a format.

    Args:
        text: the format, or the whole directive as it stands in the configuration, or one of `NAMED`.
        client_ip: the directive or variable of the client's address, where it is not the one of the connection.

    Raises:
        ConfigurationError: it has no time or no request, or a directive that the server does not have.
    """
    text = NAMED.get(text.strip(), _bare(text.strip()))
    if len(text) > LONGEST:
        raise ConfigurationError(f"The log_format has {len(text):,} characters; allowed: {LONGEST:,}.")
    if text.startswith("{"):
        raise ConfigurationError("The log_format writes JSON; use the format access-json for it.")
    pieces = list(_nginx(text) if _is_nginx(text) else _apache(text))
    fields = [piece for piece in pieces if isinstance(piece, _Field)]
    kept = _kept(fields, client_ip)
    _check(kept.values(), fields)
    times = _times(fields)
    groups: dict[int, str] = {id(field): column for column, field in kept.items()}
    parts, columns = ["^"], list[str]()
    for at, piece in enumerate(pieces):
        if isinstance(piece, str):
            parts.append(_literal(piece))
        elif piece.time:
            for pattern, is_kept in _time_patterns(piece, times):
                if is_kept:
                    columns.append(f"time_{len([c for c in columns if c.startswith('time_')])}")
                parts.append(f"({pattern})" if is_kept else f"(?:{pattern})")
        else:
            pattern = _pattern(pieces, at)
            column = groups.get(id(piece))
            columns += [column] if column else []
            parts.append(f"({pattern})" if column else f"(?:{pattern})")
    missing = [column for column in COLUMNS if column not in columns]
    pattern = "".join(parts) + "$" + "()" * len(missing)
    stamp, time, is_zone_assumed = _time_sql(times, [c for c in columns if c.startswith("time_")])
    return Compiled(pattern, (*columns, *missing), time, stamp, is_zone_assumed)


def sql_of(text: str, client_ip: str | None = None) -> str:
    """Return the sections of SQL that read lines of a format.

    Raises:
        ConfigurationError: as `compile_log_format`.
    """
    made = compile_log_format(text, client_ip)
    names = ", ".join(f"'{name}'" for name in made.columns)
    macros = f"""-- @setup
CREATE OR REPLACE MACRO cut_line(line) AS regexp_extract(line, {_quoted(made.pattern)}, [{names}]);
CREATE OR REPLACE MACRO time_of(f) AS {made.time};
CREATE OR REPLACE MACRO stamp_of(f) AS {made.stamp};
CREATE OR REPLACE MACRO is_zone_assumed() AS {str(made.is_zone_assumed).lower()};
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
    return _NGINX.search(text) is not None and not re.search(r"%(?:[<>]?[ahrst]\b|\{)", text)


def _nginx(text: str) -> Iterator[str | _Field]:
    at = 0
    times = {"time_local": "clf", "time_iso8601": "iso", "msec": "epoch"}
    for found in _NGINX.finditer(text):
        yield text[at : found.start()]
        name = found.group(1) or found.group(2)
        header = name.removeprefix("http_").replace("_", "-")
        column, rank = HEADERS.get(header, ("", 0)) if name.startswith("http_") else NGINX.get(name, ("", 0))
        yield _Field(found.group(0).replace("{", "").replace("}", ""), column, rank, times.get(name, ""))
        at = found.end()
    yield text[at:]


def _apache(text: str) -> Iterator[str | _Field]:
    at = 0
    while (start := text.find("%", at)) >= 0:
        found = _APACHE.match(text, start)
        letter = found.group(3) if found else ""
        argument = (found.group(2) or "")[1:-1] if found else ""
        key = ("{}" if argument else found.group(1)) + letter if found else ""
        if letter == "%":
            yield text[at:start] + "%"
        elif letter == "t":
            yield text[at:start]
            yield _apache_time(argument)
        elif key in APACHE or (found and letter in APACHE and not argument):
            yield text[at:start]
            column, rank = HEADERS.get(argument.lower(), ("", 0)) if key == "{}i" else APACHE.get(key, ("", 0))
            yield _Field(f"%{{{argument}}}{letter}" if argument else f"%{key}", column, rank)
        else:
            allowed = ", ".join(sorted({"%" + name.replace("{}", "{..}") for name in APACHE} | {"%t", "%{..}t", "%%"}))
            raise ConfigurationError(
                f"The log_format has {(found.group(0) if found else text[start : start + 8])!r} at character {start + 1},"
                f" which is no directive of Apache; allowed: {allowed}."
            )
        assert found is not None  # noqa: S101 - for the type checker: no match has raised
        at = found.end()
    yield text[at:]


def _apache_time(argument: str) -> _Field:
    clock = argument.removeprefix("begin:").removeprefix("end:")
    if not clock:
        return _Field("%t", time="clf_in_brackets")
    kind = "epoch" if clock in _EPOCH else "fraction" if clock in _FRACTION else "clock"
    field = _Field(f"%{{{argument}}}t", time=kind, clock=clock)
    if kind == "clock":
        for code in re.findall(r"%(.)", clock):
            if code not in "%Z" and code not in _CLOCK and code not in _LONG:
                allowed = ", ".join(f"%{c}" for c in sorted({*_CLOCK, *_LONG, "Z", "%"}))
                raise ConfigurationError(
                    f"The log_format has {field.name!r}, and %{code} of it can't be read back; allowed: {allowed}, and"
                    f" sec, msec, usec, msec_frac, usec_frac alone."
                )
    return field


def _kept(fields: list[_Field], client_ip: str | None) -> dict[str, _Field]:
    """Return the directive that fills each column."""
    kept: dict[str, _Field] = {}
    for field in fields:
        if field.column and (field.column not in kept or field.rank < kept[field.column].rank):
            kept[field.column] = field
    if client_ip:
        chosen = next((field for field in fields if field.name.lower() == client_ip.strip().lower()), None)
        if chosen is None:
            known = ", ".join(dict.fromkeys(field.name for field in fields if not field.time))
            raise ConfigurationError(f"The log_format has no {client_ip!r} for the client_ip; it has {known}.")
        kept.pop("client_ip", None)
        kept["forwarded"] = chosen
    return kept


def _check(kept: object, fields: list[_Field]) -> None:
    columns = {field.column for field in fields}
    if not columns & {"request", "path", "target"}:
        raise ConfigurationError("The log_format has no request; allowed: %r, %U, $request, $request_uri, $uri.")


def _times(fields: list[_Field]) -> list[_Field]:
    """Return the directives that make the time: Unix time before any other, and of begin and end the first one.

    Raises:
        ConfigurationError: there is no time, or it has no day or no hour.
    """
    found = {
        kind: [f for f in fields if f.time == kind] for kind in ("epoch", "clf", "clf_in_brackets", "iso", "clock")
    }
    fractions = [f for f in fields if f.time == "fraction"][:1]
    for kind in ("epoch", "clf", "clf_in_brackets", "iso"):
        if found[kind]:
            first = found[kind][0]
            return [first, *fractions] if kind == "epoch" and first.clock in ("sec", "%s") else [first]
    first_side = [
        f for f in found["clock"] if f.name.startswith("%{end:") == found["clock"][0].name.startswith("%{end:")
    ]
    codes = {code for field in first_side for code in re.findall(r"%(.)", _spelt(field.clock))}
    has_day = bool(codes & {"Y", "y"}) and (bool(codes & {"m", "b", "B"}) and bool(codes & {"d", "e"}) or "j" in codes)
    if not (has_day and codes & {"H", "I"} and "M" in codes):
        what = "no time" if not fields or not first_side else "a time without a day, an hour or minutes"
        raise ConfigurationError(
            f"The log_format has {what}; allowed: %t, %{{..}}t with day and time, $time_local, $time_iso8601, $msec."
        )
    return [*first_side, *fractions]


def _spelt(clock: str) -> str:
    return re.sub(r"%([TRFDrhnt])", lambda found: _LONG[found.group(1)], clock)


def _time_patterns(field: _Field, times: list[_Field]) -> Iterator[tuple[str, bool]]:
    """Yield the patterns of a time directive, and whether each is kept."""
    is_kept = any(field is time for time in times)
    if field.time == "clf_in_brackets":
        yield r"\[", False
        yield r"[^\]]+", is_kept
        yield r"\]", False
    elif field.time == "clock":
        for part, is_zone_name in _clock_parts(field.clock):
            if is_zone_name:
                yield r"\S*?", False
            else:
                yield "".join(_CLOCK.get(p[1:], _literal(p[-1])) if p[0] == "%" else _literal(p) for p in part), is_kept
    else:
        yield {"clf": _CLF, "iso": r"\S+", "epoch": r"[0-9.]+", "fraction": r"[0-9]+"}[field.time], is_kept


def _clock_parts(clock: str) -> Iterator[tuple[list[str], bool]]:
    """Yield the pieces of a strftime text between names of zones, which can't be read back, and those names."""
    for number, part in enumerate(_spelt(clock).split("%Z")):
        if number:
            yield ["%Z"], True
        if part:
            yield re.findall(r"%.|[^%]", part, re.DOTALL), False


def _time_sql(times: list[_Field], columns: list[str]) -> tuple[str, str, bool]:
    """Return SQL for the time as written and as a moment, and whether it has no zone."""
    stamp = "concat_ws(' ', " + ", ".join(f"f.{column}" for column in columns) + ")"
    kind = times[0].time
    if kind == "epoch":
        # Seconds and a fraction apart: 1795410009 and 250.
        text = "concat_ws('.', " + ", ".join(f"f.{column}" for column in columns) + ")"
        return stamp, f"epoch_at({text})", False
    if kind == "iso":
        return stamp, f"CASE WHEN {stamp} LIKE '____-__-__T__:%' THEN try_cast({stamp} AS TIMESTAMPTZ) END", False
    clock = "%d/%b/%Y:%H:%M:%S %z" if kind.startswith("clf") else " ".join(_clock_texts(times))
    moment = f"CASE WHEN regexp_matches({stamp}, '[0-9]:?[0-9]') THEN try_strptime({stamp}, {_quoted(clock)}) END"
    has_zone = "%z" in clock
    return stamp, moment if has_zone else f"local_at({moment})", not has_zone


def _clock_texts(times: list[_Field]) -> Iterator[str]:
    for field in times:
        if field.time == "fraction":
            yield "%f"
        else:
            yield from (
                "".join(part).replace("%e", "%d")
                for part, is_zone_name in _clock_parts(field.clock)
                if not is_zone_name
            )


def _pattern(pieces: list[str | _Field], at: int) -> str:
    """Return the pattern of a directive, by what it may hold and by what stands around it."""
    field = pieces[at]
    assert isinstance(field, _Field)  # noqa: S101 - the caller has looked
    before = "".join(piece for piece in pieces[:at] if isinstance(piece, str))
    after = next((piece for piece in pieces[at + 1 :] if isinstance(piece, str) and piece), "")
    is_quoted = before.count('"') % 2 == 1
    has_query = any(isinstance(p, _Field) and p.column in ("query",) or p == "?" for p in pieces[at + 1 : at + 4])
    if field.column in _PATTERNS:
        return _PATTERNS[field.column]
    if field.name == "%q":
        return r'(?:\?(?:[^"\\]|\\.)*?)?' if is_quoted else r"(?:\?.*?)?"
    if field.column == "path" and has_query:
        return r'(?:[^"\\?]|\\.)*?' if is_quoted else r"[^?]*?"
    if field.name == "$is_args":
        return r"\??"
    if is_quoted:
        return r'(?:[^"\\]|\\.)*' + ("" if after.startswith('"') else "?")
    if before.endswith("[") and after.startswith("]"):
        return r"[^\]]*"
    return ".*?"


def _literal(text: str) -> str:
    # "@" in brackets, so that no format can look like the start of a section of SQL.
    return re.sub(r"[\\.+*?()|\[\]{}^$]", r"\\\g<0>", text).replace("@", "[@]")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

"""Turn an Apache LogFormat or an nginx log_format into a pattern and the columns that it fills.

https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats and
https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasks.errors import ConfigurationError

APACHE = {
    "h": "client_ip", "a": "client_ip", "t": "clf", "r": "request", "s": "status", ">s": "status", "<s": "status",
    "b": "bytes", "B": "bytes", "O": "bytes", "U": "path", "q": "query", "m": "method", "H": "protocol", "v": "host",
    "V": "host", "{referer}i": "referrer", "{user-agent}i": "user_agent", "{host}i": "host",
    "{x-forwarded-for}i": "forwarded", "{x-real-ip}i": "forwarded",
}  # fmt: skip
NGINX = {
    "remote_addr": "client_ip", "realip_remote_addr": "", "http_x_forwarded_for": "forwarded", "time_local": "clf",
    "time_iso8601": "iso", "msec": "epoch", "request": "request", "status": "status", "body_bytes_sent": "bytes",
    "bytes_sent": "bytes", "http_referer": "referrer", "http_user_agent": "user_agent", "host": "host",
    "http_host": "host", "server_name": "host", "request_method": "method", "request_uri": "target", "uri": "path",
    "document_uri": "path", "args": "query", "query_string": "query", "server_protocol": "protocol",
}  # fmt: skip
_APACHE = re.compile(r"%(?:!?[0-9,]+)?([<>]?)(\{[^}]*\})?(\^t[io]|[a-zA-Z%])")
_NGINX = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_QUOTED, _BARE = r'(?:[^"\\]|\\.)*', r"[^ \t]*"


@dataclass(frozen=True, slots=True)
class Compiled:
    """`pattern` has a group for each of `columns`, in order; `time_format` is for a time that the format spells."""

    pattern: str
    columns: tuple[str, ...]
    time_format: str | None = None


def compile_log_format(text: str) -> Compiled:
    """Return the pattern of a format.

    Raises:
        ConfigurationError: it names no time, or no client, or a directive that no server has.
    """
    text = text.strip().replace('\\"', '"')
    pieces, columns, time_format, at = ["^"], list[str](), None, 0
    for start, end, column, spelled in _directives(text):
        pieces.append(re.escape(text[at:start]).replace("\\ ", " ").replace('\\"', '"'))
        is_quoted = text[start - 1 : start] == '"' and text[end : end + 1] == '"'
        inner = _QUOTED if is_quoted else _BARE
        if column in ("clf", "spelled"):
            inner = r"\[[^\]]*\]" if column == "clf" and not text[:start].endswith("[") else r"[^\]\"]*?"
            time_format = spelled or time_format
        if column and column not in columns:
            columns.append(column)
            pieces.append(f"({inner})")
        else:
            pieces.append(inner)
        at = end
    pieces.append(re.escape(text[at:]).replace("\\ ", " ").replace('\\"', '"'))
    if not {"clf", "iso", "epoch", "spelled"} & set(columns):
        raise ConfigurationError(f"The log_format {text!r} has no time; allowed: %t, %{{..}}t, $time_local, $msec.")
    if not {"client_ip", "forwarded"} & set(columns):
        raise ConfigurationError(f"The log_format {text!r} has no client; allowed: %h, %a, $remote_addr.")
    return Compiled("".join(pieces), tuple(columns), time_format)


def _directives(text: str) -> list[tuple[int, int, str, str | None]]:
    """Return start, end, column ('' for what is not kept) and strftime text of every directive."""
    if "$" in text and "%" not in text:
        return [(m.start(), m.end(), NGINX.get(m.group(1) or m.group(2), ""), None) for m in _NGINX.finditer(text)]
    found: list[tuple[int, int, str, str | None]] = []
    position = 0
    while (position := text.find("%", position)) >= 0:
        match = _APACHE.match(text, position)
        if match is None:
            raise ConfigurationError(
                f"The log_format has {text[position : position + 10]!r}, which is no directive of Apache."
            )
        which, argument, letter = match.groups()
        if letter == "t" and argument:
            spelled = argument.strip("{}").removeprefix("begin:").removeprefix("end:")
            column = "epoch" if spelled in ("sec", "msec", "usec") else "spelled"
            found.append((match.start(), match.end(), column, None if column == "epoch" else spelled))
        elif letter != "%":
            key = (argument or "").lower() + letter if argument else which + letter
            found.append((match.start(), match.end(), APACHE.get(key, ""), None))
        position = match.end()
    return found


def sql_of(text: str) -> str:
    """Return the sections of SQL that read lines of a format."""
    made = compile_log_format(text)
    names = ", ".join(f"'{name}'" for name in made.columns)

    def column(name: str) -> str:
        return f"nullif(nullif(f.{name}, ''), '-')" if name in made.columns else "NULL::VARCHAR"

    times = {
        "clf": "try_strptime(trim(f.clf, '[]'), '%d/%b/%Y:%H:%M:%S %z')",
        "iso": "try_cast(f.iso AS TIMESTAMPTZ)",
        "epoch": "epoch_at(f.epoch)",
    }
    time, is_local = next((times[name] for name in times if name in made.columns), ""), "false"
    if not time:
        spelled = str(made.time_format).replace("'", "''")
        is_local = "false" if "%z" in spelled else "true"
        moment = f"try_strptime(f.spelled, '{spelled}')"
        time = moment if is_local == "false" else f"local_at({moment})"
    pattern = made.pattern.replace("'", "''")
    return f"""-- @setup
CREATE OR REPLACE TEMP TABLE parsed AS
SELECT line_number, line, f, {time} AS event_at, {column("request")} AS request
FROM (SELECT line_number, line, regexp_extract(line, '{pattern}', [{names}]) AS f FROM lines WHERE line <> '');

-- @http_request
SELECT
  line_number,
  event_at,
  {is_local} AS is_zone_assumed,
  coalesce({column("client_ip")}, nullif(trim(split_part({column("forwarded")}, ',', 1)), '')) AS client_ip,
  lower(regexp_replace({column("host")}, ':[0-9]+$', '')) AS host,
  coalesce({column("method")}, nullif(regexp_extract(request, '^([A-Z]{{3,20}}) ', 1), '')) AS method,
  target_path(coalesce({column("path")}, {column("target")}, asked)) AS path,
  nullif(ltrim(coalesce({column("query")}, raw_query(coalesce({column("target")}, asked))), '?'), '') AS query,
  coalesce({column("protocol")}, nullif(regexp_extract(request, ' (HTTP/[0-9.]+)$', 1), '')) AS protocol,
  try_cast({column("status")} AS BIGINT) AS status,
  try_cast({column("bytes")} AS BIGINT) AS bytes,
  {column("referrer")} AS referrer,
  {column("user_agent")} AS user_agent
FROM (
  SELECT *, nullif(regexp_replace(regexp_replace(request, '^[A-Z]{{3,20}} ', ''), ' HTTP/[0-9.]+$', ''), '') AS asked
  FROM parsed
  WHERE event_at IS NOT NULL
)

-- @reject
SELECT line_number, 'the line is not as the log_format of the source says' AS reason, line
FROM parsed
WHERE event_at IS NULL
"""  # noqa: S608 - made of our own columns

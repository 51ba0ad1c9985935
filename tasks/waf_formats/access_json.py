"""An access log with one JSON object a line: nginx's `log_format .. escape=json`, Caddy, Traefik and others.

https://nginx.org/en/docs/http/ngx_http_log_module.html, https://caddyserver.com/docs/logging,
https://doc.traefik.io/traefik/observability/access-logs/

The usual names of the fields are known; any other is given by option, as `client_ip: request.remote_ip`. Times are ISO
8601, unix time in any unit, or as in the combined format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

TITLE = "access log, one JSON object a line, names of fields by option"
FILLS = "http_request"
VERSION = 1
FIELDS = {
    "time": ("time_iso8601", "time_local", "msec", "timestamp", "@timestamp", "time", "ts", "StartUTC", "date"),
    "client_ip": (
        "remote_addr", "client_ip", "clientip", "request.client_ip", "request.remote_ip", "ClientHost", "ip", "client",
    ),
    "method": ("request_method", "method", "request.method", "RequestMethod", "verb"),
    "target": ("request_uri", "uri", "request.uri", "RequestPath", "url"),
    "path": ("path",),
    "query": ("query_string", "args", "query"),
    "request": ("request", "request_line"),
    "status": ("status", "response", "status_code", "DownstreamStatus", "code"),
    "bytes": ("body_bytes_sent", "bytes_sent", "bytes", "size", "DownstreamContentSize"),
    "referrer": ("http_referer", "referer", "referrer", "request.headers.Referer.0", "request_Referer", "ref"),
    "user_agent": (
        "http_user_agent", "user_agent", "agent", "request.headers.User-Agent.0", "request_User-Agent", "ua",
    ),
    "host": ("host", "http_host", "server_name", "request.host", "RequestHost", "vhost"),
    "protocol": ("server_protocol", "protocol", "request.proto", "RequestProtocol", "httpversion", "proto"),
}  # fmt: skip
OPTIONS = {name: f"key of the {name.replace('_', ' ')}, with dots between levels" for name in FIELDS}


def setup_sql(options: Mapping[str, str]) -> str:
    """Return the statement that names where each field stands."""
    paths = {
        name: [options[name]] if name in options else list(known)
        for name, known in FIELDS.items()
    }  # fmt: skip
    columns = ", ".join(
        "coalesce("
        + ", ".join(f"nullif(json_extract_string(line, {_pointer(key)}), '')" for key in keys)
        + f") AS {name}"
        for name, keys in paths.items()
    )
    return f"CREATE OR REPLACE TEMP MACRO fields() AS TABLE SELECT line_number, line, {columns} FROM lines WHERE line <> '' AND json_valid(line) AND line LIKE '{{%'"  # noqa: E501, S608


def _pointer(key: str) -> str:
    """Return a JSON pointer, quoted for SQL: `a.b` is /a/b, and a key that itself has dots is tried by its levels."""
    pointer = "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in key.split("."))
    return "'" + pointer.replace("'", "''") + "'"


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    try:
        record = json.loads(first)
    except ValueError:
        return False
    if not isinstance(record, dict) or any(
        word in record for word in ("transaction", "webaclId", "httpRequest", "rayName", "RayID", "attackData")
    ):
        return False
    nested = record.get("request")
    keys = set(record) | ({f"request.{key}" for key in nested} if isinstance(nested, dict) else set())
    has = {name for name, known in FIELDS.items() if keys & set(known)}
    return {"time", "client_ip", "status"} <= has and bool({"target", "path", "request"} & has)

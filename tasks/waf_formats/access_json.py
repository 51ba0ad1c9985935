"""Access logs with one JSON object a line, of whatever server: nginx, Caddy, Traefik, HAProxy, Envoy, Apache.

https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format (`escape=json`: the names are the administrator's),
https://caddyserver.com/docs/caddyfile/directives/log, https://doc.traefik.io/traefik/observability/access-logs/,
https://docs.haproxy.org/3.0/configuration.html#8.2.6 (names again free),
https://www.elastic.co/docs/reference/ecs/ecs-http (Elastic's names, flat with dots or nested).

Each column is looked for under the names below, in their order; an option names another key, or a dotted path. Of a
list of addresses, as X-Forwarded-For has, the last one counts: the nearest proxy wrote it, the others anyone can claim.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from warehouse.connection import quoted

TITLE = "Access log, one JSON object a line (nginx, Caddy, Traefik, HAProxy and others)"
FILLS = "http_request"
VERSION = 1

NAMES: Mapping[str, str] = {
    "time": "msec @timestamp time_iso8601 timestamp time ts StartUTC time_local start_time accept_date datetime date",
    "client_ip": "remote_addr client_ip request.client_ip clientip client remote_ip request.remote_ip ip ClientHost"
    " source.ip client.ip src_ip downstream_remote_address",
    "method": "request_method method request.method RequestMethod http_method http.request.method verb",
    "path": "path url.path request_path uri_path",
    "query": "query_string args query request_query url.query",
    "target": "request_uri request.uri RequestPath uri url request_url url.original",
    "request": "request request_line http_request",
    "status": "status status_code DownstreamStatus response_code http_status http_status_code"
    " http.response.status_code response.status response code",
    "bytes": "body_bytes_sent bytes_sent bytes size DownstreamContentSize response_size body_bytes bytes_out"
    " http.response.body.bytes http.response.bytes bytes_read",
    "referrer": "http_referer http_referrer referer referrer ref request.headers.Referer.0 request_Referer"
    " http.request.referrer",
    "user_agent": "http_user_agent user_agent agent useragent ua request.headers.User-Agent.0 request_User-Agent"
    " user_agent.original",
    "host": "http_host host vhost virtual_host request.host RequestHost authority domain url.domain server_name",
    "protocol": "server_protocol protocol proto request.proto RequestProtocol http_version httpversion http.version"
    " request_protocol request_proto",
}
"""Where each column is looked for."""

OPTIONS: Mapping[str, str] = {
    "time": "key of the time: ISO 8601, Unix seconds or milliseconds, or as 23/Nov/2026:05:00:09 +0000",
    "client_ip": "key of the client's address; of a list the last one counts",
    "method": "key of the method",
    "path": "key of the path, where it is apart from the query",
    "query": "key of the query",
    "target": "key of path and query in one",
    "request": "key of the whole request line, as GET / HTTP/1.1",
    "status": "key of the status",
    "bytes": "key of the bytes sent",
    "referrer": "key of the referrer",
    "user_agent": "key of the user agent",
    "host": "key of the host",
    "protocol": "key of the protocol, as HTTP/1.1",
}

_OTHERS = re.compile(
    r'"(?:transaction|webaclId|httpSourceId|x-edge-location|x-edge-result-type|EdgeStartTimestamp|RayID|rayName|ClientRequestMethod'
    r"|attack_type|support_id|attackData|jsonPayload|httpRequest|properties|ruleId|rule_id|agent_response_code|signals"
    r'|anomalyScore|firewallAction|waf_action)":|"logger":"http\.handlers\.waf"'
)
"""Keys of formats that say more than an access log."""


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    if not first.lstrip().startswith("{") or _OTHERS.search(head):
        return False
    try:
        record = json.loads(first)
    except (ValueError, RecursionError):
        return False
    found = {column for column, names in NAMES.items() if any(_has(record, name) for name in names.split())}
    return {"time", "client_ip", "status"} <= found and bool(found & {"path", "target", "request"})


def _has(record: dict[str, Any], name: str) -> bool:
    value: Any = record.get(name)
    if value is None:
        value = record
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
    return isinstance(value, str | int | float)


def setup_sql(options: Mapping[str, str]) -> str:
    """Return the table `candidate`: for each column the JSON pointers that it may be under, the best first."""
    rows = []
    for column, names in NAMES.items():
        if column in options:
            pointers = [f"{pointer}{item}" for pointer in _pointers(options[column]) for item in ("/0", "")]
        else:
            pointers = [pointer for name in names.split() for pointer in _pointers(name)]
        rows += [f"({quoted(column)}, {rank}, {quoted(pointer)})" for rank, pointer in enumerate(pointers)]
    return f"""
CREATE OR REPLACE TEMP TABLE candidate AS
SELECT * FROM (VALUES {", ".join(rows)}) AS candidate (column_name, rank, pointer)"""  # noqa: S608 - quoted texts


def _pointers(name: str) -> list[str]:
    """Return the JSON pointers of a dotted name: a key with dots in it, and a path."""
    escaped = name.replace("~", "~0").replace("/", "~1")
    nested = "/" + escaped.replace(".", "/")
    return ["/" + escaped] if "." not in name else ["/" + escaped, nested]

"""The combined log format of nginx and Apache, with or without a `host:port ` before it.

https://httpd.apache.org/docs/2.4/logs.html#combined and https://nginx.org/en/docs/http/ngx_http_log_module.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tasks.access_log_format import sql_of
from tasks.errors import ConfigurationError

TITLE = "nginx and Apache access log, combined, with or without virtual host"
FILLS = "http_request"
VERSION = 1
OPTIONS = {
    "log_format": "the server's own LogFormat or log_format, where it is another one",
    "client_ip": "directive of log_format with the client's address, as %{X-Forwarded-For}i, behind a proxy",
}

_LINE = re.compile(r'^(?:\S+ )?\S+ \S+ \S+ \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\] "')


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    lines = [line for line in head.splitlines() if line]
    return bool(lines) and any(_LINE.match(line) for line in lines)


def sql_for(options: Mapping[str, str]) -> str | None:
    """Return the SQL for a format of one's own; None for the combined one.

    Raises:
        ConfigurationError: the format can't be read.
    """
    if options.get("log_format"):
        return sql_of(options["log_format"], options.get("client_ip"))
    if options.get("client_ip"):
        raise ConfigurationError("The option client_ip of access-combined goes with log_format; give that too.")
    return None

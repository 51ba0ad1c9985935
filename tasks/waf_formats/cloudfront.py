"""Standard log of Amazon CloudFront: W3C with a `#Fields` line, whatever its order, and v2's JSON lines.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html and
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html

CloudFront URL-encodes what it writes, "%" too: a path sent as /a%20b is logged as /a%2520b. One level is taken off, so
that path and query are as they were sent; user agents are taken to plain text. Times are UTC. Bytes include headers.
Status 000 is that of a client that went before the answer: unknown.
"""

from __future__ import annotations

import re

TITLE = "Amazon CloudFront standard log (W3C, and v2 as W3C or JSON)"
FILLS = "http_request"
VERSION = 1
OPTIONS = {
    "client_ip": "field of the client's address, as x-forwarded-for, where a proxy comes first; of a list the last one",
    "fields": "names of the fields, where the file has no #Fields line (v2's output format Plain)",
}
HEADER = re.compile(rb"^#Fields:[^\n]*\n", re.MULTILINE)

_JSON = re.compile(r'^\{(?=[^\n]*"x-edge-[a-z-]+":)(?=[^\n]*"(?:cs-method|cs-uri-stem|sc-status)":)', re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return re.search(r"^#Fields:.*\bx-edge-", head, re.MULTILINE) is not None or _JSON.match(head) is not None

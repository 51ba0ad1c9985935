"""Access log of an AWS Application Load Balancer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html

The status is the load balancer's own; the client is the address that connected to it. Sizes are those of the answer.
"""

from __future__ import annotations

import re

TITLE = "AWS Application Load Balancer access log"
FILLS = "http_request"
VERSION = 1

_LINE = re.compile(r"^(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT[\d:.]+Z \S+ \S+:\d+ \S+ (?:-?[\d.]+ ){3}", re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return _LINE.search(head) is not None

r"""Access log of an AWS Application Load Balancer.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html

New fields are added at the end of a line: what is not expected there is left out. The time is that of the answer, the
status the load balancer's own (403 without a target where AWS WAF blocked), bytes include headers. Quotes and
backslashes of a client are logged as \x22 and \x5C.
"""

from __future__ import annotations

import re

TITLE = "AWS Application Load Balancer access log"
FILLS = "http_request"
VERSION = 1

_LINE = re.compile(
    r"^(?:https?|h2|grpcs|wss?) \d{4}-\d\d-\d\dT[\d:.]+Z \S+ (?:\S+:\d+|-) \S+ (?:-?[\d.]+ ){3}", re.MULTILINE
)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return _LINE.search(head) is not None

"""Standard log of Amazon CloudFront, tab-separated with a `#Fields` line.

https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html

The order of the fields is read from the file. Values are URL-encoded, some twice. Times are UTC.
"""

from __future__ import annotations

import re

TITLE = "Amazon CloudFront standard log"
FILLS = "http_request"
VERSION = 1
HEADER = re.compile(rb"^#Fields:[^\n]*\n", re.MULTILINE)


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return re.search(r"^#Fields:.*\bx-edge-location\b", head, re.MULTILINE) is not None

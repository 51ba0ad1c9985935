"""Security headers of a recorded response: `curl -i` of a page, `curl -iL` of redirects too, or the same as JSON."""

from __future__ import annotations

import json
import re

from tasks.audit_format import Audited
from tasks.http_record import is_response, read_responses
from tasks.posture import judge, observed_of

TITLE = "recorded response of a page (curl -i, curl -iL, or JSON): the twelve tests of its security headers"
FILLS = "posture_test"
VERSION = "1"
COLUMNS = ("test", "outcome", "points", "is_passed", "detail", "score", "grade", "known_count", "url", "algorithm")
OPTIONS = {"url": "Address that was asked, where the recording does not name it; https is assumed without."}
_HEAD = re.compile(r"\s*HTTP/\d(?:\.\d)? +\d{3}[^\r\n]*\r?\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:")


def detect(head: str) -> bool:
    """Say whether it starts with a status line and a header, or is JSON of responses and nothing else."""
    if _HEAD.match(head.lstrip("\ufeff")):
        return True
    if not head.lstrip().startswith(("{", "[")) or '"headers"' not in head:
        return False
    try:
        value = json.loads(head)
    except (ValueError, RecursionError):
        return False
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(is_response(item) for item in items)


def read(text: str, file: str = "it", *, url: str | None = None) -> Audited:
    """Return one record for each of the twelve tests, with the score and grade of all in each.

    Raises:
        SourceError: it is no recorded response.
    """
    responses, rejects = read_responses(text, url, file)
    return Audited(judge(observed_of(responses)), rejects)

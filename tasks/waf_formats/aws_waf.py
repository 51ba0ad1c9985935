"""The log of AWS WAF (v2), one JSON object a line, as it comes in S3, through Firehose or out of CloudWatch.

https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html; the classes of rules are those of
https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html

A rule that only counts does not end the evaluation: real detections stand in the lists of non-terminating rules and of
the rule groups, under a request that was allowed. `overriddenAction` says what the rule would have done.
"""

from __future__ import annotations

TITLE = "AWS WAF log, JSON lines"
FILLS = "waf_event"
VERSION = 1
ACTIONS = {
    "allow": "allow",
    "block": "block",
    "count": "log",
    "excluded_as_count": "log",
    "captcha": "challenge",
    "challenge": "challenge",
}


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    return first.lstrip().startswith("{") and '"webaclId"' in first and '"httpRequest"' in first

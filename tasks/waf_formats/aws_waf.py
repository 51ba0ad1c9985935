"""The log of AWS WAF (v2), one JSON object a line, as it comes in S3, through Firehose or out of CloudWatch.

Fields: https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html
Rules: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html
Actions: https://docs.aws.amazon.com/waf/latest/APIReference/API_RuleAction.html
Bots: https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-bot.html

A rule that only counts does not end the evaluation: real detections stand in the lists of non-terminating rules and of
the rule groups, under a request that was allowed. `overriddenAction` says what such a rule would have done; of a whole
group that counts, the terminating rule says it. A rule that asks for a captcha or a challenge counts as well where it
was solved before. MONETIZE answers 402 and stops whoever does not pay. The status is known only where the rule sets it.
"""

from __future__ import annotations

import re

TITLE = "AWS WAF log, JSON lines"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "allow": "allow",
    "block": "block",
    "count": "log",
    "excluded_as_count": "log",
    "captcha": "challenge",
    "challenge": "challenge",
    "monetize": "block",
}
_START = re.compile(r"\s*(?:[0-9T:.-]+Z )?\{")


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    return bool(_START.match(first)) and '"webaclId"' in first and '"httpRequest"' in first

"""WAF log of Azure Application Gateway, one JSON object a line.

https://learn.microsoft.com/en-us/azure/web-application-firewall/ag/web-application-firewall-logs

One line is one rule: the lines of a request are joined by its transaction. Matched is a rule of a request that goes on;
Blocked is the verdict; Detected is the verdict of a policy in detection mode.
"""

from __future__ import annotations

TITLE = "Azure Application Gateway WAF log, JSON lines"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "matched": "log",
    "blocked": "block",
    "detected": "log",
    "allowed": "allow",
    "log": "log",
    "block": "block",
    "allow": "allow",
    "jschallenge": "challenge",
    "jschallengeissued": "challenge",
    "jschallengepass": "challenge_passed",
    "jschallengevalid": "challenge_passed",
    "jschallengeblock": "block",
}


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return "ApplicationGatewayFirewallLog" in head

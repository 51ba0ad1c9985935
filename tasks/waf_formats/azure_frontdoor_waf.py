"""WAF log of Azure Front Door (and of the classic one), one JSON object a line.

https://learn.microsoft.com/en-us/azure/web-application-firewall/afds/waf-front-door-monitoring

One line is one rule: the lines of a request are joined by its tracking reference. The number of a managed rule is that
of the OWASP CRS, within its name. In policy mode detection nothing is stopped, whatever the action says.
"""

from __future__ import annotations

TITLE = "Azure Front Door WAF log, JSON lines"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "allow": "allow",
    "block": "block",
    "log": "log",
    "redirect": "redirect",
    "anomalyscoring": "log",
    "logandscore": "log",
    "jschallenge": "challenge",
    "js challenge": "challenge",
    "jschallengeissued": "challenge",
    "jschallengepass": "challenge_passed",
    "jschallengevalid": "challenge_passed",
    "jschallengeblock": "block",
    "captcha": "challenge",
    "captchachallenge": "challenge",
}


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return "FrontDoorWebApplicationFirewallLog" in head or "FrontdoorWebApplicationFirewallLog" in head

"""Requests that Google Cloud Armor judged, out of the log of an external Application Load Balancer, one entry a line.

https://cloud.google.com/armor/docs/request-logging

The log is sampled at the rate that the backend service is set to: give it as option `sample_rate`, 1.0 when left out. A
policy in preview stops nothing: its verdict is what would have happened.
"""

from __future__ import annotations

TITLE = "Google Cloud Armor, load balancer log, JSON lines"
FILLS = "waf_event"
VERSION = 2
OPTIONS = {"sample_rate": "share of the requests that the backend service logs, 0 to 1"}
ACTIONS = {
    "accept": "allow",
    "deny": "block",
    "redirect": "redirect",
    "exceed_redirect": "redirect",
    "throttle": "rate_limit",
    "rate_based_ban": "rate_limit",
}


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    return '"jsonPayload"' in head and ('"enforcedSecurityPolicy"' in head or '"previewSecurityPolicy"' in head)

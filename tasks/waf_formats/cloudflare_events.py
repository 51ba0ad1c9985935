"""Firewall events of Cloudflare, a line each: Logpush's firewall_events or nodes of GraphQL's firewallEventsAdaptive.

https://developers.cloudflare.com/logs/logpush/logpush-job/datasets/zone/firewall_events/ has the actions and sources,
https://developers.cloudflare.com/analytics/graphql-api/tutorials/querying-firewall-events/ the other names,
https://developers.cloudflare.com/waf/tools/validation-checks/ what is dropped before any rule, and
https://developers.cloudflare.com/waf/change-log/ the names of managed rules, which their class is read from.

A request gives an event for each rule that matched it: they are joined by its ray, and the strongest action is what
was done. Words are written in one case here and in another there. GraphQL samples; sampleInterval is the weight.
"""

from __future__ import annotations

TITLE = "Cloudflare firewall events, Logpush or GraphQL"
FILLS = "waf_event"
VERSION = 2
ACTIONS = {
    "unknown": "unknown",
    "allow": "allow",
    "bypass": "allow",
    "skip": "allow",
    "log": "log",
    "simulate": "log",
    "rewrite": "log",
    "block": "block",
    "drop": "block",
    "connectionclose": "block",
    "connection_close": "block",
    "forceconnectionclose": "block",
    "force_connection_close": "block",
    "challenge": "challenge",
    "jschallenge": "challenge",
    "js_challenge": "challenge",
    "managedchallenge": "challenge",
    "managed_challenge": "challenge",
    "challengefailed": "challenge",
    "jschallengefailed": "challenge",
    "precursorinterstitialpageissued": "challenge",
    "precursorinterstitialpagesolved": "challenge_passed",
    "precursorinterstitialpagebypassed": "challenge_passed",
    "challengesolved": "challenge_passed",
    "challengebypassed": "challenge_passed",
    "jschallengesolved": "challenge_passed",
    "jschallengebypassed": "challenge_passed",
    "managedchallengeskipped": "challenge_passed",
    "managedchallengenoninteractivesolved": "challenge_passed",
    "managedchallengeinteractivesolved": "challenge_passed",
    "managedchallengebypassed": "challenge_passed",
}


def detect(head: str) -> bool:
    """Say whether the first lines of a file look like this format."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    if not first.lstrip().startswith("{"):
        return False
    is_pushed = '"RayID"' in first and '"Action"' in first and '"Datetime"' in first
    return is_pushed or ('"rayName"' in first and '"action"' in first)

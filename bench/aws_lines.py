"""Lines in the shape of AWS WAF's log: https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html .

Made, not recorded: every field of the documentation's examples, half of the requests with rules that matched.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "python-requests/2.32.3",
)
RULES = (
    ("AWS#AWSManagedRulesSQLiRuleSet", "SQLi_QUERYARGUMENTS", "SQL_INJECTION"),
    ("AWS#AWSManagedRulesCommonRuleSet", "CrossSiteScripting_QUERYARGUMENTS", "XSS"),
    ("AWS#AWSManagedRulesCommonRuleSet", "GenericLFI_QUERYARGUMENTS", "REGEX"),
    ("AWS#AWSManagedRulesKnownBadInputsRuleSet", "Log4JRCE_HEADER", "REGEX"),
    ("AWS#AWSManagedRulesCommonRuleSet", "NoUserAgent_HEADER", "SIZE"),
)


def write(log: Path, rows: int) -> None:
    """Write `rows` lines, the same ones each time."""
    dice = random.Random(7)
    templates = [json.dumps(_record(dice, number), separators=(",", ":")) for number in range(500)]
    with log.open("w", encoding="utf-8") as out:
        for number in range(rows):
            line = templates[number % len(templates)]
            out.write(
                line.replace("1795410000000", str(1795410000000 + number * 37)).replace("REQ", f"r{number}") + "\n"
            )


def _record(dice: random.Random, number: int) -> Mapping[str, Any]:
    group, rule, kind = dice.choice(RULES)
    is_hit, is_block = number % 2 == 0, number % 4 == 0
    match = [
        {
            "conditionType": kind,
            "sensitivityLevel": "LOW",
            "location": "ALL_QUERY_ARGS",
            "matchedData": ["1", "OR", "1"],
            "matchedFieldName": "id",
        }
    ]
    groups: list[dict[str, Any]] = [
        {
            "ruleGroupId": name,
            "terminatingRule": None,
            "nonTerminatingMatchingRules": [],
            "excludedRules": None,
            "customerConfig": None,
        }
        for name in sorted({rule_group for rule_group, _, _ in RULES})
    ]
    own = next(item for item in groups if item["ruleGroupId"] == group)
    if is_block:
        own["terminatingRule"] = {"ruleId": rule, "action": "BLOCK", "ruleMatchDetails": match}
    elif is_hit:
        own["nonTerminatingMatchingRules"] = [
            {"ruleId": rule, "action": "COUNT", "overriddenAction": "BLOCK", "ruleMatchDetails": match}
        ]
    headers = {
        "Host": "shop.example", "User-Agent": dice.choice(AGENTS), "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
        "Accept-Language": "en-GB,en;q=0.5", "Accept-Encoding": "gzip, deflate, br", "Referer": "https://shop.example/",
        "Cookie": "session=" + "c" * 40, "X-Forwarded-For": "198.51.100.7",
    }  # fmt: skip
    return {
        "timestamp": 1795410000000, "formatVersion": 1,
        "webaclId": "arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/shop/1a2b3c4d-0000-4000-8000-000000000000",
        "terminatingRuleId": group.replace("#", "-") if is_block else "Default_Action",
        "terminatingRuleType": "MANAGED_RULE_GROUP" if is_block else "REGULAR", "action": "BLOCK" if is_block else "ALLOW",
        "terminatingRuleMatchDetails": match if is_block else [], "httpSourceName": "ALB", "httpSourceId": "123456789012-app/shop/0123456789abcdef",
        "ruleGroupList": groups, "rateBasedRuleList": [], "nonTerminatingMatchingRules": [], "requestHeadersInserted": None,
        "responseCodeSent": None,
        "httpRequest": {
            "clientIp": f"203.0.{dice.randrange(250)}.{dice.randrange(250)}", "country": dice.choice(["GB", "US", "DE", "-"]),
            "headers": [{"name": name, "value": value} for name, value in headers.items()],
            "uri": f"/product/chair-{dice.randrange(400)}/", "args": f"id={dice.randrange(900)}&utm_source=mail" if number % 3 else "",
            "httpVersion": "HTTP/2.0", "httpMethod": "GET", "requestId": "1-REQ-0123456789abcdef01234567",
        },
        "labels": [{"name": f"awswaf:managed:aws:{kind.lower()}:{rule}"}] if is_hit else [],
        "ja3Fingerprint": "e7d705a3286e19ea42f587b344ee6865",
    }  # fmt: skip

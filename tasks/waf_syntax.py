"""The exact change to make, in the syntax of the firewall that stands in front of a site.

Syntaxes: ModSecurity https://coreruleset.org/docs/2-how-crs-works/2-3-false-positives-and-tuning/, AWS WAF
https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html, Cloudflare
https://developers.cloudflare.com/ruleset-engine/rules-language/, Azure
https://learn.microsoft.com/en-us/azure/web-application-firewall/, Cloud Armor
https://cloud.google.com/armor/docs/rules-language-reference, nginx
https://nginx.org/en/docs/http/ngx_http_limit_req_module.html, Apache https://httpd.apache.org/docs/2.4/howto/access.html.

What comes out of a log is put into a syntax only where it is plain; else the change is told in words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from tasks.recommendation import Scope

DIALECTS = {
    "modsecurity-v2-native": "modsecurity", "modsecurity-v2-json": "modsecurity", "modsecurity-v3-native": "modsecurity",
    "modsecurity-v3-json": "modsecurity", "nginx-error": "modsecurity", "apache-error": "modsecurity",
    "coraza": "modsecurity", "aws-waf": "aws", "cloudflare-events": "cloudflare", "azure-frontdoor-waf": "azure",
    "azure-appgw-waf": "azure", "cloud-armor": "cloud_armor",
}  # fmt: skip
"""Format of the log -> syntax; every other firewall is told in words."""
NAMES = {
    "fastly-ngwaf": "Fastly Next-Gen WAF", "akamai-siem": "Akamai", "imperva-cef": "Imperva", "f5-asm": "F5 BIG-IP ASM",
    "sucuri": "Sucuri", "wordfence": "Wordfence",
}  # fmt: skip

_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/_.~%+-]{0,200}")
_PLAIN_TARGET = re.compile(r"[A-Z_]+(?::[A-Za-z0-9_.\[\]-]{1,100})?")
_PLAIN_RULE = re.compile(r"[A-Za-z0-9_.:/ -]{1,100}")

_FORMATS = """
SELECT format FROM staging.waf_event
WHERE site_id = $site_id AND event_date >= $start_date AND event_date < $end_date
GROUP BY format ORDER BY count(*) DESC, format"""


def dialect_of(scope: Scope) -> str:
    """Return the syntax of the firewall that wrote most of the quarter's events, or its name; '' where there is none."""
    formats = [row["format"] for row in scope.query(_FORMATS, scope.parameters)]
    return DIALECTS.get(formats[0], NAMES.get(formats[0], "")) if formats else ""


def block_network(dialect: str, network: str, *, is_challenge: bool) -> str:
    """Return how to stop, or to challenge, a network such as 203.0.113.0/24."""
    verb = "challenge" if is_challenge else "block"
    if dialect == "modsecurity":
        action = "deny,status:429" if is_challenge else "deny,status:403"
        return f'SecRule REMOTE_ADDR "@ipMatch {network}" \\\n  "id:9900101,phase:1,{action},log,msg:\'Network seen attacking\'"'
    if dialect == "aws":
        act: dict[str, object] = {"Captcha": {}} if is_challenge else {"Block": {}}
        return _json({
            "IPSet": {"Name": "seen-attacking", "IPAddressVersion": "IPV6" if ":" in network else "IPV4", "Addresses": [network]},
            "Rule": {"Name": "seen-attacking", "Priority": 0, "Action": act,
                     "Statement": {"IPSetReferenceStatement": {"ARN": "<ARN of the set>"}}},
        })  # fmt: skip
    if dialect == "cloudflare":
        return f"Expression: (ip.src in {{{network}}})\nAction: {'Managed Challenge' if is_challenge else 'Block'}"
    if dialect == "azure":
        return _json({
            "name": "SeenAttacking", "priority": 5, "ruleType": "MatchRule", "action": "JSChallenge" if is_challenge else "Block",
            "matchConditions": [{"matchVariables": [{"variableName": "RemoteAddr"}], "operator": "IPMatch", "matchValues": [network]}],
        })  # fmt: skip
    if dialect == "cloud_armor":
        answer = "redirect --redirect-type=google-recaptcha" if is_challenge else "deny-403"
        return f"gcloud compute security-policies rules create 900 --security-policy=POLICY \\\n  --src-ip-ranges={network} --action={answer}"
    if dialect:
        return f"{dialect}: add {network} to the list of addresses to {verb}."
    return f"nginx, in server {{}}: deny {network};\nApache, in <RequireAll>: Require not ip {network}"


def rate_limit(dialect: str, path: str, per_minute: int) -> str:
    """Return how to let an address ask for a path only so often."""
    if not _PLAIN_PATH.fullmatch(path):
        return f"Limit the path named above to {per_minute} requests a minute from one address."
    if dialect == "aws":
        return _json({
            "Name": "limit-log-in", "Priority": 1, "Action": {"Block": {}},
            "Statement": {"RateBasedStatement": {
                "Limit": max(10, per_minute * 5), "EvaluationWindowSec": 300, "AggregateKeyType": "IP",
                "ScopeDownStatement": {"ByteMatchStatement": {
                    "FieldToMatch": {"UriPath": {}}, "PositionalConstraint": "EXACTLY", "SearchString": path,
                    "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}]}}}},
        })  # fmt: skip
    if dialect == "cloudflare":
        return f'Rate limiting rule: (http.request.uri.path eq "{path}" and http.request.method eq "POST")\n{per_minute} requests in 1 minute by IP, then Managed Challenge for 10 minutes'
    if dialect == "azure":
        return _json({
            "name": "LimitLogIn", "priority": 10, "ruleType": "RateLimitRule", "rateLimitDurationInMinutes": 1,
            "rateLimitThreshold": per_minute, "action": "Block",
            "matchConditions": [{"matchVariables": [{"variableName": "RequestUri"}], "operator": "Contains", "matchValues": [path]}],
        })  # fmt: skip
    if dialect == "cloud_armor":
        return (
            "gcloud compute security-policies rules create 910 --security-policy=POLICY \\\n"
            f"  --expression=\"request.path == '{path}'\" --action=throttle --conform-action=allow --exceed-action=deny-429 \\\n"
            f"  --rate-limit-threshold-count={per_minute} --rate-limit-threshold-interval-sec=60 --enforce-on-key=IP"
        )
    if dialect and dialect != "modsecurity":
        return f"{dialect}: limit {path} to {per_minute} requests a minute from one address."
    # ModSecurity counts poorly across workers: the server in front of it limits better.
    return (
        f"nginx, in http {{}}: limit_req_zone $binary_remote_addr zone=login:10m rate={per_minute}r/m;\n"
        f"in server {{}}: location = {path} {{ limit_req zone=login burst=5 nodelay; limit_req_status 429; ... }}"
    )


def close_path(dialect: str, path: str) -> str:
    """Return how to answer 403 to everybody on a path."""
    if not _PLAIN_PATH.fullmatch(path):
        return "Answer 403 to every request for the path named above."
    if dialect == "modsecurity":
        return f'SecRule REQUEST_FILENAME "@streq {path}" \\\n  "id:9900102,phase:1,deny,status:403,log,msg:\'Path is closed\'"'
    if dialect == "aws":
        return _json({
            "Name": "close-path", "Priority": 2, "Action": {"Block": {}},
            "Statement": {"ByteMatchStatement": {
                "FieldToMatch": {"UriPath": {}}, "PositionalConstraint": "EXACTLY", "SearchString": path,
                "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}]}},
        })  # fmt: skip
    if dialect == "cloudflare":
        return f'Expression: (http.request.uri.path eq "{path}")\nAction: Block'
    if dialect == "azure":
        return _json({
            "name": "ClosePath", "priority": 20, "ruleType": "MatchRule", "action": "Block",
            "matchConditions": [{"matchVariables": [{"variableName": "RequestUri"}], "operator": "Contains", "matchValues": [path]}],
        })  # fmt: skip
    if dialect == "cloud_armor":
        return f"gcloud compute security-policies rules create 920 --security-policy=POLICY \\\n  --expression=\"request.path == '{path}'\" --action=deny-403"
    if dialect:
        return f"{dialect}: block every request for {path}."
    return f'nginx, in server {{}}: location = {path} {{ deny all; }}\nApache: <Location "{path}"> Require all denied </Location>'


def exclude_all(dialect: str, exclusions: Sequence[tuple[str, str | None, str]]) -> str:
    """Return `exclude` for several of (rule, target, path), with numbers of their own where rules need them."""
    made = [exclude(dialect, *each, number=9900103 + number) for number, each in enumerate(exclusions)]
    return "\n".join(dict.fromkeys(made))


def exclude(dialect: str, rule_id: str, target: str | None, path: str, *, number: int = 9900103) -> str:
    """Return how to let one rule not look at one argument of one path; never how to switch a whole rule off."""
    is_plain = _PLAIN_PATH.fullmatch(path) and _PLAIN_RULE.fullmatch(rule_id)
    if not is_plain or (target and not _PLAIN_TARGET.fullmatch(target)):
        return "Exclude the argument named above from the rule named above, on that path only."
    argument = (target or "").partition(":")[2]
    if dialect == "modsecurity" and rule_id.isdigit() and target:
        return (
            f'SecRule REQUEST_FILENAME "@streq {path}" \\\n'
            f'  "id:{number},phase:1,pass,nolog,ctl:ruleRemoveTargetById={rule_id};{target}"'
        )
    if dialect == "aws":
        return (
            f"Set {rule_id} to Count in its rule group (RuleActionOverrides), then add after the group:\n"
            + _json({
                "Name": "except-path", "Priority": 50, "Action": {"Block": {}},
                "Statement": {"AndStatement": {"Statements": [
                    {"LabelMatchStatement": {"Scope": "LABEL", "Key": f"<label of {rule_id}>"}},
                    {"NotStatement": {"Statement": {"ByteMatchStatement": {
                        "FieldToMatch": {"UriPath": {}}, "PositionalConstraint": "EXACTLY", "SearchString": path,
                        "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}}}}]}},
            })
        )  # fmt: skip
    if dialect == "cloudflare":
        return f'WAF exception before the managed ruleset:\nExpression: (http.request.uri.path eq "{path}" and http.request.method eq "POST")\nAction: Skip, only rule {rule_id}'
    if dialect == "azure" and rule_id.isdigit() and argument:
        return _json({
            "matchVariable": "RequestArgNames", "selectorMatchOperator": "Equals", "selector": argument,
            "exclusionManagedRuleSets": [{"ruleGroups": [{"rules": [{"ruleId": rule_id}]}]}],
        })  # fmt: skip
    if dialect == "cloud_armor":
        return (
            "gcloud compute security-policies rules add-preconfig-waf-exclusion PRIORITY --security-policy=POLICY \\\n"
            f"  --target-rule-set=RULE_SET --target-rule-ids={rule_id} --request-uri-to-exclude=op=EQUALS,val={path}"
        )
    looked_at = target or "the argument that it looks at (the log does not name it)"
    return f"{dialect or 'In the firewall'}: for {path} only, let rule {rule_id} not look at {looked_at}."


def enforce(dialect: str) -> str:
    """Return how to let the firewall stop what it recognises."""
    words = {
        "modsecurity": "SecRuleEngine On",
        "aws": "Set each rule group's override from Count to None, one group at a time.",
        "cloudflare": "Set the managed rulesets' action from Log to Default, one ruleset at a time.",
        "azure": 'az network application-gateway waf-policy policy-setting update --mode Prevention ... (Front Door: "policyMode": "Prevention")',
        "cloud_armor": "gcloud compute security-policies rules update PRIORITY --security-policy=POLICY --no-preview",
        "Wordfence": "Wordfence: set the firewall from Learning Mode to Enabled and Protecting.",
    }
    return words.get(dialect, f"{dialect or 'In the firewall'}: change the policy from detection to prevention.")


def stop_bots(dialect: str, names: Sequence[str], *, only_unverified: bool) -> str:
    """Return how to turn away programs by their name; with `only_unverified` those whose address is not the operator's."""
    plain = [name for name in names if re.fullmatch(r"[A-Za-z0-9 ._+-]{2,40}", name)][:12]
    if not plain:
        return "Turn away the programs named above."
    if dialect == "cloudflare":
        either = " or ".join(f'http.user_agent contains "{name}"' for name in plain)
        return f"Expression: ({either}){' and not cf.client.bot' if only_unverified else ''}\nAction: Block"
    if dialect == "aws" and only_unverified:
        return "Bot Control rule group: leave the verified bots allowed, set SignalKnownBotDataCenter and unverified categories to Block."
    if only_unverified:
        return (
            f"Turn away {', '.join(plain)} outside the ranges that the operator publishes;\n"
            "let those ranges pass: the list of the reference folder is the one to use."
        )
    robots = "\n".join(f"User-agent: {name}" for name in plain)
    pattern = "|".join(re.escape(name) for name in plain)
    own = {
        "modsecurity": f'SecRule REQUEST_HEADERS:User-Agent "@rx (?i){pattern}" "id:9900104,phase:1,deny,status:403,log"',
        "aws": "Bot Control rule group: set CategoryAI to Block.",
    }.get(dialect, f'nginx, in server {{}}: if ($http_user_agent ~* "{pattern}") {{ return 403; }}')
    return f"robots.txt, which the honest ones obey:\n{robots}\nDisallow: /\nand for the others:\n{own}"


def _json(value: object) -> str:
    return json.dumps(value, indent=1)

"""Attacks as a firewall sees them: ModSecurity's JSON audit log, with the same requests for the access log.

The shape is that of libmodsecurity 3.0.9 with CRS 3.3.4, quirks included: no zone in the time, a stray quote in
`producer.components`, numbers as strings in `details`.
"""

from __future__ import annotations

import functools
import json
import zoneinfo
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import yaml

from demo.scenario import DAY_SECONDS, UNREACHABLE, Campaign, Site
from demo.traffic import EDITOR_BROWSER, ERROR_SIZE, Request, browser, workdays

THRESHOLD = 5
POINTS = {2: 5, 3: 4, 4: 3, 5: 2}
"""Points that CRS gives for a severity."""
FORBIDDEN = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n"
    "<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
)


class Event(NamedTuple):
    """One attack: its request, and the line of the audit log."""

    request: Request
    line: str


class _Attempt(NamedTuple):
    """Who attacks when with what, before the site has answered."""

    at: int
    address: str
    attack: str
    agent: str


@functools.cache
def rules() -> dict[str, Any]:
    """Return the rules of crs_rules.yaml by id."""
    return _read("crs_rules.yaml")


@functools.cache
def attacks() -> dict[str, Any]:
    """Return the attacks of attacks.yaml by name."""
    return _read("attacks.yaml")


def _read(name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))
    return content


def events(site: Site) -> list[Event]:
    """Return every attack on the site, and every save that its firewall took for one, ordered by time."""
    rng = np.random.default_rng(site.seed + 1)
    attempts = [attempt for campaign in site.campaigns for attempt in _campaign(site, campaign, rng)]
    for editor in site.editors:
        days = workdays(site, editor.first_day, len(editor.block_counts))
        for day, count in zip(days, editor.block_counts, strict=True):
            at = day + 11 * 3600 + rng.integers(0, 3 * 3600, count)
            attempts += [_Attempt(a, editor.address, "editor-save", EDITOR_BROWSER) for a in at.tolist()]
    spans = [(site.unix(o.start), site.unix(o.start) + o.minutes * 60, o.status) for o in site.outages]
    attempts = sorted(a for a in attempts if _failure(spans, a.at) != UNREACHABLE)
    numbers = rng.integers(0, 1_000_000, len(attempts)).tolist()
    return [
        _event(site, attempt, number, _failure(spans, attempt.at))
        for attempt, number in zip(attempts, numbers, strict=True)
    ]


def _failure(spans: Sequence[tuple[int, int, int]], at: int) -> int | None:
    """Return the status of the outage at a time, of (start, end, status); None where there is none."""
    return next((status for start, end, status in spans if start <= at < end), None)


def _campaign(site: Site, campaign: Campaign, rng: np.random.Generator) -> list[_Attempt]:
    first = site.unix(campaign.first_day) if campaign.first_day else site.start
    attempts = []
    for day in range(site.period.days if campaign.days is None else campaign.days):
        count = max(1, round(campaign.per_day * rng.uniform(0.6, 1.4)))
        at = first + day * DAY_SECONDS + rng.integers(0, DAY_SECONDS, count)
        who = rng.integers(0, len(campaign.addresses), count)
        what = rng.integers(0, len(campaign.attacks), count)
        for a, w, n in zip(at.tolist(), who.tolist(), what.tolist(), strict=True):
            attempts.append(_Attempt(a, campaign.addresses[w], campaign.attacks[n], browser(w)))
    return attempts


def _event(site: Site, attempt: _Attempt, number: int, failure: int | None) -> Event:
    """Return an attempt with its answer; `failure` is the status with which the site fails just then."""
    attack = attacks()[attempt.attack]
    messages = [_message(*hit) for hit in attack["hits"]]
    score = sum(POINTS[rules()[hit[0]]["severity"]] for hit in attack["hits"])
    if score >= THRESHOLD:
        messages.append(_verdict(score))
    is_blocked = site.is_enforcing and score >= THRESHOLD
    agent = attack.get("agent", attempt.agent)
    padded = "Chrome" in agent
    size = (555 if padded else 153) if is_blocked else ERROR_SIZE if failure else 7_410
    request = Request(
        at=attempt.at,
        address=attempt.address,
        method=attack.get("method", "GET"),
        target=attack["uri"],
        status=403 if is_blocked else failure or attack["status"],
        size=size,
        referrer=attack.get("referrer", "-").replace("{host}", site.host),
        agent=agent,
    )
    body = {"body": FORBIDDEN} if is_blocked and not padded else {}
    transaction = {
        "client_ip": request.address,
        "time_stamp": f"{datetime.fromtimestamp(request.at, zoneinfo.ZoneInfo(site.log_zone)):%a %b %e %H:%M:%S %Y}",
        "server_id": f"{site.seed:040x}",
        "client_port": 20_000 + number % 40_000,
        "host_ip": "192.0.2.5",
        "host_port": 443,
        "unique_id": f"{request.at}{number % 100:02d}.{number:06d}",
        "request": _request_part(site, attack, request),
        "response": {**body, "http_code": request.status, "headers": _response_headers(site, request)},
        "producer": {
            "modsecurity": "ModSecurity v3.0.9 (Linux)",
            "connector": "ModSecurity-nginx v1.0.3" if site.server == "nginx" else "ModSecurity-apache v0.1.1-beta",
            "secrules_engine": "Enabled" if site.is_enforcing else "DetectionOnly",
            "components": ['OWASP_CRS/3.3.4"'],
        },
        "messages": messages,
    }
    return Event(request, json.dumps({"transaction": transaction}, separators=(",", ":")))


def _request_part(site: Site, attack: dict[str, Any], request: Request) -> dict[str, Any]:
    body = attack.get("body", "")
    headers = {"Host": attack.get("host", site.host), "User-Agent": request.agent, "Accept": "text/html,*/*;q=0.8"}
    if request.referrer != "-":
        headers["Referer"] = request.referrer
    if body:
        headers["Content-Type"] = attack.get("type", "application/x-www-form-urlencoded")
        headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    return {"method": request.method, "http_version": 1.1, "uri": request.target, "body": body, "headers": headers}


def _response_headers(site: Site, request: Request) -> dict[str, str]:
    return {
        "Server": "nginx/1.22.1" if site.server == "nginx" else "Apache/2.4.69 (Debian)",
        "Date": f"{datetime.fromtimestamp(request.at, UTC):%a, %d %b %Y %H:%M:%S} GMT",
        "Content-Length": str(request.size),
        "Content-Type": "text/html",
        "Connection": "close",
    }


def _message(rule_id: str, variable: str, value: str, matched: str) -> dict[str, Any]:
    rule = rules()[rule_id]
    where = "" if rule["match"].startswith("detected") else f" against variable `{variable}' (Value: `{value}' )"
    has_place = rule["match"].startswith('Matched "Operator `Within') or rule_id in ("920350", "920500")
    data = matched if has_place else f"Matched Data: {matched} found within {variable}: {value}"
    offset = max(value.lower().find(matched.lower()), 0)
    return _details(
        rule_id, rule, rule["message"], rule["match"] + where, data, f"o{offset},{len(matched)}v4,{len(value)}"
    )


def _verdict(score: int) -> dict[str, Any]:
    rule = rules()["949110"]
    match = f"{rule['match']} against variable `TX:ANOMALY_SCORE' (Value: `{score}' )"
    return _details("949110", rule, f"{rule['message']} (Total Score: {score})", match, "", "")


def _details(rule_id: str, rule: dict[str, Any], message: str, match: str, data: str, reference: str) -> dict[str, Any]:
    return {
        "message": message,
        "details": {
            "match": match,
            "reference": reference + rule["transforms"] if reference else "",
            "ruleId": rule_id,
            "file": f"/usr/share/modsecurity-crs/rules/{rule['file']}",
            "lineNumber": str(rule["line"]),
            "data": data,
            "severity": str(rule["severity"]),
            "ver": "OWASP_CRS/3.3.4",
            "rev": "",
            "tags": rule["tags"],
            "maturity": "0",
            "accuracy": "0",
        },
    }

"""A small quarter of one site for tests: real log lines through the real collector, checks and inventories as records."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tasks import collecting
from tasks.settings import Settings
from tasks.sites import Sites, load_sites
from warehouse.publish import publish
from warehouse.records import CheckResult, ComponentObservation

START = datetime(2026, 6, 30, 23, tzinfo=UTC)  # midnight of 1 July in London
END = datetime(2026, 9, 30, 23, tzinfo=UTC)
OUTAGE = (datetime(2026, 8, 4, 9, tzinfo=UTC), datetime(2026, 8, 4, 13, tzinfo=UTC))
GAP = (datetime(2026, 8, 20, tzinfo=UTC), datetime(2026, 8, 27, tzinfo=UTC))
HOSTILE = (
    "/<script>alert(1)</script>",
    "/../../etc/passwd",
    "/{{7*7}}",
    "/=cmd()|'/C calc'!A0",
    '/"><img src=file:///etc/passwd>',
)
AGENT = "=cmd()<script>alert(1)</script>{{7*7}}"

SITES = """
agency: {name: "Northlight <b>Studio</b>", contact: hello@northlight.example}
clients: [{id: c, name: "Client & Sons"}]
sites:
  - id: one
    name: "One <i>{{7*7}}</i> & =cmd()"
    client: c
    url: https://one.example/
    platform: wordpress
    time_zone: Europe/London
    owner: {name: O, email: o@a.example}
    availability_slo_pct: 99.9
    sources:
      - {kind: uptime_http, id: uptime, every_seconds: 300}
      - {kind: patches_bundle, id: patches, folder: bundles}
      - {kind: waf_logs, id: audit, format: modsecurity-v3-json, paths: ["logs/audit.log*"], time_zone: UTC}
      - {kind: waf_logs, id: access, format: access-combined, paths: ["logs/access.log*"]}
  - id: empty
    name: Empty
    client: c
    url: https://empty.example/
    platform: static
    time_zone: UTC
    owner: {name: O, email: o@a.example}
"""


def make(folder: Path) -> tuple[Settings, Sites]:
    """Collect, load and publish the quarter below `folder`."""
    (folder / "sites.yaml").write_text(SITES)
    (folder / "logs").mkdir()
    (folder / "logs" / "access.log").write_text("".join(access_lines()))
    (folder / "logs" / "audit.log").write_text("".join(audit_lines()))
    settings = Settings(folder / "sites.yaml", folder / "var")
    sites = load_sites(settings.sites_file)
    collecting.land_configuration(sites, settings)
    for job in collecting.jobs(sites, settings, ["waf_logs"]):
        report = asyncio.run(collecting.collect(job))
        assert report.outcome.state == "complete", report.row
    rows = {"check_result": checks(), "component_observation": inventories()}
    settings.spool.land("records", rows, collector="test", parser_version="test/1")
    collecting.load_landed(settings)
    publish(settings.warehouse, settings.snapshot)
    return settings, sites


def checks() -> list[CheckResult]:
    records, at = [], START
    while at < END:
        if not GAP[0] <= at < GAP[1]:
            is_down = OUTAGE[0] <= at < OUTAGE[1]
            fields: dict[str, Any] = dict.fromkeys(CheckResult.schema().names) | {
                "site_id": "one", "source_id": "uptime", "url": "https://one.example/", "slot_at": at, "checked_at": at,
                "check_type": "http",
                "attempt": 1, "interval_seconds": 300.0, "outcome": "down" if is_down else "up",
                "cause": "refused" if is_down else None, "status": None if is_down else 200, "total_ms": 120.0,
                "certificate_not_after_at": datetime(2026, 10, 9, tzinfo=UTC), "is_certificate_valid": True,
            }  # fmt: skip
            records.append(CheckResult(**fields))
        at += timedelta(minutes=5)
    return records


def inventories() -> list[ComponentObservation]:
    """Weekly inventories: one plugin never updated, one updated in August, one package with a security update."""
    records, at = [], START + timedelta(days=3)
    while at < END:
        for ecosystem, name, version, latest, is_security in (
            ("wordpress-plugin", "<script>alert(2)</script>", "1.0", "1.1", None),
            ("wordpress-plugin", "forms", "5.1" if at.month < 8 else "5.2", "5.2" if at.month < 8 else None, None),
            ("deb", "openssl", "3.0.1", "3.0.2", True),
            ("deb", "curl", "7.0", None, None),
        ):
            records.append(
                ComponentObservation(
                    site_id="one", source_id="patches", bundle_id=f"{at:%Y%m%dT%H%M%SZ}", collected_at=at, ecosystem=ecosystem,
                    name=name, version=version, status="active", update_state="available" if latest else "none",
                    latest_version=latest, is_security_update=is_security, is_auto_update=None, fresh_as_of_at=at,
                )
            )  # fmt: skip
        at += timedelta(days=7)
    return records


def _line(at: datetime, ip: str, request: str, status: int, agent: str = "Mozilla/5.0") -> str:
    return f'{ip} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "{request}" {status} 1000 "-" "{agent}"\n'


def access_lines() -> list[str]:
    lines, at = [], START
    while at < END:
        lines += [_line(at + timedelta(minutes=n), "198.51.100.7", f"GET /page-{n}/ HTTP/1.1", 200) for n in range(12)]
        lines += [_line(at, "203.0.113.9", f"GET {path} HTTP/1.1".replace('"', '\\"'), 403, AGENT) for path in HOSTILE]
        at += timedelta(days=1)
    attack = datetime(2026, 7, 14, 3, tzinfo=UTC)
    lines += [
        _line(attack + timedelta(seconds=n), "203.0.113.7", "POST /wp-login.php HTTP/1.1", 200) for n in range(300)
    ]
    lines += [_line(attack, "198.51.100.7", "POST /wp-admin/post.php HTTP/1.1", 403) for _ in range(4)]
    return lines


def audit_lines() -> list[str]:
    lines, at = [], START
    while at < END:
        lines += [_audit(at, "203.0.113.9", path, "941100", f"{at:%Y%m%d}.{n}") for n, path in enumerate(HOSTILE)]
        lines += [_audit(at, "203.0.113.8", "/xmlrpc.php", "932160", f"{at:%Y%m%d}.x{n}") for n in range(6)]
        at += timedelta(days=1)
    attack = datetime(2026, 7, 14, 3, tzinfo=UTC)
    lines += [_audit(attack, "198.51.100.7", "/wp-admin/post.php", "942100", f"editor.{n}") for n in range(4)]
    return lines


def _audit(at: datetime, ip: str, path: str, rule: str, unique: str) -> str:
    def message(rule_id: str, text: str) -> dict[str, Any]:
        details = {
            "match": "Matched \"Operator `Rx' with parameter `x' against variable `ARGS:q' (Value: `y' )", "ruleId": rule_id,
            "data": "", "severity": "2", "ver": "OWASP_CRS/3.3.4", "tags": ["paranoia-level/1"],
        }  # fmt: skip
        return {"message": text, "details": details}

    transaction = {
        "client_ip": ip, "time_stamp": f"{at:%a %b %e %H:%M:%S %Y}", "unique_id": unique,
        "request": {"method": "GET", "http_version": 1.1, "uri": path, "headers": {"Host": "one.example", "User-Agent": AGENT}},
        "response": {"http_code": 403}, "producer": {"secrules_engine": "Enabled", "components": []},
        "messages": [message(rule, "Attack"), message("949110", "Inbound Anomaly Score Exceeded (Total Score: 5)")],
    }  # fmt: skip
    return json.dumps({"transaction": transaction}) + "\n"

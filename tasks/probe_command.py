"""`upkeep probe URL`: one check now, for people and programs."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tasks.errors import ConfigurationError
from tasks.probe import Probe, ProbeResult, probe_all
from tasks.redact import redact
from tasks.terminal import json_default, plain, rfc3339

_PHASES = ("dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "body_ms", "total_ms")


def run(
    url: str,
    *,
    timeout_seconds: float,
    ca_file: Path | None,
    ip_version: int | None,
    max_redirects: int,
    is_private_allowed: bool,
    is_json: bool,
) -> int:
    """Check, print, and return the exit status: 0 when the check ran, whether up or down, 1 when it could not.

    Raises:
        ConfigurationError: the address or an option can't be used.
    """
    if not 0 < timeout_seconds <= 300:
        raise ConfigurationError("--timeout is to be more than 0 and at most 300 seconds.")
    probe = Probe(
        url=url if "://" in url else f"https://{url}",
        timeout_seconds=timeout_seconds,
        ca_file=str(ca_file) if ca_file else None,
        ip_version=ip_version,
        max_redirects=max_redirects,
        is_private_allowed=is_private_allowed,
    )
    ((*_, last),) = asyncio.run(probe_all([probe]))
    if last.cause == "configuration":
        raise ConfigurationError(f"{plain(redact(probe.url))}: {plain(last.message)}.")
    if is_json:
        sys.stdout.write(json.dumps(as_json(probe, last), default=json_default) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in as_lines(last))
    return 1 if last.outcome == "unknown" else 0


def as_json(probe: Probe, result: ProbeResult) -> dict[str, Any]:
    """Return the result as the object that `--json` prints: every key is always there, null where not reached."""
    return {
        "url": redact(probe.url),
        "checked_at": result.checked_at,
        "outcome": result.outcome,
        "cause": result.cause,
        "message": result.message,
        "status": result.status,
        "final_url": result.final_url,
        "redirects": list(result.redirects or ()),
        "address": result.address,
        **{phase: getattr(result, phase) for phase in _PHASES},
        "tls_version": result.tls_version,
        "certificate": asdict(result.certificate) if result.certificate else None,
    }


def as_lines(result: ProbeResult) -> list[str]:
    """Return the result for people; nothing in it can steer the terminal."""
    why = f": {result.cause} ({plain(result.message)})" if result.cause else ""
    phases = [
        f"{name[:-3].replace('_', ' ')} {value:.0f}" for name in _PHASES if (value := getattr(result, name)) is not None
    ]
    rows = [
        ("status", result.status),
        ("redirects", " -> ".join(result.redirects or ())),
        ("final URL", result.final_url),
        ("address", result.address),
        ("ms", ", ".join(phases)),
        ("TLS", result.tls_version),
    ]
    if found := result.certificate:
        verdict = "accepted" if found.is_valid else f"not accepted: {found.why_not}"
        rows += [
            ("certificate", f"{found.subject}, {verdict}"),
            ("issuer", found.issuer),
            ("expires", rfc3339(found.not_after)),
        ]
    return [
        f"{result.outcome}{why}",
        *(f"  {name:12} {plain(value)}" for name, value in rows if value not in (None, "")),
    ]

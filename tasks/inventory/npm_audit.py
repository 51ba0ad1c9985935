"""Which packages of npm have known flaws: `npm audit --json`, report version 2 (npm 7 and newer).

It exits with 1 both for flaws and for a registry that refuses; then the answer has no `auditReportVersion`. `via` holds
advisories, or names of other entries whose advisories they are; those can form circles. Installed versions are not
told, and the version of `fixAvailable` is the newest one, not the smallest that helps.
https://docs.npmjs.com/cli/v11/commands/npm-audit
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Finding, Inventory, Rejects, Source, distinct, severity
from tasks.json_text import items, part, read_json, score, word

TITLE = "npm: npm audit --json"
FILES = ("npm-audit.json",)
FILLS = "scanner_finding"
VERSION = 2
IS_JUDGED_BY_TEXT = True
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}")
_ONE_BOUND = re.compile(r"(?:>=?\s*[^\s|<>]+\s+)?<\s*([0-9][^\s|<>=]*)")


def detect(head: str) -> bool:
    """Say whether the text starts like the answer of `npm audit`."""
    return '"auditReportVersion"' in head


def read(text: str, source: Source) -> Inventory:
    """Return one finding for each advisory and package.

    Raises:
        SourceError: it is not what npm writes, or the registry refused.
    """
    command = "`npm audit --json` where the registry answers audits"
    report = read_json(text, dict, "auditReportVersion", "vulnerabilities", command=command)
    entries = report["vulnerabilities"]
    if report["auditReportVersion"] != 2 or not isinstance(entries, Mapping):
        raise SourceError(f"it is no report of version 2; run {command} with npm 7 or newer")
    findings: dict[tuple[str, tuple[str, ...]], Finding] = {}
    rejects = Rejects()
    for number, (key, entry) in enumerate(entries.items(), start=1):
        if not isinstance(entry, Mapping):
            rejects.add(number, "is no vulnerability", entry)
            continue
        for via in rejects.items(entry, "via"):
            if not isinstance(via, str | Mapping):
                rejects.add(number, "has a cause that is neither an advisory nor a name", via)
        for made in _findings(key, entry, entries):
            findings.setdefault((made.name, made.advisory_ids), made)
    return Inventory(findings=list(findings.values()), rejects=rejects.found, is_scan=True)


def _findings(key: str, entry: Mapping[str, Any], entries: Mapping[str, Any]) -> list[Finding]:
    own = [item for item in items(entry, "via") if isinstance(item, Mapping)]
    name = word({"": key}, "")
    if own:
        return [_finding(word(item, "name") or name, item, word(entry, "severity")) for item in own]
    if _leads_to_advisory(key, entries):
        return []  # it is told where the flaw is
    return [_finding(name, {}, word(entry, "severity"))]


def _leads_to_advisory(key: str, entries: Mapping[str, Any]) -> bool:
    seen, left = {key}, [key]
    while left:
        for via in items(part(entries, left.pop()), "via"):
            if isinstance(via, Mapping):
                return True
            if isinstance(via, str) and via not in seen:
                seen.add(via)
                left.append(via)
    return False


def _finding(name: str, item: Mapping[str, Any], fallback: str) -> Finding:
    bound = _ONE_BOUND.fullmatch(word(item, "range").strip())
    return Finding(
        advisory_ids=distinct(_GHSA.findall(word(item, "url"))),
        ecosystem="npm",
        name=name,
        fixed_version=bound[1] if bound else None,
        severity=severity(word(item, "severity") or fallback),
        cvss_score=score(part(item, "cvss").get("score")),
        title=word(item, "title") or None,
    )

"""Flaws that OSV-Scanner found: `osv-scanner scan --format json`, versions 1 and 2.

It exits with 1 when it found any, and with 128 when it found no package at all; then there is nothing to read.
`groups` say which identifiers are one flaw. https://google.github.io/osv-scanner/output/#json
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import UNKNOWN, Finding, Inventory, Rejects, Source, distinct, severity, smallest_fix
from tasks.json_text import items, part, read_json, score, word

TITLE = "OSV-Scanner: osv-scanner scan --format json"
FILES = ("osv-scanner.json",)
FILLS = "scanner_finding"
VERSION = 1
IS_JUDGED_BY_TEXT = True


def detect(head: str) -> bool:
    """Say whether the text starts like OSV-Scanner's JSON."""
    return '"results"' in head and ('"ecosystem"' in head or '"experimental_config"' in head)


def read(text: str, source: Source) -> Inventory:
    """Return one finding for each group of identifiers and package.

    Raises:
        SourceError: it is not OSV-Scanner's JSON.
    """
    report = read_json(text, dict, "results", command="osv-scanner with --format json")
    if not isinstance(report["results"], list) and report["results"] is not None:
        raise SourceError("results is no list; run osv-scanner again with --format json")
    findings: list[Finding] = []
    rejects = Rejects()
    number = 0
    for result in items(report, "results"):
        location = word(part(result, "source"), "path")
        if not isinstance(result, Mapping) or not isinstance(result.get("packages") or [], list):
            rejects.add(number + 1, "is no result with a list of packages", result)
            continue
        for item in items(result, "packages"):
            number += 1
            package = part(item, "package")
            if not word(package, "name") or not word(package, "ecosystem"):
                rejects.add(number, "has no name or no ecosystem", item)
                continue
            made = list(_findings(item, package, location))
            findings += made
            is_listed = bool(items(item, "vulnerabilities") or items(item, "groups"))
            if is_listed and not made:
                rejects.add(number, "has flaws without identifiers", item)
    return Inventory(findings=findings, rejects=rejects.found, is_scan=True)


def _findings(item: Mapping[str, Any], package: Mapping[str, Any], location: str) -> Iterator[Finding]:
    flaws = {word(flaw, "id"): flaw for flaw in items(item, "vulnerabilities") if word(flaw, "id")}
    named = set[str]()
    for group in items(item, "groups"):
        ids = [value for key in ("ids", "aliases") for value in items(group, key) if isinstance(value, str)]
        named.update(ids)
        if ids:
            yield _finding(ids, [flaws[i] for i in ids if i in flaws], package, location, word(group, "max_severity"))
    for name, flaw in flaws.items():
        if name not in named:
            aliases = [alias for alias in items(flaw, "aliases") if isinstance(alias, str)]
            yield _finding([name, *aliases], [flaw], package, location, "")


def _finding(
    ids: list[str], flaws: list[Mapping[str, Any]], package: Mapping[str, Any], location: str, max_severity: str
) -> Finding:
    ecosystem, name, version = word(package, "ecosystem"), word(package, "name"), word(package, "version") or None
    fixes = [
        word(event, "fixed")
        for flaw in flaws
        for affected in items(flaw, "affected")
        if word(part(affected, "package"), "name") == name
        for versions in items(affected, "ranges")
        if word(versions, "type") != "GIT"
        for event in items(versions, "events")
        if word(event, "fixed")
    ]
    words = [severity(word(part(flaw, "database_specific"), "severity")) for flaw in flaws]
    value = score(max_severity)
    return Finding(
        advisory_ids=distinct(ids),
        ecosystem=ecosystem,
        name=name,
        version=version,
        fixed_version=smallest_fix(ecosystem, version, list(distinct(fixes))),
        severity=next((found for found in words if found != UNKNOWN), _band(value)),
        cvss_score=value,
        location=location or None,
        title=next((word(flaw, "summary") for flaw in flaws if word(flaw, "summary")), None),
    )


def _band(value: float | None) -> str:
    """Return the word that CVSS has for a score: https://www.first.org/cvss/v3.1/specification-document."""
    if value is None:
        return UNKNOWN
    return "critical" if value >= 9 else "high" if value >= 7 else "medium" if value >= 4 else "low"

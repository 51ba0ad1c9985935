"""Flaws that Grype found, in its JSON: `grype --output json`.

https://github.com/anchore/grype#output-formats
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Finding, Inventory, Rejects, Source, distinct, severity, smallest_fix
from tasks.json_text import items, part, read_json, score, word
from tasks.purl import advisory_ecosystem, distribution, identify

TITLE = "Grype: grype --output json"
FILES = ("grype.json",)
FILLS = "scanner_finding"
VERSION = 1
IS_JUDGED_BY_TEXT = True
_ECOSYSTEMS = {
    "php-composer": "Packagist",
    "npm": "npm",
    "python": "PyPI",
    "dotnet": "NuGet",
    "go-module": "Go",
    "rust-crate": "crates.io",
    "java-archive": "Maven",
    "gem": "RubyGems",
    "wordpress-plugin": "wordpress-plugin",
    "deb": "deb",
    "rpm": "rpm",
    "apk": "apk",
}
_CVSS = ("4", "3.1", "3", "2")
"""Versions of CVSS by their first characters, the newest first."""


def detect(head: str) -> bool:
    """Say whether the text starts like Grype's JSON."""
    return '"matches"' in head and ('"matchDetails"' in head or '"relatedVulnerabilities"' in head)


def read(text: str, source: Source) -> Inventory:
    """Return one finding for each match; matches that the project ignores are left out, as Grype does.

    Raises:
        SourceError: it is not Grype's JSON.
    """
    report = read_json(text, dict, "matches", command="grype with --output json")
    if not isinstance(report["matches"], list):
        raise SourceError("matches is no list; run grype again with --output json")
    system = part(report, "distro")
    findings: list[Finding] = []
    rejects = Rejects()
    for number, item in enumerate(report["matches"], start=1):
        made = _finding(item, system)
        if made:
            findings.append(made)
        else:
            rejects.add(number, "has no package or no identifier", item)
    return Inventory(findings=findings, rejects=rejects.found, is_scan=True)


def _finding(item: object, system: Mapping[str, Any]) -> Finding | None:
    flaw, artifact, related = part(item, "vulnerability"), part(item, "artifact"), items(item, "relatedVulnerabilities")
    name, version = word(artifact, "name"), word(artifact, "version")
    ids = distinct([word(flaw, "id"), *(word(other, "id") for other in related)])
    if not name or not ids:
        return None
    known = identify(word(artifact, "purl"))
    ecosystem = _ECOSYSTEMS.get(word(artifact, "type"), known.ecosystem if known else "")
    if ecosystem in ("deb", "rpm", "apk"):
        of_purl = known.advisory_ecosystem if known else None
        ecosystem = of_purl or distribution(word(system, "name"), word(system, "version")) or ecosystem
    fix = part(flaw, "fix")
    fixes = [value for value in items(fix, "versions") if isinstance(value, str) and value]
    locations = items(artifact, "locations")
    return Finding(
        advisory_ids=ids,
        ecosystem=advisory_ecosystem(ecosystem, name),
        name=name,
        version=version or None,
        fixed_version=smallest_fix(ecosystem, version or None, fixes) if word(fix, "state") != "wont-fix" else None,
        severity=severity(word(flaw, "severity")),
        cvss_score=_score([flaw, *related]),
        purl=word(artifact, "purl") or None,
        location=word(locations[0], "path") or None if locations else None,
        title=None,
    )


def _score(flaws: list[Any]) -> float | None:
    """Return the score by the newest CVSS that is given, of the flaw itself before those related."""
    given = [entry for flaw in flaws for entry in items(flaw, "cvss")]
    for version in _CVSS:
        for entry in given:
            if word(entry, "version").startswith(version):
                found = score(part(entry, "metrics").get("baseScore"))
                if found is not None:
                    return found
    return None

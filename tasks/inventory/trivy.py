"""Flaws that Trivy found, in its JSON: `trivy fs|image|rootfs --format json`, schema version 2.

`Results` and `Vulnerabilities` are absent where there is nothing to say. `FixedVersion` can name several, one for each
branch. https://trivy.dev/latest/docs/configuration/reporting/#json
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Finding, Inventory, Rejects, Source, distinct, severity, smallest_fix
from tasks.json_text import items, part, read_json, score, word
from tasks.purl import advisory_ecosystem, distribution, identify

TITLE = "Trivy: trivy fs|image|rootfs --format json"
FILES = ("trivy.json",)
FILLS = "scanner_finding"
VERSION = 1
IS_JUDGED_BY_TEXT = True
_ECOSYSTEMS = {
    **dict.fromkeys(("composer", "composer-vendor"), "Packagist"),
    **dict.fromkeys(("npm", "yarn", "pnpm", "node-pkg", "bun"), "npm"),
    **dict.fromkeys(("pip", "pipenv", "poetry", "uv", "python-pkg"), "PyPI"),
    **dict.fromkeys(("nuget", "dotnet-core", "packages-props"), "NuGet"),
    **dict.fromkeys(("gomod", "gobinary"), "Go"),
    **dict.fromkeys(("cargo", "rustbinary"), "crates.io"),
    **dict.fromkeys(("debian", "ubuntu"), "deb"),
    **dict.fromkeys(("alma", "rocky", "redhat", "centos", "fedora", "oracle", "amazon"), "rpm"),
    "alpine": "apk",
}
_WORDS = {"alma": "almalinux"}
_SCORES = ("V40Score", "V3Score", "V2Score")


def detect(head: str) -> bool:
    """Say whether the text starts like Trivy's JSON."""
    return '"SchemaVersion"' in head and ('"ArtifactName"' in head or '"Results"' in head)


def read(text: str, source: Source) -> Inventory:
    """Return one finding for each flaw, package and target.

    Raises:
        SourceError: it is not Trivy's JSON of version 2.
    """
    report = read_json(text, dict, "SchemaVersion", command="trivy with --format json")
    if report["SchemaVersion"] != 2 or not isinstance(report.get("Results") or [], list):
        raise SourceError("SchemaVersion is not 2, or Results is no list; run trivy 0.20 or newer with --format json")
    system = part(part(report, "Metadata"), "OS")
    findings: list[Finding] = []
    rejects = Rejects()
    number = 0
    for result in items(report, "Results"):
        if not isinstance(result, Mapping) or not isinstance(result.get("Vulnerabilities") or [], list):
            rejects.add(number + 1, "is no result with a list of vulnerabilities", result)
            continue
        for item in items(result, "Vulnerabilities"):
            number += 1
            made = _finding(item, result, system)
            if made:
                findings.append(made)
            else:
                rejects.add(number, "has no package or no identifier", item)
    return Inventory(findings=findings, rejects=rejects.found, is_scan=True)


def _finding(item: object, result: Mapping[str, Any], system: Mapping[str, Any]) -> Finding | None:
    name, version = word(item, "PkgName"), word(item, "InstalledVersion")
    ids = distinct([word(item, "VulnerabilityID"), *(v for v in items(item, "VendorIDs") if isinstance(v, str))])
    if not isinstance(item, Mapping) or not name or not ids:
        return None
    purl = word(part(item, "PkgIdentifier"), "PURL")
    known = identify(purl)
    ecosystem = _ecosystem(word(result, "Type"), name, system)
    if known and not ecosystem:
        ecosystem = known.advisory_ecosystem or known.ecosystem
    fixes = [fix.strip() for fix in word(item, "FixedVersion").split(",") if fix.strip()]
    return Finding(
        advisory_ids=ids,
        ecosystem=ecosystem,
        name=name,
        version=version or None,
        fixed_version=smallest_fix(ecosystem, version or None, fixes),
        severity=severity(word(item, "Severity")),
        cvss_score=_score(item),
        purl=purl or None,
        location=word(item, "PkgPath") or word(result, "Target") or None,
        title=word(item, "Title") or None,
    )


def _ecosystem(kind: str, name: str, system: Mapping[str, Any]) -> str:
    found = _ECOSYSTEMS.get(kind, "")
    if found in ("deb", "rpm", "apk"):
        family = word(system, "Family")
        return distribution(_WORDS.get(family, family), word(system, "Name")) or found
    return advisory_ecosystem(found, name)


def _score(item: Mapping[str, Any]) -> float | None:
    """Return the score by the newest CVSS that any source gives; the source of the severity counts first."""
    sources = part(item, "CVSS")
    first = word(item, "SeveritySource")
    ordered = [part(sources, first), *(part(sources, name) for name in sources if name != first)]
    found = (score(entry.get(key)) for key in _SCORES for entry in ordered)
    return next((value for value in found if value is not None), None)

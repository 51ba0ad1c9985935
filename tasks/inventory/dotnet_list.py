"""Packages of .NET projects: `dotnet list package --format json` with --outdated, --vulnerable or --deprecated.

.NET 10 names it `dotnet package list`. It needs a restored project. `--outdated` lists only what is outdated, so that
it proves nothing of the others; a project with nothing to say has no `frameworks`.
https://learn.microsoft.com/en-us/dotnet/core/tools/dotnet-package-list
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tasks import purl
from tasks.errors import SourceError
from tasks.inventory_format import Component, Finding, Inventory, Rejects, Source, component, distinct, severity
from tasks.json_text import items, part, read_json, word

TITLE = ".NET: dotnet list package --include-transitive --format json, with --outdated, --vulnerable or --deprecated"
FILES = ("dotnet-list.json", "dotnet-outdated.json", "dotnet-vulnerable.json", "dotnet-deprecated.json")
FILLS = "component_observation"
VERSION = 2
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}", re.IGNORECASE)


def detect(head: str) -> bool:
    """Say whether the text starts like the answer of `dotnet list package`."""
    return '"projects"' in head and '"parameters"' in head


def read(text: str, source: Source) -> Inventory:
    """Return packages and findings; it is a scan where the command was asked for flaws.

    Raises:
        SourceError: it is not what dotnet writes, or it reports an error.
    """
    command = "`dotnet restore` and then `dotnet list package --include-transitive --format json`"
    answer = read_json(text, dict, "projects", command=command)
    problems = [word(p, "text") for p in items(answer, "problems") if word(p, "level").lower() == "error"]
    if problems or not isinstance(answer["projects"], list):
        raise SourceError(f"dotnet reports an error ({'; '.join(problems)[:200]}); run {command} again")
    components: dict[Component, None] = {}
    findings: dict[Finding, None] = {}
    rejects = Rejects()
    for number, (project, item) in enumerate(_packages(answer, rejects), start=1):
        name, version = word(item, "id"), word(item, "resolvedVersion")
        if not name or not version:
            rejects.add(number, "has no id or no resolved version", item)
            continue
        url = purl.write("nuget", name, version)
        is_deprecated = bool(item.get("deprecationReasons")) if isinstance(item, Mapping) else False
        made = component(
            "NuGet",
            name,
            version,
            offer=_offer(item),
            status="deprecated" if is_deprecated else None,
            purl=url,
            abandoned=(word(part(item, "alternativePackage"), "id") or True) if is_deprecated else None,
        )
        components[made] = None
        for flaw in rejects.items(item, "vulnerabilities"):
            link = word(flaw, "advisoryurl") or word(flaw, "advisoryUrl")
            found = Finding(
                advisory_ids=distinct(_upper_ghsa(link)),
                ecosystem="NuGet",
                name=name,
                version=version,
                severity=severity(word(flaw, "severity")),
                purl=url,
                location=project,
            )
            findings[found] = None
    is_scan = "--vulnerable" in word(answer, "parameters")
    return Inventory(list(components), findings=list(findings), rejects=rejects.found, is_scan=is_scan)


def _packages(answer: Mapping[str, Any], rejects: Rejects) -> Iterator[tuple[str, Any]]:
    for project in rejects.items(answer, "projects"):
        path = word(project, "path")
        for framework in rejects.items(project, "frameworks"):
            if not word(framework, "framework"):
                rejects.add(1, f"of the frameworks of {path} has no name", framework)
            for key in ("topLevelPackages", "transitivePackages"):
                for item in rejects.items(framework, key):
                    yield path, item


def _offer(item: Mapping[str, Any]) -> str:
    """Return the newest version; `Not found at the sources` is none."""
    latest = word(item, "latestVersion")
    return latest if latest[:1].isdigit() else ""


def _upper_ghsa(link: str) -> list[str]:
    return [f"GHSA-{found[5:].lower()}" for found in _GHSA.findall(link)]

"""Packages of a bill of materials in SPDX JSON: 2.2 and 2.3, and 3.0 as JSON-LD.

The package URL is a reference of category PACKAGE-MANAGER (2.x) or `software_packageUrl` (3.0). The package that the
document describes is the product itself. https://spdx.github.io/spdx-spec/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Component, Inventory, Rejects, Source, component, from_purl
from tasks.json_text import items, read_json, word

TITLE = "SPDX JSON, as npm sbom --sbom-format spdx"
FILES = ("sbom.spdx.json", "spdx.json")
FILLS = "component_observation"
IS_WHOLE_LIST = True
VERSION = 3
_UNSAID = ("NOASSERTION", "NONE")


def detect(head: str) -> bool:
    """Say whether the text starts like SPDX."""
    return '"spdxVersion"' in head or "spdx.org/rdf/3" in head


def read(text: str, source: Source) -> Inventory:
    """Return the packages but for the product itself; one without a package URL that is known can't be matched.

    Raises:
        SourceError: it is no SPDX JSON.
    """
    document = read_json(text, dict, command="the tool that makes the SPDX file")
    if any(word(item, "type") == "software_Package" for item in items(document, "@graph")):
        entries = _graph(document)
    elif isinstance(document.get("spdxVersion"), str) and isinstance(document.get("packages"), list):
        entries = _packages(document)
    else:
        raise SourceError(
            "it has neither spdxVersion with packages nor packages in @graph; make the file again as SPDX JSON"
        )
    found: list[Component] = []
    rejects = Rejects()
    for number, (name, version, purl) in enumerate(entries, start=1):
        if made := from_purl(purl):
            found.append(made)
        elif name:
            found.append(component("", name, version, purl=purl or None, advisory_ecosystem=None))
        else:
            rejects.add(number, "has neither a name nor a package URL", name)
    return Inventory(list(dict.fromkeys(found)), rejects=rejects.found)


def _packages(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    described = {item for item in items(document, "documentDescribes") if isinstance(item, str)}
    described |= {
        word(item, "relatedSpdxElement")
        for item in items(document, "relationships")
        if word(item, "relationshipType") == "DESCRIBES"
    }
    listed = items(document, "packages")
    for item in listed:
        # A document that describes several packages is about those, and not about one product.
        if described == {word(item, "SPDXID")} and len(listed) > 1:
            continue
        purls = [word(r, "referenceLocator") for r in items(item, "externalRefs") if word(r, "referenceType") == "purl"]
        version = word(item, "versionInfo")
        yield word(item, "name"), "" if version in _UNSAID else version, purls[0] if purls else ""


def _graph(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    graph = items(document, "@graph")
    roots = {
        root
        for item in graph
        if word(item, "type") in ("software_Sbom", "SpdxDocument")
        for root in items(item, "rootElement")
        if isinstance(root, str)
    }
    for item in graph:
        if word(item, "type") == "software_Package" and word(item, "spdxId") not in roots:
            yield word(item, "name"), word(item, "software_packageVersion"), _spdx3_purl(item)


def _spdx3_purl(item: Mapping[str, Any]) -> str:
    others = [
        word(other, "identifier")
        for other in items(item, "externalIdentifier")
        if word(other, "externalIdentifierType") == "packageUrl"
    ]
    return word(item, "software_packageUrl") or (others[0] if others else "")

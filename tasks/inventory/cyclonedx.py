"""Components of a bill of materials in CycloneDX JSON 1.2 to 1.7, as of `npm sbom`, Trivy, Syft and many others.

Components can hold components. `metadata.component` is the product itself. https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

from collections.abc import Mapping

from tasks.errors import SourceError
from tasks.inventory_format import Component, Inventory, Rejects, Source, component, from_purl
from tasks.json_text import items, read_json, word

TITLE = "CycloneDX JSON, as npm sbom --sbom-format cyclonedx"
FILES = ("sbom.cdx.json", "cyclonedx.json", "bom.json")
FILLS = "component_observation"
IS_WHOLE_LIST = True
VERSION = 2
_NO_PACKAGES = ("file", "operating-system", "device", "data", "cryptographic-asset")
_DEVELOPMENT = "cdx:npm:package:development"


def detect(head: str) -> bool:
    """Say whether the text starts like CycloneDX."""
    return '"CycloneDX"' in head


def read(text: str, source: Source) -> Inventory:
    """Return the components that are packages; one without a package URL that is known can't be matched.

    Raises:
        SourceError: it is no CycloneDX JSON.
    """
    bom = read_json(text, dict, "bomFormat", command="the tool that makes the CycloneDX file")
    # Without a list it tells of flaws or services: that nothing is installed is an empty list.
    if bom["bomFormat"] != "CycloneDX" or not isinstance(bom.get("components"), list):
        raise SourceError("bomFormat is not CycloneDX, or it has no list of components; make the file again as JSON")
    found: list[Component] = []
    rejects = Rejects()
    left, number = [bom], 0
    while left:
        for item in items(left.pop(), "components"):
            number += 1
            if not isinstance(item, Mapping):
                rejects.add(number, "is no component", item)
                continue
            left.append(item)
            if word(item, "type") in _NO_PACKAGES:
                continue
            if made := _component(item):
                found.append(made)
            else:
                rejects.add(number, "has neither a name nor a package URL", item)
    return Inventory(list(dict.fromkeys(found)), rejects=rejects.found)


def _component(item: Mapping[str, object]) -> Component | None:
    properties = items(item, "properties")
    is_dev = any(word(p, "name") == _DEVELOPMENT and word(p, "value") == "true" for p in properties)
    scope = word(item, "scope")
    status = "dev" if is_dev else scope if scope in ("optional", "excluded") else None
    if made := from_purl(word(item, "purl"), status=status):
        return made
    group, name = word(item, "group"), word(item, "name")
    if not name:
        return None
    full = f"{group}/{name}" if group else name
    return component(
        "", full, word(item, "version"), status=status, purl=word(item, "purl") or None, advisory_ecosystem=None
    )

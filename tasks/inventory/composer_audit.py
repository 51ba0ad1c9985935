"""Which packages of Composer have known flaws: `composer audit --locked --format=json`.

The exit status is the count of packages in Composer 2.5 and a mask of bits later, and 1 where the repository was not
reached; then nothing is printed. `advisories` is an empty list, not an object, when there are none. The installed
version is not told. https://getcomposer.org/doc/03-cli.md#audit
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.errors import SourceError
from tasks.inventory_format import Finding, Inventory, Rejects, Source, distinct, severity
from tasks.json_text import items, read_json, word
from tasks.purl import advisory_ecosystem

TITLE = "Composer: composer audit --locked --format=json"
FILES = ("composer-audit.json",)
FILLS = "scanner_finding"
VERSION = 1
IS_JUDGED_BY_TEXT = True
_GHSA = re.compile(r"GHSA(?:-[0-9a-z]{4}){3}")
_ONE_BOUND = re.compile(r"[^|]*<\s*([^\s,|=<>]+)\s*")


def detect(head: str) -> bool:
    """Say whether the text starts like the answer of `composer audit`."""
    return '"advisories"' in head and ('"advisoryId"' in head or '"abandoned"' in head or len(head) < 100)


def read(text: str, source: Source) -> Inventory:
    """Return the findings; those that the project tells Composer to ignore are flaws all the same.

    Raises:
        SourceError: it is not what Composer writes, as when the repository was not reached.
    """
    command = "`composer audit --locked --format=json` where the repository is reached"
    answer = read_json(text, dict, "advisories", command=command)
    findings: list[Finding] = []
    rejects = Rejects()
    for key in ("advisories", "ignored-advisories"):
        if key not in answer:
            continue
        found = answer[key]
        if not isinstance(found, Mapping) and found != []:
            raise SourceError(f"{key} is no object; run {command} again")
        for package, listed in found.items() if isinstance(found, Mapping) else ():
            findings += _findings(package, listed, rejects)
    return Inventory(findings=findings, rejects=rejects.found, is_scan=True)


def _findings(package: str, listed: object, rejects: Rejects) -> Iterator[Finding]:
    # A list with holes is written as an object.
    entries = list(listed.values()) if isinstance(listed, Mapping) else listed if isinstance(listed, list) else [None]
    for number, item in enumerate(entries, start=1):
        name = (word(item, "packageName") or word({"": package}, "")).lower()
        ids = _ids(item)
        if not isinstance(item, Mapping) or not ids or not name:
            rejects.add(number, f"of {name} is no advisory with an identifier", item)
            continue
        bound = _ONE_BOUND.fullmatch(word(item, "affectedVersions"))
        yield Finding(
            advisory_ids=ids,
            ecosystem=advisory_ecosystem("Packagist", name),
            name=name,
            fixed_version=bound[1] if bound else None,
            severity=severity(word(item, "severity")),
            title=word(item, "title") or None,
        )


def _ids(item: Mapping[str, Any]) -> tuple[str, ...]:
    remote = [word(source, "remoteId") for source in items(item, "sources")]
    return distinct([word(item, "cve"), *_GHSA.findall(word(item, "link")), *remote, word(item, "advisoryId")])

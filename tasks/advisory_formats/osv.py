"""Advisories in the OSV format: one record, a list of them, or a zip with one a file, as OSV publishes each ecosystem.

Also GitHub's advisories and Drupal's, which are published so. https://ossf.github.io/osv-schema/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tasks.advisory_format import (
    Advisory,
    Affected,
    Entry,
    Rejected,
    elements,
    excerpt,
    first_character,
    graded,
    moment,
    unzipped,
)
from tasks.inventory_format import distinct
from tasks.json_text import items, part, word
from tasks.versions import sort_key

TITLE = "OSV: one advisory, a list, or the zip of an ecosystem; GitHub's and Drupal's advisories too"
FILLS = "advisory"
VERSION = 2
LICENCE = "Each advisory is under its publisher's licence: CC-BY 4.0 for GitHub's, CC0 or MIT for most others. https://google.github.io/osv.dev/data/"
RECORD_BYTES = 32 << 20
"""Of one advisory in a zip, unpacked; the largest published have some MB."""
_TURN = {"fixed": 0, "introduced": 1, "last_affected": 2}
"""Order of events of one version: an interval ends there before the next begins, or holds that version alone."""
_CVSS = ("CVSS_V4", "CVSS_V3", "CVSS_V2")


def detect(head: str) -> bool:
    """Say whether the text starts like an advisory or a list of them; a zip is named by hand."""
    return '"affected"' in head and ('"modified"' in head or '"schema_version"' in head) and '"results"' not in head


def read(path: Path) -> Iterator[Entry]:
    """Yield each advisory.

    Raises:
        SourceError: it is neither JSON nor a whole zip of it.
    """
    for name, record in _records(path):
        yield _advisory(name, record)


def _records(path: Path) -> Iterator[tuple[str, Any]]:
    with path.open("rb") as file:
        start = first_character(file)
        if start == b"P":
            for name, data in unzipped(path, (".json",), RECORD_BYTES):
                yield name, _json(data)
            return
        for number, record in enumerate(elements(file, "item" if start == b"[" else "", "OSV JSON"), start=1):
            yield str(number), record


def _json(data: bytes | None) -> Any:
    try:
        return json.loads(data or b"")
    except (ValueError, RecursionError):
        return None


def _advisory(where: str, record: Any) -> Advisory | Rejected:
    if not word(record, "id"):
        return Rejected(where, "is no advisory with an id", excerpt(record))
    affected: list[Affected] = []
    for item in items(record, "affected"):
        package = part(item, "package")
        ecosystem, name = word(package, "ecosystem"), word(package, "name")
        if ecosystem and name:
            affected += _affected(ecosystem, name, item)
    withdrawn = moment(record.get("withdrawn"))
    if not affected and not withdrawn and not _is_of_code_only(record):
        return Rejected(word(record, "id"), "says of no package what is affected", excerpt(record), is_key=True)
    vectors = {word(one, "type"): word(one, "score") for one in items(record, "severity")}
    vector = next((vectors[kind] for kind in _CVSS if vectors.get(kind)), None)
    severity, points = graded(vector, None, word(part(record, "database_specific"), "severity"))
    links = items(record, "references")
    return Advisory(
        advisory_id=word(record, "id"),
        aliases=distinct(one for one in items(record, "aliases") if isinstance(one, str)),
        title=word(record, "summary") or word(record, "details").partition("\n")[0][:200] or None,
        severity=severity,
        cvss_score=points,
        cvss_vector=vector,
        published_at=moment(record.get("published")),
        modified_at=moment(record.get("modified")),
        withdrawn_at=withdrawn,
        url=next((word(link, "url") for link in links if word(link, "url")), None),
        affected=tuple(affected),
    )


def _is_of_code_only(record: Mapping[str, Any]) -> bool:
    """Say whether it names commits and no package: those match no component."""
    return all(not part(item, "package") for item in items(record, "affected"))


def _affected(ecosystem: str, name: str, item: Mapping[str, Any]) -> Iterator[Affected]:
    """Yield intervals of the ranges, and each listed version that none of them holds."""
    intervals = [
        one
        for found in items(item, "ranges")
        if word(found, "type") != "GIT"
        for one in _intervals(ecosystem, name, items(found, "events"))
    ]
    yield from intervals
    versions = distinct(one for one in items(item, "versions") if isinstance(one, str))
    for version in versions:
        key = sort_key(ecosystem, version)
        if not any(_holds(one, key) for one in intervals):
            yield Affected(
                ecosystem=ecosystem, name=name, from_version=version, to_version=version, is_to_included=True
            )
    if not intervals and not versions:
        # Nothing is said of versions: all may be affected, so none can be called safe.
        yield Affected(ecosystem=ecosystem, name=name, is_said=False)


def _intervals(ecosystem: str, name: str, events: Sequence[Any]) -> Iterator[Affected]:
    """Yield the intervals between events, which may come in any order; a bound without an order is kept as it is."""
    told = [
        (kind, version)
        for event in events
        for kind in ("introduced", "fixed", "last_affected")
        if (version := word(event, kind))
    ]
    ordered = sorted(
        (key, _TURN[kind], kind, version)
        for kind, version in told
        if (key := _key(ecosystem, kind, version)) is not None
    )
    if len(ordered) < len(told):
        first = next((version for kind, version in told if kind == "introduced"), None)
        last = next(((kind, version) for kind, version in told if kind != "introduced"), ("fixed", None))
        yield Affected(
            ecosystem=ecosystem,
            name=name,
            from_version=None if first == "0" else first,
            to_version=last[1],
            is_to_included=last[0] == "last_affected",
            fixed_version=last[1] if last[0] == "fixed" else None,
        )
        return
    start: str | None = None
    is_open = False
    for key, _, kind, version in ordered:
        if kind == "introduced":
            if not is_open:
                start, is_open = (None if version == "0" else version), True
        elif is_open:
            fixes = [fix for at, _, what, fix in ordered if what == "fixed" and at >= key]
            yield Affected(
                ecosystem=ecosystem,
                name=name,
                from_version=start,
                to_version=version,
                is_to_included=kind == "last_affected",
                fixed_version=fixes[0] if fixes else None,
            )
            is_open = False
    if is_open:
        yield Affected(ecosystem=ecosystem, name=name, from_version=start)


def _key(ecosystem: str, kind: str, version: str) -> str | None:
    """Return where an event stands; `introduced: 0` is before every version."""
    return "" if (kind, version) == ("introduced", "0") else sort_key(ecosystem, version)


def _holds(one: Affected, key: str | None) -> bool:
    if key is None or not one.is_comparable:
        return False
    low, high = one.from_key, one.to_key
    return (low is None or key > low or (key == low and one.is_from_included)) and (
        high is None or key < high or (key == high and one.is_to_included)
    )

"""Wordfence Intelligence, the vulnerability feed of version 2 and 3: one object keyed by uuid, some 160 MB.

`*` is without a bound. `patched_versions` are the fixes of all branches; the smallest above an interval mends it.
https://www.wordfence.com/help/wordfence-intelligence/v3-accessing-and-consuming-the-vulnerability-data-feed/
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.advisory_format import Advisory, Affected, Entry, Licence, Rejected, entries, excerpt, graded, moment
from tasks.json_text import items, part, word
from tasks.versions import sort_key

TITLE = "Wordfence Intelligence, vulnerability feed: WordPress, its plugins and themes"
FILLS = "advisory"
VERSION = 1
URL = "https://www.wordfence.com/api/intelligence/v3/vulnerabilities/production"
LICENCE = (
    "Copyright 2012-2026 Defiant Inc. and The MITRE Corporation; free use with these notices kept, as each record says."
)
LICENCES, LICENCE_LENGTH = 5, 10_000
"""Texts that are kept at most, and characters of each."""
_ECOSYSTEMS = {"core": "wordpress-core", "plugin": "wordpress-plugin", "theme": "wordpress-theme"}


def detect(head: str) -> bool:
    """Say whether the text starts like the feed."""
    return '"software"' in head and ('"affected_versions"' in head or '"patched_versions"' in head)


def read(path: Path) -> Iterator[Entry]:
    """Yield an advisory for each record, and each licence text once.

    Raises:
        SourceError: it is no JSON object, or cut short.
    """
    licences: set[str] = set()
    with path.open("rb") as file:
        for key, record in entries(file, "", "feed of Wordfence Intelligence"):
            licence = _licence(record)
            if licence and licence not in licences and len(licences) < LICENCES:
                licences.add(licence)
                yield Licence(licence)
            yield _advisory(key, record)


def _licence(record: Any) -> str:
    """Return what a record says of its copyrights: `{message, defiant: {notice, license, license_url}, ...}`."""
    rights = part(record, "copyrights") if isinstance(record, Mapping) else {}
    said = [rights, *(one for one in rights.values() if isinstance(one, Mapping))]
    texts = [word(one, key) for one in said for key in ("message", "notice", "license", "license_url")]
    return "\n".join(text for text in texts if text)[:LICENCE_LENGTH]


def _advisory(key: str, record: Any) -> Advisory | Rejected:
    if not isinstance(record, Mapping) or not isinstance(record.get("software"), list):
        return Rejected(key, "is no record with software", excerpt(record), is_key=True)
    affected = [one for item in record["software"] for one in _affected(item)]
    if None in affected or not affected:
        return Rejected(key, "names software without type, slug or affected versions", excerpt(record), is_key=True)
    rating = part(record, "cvss")
    vector = word(rating, "vector") or None
    severity, points = graded(vector, rating.get("score"), word(rating, "rating"))
    links = record.get("references")
    cve = word(record, "cve")
    return Advisory(
        advisory_id=key,
        aliases=(cve,) if cve else (),
        title=word(record, "title") or None,
        severity=severity,
        cvss_score=points,
        cvss_vector=vector,
        is_informational=record.get("informational") is True,
        published_at=moment(record.get("published")),
        modified_at=moment(record.get("updated")),
        url=next((link for link in links if isinstance(link, str)), None) if isinstance(links, list) else None,
        affected=tuple(one for one in affected if one is not None),
    )


def _affected(item: Any) -> Iterator[Affected | None]:
    """Yield the intervals of one software; None where it can't be read, so that it is not taken for unaffected."""
    ecosystem, slug = _ECOSYSTEMS.get(word(item, "type")), word(item, "slug").lower()
    ranges = part(item, "affected_versions")
    if ecosystem is None or not slug or not ranges:
        yield None
        return
    fixes = [fix for fix in items(item, "patched_versions") if isinstance(fix, str)]
    for one in ranges.values():
        first, last = word(one, "from_version"), word(one, "to_version")
        if not first or not last:
            yield None
            continue
        last_version = None if last == "*" else last
        yield Affected(
            ecosystem=ecosystem,
            name=slug,
            from_version=None if first == "*" else first,
            is_from_included=one.get("from_inclusive") is not False,
            to_version=last_version,
            is_to_included=one.get("to_inclusive") is not False,
            fixed_version=_fix(ecosystem, last_version, fixes) if item.get("patched") is not False else None,
        )


def _fix(ecosystem: str, last: str | None, fixes: list[str]) -> str | None:
    end = sort_key(ecosystem, last) if last else None
    above = sorted((key, fix) for fix in fixes if (key := sort_key(ecosystem, fix)) and end is not None and key >= end)
    return above[0][1] if above else None

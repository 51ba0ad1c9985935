"""CISA's catalogue of known exploited vulnerabilities (KEV), as JSON.

https://www.cisa.gov/known-exploited-vulnerabilities-catalog
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tasks.advisory_format import Entry, Exploited, Rejected, day, elements, excerpt, is_cve
from tasks.json_text import word

TITLE = "CISA: known exploited vulnerabilities"
FILLS = "exploited_vulnerability"
VERSION = 1
URL = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
LICENCE = "CC0 1.0. https://www.cisa.gov/sites/default/files/licenses/kev/license.txt"
_RANSOMWARE = {"known": True, "unknown": None}


def detect(head: str) -> bool:
    """Say whether the text starts like the catalogue."""
    return '"catalogVersion"' in head or '"knownRansomwareCampaignUse"' in head


def read(path: Path) -> Iterator[Entry]:
    """Yield each flaw of the catalogue.

    Raises:
        SourceError: it is no JSON, or cut short.
    """
    with path.open("rb") as file:
        for number, item in enumerate(elements(file, "vulnerabilities.item", "catalogue of CISA"), start=1):
            cve, added = word(item, "cveID"), day(word(item, "dateAdded"))
            if not is_cve(cve) or added is None:
                yield Rejected(str(number), "has no CVE or no dateAdded", excerpt(item))
                continue
            yield Exploited(
                cve_id=cve,
                name=word(item, "vulnerabilityName") or None,
                added_date=added,
                due_date=day(word(item, "dueDate")),
                is_ransomware=_RANSOMWARE.get(word(item, "knownRansomwareCampaignUse").lower()),
            )

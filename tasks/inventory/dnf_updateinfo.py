"""Advisories that dnf has an update for: `dnf updateinfo list --json` (dnf 5), or its text (dnf 4).

Each line names the package in the version that mends it; the installed version is not told.
https://dnf5.readthedocs.io/en/latest/commands/advisory.8.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tasks.errors import SourceError
from tasks.inventory_format import Finding, Inventory, Source, severity
from tasks.json_text import has_json, read_json, word
from tasks.log_files import LineReject

TITLE = "dnf: dnf updateinfo list, also with --json"
FILES = ("dnf-updateinfo.json", "dnf-updateinfo.txt")
FILLS = "scanner_finding"
VERSION = 2
_NEVRA = re.compile(r"(.+)-(?:(\d{1,9}):)?([^-:\s]+)-([^-:\s]+)\.([^.\s-]+)", re.ASCII)
_TEXT = re.compile(r"(\S+-\S+)\s+(\S+?)(?:/Sec\.)?\s+(\S+-\S+)\s*")
_HEADINGS = (
    "Last metadata expiration check",
    "Updating Subscription",
    "Name ",
    "Updating and loading",
    "Repositories loaded",
)


def detect(head: str) -> bool:
    """Say whether the text starts like a list of advisories of dnf."""
    return '"advisory_name"' in head or bool(re.search(r"^\S+-\d{4}[:-]\S+\s+\S+/Sec\.\s", head, re.MULTILINE))


def read(text: str, source: Source) -> Inventory:
    """Return one finding for each security advisory and package.

    Raises:
        SourceError: it is neither dnf's JSON nor its text.
    """
    rejects: list[LineReject] = []
    is_json = has_json(text, "[")
    entries = list(_json(text) if is_json else _lines(text, rejects))
    findings = []
    for number, (advisory, word_, kind, nevra) in enumerate(entries, start=1):
        match = _NEVRA.fullmatch(nevra)
        if not match or not advisory:
            rejects.append(LineReject(None, f"entry {number} names no advisory, or no package with a version", nevra))
        elif kind == "security":
            epoch = f"{match[2]}:" if match[2] and match[2] != "0" else ""
            findings.append(
                Finding(
                    advisory_ids=(advisory,),
                    ecosystem=source.distribution or "rpm",
                    name=match[1],
                    fixed_version=f"{epoch}{match[3]}-{match[4]}",
                    severity=severity(word_),
                )
            )
    if not entries and not is_json:
        raise SourceError("no line is an advisory; run `dnf updateinfo list --json`, whose empty list is an answer")
    return Inventory(findings=findings, rejects=rejects, is_scan=True)


def _json(text: str) -> Iterator[tuple[str, str, str, str]]:
    for item in read_json(text, list, command="`dnf updateinfo list --json`"):
        yield (
            word(item, "advisory_name"),
            word(item, "advisory_severity"),
            word(item, "advisory_type") or "security",
            word(item, "nevra"),
        )


def _lines(text: str, rejects: list[LineReject]) -> Iterator[tuple[str, str, str, str]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip() or line.startswith(_HEADINGS):
            continue
        if match := _TEXT.fullmatch(line.rstrip("\r")):
            kind = "security" if "/Sec." in line else match[2]
            yield match[1], match[2], kind, match[3]
        else:
            rejects.append(LineReject(number, "the line is no advisory with a severity and a package", line))

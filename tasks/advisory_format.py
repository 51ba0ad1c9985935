"""What every file of `tasks/advisory_formats/` shares: formats by discovery, and what a feed of advisories gives.

A format is one module with

- `TITLE`: one line: whose feed it is;
- `FILLS`: advisory, exploited_vulnerability, exploit_prediction or product_lifecycle;
- `VERSION`: raised when the same file gives other rows;
- `LICENCE`: what the publisher asks of those who use it; `URL` where it is, if there is one for all;
- `detect(head) -> bool`: whether the start of a file looks like it, for `upkeep try auto`; zips are named by hand;
- `read(path) -> Iterator[Advisory | ... | Rejected | Licence]`: streamed, so that a feed may be larger than the
  memory; it raises SourceError where the file as a whole is not what it should be.

**A version without an order matches nothing, and is not safe either**: such a range says `is_comparable` false.
"""

from __future__ import annotations

import functools
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

import cvss
import ijson

from tasks.discovery import Format, formats_of
from tasks.errors import SourceError
from tasks.json_text import score
from tasks.versions import sort_key

UNKNOWN = "unknown"
SEVERITIES = {"moderate": "medium", **{word: word for word in ("critical", "high", "medium", "low", "none")}}
BANDS = ((9.0, "critical"), (7.0, "high"), (4.0, "medium"), (0.1, "low"))
"""Severity by CVSS base score. https://www.first.org/cvss/v3.1/specification-document#5"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """Versions of one component that have the flaw: an interval; None is without a bound on that side.

    WordPress's plugins say 5.1 and 5.1.0 of one version, which PHP orders one after the other: their bounds hold both.
    """

    ecosystem: str
    name: str
    from_version: str | None = None
    is_from_included: bool = True
    to_version: str | None = None
    is_to_included: bool = False
    fixed_version: str | None = None
    """Smallest version that mends it for this interval; None where none is known."""
    is_said: bool = True
    """Whether the publisher says which versions; where not, none is known to be affected and none to be safe."""

    @property
    def from_key(self) -> str | None:
        """Return the sort key of the lower bound."""
        return self._key(self.from_version, is_low=self.is_from_included)

    @property
    def to_key(self) -> str | None:
        """Return the sort key of the upper bound."""
        return self._key(self.to_version, is_low=not self.is_to_included)

    def _key(self, version: str | None, *, is_low: bool) -> str | None:
        if version is None:
            return None
        if self.ecosystem.startswith("wordpress-"):
            short = re.sub(r"(\.0)+$", "", version)
            version = short if is_low else f"{short}.0.0.0.0"
        return sort_key(self.ecosystem, version)

    @property
    def is_comparable(self) -> bool:
        """Say whether it is known which versions, and every bound that is there has an order."""
        return (
            self.is_said
            and (self.from_version is None or self.from_key is not None)
            and (self.to_version is None or self.to_key is not None)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """One flaw as one publisher tells it. Moments are UTC; None is what the publisher does not say."""

    advisory_id: str
    aliases: tuple[str, ...] = ()
    title: str | None = None
    severity: str = UNKNOWN
    cvss_score: float | None = None
    cvss_vector: str | None = None
    is_informational: bool = False
    published_at: datetime | None = None
    modified_at: datetime | None = None
    withdrawn_at: datetime | None = None
    url: str | None = None
    affected: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploited:
    """A flaw that is known to be exploited; the date by which authorities must have mended it."""

    cve_id: str
    name: str | None
    added_date: date
    due_date: date | None
    is_ransomware: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """How likely a flaw is to be exploited within 30 days: `epss_score` and `epss_percentile` from 0 to 1."""

    cve_id: str
    epss_score: float
    epss_percentile: float
    score_date: date
    model_version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """A branch of a product and when its support ends; `is_eol` is None where the publisher does not say."""

    product: str
    cycle: str
    released_date: date | None
    support_end_date: date | None
    eol_date: date | None
    is_eol: bool | None
    latest_version: str | None


@dataclass(frozen=True, slots=True)
class Rejected:
    """An entry that could not be read: where, why, and its start."""

    where: str
    reason: str
    excerpt: str
    is_key: bool = False
    """Whether `where` is the identifier that the entry would have; a place in the file otherwise."""


@dataclass(frozen=True, slots=True)
class Licence:
    """What the publisher asks of those who use the feed, in the words that stand in it."""

    text: str


Entry = Advisory | Exploited | Prediction | Lifecycle | Rejected | Licence


class AdvisoryFormat(Format):
    """One format of feeds."""


@functools.cache
def advisory_formats() -> dict[str, AdvisoryFormat]:
    """Return every format by its name, which is its file's name in kebab case."""
    return formats_of("tasks.advisory_formats", AdvisoryFormat)


def entries(file: IO[bytes], prefix: str, what: str) -> Iterator[tuple[str, Any]]:
    """Yield the keys and values of the object at the prefix, without holding the whole document.

    Raises:
        SourceError: it is no JSON, or ends early; what was yielded before may be incomplete and must not be kept.
    """
    try:
        yield from ijson.kvitems(file, prefix, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise _broken(what, error) from None


def elements(file: IO[bytes], prefix: str, what: str) -> Iterator[Any]:
    """Yield the elements at the prefix, as `vulnerabilities.item`; see `entries`."""
    try:
        yield from ijson.items(file, prefix, use_float=True)
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise _broken(what, error) from None


def first_character(file: IO[bytes]) -> bytes:
    """Return the first character that is no blank, and leave the file at its start: what kind of JSON it is."""
    start = file.read(64).lstrip(b"\xef\xbb\xbf \t\r\n")
    file.seek(0)
    return start[:1]


def unzipped(path: Path, suffixes: tuple[str, ...], max_bytes: int) -> Iterator[tuple[str, bytes | None]]:
    """Yield the names and contents of the files of a zip; None for one that is larger than `max_bytes`.

    Raises:
        SourceError: it is no whole zip.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith(suffixes):
                    yield entry.filename, None if entry.file_size > max_bytes else archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise SourceError(f"it is no whole zip ({error}); fetch it again") from None


def _broken(what: str, error: Exception) -> SourceError:
    return SourceError(f"it is no whole {what} ({' '.join(str(error).split())[:80]}); fetch it again")


def moment(value: object) -> datetime | None:
    """Return a moment in UTC from RFC 3339 or `YYYY-MM-DD hh:mm:ss`; None where it is none. No zone means UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def day(value: object) -> date | None:
    """Return a date from `YYYY-MM-DD`, also where a time follows it or YAML has read it already."""
    if isinstance(value, date):
        return value
    found = moment(value)
    return found.date() if found else None


def graded(vector: str | None, stated: object = None, word: str = "") -> tuple[str, float | None]:
    """Return severity and CVSS base score: of the vector, else of the stated score, else the publisher's own word."""
    value = score(stated) if not vector else _of_vector(vector) or score(stated)
    if value is not None:
        return next((name for least, name in BANDS if value >= least), "none"), value
    return SEVERITIES.get(word.strip().lower(), UNKNOWN), None


def _of_vector(vector: str) -> float | None:
    kind = cvss.CVSS4 if vector.startswith("CVSS:4") else cvss.CVSS3 if vector.startswith("CVSS:3") else cvss.CVSS2
    try:
        return float(kind(vector).scores()[0])
    except (cvss.CVSSError, ValueError, KeyError, IndexError):
        return None


def is_cve(text: str) -> bool:
    """Say whether it is the identifier of a CVE."""
    return re.fullmatch(r"CVE-\d{4}-\d{4,19}", text, re.ASCII) is not None


def excerpt(item: object) -> str:
    """Return the start of an entry, for a reject."""
    return str(dict(item) if isinstance(item, Mapping) else item)[:200]

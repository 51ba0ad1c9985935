"""FIRST's exploit prediction scores (EPSS): the daily CSV, plain or gzip, whose first line names model and date.

Scores of different models can't be compared. https://www.first.org/epss/data_stats
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from tasks.advisory_format import Entry, Prediction, Rejected, day, is_cve
from tasks.errors import SourceError

TITLE = "FIRST: exploit prediction scores (EPSS), daily CSV"
FILLS = "exploit_prediction"
VERSION = 1
URL = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
LICENCE = "Free use; credit FIRST. https://www.first.org/epss/data_stats"
_HEAD = re.compile(r"#\s*model_version:([^,]+),\s*score_date:([^,\s]+)")


def detect(head: str) -> bool:
    """Say whether the text starts like the daily CSV."""
    return _HEAD.match(head) is not None


def read(path: Path) -> Iterator[Entry]:
    """Yield each score.

    Raises:
        SourceError: it names no model and date, or the gzip is cut short.
    """
    with path.open("rb") as probe:
        is_packed = probe.read(2) == b"\x1f\x8b"
    with gzip.open(path) if is_packed else path.open("rb") as file:
        try:
            with io.TextIOWrapper(file, "utf-8", "replace", newline="") as lines:
                yield from _scores(lines)
        except (EOFError, zlib.error, gzip.BadGzipFile, csv.Error) as error:
            raise SourceError(f"it is no whole CSV of EPSS ({error}); fetch it again") from None


def _scores(lines: io.TextIOWrapper) -> Iterator[Entry]:
    head = _HEAD.match(lines.readline(1000))
    scored = day(head[2].strip()) if head else None
    if head is None or scored is None:
        raise SourceError("its first line names no model_version and score_date; fetch the daily CSV of EPSS again")
    for row in csv.DictReader(lines):
        cve = row.get("cve") or ""
        score, percentile = _ratio(row.get("epss")), _ratio(row.get("percentile"))
        if not is_cve(cve) or score is None or percentile is None:
            yield Rejected(cve, "has no CVE, or no score and percentile from 0 to 1", str(row)[:200])
            continue
        yield Prediction(
            cve_id=cve,
            epss_score=score,
            epss_percentile=percentile,
            score_date=scored,
            model_version=head[1].strip(),
        )


def _ratio(text: object) -> float | None:
    try:
        value = float(str(text))
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None

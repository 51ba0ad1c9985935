"""What real visitors saw: answers of the CrUX API, and the same in answers of PageSpeed Insights."""

from __future__ import annotations

import re

from tasks import field_data
from tasks.audit_format import Audited

TITLE = "Chrome UX Report, answer of its API; field data in answers of the PageSpeed Insights API"
FILLS = "field_metric"
VERSION = "1"
COLUMNS = (
    "scope", "subject_url", "form_factor", "period_start_date", "period_end_date", "metric", "p75", "good_ratio",
    "fair_ratio", "poor_ratio",
)  # fmt: skip


def detect(head: str) -> bool:
    """Say whether it is an answer of the CrUX API; one of PageSpeed Insights is taken for its laboratory figures."""
    return re.search(r'"(collectionPeriod|percentiles)"\s*:', head) is not None and '"lighthouseResult"' not in head


def read(text: str, file: str = "it") -> Audited:
    """Return one record for each figure.

    Raises:
        SourceError: it is no such answer.
    """
    return Audited(field_data.read(text, file))

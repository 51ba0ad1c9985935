"""Results of Lighthouse, bare or as the PageSpeed Insights API wraps them."""

from __future__ import annotations

import re

from tasks import lighthouse_result
from tasks.audit_format import Audited

TITLE = "Lighthouse result, JSON, versions 12 and 13; answers of the PageSpeed Insights API"
FILLS = "page_performance"
VERSION = "1"
COLUMNS = (
    "final_url", "fetched_at", "form_factor", "throttling_method", "lighthouse_version", "outcome", "cause", "message",
    "category_scores", "lcp_ms", "fcp_ms", "tbt_ms", "cls", "speed_index_ms",
)  # fmt: skip


def detect(head: str) -> bool:
    """Say whether it names the version, the wrapper, or how an audit shows its score."""
    return re.search(r'"(lighthouseVersion|lighthouseResult|scoreDisplayMode)"\s*:', head) is not None


def read(text: str, file: str = "it") -> Audited:
    """Return one record for each result.

    Raises:
        SourceError: it is no JSON, or has no result of Lighthouse.
    """
    return Audited(lighthouse_result.read(text, file))

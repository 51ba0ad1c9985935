"""Results of Lighthouse 12 and 13: bare as its command writes them, or as the PageSpeed Insights API wraps them.

https://github.com/GoogleChrome/lighthouse/blob/main/docs/understanding-results.md
https://developers.google.com/speed/docs/insights/rest/v5/pagespeedapi/runpagespeed

Categories and audits are open sets: they differ between versions, and every field may be missing. What is missing or
null stays unknown. Exit status 0 of the command does not mean complete, so that is read from the result.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tasks.audits import CAUSES, shown_url
from tasks.errors import SourceError
from tasks.json_text import items, part, word
from tasks.lighthouse_findings import Opportunity, Resource, ThirdParty, opportunities, resources, third_parties
from tasks.redact import redact
from tasks.uptime_history import moment

METRICS = {
    "fcp_ms": "first-contentful-paint",
    "lcp_ms": "largest-contentful-paint",
    "tbt_ms": "total-blocking-time",
    "cls": "cumulative-layout-shift",
    "speed_index_ms": "speed-index",
}
"""Figures that make the performance score, with the audits that hold them."""
MORE = {
    "interactive_ms": "interactive",
    "server_response_ms": "server-response-time",
    "total_bytes": "total-byte-weight",
}
ERRORS = {
    "ERRORED_DOCUMENT_REQUEST": "http_error",
    "FAILED_DOCUMENT_REQUEST": "no_answer",
    "NO_DOCUMENT_REQUEST": "no_answer",
    "CHROME_INTERSTITIAL_ERROR": "no_answer",
    "INSECURE_DOCUMENT_REQUEST": "tls",
    "DNS_FAILURE": "dns",
    "NOT_HTML": "not_html",
    "NO_FCP": "nothing_shown",
    "NO_LCP": "nothing_shown",
    "PAGE_HUNG": "timeout",
    "PROTOCOL_TIMEOUT": "timeout",
    "CRI_TIMEOUT": "timeout",
    "TARGET_CRASHED": "crashed",
}
"""Codes of `runtimeError`, and the causes that they are; any other one is tool_failed."""
_NETWORK = {
    "ERR_CONNECTION_REFUSED": "refused",
    "ERR_CONNECTION_RESET": "refused",
    "ERR_CONNECTION_CLOSED": "refused",
    "ERR_EMPTY_RESPONSE": "refused",
    "ERR_NAME_NOT_RESOLVED": "dns",
    "ERR_ABORTED": "download",
    "ERR_INTERNET_DISCONNECTED": "own_network",
}
_TOO_SLOW = "warningTimeout"
"""Name of the warning in `i18n`, whatever the language; the service leaves that out, and is asked in English."""
_TOO_SLOW_TEXT = "too slowly to finish within the time limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class LighthouseResult:
    """One run. None is unknown, never zero; scores are 0 to 1."""

    final_url: str | None = None
    fetched_at: datetime | None = None
    form_factor: str | None = None
    throttling_method: str | None = None
    lighthouse_version: str | None = None
    outcome: str
    """As in `tasks.audits`; complete and incomplete ones have figures."""
    cause: str | None = None
    message: str | None = None
    status: int | None = None
    category_scores: Mapping[str, float | None] = field(default_factory=dict)
    lcp_ms: float | None = None
    fcp_ms: float | None = None
    tbt_ms: float | None = None
    cls: float | None = None
    speed_index_ms: float | None = None
    interactive_ms: float | None = None
    server_response_ms: float | None = None
    total_bytes: float | None = None
    benchmark_index: float | None = None
    duration_ms: float | None = None
    lcp_selector: str | None = None
    lcp_image_url: str | None = None
    lcp_image_bytes: int | None = None
    opportunities: tuple[Opportunity, ...] = ()
    third_parties: tuple[ThirdParty, ...] = ()
    resources: tuple[Resource, ...] = ()

    @property
    def performance_score(self) -> float | None:
        """Return the score of the category performance, 0 to 1."""
        return self.category_scores.get("performance")


def read(text: str, file: str = "it") -> list[LighthouseResult]:
    """Return the results in a text: one, or those of a list.

    Raises:
        SourceError: it is no JSON, or has no result of Lighthouse.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError(f"{file} is no whole JSON: save the result again.") from None
    found = [result_of(one, file) for one in (value if isinstance(value, list) else [value])]
    if not found:
        raise SourceError(f"{file} has no result of Lighthouse: it is an empty list.")
    return found


def result_of(document: Any, file: str = "it") -> LighthouseResult:
    """Return what one document says: a result, an answer of the API, or its error.

    Raises:
        SourceError: it is neither.
    """
    result = part(document, "lighthouseResult") or document
    if isinstance(document, Mapping) and isinstance(document.get("error"), Mapping) and "audits" not in result:
        return _refusal(document["error"])
    if not isinstance(result, Mapping) or not ({"audits", "categories", "runtimeError"} & result.keys()):
        raise SourceError(f"{file} has no result of Lighthouse: save what it writes with --output=json.")
    cause, message = _cause(result)
    outcome = CAUSES[cause][0] if cause else "complete"
    audits, settings = part(result, "audits"), part(result, "configSettings")
    has_figures = outcome in ("complete", "incomplete")
    figures: dict[str, Any] = {}
    if has_figures:
        figures = {name: number(part(audits, audit).get("numericValue")) for name, audit in (METRICS | MORE).items()}
        figures |= _largest(result, audits)
    status = re.search(r"\(Status code: (\d{3})\)", word(part(result, "runtimeError"), "message"))
    return LighthouseResult(
        final_url=_address(result),
        fetched_at=_moment(result.get("fetchTime")),
        form_factor=word(settings, "formFactor") or word(settings, "emulatedFormFactor") or None,
        throttling_method=word(settings, "throttlingMethod") or None,
        lighthouse_version=word(result, "lighthouseVersion")[:40] or None,
        outcome=outcome,
        cause=cause,
        message=redact(message)[:500] if message else None,
        status=int(status[1]) if status else None,
        category_scores={
            str(name): ratio(part(result["categories"], name).get("score")) for name in part(result, "categories")
        },
        **figures,
        benchmark_index=number(part(result, "environment").get("benchmarkIndex")),
        duration_ms=number(part(result, "timing").get("total")),
        opportunities=tuple(opportunities(result)) if has_figures else (),
        third_parties=tuple(third_parties(audits)) if has_figures else (),
        resources=tuple(resources(audits)) if has_figures else (),
    )


def number(value: object) -> float | None:
    """Return a finite number that is not negative; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and found >= 0 else None


def ratio(value: object) -> float | None:
    """Return a number between 0 and 1; None for anything else."""
    found = number(value)
    return found if found is not None and found <= 1 else None


def _cause(result: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Return why a run is not complete, and what it says of that."""
    error = part(result, "runtimeError")
    code, message = word(error, "code"), word(error, "message")
    if code and code != "NO_ERROR":
        network = next((cause for name, cause in _NETWORK.items() if name in message), None)
        return (network if network and code != "ERRORED_DOCUMENT_REQUEST" else ERRORS.get(code, "tool_failed")), message
    audits, scores = part(result, "audits"), part(result, "categories")
    warnings = [text for text in items(result, "runWarnings") if isinstance(text, str)]
    paths = part(part(result, "i18n"), "icuMessagePaths")
    slow = [text for text in warnings if _TOO_SLOW_TEXT in text]
    if slow or any(str(name).endswith(_TOO_SLOW) for name in paths):
        return "too_slow", (slow or warnings or [""])[0] or None
    if not scores or all(ratio(part(scores, name).get("score")) is None for name in scores):
        return "tool_failed", "Lighthouse gave no score at all"
    if "performance" in scores:
        missing = [audit for name, audit in METRICS.items() if number(part(audits, audit).get("numericValue")) is None]
        if missing or ratio(part(scores, "performance").get("score")) is None:
            text = next((word(part(audits, audit), "errorMessage") for audit in missing), "")
            return "metric_missing", text or f"not measured: {', '.join(missing) or 'the score'}"
    return None, None


def _refusal(error: Mapping[str, Any]) -> LighthouseResult:
    """Return what an error of the API says: it may repeat the code of Lighthouse."""
    message, code = word(error, "message"), error.get("code")
    known = next((cause for name, cause in {**_NETWORK, **ERRORS}.items() if name in message), None)
    by_code = {429: "quota", 400: "not_permitted", 401: "not_permitted", 403: "not_permitted"}
    cause = known or (by_code.get(code) if isinstance(code, int) else None) or "service_failed"
    status = re.search(r"\(Status code: (\d{3})\)", message)
    return LighthouseResult(
        outcome=CAUSES[cause][0],
        cause=cause,
        message=redact(message)[:500] or None,
        status=int(status[1]) if status else None,
    )


def _address(result: Mapping[str, Any]) -> str | None:
    names = ("finalDisplayedUrl", "finalUrl", "mainDocumentUrl", "requestedUrl")
    found = next((address for name in names if (address := word(result, name))), "")
    return shown_url(found) if found else None


def _largest(result: Mapping[str, Any], audits: Mapping[str, Any]) -> dict[str, Any]:
    """Return the element of the largest paint; where it is an image, which file and how many bytes."""
    node = _first_node(part(part(audits, "largest-contentful-paint-element"), "details")) or _first_node(
        part(part(audits, "lcp-breakdown-insight"), "details")
    )
    path = items(part(part(part(audits, "prioritize-lcp-image"), "details"), "debugData"), "initiatorPath")
    files = {
        address: item
        for item in items(part(part(audits, "network-requests"), "details"), "items")
        if (address := word(item, "url")) and word(item, "resourceType").lower() == "image"
    }
    named = [word(path[0], "url")] if path else []
    snippet = word(node, "snippet")
    if re.match(r"<(img|image|source|video)\b", snippet):
        # Newer versions do not name the file: the one of the page's images whose name the tag holds.
        named += [file for file in files if file.rsplit("/", 1)[-1] and file.rsplit("/", 1)[-1] in snippet]
    file = next((address for address in named if address in files), None)
    size = number(files[file].get("transferSize")) if file else None
    return {
        "lcp_selector": redact(word(node, "selector"))[:300] or None,
        "lcp_image_url": shown_url(file) if file else None,
        "lcp_image_bytes": int(size) if size is not None else None,
    }


def _first_node(details: Any, depth: int = 0) -> Mapping[str, Any]:
    """Return the first element that details of an audit name, at whatever depth the version puts it."""
    if depth > 5:
        return {}
    if isinstance(details, Mapping):
        if word(details, "type") == "node":
            return details
        details = list(details.values())
    for value in details if isinstance(details, list) else ():
        if found := _first_node(value, depth + 1):
            return found
    return {}


def _moment(value: Any) -> datetime | None:
    try:
        return moment(value)
    except ValueError:
        return None

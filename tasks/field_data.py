"""What real visitors saw: the Chrome UX Report, by its own API or in answers of PageSpeed Insights.

The two write the same figures differently: https://developer.chrome.com/docs/crux/api gives CLS as text with a decimal
point, PageSpeed Insights as a whole number a hundred times as large. Too little traffic means no data: unknown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tasks.audits import shown_url
from tasks.errors import SourceError
from tasks.json_text import items, part, word
from tasks.lighthouse_result import number

_CRUX = {
    "largest_contentful_paint": "lcp_ms",
    "interaction_to_next_paint": "inp_ms",
    "cumulative_layout_shift": "cls",
    "experimental_time_to_first_byte": "ttfb_ms",
    "first_contentful_paint": "fcp_ms",
}
_PAGESPEED = {
    "LARGEST_CONTENTFUL_PAINT_MS": "lcp_ms",
    "INTERACTION_TO_NEXT_PAINT": "inp_ms",
    "CUMULATIVE_LAYOUT_SHIFT_SCORE": "cls",
    "EXPERIMENTAL_TIME_TO_FIRST_BYTE": "ttfb_ms",
    "FIRST_CONTENTFUL_PAINT_MS": "fcp_ms",
}
_FORM_FACTORS = {"PHONE": "mobile", "DESKTOP": "desktop", "TABLET": "tablet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFigure:
    """One figure over 28 days: the 75th percentile of the visits, and the shares of good, fair and poor ones."""

    scope: str
    subject_url: str
    form_factor: str
    period_start_date: date | None = None
    period_end_date: date | None = None
    metric: str
    p75: float
    good_ratio: float | None = None
    fair_ratio: float | None = None
    poor_ratio: float | None = None


def read(text: str, file: str = "it") -> list[FieldFigure]:
    """Return the figures of an answer of either API.

    Raises:
        SourceError: it is no JSON or no such answer; the text of an error answer is repeated.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError(f"{file} is no whole JSON: save the answer again.") from None
    error = part(document, "error")
    if error:
        raise SourceError(f"{file} holds an error of the service: {word(error, 'message')[:200] or error.get('code')}.")
    if not ({"record", "loadingExperience", "originLoadingExperience", "lighthouseResult"} & set(document or ())):
        raise SourceError(f"{file} is no answer of the Chrome UX Report or of PageSpeed Insights.")
    return [*of_crux(document), *of_pagespeed(document)]


def of_crux(document: Mapping[str, Any]) -> Iterator[FieldFigure]:
    """Yield the figures of an answer of queryRecord."""
    record = part(document, "record")
    key, period = part(record, "key"), part(record, "collectionPeriod")
    subject = word(key, "url") or word(key, "origin")
    for name, metric in _CRUX.items():
        found = part(part(record, "metrics"), name)
        p75 = _decimal(part(found, "percentiles").get("p75"))
        if subject and p75 is not None:
            yield FieldFigure(
                scope="page" if word(key, "url") else "origin",
                subject_url=shown_url(subject),
                form_factor=_FORM_FACTORS.get(word(key, "formFactor"), "all"),
                period_start_date=_day(part(period, "firstDate")),
                period_end_date=_day(part(period, "lastDate")),
                metric=metric,
                p75=p75,
                **_shares([number(bin_.get("density")) for bin_ in _bins(found, "histogram")]),
            )


def of_pagespeed(document: Mapping[str, Any]) -> Iterator[FieldFigure]:
    """Yield the figures of an answer of PageSpeed Insights: of the page, if they are its own, and of the origin."""
    form_factor = word(part(part(document, "lighthouseResult"), "configSettings"), "formFactor") or "all"
    page, origin = part(document, "loadingExperience"), part(document, "originLoadingExperience")
    is_of_origin = page.get("origin_fallback") is True or word(page, "id") in ("", word(origin, "id"))
    for scope, experience in (("page", {} if is_of_origin else page), ("origin", origin)):
        for name, metric in _PAGESPEED.items():
            found = part(part(experience, "metrics"), name)
            p75 = number(found.get("percentile"))
            if p75 is not None and word(experience, "id"):
                yield FieldFigure(
                    scope=scope,
                    subject_url=shown_url(word(experience, "id")),
                    form_factor=form_factor,
                    metric=metric,
                    p75=p75 / 100 if metric == "cls" else p75,
                    **_shares([number(bin_.get("proportion")) for bin_ in _bins(found, "distributions")]),
                )


def _bins(found: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    return [bin_ for bin_ in items(found, key) if isinstance(bin_, Mapping)]


def _shares(shares: list[float | None]) -> dict[str, Any]:
    """Return the shares of the three bins; a bin without a share holds nobody."""
    if len(shares) != 3 or all(share is None for share in shares):
        return {}
    values = [share or 0.0 for share in shares]
    return dict(zip(("good_ratio", "fair_ratio", "poor_ratio"), values, strict=True)) if sum(values) < 1.1 else {}


def _decimal(value: object) -> float | None:
    """Return a number that may be written as text, as CLS is."""
    if isinstance(value, str):
        try:
            value = float(value[:20])
        except ValueError:
            return None
    return number(value)


def _day(value: Mapping[str, Any]) -> date | None:
    try:
        return date(int(value["year"]), int(value["month"]), int(value["day"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None

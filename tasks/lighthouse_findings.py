"""What a result of Lighthouse advises, and what the page is made of: savings, third parties, weight by kind.

Savings of different audits overlap: they are never to be added up.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tasks.audits import shown_url
from tasks.json_text import items, part, word
from tasks.redact import redact

ITEMS = 5
"""Items of an audit that are kept."""
SNIPPET_CHARACTERS = 200
PASSED = 0.9
"""Score from which on an audit is passed."""
_QUIET = ("metrics", "hidden_metrics")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opportunity:
    """One audit that was not passed. Savings are estimates of Lighthouse; None where it gives none."""

    audit_id: str
    title: str
    categories: tuple[str, ...]
    score: float
    score_mode: str | None
    display_value: str | None
    fcp_saving_ms: float | None
    lcp_saving_ms: float | None
    tbt_saving_ms: float | None
    cls_saving: float | None
    saving_ms: float | None
    saving_bytes: float | None
    item_count: int | None
    items_json: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThirdParty:
    """What one other party costs the page."""

    name: str
    transfer_bytes: float | None
    main_thread_ms: float | None
    blocking_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What the page loads of one kind, as it came over the network."""

    resource_type: str
    request_count: int
    transfer_bytes: float


def opportunities(result: Mapping[str, Any]) -> Iterator[Opportunity]:
    """Yield every audit that a category names and that was not passed; the metrics themselves are not among them."""
    audits, named = part(result, "audits"), dict[str, list[str]]()
    for category in part(result, "categories"):
        for reference in items(part(result["categories"], category), "auditRefs"):
            if (audit_id := word(reference, "id")) and word(reference, "group") not in _QUIET:
                named.setdefault(audit_id, []).append(str(category))
    for audit_id, categories in named.items():
        audit = part(audits, audit_id)
        score = _number(audit.get("score"))
        if score is None or not 0 <= score < PASSED or word(audit, "scoreDisplayMode") == "error":
            continue
        details, savings = part(audit, "details"), part(audit, "metricSavings")
        if word(audit, "scoreDisplayMode") == "numeric" and not details:
            continue  # a figure, as Time to Interactive
        found = _rows(details)
        yield Opportunity(
            audit_id=audit_id[:100],
            title=_plain(word(audit, "title"))[:200] or audit_id[:100],
            categories=tuple(categories),
            score=score,
            score_mode=word(audit, "scoreDisplayMode") or None,
            display_value=_plain(word(audit, "displayValue"))[:200] or None,
            fcp_saving_ms=_number(savings.get("FCP")),
            lcp_saving_ms=_number(savings.get("LCP")),
            tbt_saving_ms=_number(savings.get("TBT")),
            cls_saving=_number(savings.get("CLS")),
            saving_ms=_number(details.get("overallSavingsMs")),
            saving_bytes=_number(details.get("overallSavingsBytes")) or _wasted(found),
            item_count=len(found) if details else None,
            items_json=_kept(found),
        )


def third_parties(audits: Mapping[str, Any]) -> Iterator[ThirdParty]:
    """Yield the other parties: as version 12 sums them up, or as the insight of 13 does."""
    old = items(part(part(audits, "third-party-summary"), "details"), "items")
    for row in old or items(part(part(audits, "third-parties-insight"), "details"), "items"):
        entity = row.get("entity") if isinstance(row, Mapping) else None
        name = word(row, "entity") or word(entity, "text")
        if name:
            yield ThirdParty(
                name=redact(name)[:200],
                transfer_bytes=_number(row.get("transferSize")),
                main_thread_ms=_number(row.get("mainThreadTime")),
                blocking_ms=_number(row.get("blockingTime")),
            )


def resources(audits: Mapping[str, Any]) -> list[Resource]:
    """Return weight by kind, from the summary where the version has it, else from the list of requests."""
    found = [
        Resource(resource_type=word(row, "resourceType"), request_count=int(count), transfer_bytes=size)
        for row in items(part(part(audits, "resource-summary"), "details"), "items")
        if word(row, "resourceType") not in ("", "total")
        and (count := _number(row.get("requestCount"))) is not None
        and (size := _number(row.get("transferSize"))) is not None
    ]
    if found:
        return found
    sums: dict[str, list[float]] = {}
    for row in items(part(part(audits, "network-requests"), "details"), "items"):
        size = _number(row.get("transferSize")) if isinstance(row, Mapping) else None
        if size is not None:
            sums.setdefault(word(row, "resourceType").lower() or "other", []).append(size)
    return [Resource(resource_type=kind, request_count=len(s), transfer_bytes=sum(s)) for kind, s in sums.items()]


def _rows(details: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the items of an audit; a list of tables gives those of its first table."""
    rows = items(details, "items")
    if word(details, "type") == "list":
        tables = [items(row, "items") for row in rows if word(row, "type") == "table"]
        rows = tables[0] if tables else [row for row in rows if word(row, "type") == "node"]
    return [row for row in rows if isinstance(row, Mapping)]


def _kept(rows: list[Mapping[str, Any]]) -> str | None:
    kept = [item for row in rows[:ITEMS] if (item := _item(row))]
    return json.dumps(kept, ensure_ascii=False) if kept else None


def _item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of one item: its address, what it wastes, the element; cut and without secrets."""
    node = row if word(row, "type") == "node" else part(row, "node")
    places = (part(row, "source"), part(row, "sourceLocation"))
    address = word(row, "url") or word(row, "scriptUrl") or next((u for p in places if (u := word(p, "url"))), "")
    kept = {
        "url": shown_url(address) if address else None,
        "total_bytes": _number(row.get("totalBytes")),
        "wasted_bytes": _number(row.get("wastedBytes")),
        "wasted_ms": _number(row.get("wastedMs")),
        "selector": redact(word(node, "selector"))[:SNIPPET_CHARACTERS] or None,
        "snippet": redact(word(node, "snippet"))[:SNIPPET_CHARACTERS] or None,
        "text": _plain(word(row, "description") or word(row, "label") or word(row, "groupLabel"))[:SNIPPET_CHARACTERS]
        or None,
    }
    return {name: value for name, value in kept.items() if value is not None}


def _wasted(rows: list[Mapping[str, Any]]) -> float | None:
    sizes = [size for row in rows if (size := _number(row.get("wastedBytes"))) is not None]
    return sum(sizes) if sizes else None


def _plain(text: str) -> str:
    """Return text without the links and marks of Markdown, without secrets."""
    return redact(_LINK.sub(r"\1", text).replace("`", "").replace("\xa0", " "))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e15:
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None

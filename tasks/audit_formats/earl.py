"""Results of manual audits in EARL 1.0 as JSON-LD, as the WCAG-EM Report Tool writes them.

Only names are read, never what a context stands for: `test`, `earl:test` and the full address are the same.
https://www.w3.org/TR/EARL10-Schema/, https://www.w3.org/TR/act-rules-format/
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.audit_format import Audited
from tasks.errors import SourceError
from tasks.log_files import LineReject
from tasks.manual_audit import Assertion, assertion, criterion_of

TITLE = "EARL, JSON-LD: what people say of success criteria, as the WCAG-EM Report Tool exports it"
FILLS = "accessibility_assertion"
VERSION = "1"
COLUMNS = ("url", "criterion", "level", "outcome", "checked_date", "is_manual", "asserted_by", "note")
_DEEPEST = 12
_NAMESPACE = "http://www.w3.org/ns/earl#"
_TEXTS = ("@id", "id", "source", "title", "name", "description", "@value", "num")


def detect(head: str) -> bool:
    """Say whether it speaks EARL."""
    return re.search(r'"[^"]*\bearl[:#]|http://www\.w3\.org/ns/earl', head) is not None and "{" in head[:200]


def read(text: str, file: str = "it") -> Audited:
    """Return one record for each statement on a success criterion.

    Raises:
        SourceError: it is no JSON, or has no statements.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise SourceError(f"{file} is no whole JSON: export it again.") from None
    pages = dict(_pages(value, 0))
    day = _text(value, "date", "dct:date", "created") if isinstance(value, Mapping) else ""
    records: list[Assertion] = []
    rejects: list[LineReject] = []
    found = list(_assertions(value, 0))
    for number, one in enumerate(found, start=1):
        try:
            records.append(_assertion(one, pages, day))
        except ValueError as error:
            rejects.append(LineReject(None, f"statement {number}: {error}"[:200], json.dumps(one)[:1000]))
    if not found:
        raise SourceError(f"{file} has no statements of EARL: an object with test and result.")
    return Audited(records, rejects)


def _assertion(one: Mapping[str, Any], pages: Mapping[str, str], day: str) -> Assertion:
    result = _get(one, "result")
    outcome = _words(_get(result, "outcome"))
    words = [re.sub(r"(?<=[a-z])(?=[A-Z])", " ", re.split(r"[#:/]", word)[-1]) for word in outcome]
    subject = [*_words(_get(one, "subject")), *_words(_get(one, "pointer"))]
    return assertion(
        criterion=next((text for text in _words(_get(one, "test")) if criterion_of(text)), "")
        or next(iter(_words(_get(one, "test"))), ""),
        outcome=next(iter(words), ""),
        url=next((page for text in subject if (page := pages.get(text, text)).startswith(("http://", "https://"))), ""),
        checked=(_text(result, "date", "dct:date", "dc:date") or _text(one, "date", "dct:date", "dc:date") or day)[:10],
        is_manual=not any("automatic" in word.lower() for word in _words(_get(one, "mode"))),
        asserted_by=next(
            (word for word in reversed(_words(_get(one, "assertedBy"))) if not word.startswith(("_:", "#"))), ""
        ),
        note=_text(result, "description", "info", "dct:description") or _text(result, "earl:info"),
    )


def _assertions(value: Any, depth: int) -> Iterator[Mapping[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        if _get(value, "test") is not None and _get(value, "result") is not None:
            yield value
            return
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _assertions(item, depth + 1)


def _pages(value: Any, depth: int) -> Iterator[tuple[str, str]]:
    """Yield the addresses of pages by the names that statements call them."""
    if depth > _DEEPEST:
        return
    if isinstance(value, Mapping):
        name = next((text for text in (value.get("id"), value.get("@id")) if isinstance(text, str)), "")
        address = next((text for text in _words(value) if text.startswith(("http://", "https://"))), "")
        if name and address:
            yield name, address
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        yield from _pages(item, depth + 1)


def _get(value: Any, name: str) -> Any:
    if not isinstance(value, Mapping):
        return None
    return next((value[key] for key in (name, f"earl:{name}", _NAMESPACE + name) if key in value), None)


def _words(value: Any) -> list[str]:
    """Return the texts that name a thing: its own, its identifier, its title; of a list those of all."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [word for item in value[:20] for word in _words(item)]
    if isinstance(value, Mapping):
        own = [value[key] for key in _TEXTS if isinstance(value.get(key), str)]
        return [*own, *_words(value.get("isPartOf") or value.get("dct:isPartOf"))]
    return []


def _text(value: Any, *names: str) -> str:
    return next((word for name in names for word in _words(_get(value, name))), "")

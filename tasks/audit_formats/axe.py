"""Results of axe-core: of one page, of many, bare or as its wrappers save them.

https://github.com/dequelabs/axe-core/blob/develop/doc/API.md#results-object
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tasks.accessibility import NEEDS_REVIEW, VIOLATION, Finding, PageResult, finding
from tasks.audit_format import Audited
from tasks.errors import SourceError
from tasks.json_text import word
from tasks.log_files import LineReject
from tasks.uptime_history import moment
from tasks.wcag import in_order, of_tags

TITLE = "axe-core results, JSON: a page, a list of pages, or as a wrapper saves them"
FILLS = "accessibility_finding"
VERSION = "1"
COLUMNS = (
    "url", "rule_id", "impact", "outcome", "success_criteria", "level", "selector", "snippet", "kind", "message_key",
)  # fmt: skip

GROUPS = {"violations": VIOLATION, "incomplete": NEEDS_REVIEW}
IMPACTS = ("minor", "moderate", "serious", "critical")
_DEEPEST = 6
_ADDRESSES = ("url", "page", "pageUrl", "page_url")
_MEASURED = ("fgColor", "bgColor", "fontSize", "fontWeight", "shadowColor")


def detect(head: str) -> bool:
    """Say whether it names the engine, or a rule's page of help under the key that axe-core gives it."""
    return (
        re.search(
            r'"testEngine"\s*:\s*\{\s*"name"\s*:\s*"axe-core"|"helpUrl"\s*:\s*"https://dequeuniversity\.com/rules/axe/',
            head,
        )
        is not None
    )


def read(text: str, file: str = "it") -> Audited:
    """Return one record for each element that breaks a rule or needs a review.

    Raises:
        SourceError: it is no JSON, or has no results of axe-core.
    """
    pages = read_pages(text, file)
    return Audited([one for page in pages for one in page.findings], [one for page in pages for one in page.rejects])


def read_pages(text: str, file: str = "it") -> list[PageResult]:
    """Return the results page by page, also of pages without a finding; frames are pages of their own.

    Raises:
        SourceError: it is no JSON, or has no results of axe-core.
    """
    pages = [page_result(result, url) for value in _values(text, file) for result, url in _results(value, None, 0)]
    if not pages:
        raise SourceError(f"{file} has no results of axe-core: save what axe.run() returns.")
    return pages


def page_result(result: Mapping[str, Any], url: str | None = None) -> PageResult:
    """Return what one results object says; `url` is its page's where that is known otherwise."""
    findings: list[Finding] = []
    rejects: list[LineReject] = []
    address = url or word(result, "url") or None
    for group, outcome in GROUPS.items():
        for number, rule in enumerate(_list(result.get(group)), start=1):
            try:
                findings += _of_rule(rule, outcome, address)
            except (TypeError, ValueError, KeyError, AttributeError) as error:
                reason = f"rule {number} of {group} can't be read: {error}"
                rejects.append(LineReject(None, reason[:200], str(rule)[:1000]))
    engine = result.get("testEngine")
    return PageResult(
        url=address,
        audited_at=_moment(result.get("timestamp")),
        engine="axe-core",
        engine_version=word(engine, "version")[:40] or None,
        tested_criteria=tuple(_tested(result)),
        findings=findings,
        rejects=rejects,
    )


def _values(text: str, file: str) -> Iterator[Any]:
    """Yield the JSON value of the text, or those of its lines."""
    try:
        yield json.loads(text)
        return
    except (ValueError, RecursionError):
        lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith(("{", "[")) for line in lines[:2]):
        raise SourceError(f"{file} is no whole JSON: save the results again.")
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError):
            raise SourceError(f"{file} is no whole JSON in line {number}: save the results again.") from None


def _results(value: Any, url: str | None, depth: int) -> Iterator[tuple[Mapping[str, Any], str | None]]:
    """Yield every results object in a value, with the address that what is around it names."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        if value and all(_is_rule(item) for item in value):
            yield {"violations": value}, url
            return
        for item in value:
            yield from _results(item, url, depth + 1)
    elif isinstance(value, Mapping):
        around = next((word(value, key) for key in _ADDRESSES if word(value, key)), url)
        if any(isinstance(value.get(group), list) for group in GROUPS):
            yield value, around
            return
        for item in value.values():
            yield from _results(item, around, depth + 1)


def _is_rule(value: Any) -> bool:
    """Say whether it is a rule with its elements: some save the list of violations alone."""
    return isinstance(value, Mapping) and isinstance(value.get("nodes"), list) and bool(word(value, "id"))


def _of_rule(rule: Any, outcome: str, url: str | None) -> Iterator[Finding]:
    tags = [tag for tag in rule["tags"] if isinstance(tag, str)] if isinstance(rule.get("tags"), list) else []
    rule_id = word(rule, "id")
    if not rule_id:
        raise ValueError("it has no id")
    for node in rule["nodes"]:
        checks = [check for group in ("any", "all", "none") for check in _list(node.get(group))]
        yield finding(
            url=url,
            rule_id=rule_id,
            impact=_impact(node.get("impact")) or _impact(rule.get("impact")),
            outcome=outcome,
            criteria=of_tags(tags),
            is_best_practice="best-practice" in tags,
            targets=_flat(node.get("target")),
            html=word(node, "html"),
            help_text=word(rule, "help"),
            message_key=_message_key(checks) if outcome == NEEDS_REVIEW else None,
            measured=json.dumps([_measured(check) for check in checks], sort_keys=True),
        )


def _flat(target: Any) -> Iterator[str]:
    """Yield the selectors of a target: one a frame, lists within are shadow roots."""
    if isinstance(target, str):
        yield target
    for item in target if isinstance(target, list) else ():
        yield from _flat(item)


def _impact(value: Any) -> str | None:
    return value if value in IMPACTS else None


def _message_key(checks: Iterable[Any]) -> str | None:
    """Return why the engine could not tell, as bgImage."""
    return next((found for check in checks if (found := word(check.get("data"), "messageKey"))), None)


def _measured(check: Any) -> dict[str, str]:
    data = check.get("data")
    return {key: str(data[key]) for key in _MEASURED if key in data} if isinstance(data, Mapping) else {}


def _tested(result: Mapping[str, Any]) -> list[str]:
    """Return the criteria of WCAG 2.2 for which a rule was run, also where nothing on the page fell under it."""
    groups = [*GROUPS, "passes", "inapplicable"]
    rules = [rule for group in groups for rule in _list(result.get(group)) if isinstance(rule, Mapping)]
    return in_order(
        number
        for rule in rules
        if isinstance(rule.get("tags"), list) and "best-practice" not in rule["tags"]
        for number in of_tags(tag for tag in rule["tags"] if isinstance(tag, str))
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _moment(value: Any) -> Any:
    try:
        return moment(value)
    except ValueError:
        return None

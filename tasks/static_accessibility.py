"""Judge the accessibility of a page by its HTML alone: nine kinds of faults that need no browser to be sure of.

Contrast, focus, keyboard, sizes and all that scripts make stay unknown: what is found here is a lower bound, is never
compared with what axe-core found, and closes none of its findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from tasks.accessibility import VIOLATION, Finding, PageResult, finding
from tasks.html_scan import shallow
from tasks.wcag import in_order

VERSION = "1"
TEXT_LEAST = 100
"""Characters of text below which a page with scripts is thought to be made by them."""
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_NO_FIELD = ("hidden", "submit", "button", "reset", "image")
_ZOOM_BLOCKED = re.compile(
    r"user-scalable\s*=\s*(?:no|0)\b|maximum-scale\s*=\s*(?:0?\.\d|1(?:\.\d+)?\b)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class _Rule:
    """One kind of fault, named as axe-core names it."""

    id: str
    criteria: tuple[str, ...]
    impact: str
    help: str
    find: Callable[[LexborHTMLParser], Iterator[LexborNode]]


def page_result(html: str, url: str, audited_at: datetime) -> PageResult:
    """Return what the HTML of one page says."""
    tree = LexborHTMLParser(shallow(html))
    found = [_finding(rule, node, url) for rule in RULES for node in rule.find(tree)]
    return PageResult(
        url=url,
        audited_at=audited_at,
        engine="static",
        engine_version=VERSION,
        tested_criteria=tuple(in_order(number for rule in RULES for number in rule.criteria)),
        findings=found,
    )


def needs_scripts(html: str) -> bool:
    """Say whether scripts seem to make the page: it has some and hardly any text without them."""
    tree = LexborHTMLParser(shallow(html))
    has_scripts = tree.css_first("script") is not None
    for node in tree.css("script,style,noscript,template"):
        node.decompose()
    body = tree.body
    return has_scripts and len(" ".join(body.text().split()) if body else "") < TEXT_LEAST


def _finding(rule: _Rule, node: LexborNode, url: str) -> Finding:
    return finding(
        url=url,
        rule_id=rule.id,
        impact=rule.impact,
        outcome=VIOLATION,
        criteria=rule.criteria,
        is_best_practice=not rule.criteria,
        targets=[_selector(node)],
        html=node.html or "",
        help_text=rule.help,
    )


def _selector(node: LexborNode) -> str:
    """Return a path of tags that leads to the element, as body > div:nth-of-type(2) > img."""
    parts: list[str] = []
    at: LexborNode | None = node
    while at is not None and at.tag and not at.tag.startswith("-") and len(parts) < 12:
        number, before = 1, at.prev
        while before is not None:
            number += before.tag == at.tag
            before = before.prev
        parts.append(at.tag if number == 1 else f"{at.tag}:nth-of-type({number})")
        at = at.parent
    return " > ".join(reversed(parts))


def _is_hidden(node: LexborNode) -> bool:
    at: LexborNode | None = node
    while at is not None:
        given = at.attributes or {}
        if at.tag in ("template", "noscript") or "hidden" in given or given.get("aria-hidden") == "true":
            return True
        if _HIDDEN.search(given.get("style") or ""):
            return True
        at = at.parent
    return False


def _seen(tree: LexborHTMLParser, css: str) -> Iterator[LexborNode]:
    return (node for node in tree.css(css) if not _is_hidden(node))


def _has(node: LexborNode, *names: str) -> bool:
    given = node.attributes
    return any((given.get(name) or "").strip() for name in names)


def _is_named(tree: LexborHTMLParser, node: LexborNode) -> bool:
    """Say whether the element has a name by its text, its pictures or its attributes."""
    if _has(node, "aria-label", "title") or node.text().strip():
        return True
    if any(_has(inner, "alt", "aria-label", "title") for inner in node.css("img,svg,[role=img],[aria-label],[title]")):
        return True
    return _is_labelled_by(tree, node)


def _is_labelled_by(tree: LexborHTMLParser, node: LexborNode) -> bool:
    names = (node.attributes.get("aria-labelledby") or "").split()
    return any(_by_id(tree, name) for name in names)


def _by_id(tree: LexborHTMLParser, name: str) -> bool:
    return any(node.attributes.get("id") == name and node.text().strip() for node in tree.css("[id]"))


def _is_field_labelled(tree: LexborHTMLParser, node: LexborNode) -> bool:
    if _has(node, "aria-label", "title", "placeholder") or _is_labelled_by(tree, node):
        return True
    name = node.attributes.get("id")
    if name and any(label.attributes.get("for") == name and label.text().strip() for label in tree.css("label[for]")):
        return True
    at = node.parent
    while at is not None:
        if at.tag == "label":
            return bool(at.text().strip())
        at = at.parent
    return False


def _untitled(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    title = tree.css_first("head title")
    if tree.root is not None and (title is None or not title.text().strip()):
        yield tree.root


def _without_language(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    if tree.root is not None and not _has(tree.root, "lang", "xml:lang"):
        yield tree.root


def _pictures(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    for node in _seen(tree, "img"):
        is_decoration = node.attributes.get("role") in ("presentation", "none")
        if "alt" not in node.attributes and not is_decoration and not _has(node, "aria-label", "title"):
            yield node


def _fields(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    for node in _seen(tree, "input,textarea"):
        kind = (node.attributes.get("type") or "text").lower()
        if kind not in _NO_FIELD and not _is_field_labelled(tree, node):
            yield node


def _selects(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    return (node for node in _seen(tree, "select") if not _is_field_labelled(tree, node))


def _links(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    return (node for node in _seen(tree, "a[href]") if not _is_named(tree, node))


def _buttons(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    return (node for node in _seen(tree, "button") if not _is_named(tree, node))


def _frames(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    return (node for node in _seen(tree, "iframe") if not _has(node, "title", "aria-label", "aria-labelledby"))


def _zoom(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    for node in tree.css("meta[name=viewport]"):
        if _ZOOM_BLOCKED.search(node.attributes.get("content") or ""):
            yield node


def _tab_order(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    for node in _seen(tree, "[tabindex]"):
        if re.fullmatch(r"\s*\+?0*[1-9]\d*\s*", node.attributes.get("tabindex") or "", re.ASCII):
            yield node


RULES = (
    _Rule(
        "document-title", ("2.4.2",), "serious", "Documents must have <title> element to aid in navigation", _untitled
    ),
    _Rule("html-has-lang", ("3.1.1",), "serious", "<html> element must have a lang attribute", _without_language),
    _Rule("image-alt", ("1.1.1",), "critical", "Images must have alternative text", _pictures),
    _Rule("label", ("4.1.2",), "critical", "Form elements must have labels", _fields),
    _Rule("select-name", ("4.1.2",), "critical", "Select element must have an accessible name", _selects),
    _Rule("link-name", ("2.4.4", "4.1.2"), "serious", "Links must have discernible text", _links),
    _Rule("button-name", ("4.1.2",), "critical", "Buttons must have discernible text", _buttons),
    _Rule("frame-title", ("4.1.2",), "serious", "Frames must have an accessible name", _frames),
    _Rule("meta-viewport", ("1.4.4",), "moderate", "Zooming and scaling must not be disabled", _zoom),
    _Rule("tabindex", (), "serious", "Elements should not have tabindex greater than zero", _tab_order),
)

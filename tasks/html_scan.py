"""The tags of a page in order, read in time that grows with its length alone, whatever the page is.

Audits read pages of strangers. A parser that builds the tree of the standard takes hours for a megabyte of `<div>`, or
of `<b>` that is never closed; what is asked here (links, pictures, fields, scripts) needs no tree. The tokens are those
of the HTML standard, 13.2.5: a tag or comment that the page does not end is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape

HTML_CHARACTERS = 4 << 20
"""What is read of a page; more is cut."""
TAGS = 200_000
ATTRIBUTES = 200
"""Attributes of one tag that are kept."""
VALUE_CHARACTERS = 2000
"""Kept of a value: longer addresses are hostile or data."""

OPEN = 2000
"""Elements that are open at once where a tree is built."""
_OPENING = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_CLOSED_BY_ITSELF = (
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    "p", "li", "option", "tr", "td", "th", "dt", "dd", "thead", "tbody",
)  # fmt: skip
_NAME = re.compile(r"[a-zA-Z][^\s/>]*+")
_ATTRIBUTE = re.compile(r"""[\s/]*+([^\s/>][^\s/>=]*+)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)?+))?+""")
_END = re.compile(r"[\s/]*+>")
_RAW = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes")
"""Elements whose content is text, up to their own end tag."""
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag. `name` and the keys of `attributes` are lower case; `text` is the content where that is text only."""

    name: str
    is_end: bool
    attributes: Mapping[str, str]
    text: str = ""
    before: str = ""
    """Text between this tag and the one before it, blanks made one, cut."""

    def get(self, name: str) -> str | None:
        """Return the value of an attribute, without blanks around it; None where it is not there."""
        value = self.attributes.get(name)
        return None if value is None else value.strip()


def tags(html: str) -> Iterator[Tag]:
    """Yield the tags of a page: at most TAGS, of its first HTML_CHARACTERS."""
    html = html[:HTML_CHARACTERS]
    at = start = count = 0
    while count < TAGS and (at := html.find("<", at)) >= 0:
        found = _token(html, at)
        if found is None:
            return
        end, tag = found
        if tag is not None:
            name, is_end, attributes, text = tag
            yield Tag(name, is_end, attributes, text, _shown(html[start:at]))
            count += 1
            start = end
        at = end


def shallow(html: str) -> str:
    """Return a page for a parser that builds a tree, cut where more than OPEN elements are open; no real page has that.

    The time of such parsers grows with the square of the depth: a megabyte of `<div>` takes them an hour.
    """
    if html.count("<") <= OPEN:
        return html
    depth = 0
    for found in _OPENING.finditer(html):
        if found[2].lower() not in _CLOSED_BY_ITSELF:
            depth = max(0, depth + (-1 if found[1] else 1))
        if depth > OPEN:
            return html[: found.start()]
    return html


def _token(html: str, at: int) -> tuple[int, tuple[str, bool, dict[str, str], str] | None] | None:
    """Return where the token at a `<` ends, and the tag that it is; None where the page ends within it."""
    if html.startswith("<!--", at):
        end = html.find("-->", at + 4)
        return None if end < 0 else (end + 3, None)
    is_end = html.startswith("</", at)
    name = _NAME.match(html, at + 1 + is_end)
    if name is None:
        if not is_end and html[at + 1 : at + 2] not in ("!", "?"):
            return at + 1, None  # a < that is text
        end = html.find(">", at)
        return None if end < 0 else (end + 1, None)
    attributes, position = _attributes(html, name.end())
    closing = _END.match(html, position)
    if closing is None:
        return None
    word, end, text = name[0].lower()[:40], closing.end(), ""
    if not is_end and word in _RAW:
        until = re.compile(rf"</{word}(?=[\s/>])", re.IGNORECASE).search(html, end)
        if until is None:
            return None
        text, end = html[end : until.start()], until.start()
    return end, (word, is_end, attributes, text)


def _attributes(html: str, position: int) -> tuple[dict[str, str], int]:
    attributes: dict[str, str] = {}
    while not _END.match(html, position) and (found := _ATTRIBUTE.match(html, position)):
        value = next((group for group in found.groups()[1:] if group is not None), "")
        if len(attributes) < ATTRIBUTES:
            attributes.setdefault(found[1].lower()[:40], unescape(value[:VALUE_CHARACTERS]))
        position = found.end()
    return attributes, position


def _shown(text: str) -> str:
    return _SPACE.sub(" ", text[:400]) if text else ""

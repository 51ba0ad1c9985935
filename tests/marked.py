"""A language in which every text stands between brackets, and the search for words outside of them."""

from __future__ import annotations

import gettext
import re
from html.parser import HTMLParser

from babel import Locale

from tasks.words import Spoken


def mark(text: str) -> str:
    """Put what the text itself says between brackets, and leave out what it is filled with: that is to be said too."""
    return "".join(
        part if re.fullmatch(r"\{\w+\}", part) else f"⟦{part}⟧" for part in re.split(r"(\{\w+\})", text) if part
    )


class Marked(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return mark(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return mark(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return mark(message)


MARKED = Spoken("de-DE", Locale.parse("ja_JP"), Marked())
"""With dates that have no words of three letters."""


class Unsaid(HTMLParser):
    """Collects the texts of a page, and its attributes that are read aloud; what is English and says so is left out."""

    SILENT = frozenset({"style", "script", "code", "pre"})
    VOID = frozenset({"meta", "link", "img", "br", "col", "hr", "input"})
    INLINE = frozenset({"a", "b", "code", "i", "span", "em", "strong"})

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[tuple[str, bool]] = []
        self.found: list[str] = [""]

    @property
    def is_silent(self) -> bool:
        return bool(self.stack and self.stack[-1][1])

    def handle_starttag(self, tag: str, attrs) -> None:
        given = dict(attrs)
        names = ("alt", "aria-label", "title", "data-foot", "content") if given.get("name") != "viewport" else ()
        if not self.is_silent and "http-equiv" not in given:
            self.found[:0] = [given[name] for name in names if given.get(name)]
        if tag not in self.INLINE:
            self.found.append("")
        if tag not in self.VOID:
            self.stack.append((tag, tag in self.SILENT or given.get("lang") == "en" or self.is_silent))

    def handle_endtag(self, tag: str) -> None:
        while self.stack and self.stack.pop()[0] != tag:
            pass
        if tag not in self.INLINE:
            self.found.append("")

    def handle_data(self, data: str) -> None:
        if not self.is_silent:
            self.found[-1] += data


def unsaid(html: str) -> list[str]:
    """Return the words of a page that stand outside of all brackets; abbreviations are words of every language."""
    page = Unsaid()
    page.feed(html)
    left = []
    for text in page.found:
        depth, outside = 0, ""
        for letter in text:
            depth += (letter == "⟦") - (letter == "⟧" and depth > 0)
            outside += " " if depth or letter in "⟦⟧" else letter
        left += [word for word in re.findall(r"(?<!\w)[^\W\d_]{3,}(?!\w)", outside) if not word.isupper()]
    return left

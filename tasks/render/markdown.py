"""A safe part of Markdown: paragraphs, lists and emphasis. Everything else stays the text that it is."""

from __future__ import annotations

import functools

from markdown_it import MarkdownIt
from markupsafe import Markup

from tasks.render.text import visible


@functools.cache
def _parser() -> MarkdownIt:
    return MarkdownIt("zero").enable(["emphasis", "list", "newline"])


def markdown(text: str) -> Markup:
    """Return the text as HTML without links, pictures, headings or tags of its own."""
    return Markup(_parser().render(visible(text)))  # noqa: S704 - it escapes, and makes no other tags

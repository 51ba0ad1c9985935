"""Safe text for print: what came from outside is cut, and what can't be seen is made visible."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from tasks.terminal import plain

CUT = 120


def cut(text: str | None, length: int = CUT) -> str:
    """Return outside text with control and direction characters made visible, cut at `length` with an ellipsis."""
    shown = plain(text)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"


def visible(value: Any) -> Any:
    """Return text with its control and direction characters made visible, line by line; markup of ours stays as it is.

    Every expression of every template goes through it, so that no section can forget.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "\n".join(plain(line) for line in value.split("\n"))

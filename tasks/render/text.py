"""Safe text for print: what came from outside is cut, and what can't be seen is made visible."""

from __future__ import annotations

from tasks.terminal import plain

CUT = 120


def cut(text: str | None, length: int = CUT) -> str:
    """Return outside text with control and direction characters made visible, cut at `length` with an ellipsis."""
    shown = plain(text)
    return shown if len(shown) <= length else f"{shown[: length - 1]}…"

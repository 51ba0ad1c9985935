"""What every chart is made of: elements with escaped text, axis numbers, a legend, and the hatching of the unknown.

Units are those of the view box; a chart as wide as the page is 493 wide and its units are points. Fonts are set on each
element, because WeasyPrint does not apply the style sheet of the document inside an SVG.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from tasks.render.fonts import stack
from tasks.render.text import cut, visible
from tasks.report_model import Series

INK, MUTED, GRID, TRACK, DIM = "#14213a", "#5d6b82", "#e3e8f0", "#e8ecf5", "#b9c3d4"
TONES = {"good": "#0b7a5c", "warn": "#b25e00", "bad": "#b3263a", "neutral": "#3a4fd8", "unknown": "#8b97ab"}
PAGE = 493.0
"""Width between the margins, in points."""
LONGEST = 60
"""Characters of a text in a chart at most."""
HATCHED = 'fill="url(#unknown)"'
HATCH = (
    '<defs><pattern id="unknown" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="4" height="4" fill="#f4f6fa"/><rect width="1.1" height="4" fill="{DIM}"/></pattern></defs>'
)
"""Whatever is hatched, anywhere in the report, is not known."""
ROUND = 'fill="none" stroke-linejoin="round" stroke-linecap="round"'
_SANS = stack("Upkeep Sans")


def svg(width: float, height: float, title: str, body: str, **data: object) -> Markup:
    """Return a chart; `title` is its alternative text, `data` what it shows."""
    attributes = "".join(f' data-{name}="{escape(visible(str(value)))}"' for name, value in data.items())
    if HATCH in body:  # a page has many charts, and an id is good for one
        own = f"unknown-{zlib.crc32((title + body).encode()):08x}"
        body = body.replace('id="unknown"', f'id="{own}"').replace(HATCHED, f'fill="url(#{own})"')
    return Markup(  # noqa: S704 - every text in it went through escape
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img"{attributes}><title>{escape(visible(title))}</title>{body}</svg>'
    )


def text(
    x: float, y: float, value: object, *, size: float = 7.5, fill: str = MUTED, anchor: str = "start", weight: int = 400
) -> str:
    """Return one line of text, its baseline at `y`."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{_SANS}" font-size="{size:g}" font-weight="{weight}" '
        f'fill="{fill}" text-anchor="{anchor}">{escape(cut(str(value), LONGEST))}</text>'
    )


def rect(x: float, y: float, width: float, height: float, look: str) -> str:
    """Return a rectangle; `look` are its other attributes."""
    return f'<rect x="{x:.2f}" y="{y:.2f}" width="{width:.2f}" height="{height:.2f}" {look}/>'


def level(y: float, start: float, end: float, *, is_zero: bool = False) -> str:
    """Return a line of the grid; the one at zero is darker."""
    look = f'stroke="{MUTED}" stroke-width=".9"' if is_zero else f'stroke="{GRID}" stroke-width=".6"'
    return f'<path d="M{start:.1f} {y:.1f} H{end:.1f}" {look}/>'


def spaced(labels: Sequence[str], step: float, size: float) -> list[str]:
    """Return the labels of places `step` apart, only so many of them that none stands on the next; others are empty."""
    longest = max((len(label) for label in labels), default=0)
    every = max(math.ceil((longest * 0.5 * size + 3) / step), 1) if step > 0 else 1
    return [label if number % every == 0 else "" for number, label in enumerate(labels)]


def numbers(values: Series) -> str:
    """Return a series for a `data-` attribute; a gap is empty."""
    return ",".join("" if value is None else f"{value:g}" for value in values)


def runs(values: Sequence[object]) -> Iterator[tuple[int, int, bool]]:
    """Yield (first, one after the last, is known) for each stretch of known or unknown values."""
    start = 0
    for index in range(1, len(values) + 1):
        is_end = index == len(values)
        if is_end or (values[index] is None) != (values[start] is None):
            yield start, index, values[start] is not None
            start = index


def nice_top(value: float) -> float:
    """Return a round number at or above `value` for the top of an axis; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if value <= step * power * (1 + 1e-9))


def legend(keys: Sequence[tuple[str, str]], y: float, width: float) -> tuple[str, float]:
    """Return swatches with their names, and the height they take; `keys` are (attributes of the swatch, name)."""
    body, x, line = "", 0.0, 0
    for look, name in keys:
        shown = cut(name, 44)
        wide = 11 + len(shown) * 3.8 + 13
        if x and x + wide > width:
            x, line = 0.0, line + 1
        body += rect(x, y + line * 12, 7.5, 7.5, f'rx="1.6" {look}') + text(x + 11, y + line * 12 + 6.6, shown)
        x += wide
    return body, (line + 1) * 12.0

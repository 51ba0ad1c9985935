"""Charts of performance: a figure against its bands, shares of visits, weight of pages by kind of file.

Bands and parts are told by words and numbers too, never by colour alone; what is not known is a gap.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from tasks import written
from tasks.render.shapes import INK, MUTED, PAGE, ROUND, legend, level, nice_top, numbers, rect, runs, spaced, svg, text
from tasks.render.text import cut
from tasks.report_model import Series
from tasks.words import mark, say

BANDS = ("#e3f2ec", "#fbeed3", "#f8dfe2")
"""Ground of good, of what needs improvement, of poor."""
PARTS = ("#7cc0a6", "#eec27a", "#dd8590")
"""The same as bars, dark enough to be told apart in grey."""
NAMES = (mark("good"), mark("needs improvement"), mark("poor"))
SHADES = (1.0, 0.7, 0.46, 0.28, 0.14)


def banded(
    values: Series,
    bounds: tuple[float, float],
    labels: Sequence[str],
    title: str,
    color: str,
    width: float = PAGE,
) -> Markup:
    """Draw a figure by week over its bands, which end at `bounds`; a week that is not known breaks the line."""
    height, left, right, top, bottom = 98.0, 30.0, 82.0, 8.0, 18.0
    known = [value for value in values if value is not None]
    high = nice_top(max([*known, bounds[1] * 1.25]))
    step, end = (width - left - right) / max(len(values), 1), width - right

    def y(value: float) -> float:
        return top + (height - top - bottom) * (1 - min(value, high) / high)

    body, low = "", 0.0
    for fill, name, until in zip(BANDS, NAMES, (*bounds, high), strict=True):
        body += rect(left, y(until), end - left, y(low) - y(until), f'fill="{fill}"')
        body += text(end + 6, (y(low) + y(until)) / 2 + 2.6, say(name), size=7.2, fill=INK)
        low = until
    for bound in (0.0, *bounds, high):
        body += level(y(bound), left, end, is_zero=bound == 0) + text(
            left - 5, y(bound) + 2.6, written.plain(bound), size=7, anchor="end"
        )
    places = [left + (index + 0.5) * step for index in range(len(values))]
    for start, stop, is_known in runs(values):
        if is_known:
            line = " L".join(f"{places[index]:.1f} {y(values[index] or 0.0):.1f}" for index in range(start, stop))
            body += f'<path d="M{line}" {ROUND} stroke="{color}" stroke-width="2"/>'
    for place, value in zip(places, values, strict=True):
        if value is not None:
            body += f'<circle cx="{place:.1f}" cy="{y(value):.1f}" r="2.6" fill="{color}"/>'
            body += text(
                place,
                y(value) - 5.5,
                written.number(value, 1),
                size=6.8,
                fill=INK,
                anchor="middle",
                weight=600,
            )
    for place, label in zip(places, spaced(labels, step, 6.8), strict=False):
        body += text(place, height - 5, label, size=6.8, anchor="middle")
    return svg(width, height, title, body, values=numbers(values), bounds=numbers(bounds))


def shares(rows: Sequence[tuple[str, str, Sequence[float]]], title: str, width: float = PAGE) -> Markup:
    """Draw a bar for each row (name, figure, shares of good, fair and poor visits, each 0 to 1)."""
    (label, figure), tall = _margins(width), 17.0
    room, body = width - label - figure, ""
    for place, (name, words, parts) in enumerate(rows):
        y, x = place * tall, label
        body += text(0, y + 11, cut(name, round(label / 4.1)), size=7.8, fill=INK)
        for fill, part in zip(PARTS, parts, strict=True):
            wide = room * part
            body += rect(x, y + 2, max(wide - 0.7, 0), tall - 6, f'fill="{fill}"') if part > 0 else ""
            if wide > 18:
                body += text(
                    x + wide / 2, y + 11.2, written.percent(100 * part), size=7, fill=INK, anchor="middle", weight=600
                )
            x += wide
        body += text(width, y + 11, words, size=7.8, fill=INK, anchor="end", weight=600)
    keys, more = legend(
        [(f'fill="{fill}"', say(name)) for fill, name in zip(PARTS, NAMES, strict=True)], len(rows) * tall + 4, width
    )
    data = ";".join(numbers(parts) for _, _, parts in rows)
    return svg(width, len(rows) * tall + 4 + more, title, body + keys, shares=data)


def stacks(
    rows: Sequence[tuple[str, str, Sequence[float]]], kinds: Sequence[str], title: str, color: str, width: float = PAGE
) -> Markup:
    """Draw a bar for each row (name, total in words, one number for each kind), and a legend of the kinds."""
    (label, figure), tall = _margins(width), 17.0
    room, body = width - label - figure, ""
    high = max((sum(parts) for _, _, parts in rows), default=0.0) or 1.0
    looks = [f'fill="{color}" fill-opacity="{shade:g}"' for shade in SHADES]
    looks += [f'fill="{MUTED}"'] * max(len(kinds) - len(looks), 0)
    for place, (name, words, parts) in enumerate(rows):
        y, x = place * tall, label
        body += text(0, y + 11, cut(name, round(label / 4.1)), size=7.8, fill=INK)
        for look, part in zip(looks, parts, strict=False):
            wide = room * part / high
            body += rect(x, y + 2, max(wide - 0.7, 0.3), tall - 6, look) if part > 0 else ""
            x += wide
        body += text(width, y + 11, words, size=7.8, fill=INK, anchor="end", weight=600)
    keys, more = legend(list(zip(looks, kinds, strict=False)), len(rows) * tall + 4, width)
    data = ";".join(numbers(parts) for _, _, parts in rows)
    return svg(width, len(rows) * tall + 4 + more, title, body + keys, rows=data, kinds=",".join(kinds))


def _margins(width: float) -> tuple[float, float]:
    """Return the room for names before bars and for figures after them."""
    return (112.0, 62.0) if width > PAGE / 2 else (70.0, 40.0)

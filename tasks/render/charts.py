"""Charts as SVG: small pure functions whose markup has real text, a title as alternative text, and their numbers.

Numbers stand in `data-` attributes so that tests can compare them with the data. A gap is drawn as a gap. Fonts are
set on each element, because WeasyPrint does not apply the style sheet of the document inside an SVG.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup, escape

from tasks.report_model import DayState, Series

INK, MUTED, GRID, TRACK = "#14213a", "#5d6b82", "#e3e8f0", "#e8ecf5"
TONES = {"good": "#0b7a5c", "warn": "#b25e00", "bad": "#b3263a", "neutral": "#3a4fd8", "unknown": "#8b97ab"}
HEAT = ("#cfe9df", "#f6dfb5", "#eaa36b", "#b3263a")
_ROUND = 'stroke-linejoin="round" stroke-linecap="round"'
SHADES = (1.0, 0.62, 0.32, 0.16)


def _svg(width: float, height: float, title: str, body: str, **data: object) -> Markup:
    attributes = "".join(f' data-{name}="{escape(str(value))}"' for name, value in data.items())
    return Markup(  # noqa: S704 - every text in it went through escape
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" role="img"{attributes}><title>{escape(title)}</title>{body}</svg>'
    )


def _text(
    x: float, y: float, text: object, *, size: float = 7.5, fill: str = MUTED, anchor: str = "start", weight: int = 400
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="Upkeep Sans" font-size="{size:g}" font-weight="{weight}" '
        f'fill="{fill}" text-anchor="{anchor}">{escape(str(text))}</text>'
    )


def _rect(x: float, y: float, width: float, height: float, look: str) -> str:
    return f'<rect x="{x:.2f}" y="{y:.1f}" width="{width:.2f}" height="{height:.1f}" {look}/>'


def _list(values: Series) -> str:
    return ",".join("" if value is None else f"{value:g}" for value in values)


def compact(value: float) -> str:
    """Return a number for an axis: 950, 1.2k, 34k, 5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.1f}".removesuffix(".0") + letter
    return f"{value:.0f}" if abs(value) >= 10 or value == int(value) else f"{value:.1f}"


def nice_top(value: float) -> float:
    """Return a round number at or above `value` for the top of an axis; 1 for nothing."""
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if value <= step * power * (1 + 1e-9))


def dial(score: int | None, title: str, tone: str) -> Markup:
    """Draw a three-quarter ring filled to `score` of 100; an unknown score is a dashed ring with a dash in it."""
    size, radius = 64.0, 26.0
    round_ = 2 * math.pi * radius
    arc = round_ * 0.75
    ring = (
        f'<circle cx="32" cy="32" r="{radius:g}" fill="none" stroke-width="5.5" stroke-linecap="round" '
        f'transform="rotate(135 32 32)" '
    )
    if score is None:
        dashes = " ".join(["3 7.2"] * 12) + f" 0 {round_:.1f}"
        body = f'{ring}stroke="#b9c3d4" stroke-dasharray="{dashes}"/>'
        return _svg(
            size, size, title, body + _text(32, 37, "?", size=17, fill=MUTED, anchor="middle", weight=600), score=""
        )
    filled = arc * min(max(score, 0), 100) / 100
    body = f'{ring}stroke="{TRACK}" stroke-dasharray="{arc:.1f} {round_:.1f}"/>'
    if score > 0:
        body += f'{ring}stroke="{TONES[tone]}" stroke-dasharray="{filled:.1f} {round_:.1f}"/>'
    return _svg(
        size, size, title, body + _text(32, 38, score, size=17, fill=INK, anchor="middle", weight=700), score=score
    )


def spark(values: Series, title: str, color: str, width: float = 86, height: float = 24) -> Markup:
    """Draw a sparkline with its area; gaps break the line, the last known value gets a dot."""
    known = [value for value in values if value is not None]
    if not known:
        line = (
            f'<path d="M2 {height / 2:g} H{width - 4:g}" stroke="#b9c3d4" stroke-width="1.2" stroke-dasharray="2 3"/>'
        )
        return _svg(width, height, title, line, values="")
    low, high = min(known), max(known)
    step = (width - 6) / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return height / 2 if high == low else height - 4 - (value - low) / (high - low) * (height - 8)

    body, run = "", list[tuple[float, float]]()
    for index, value in enumerate([*values, None]):
        if value is not None:
            run.append((2 + index * step, y(value)))
        elif run:
            path = "M" + " L".join(f"{px:.1f} {py:.1f}" for px, py in run)
            area = f"{path} L{run[-1][0]:.1f} {height:g} L{run[0][0]:.1f} {height:g} Z"
            body += f'<path d="{area}" fill="{color}" fill-opacity=".1"/>'
            body += f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.4" {_ROUND}/>'
            last, run = run[-1], []
    body += f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2.1" fill="{color}"/>'
    return _svg(width, height, title, body, values=_list(values))


def _month_starts(start: date, count: int) -> list[tuple[int, str]]:
    days = [start + timedelta(days=number) for number in range(count)]
    return [(number, calendar.month_abbr[day.month]) for number, day in enumerate(days) if day.day == 1 or number == 0]


def heat(days: Sequence[DayState], title: str, width: float = 493) -> Markup:
    """Draw one square a day, weeks as columns from Monday; a day that is not known is hatched."""
    first = days[0].day.weekday()
    columns = (len(days) + first + 6) // 7
    step = min((width - 22) / columns, 36)
    body = (
        '<defs><pattern id="unknown" width="4" height="4" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect width="4" height="4" fill="#f0f2f7"/><rect width="1.4" height="4" fill="#b9c3d4"/></pattern></defs>'
    )
    for row, letter in enumerate("MTWTFSS"):
        body += _text(8, 24 + row * 13.5, letter, size=6.5, anchor="middle")
    for number, month in _month_starts(days[0].day, len(days)):
        body += _text(22 + (number + first) // 7 * step, 10, month, size=7.5, fill=INK, weight=600)
    for number, state in enumerate(days):
        x, y = 22 + (number + first) // 7 * step, 16 + (number + first) % 7 * 13.5
        fill = "url(#unknown)" if state.level is None else HEAT[state.level]
        body += f'<rect x="{x:.1f}" y="{y:.1f}" width="{step - 3:.1f}" height="10.5" rx="2" fill="{fill}"/>'
    levels = ",".join("" if state.level is None else str(state.level) for state in days)
    return _svg(width, 16 + 7 * 13.5 + 2, title, body, levels=levels)


def burn(values: Series, budget: float, start: date, title: str, color: str, width: float = 493) -> Markup:
    """Draw minutes of error budget left by day, with the line at zero; gaps break the line."""
    height, left, right, top, bottom = 132.0, 38.0, 8.0, 8.0, 18.0
    known = [value for value in values if value is not None]
    high, low = nice_top(max([budget, *known])), -nice_top(-min([0.0, *known])) if min([0.0, *known]) < 0 else 0.0

    def x(index: float) -> float:
        return left + index * (width - left - right) / max(len(values) - 1, 1)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (high - value) / (high - low)

    body = ""
    for value in sorted({high, high / 2, 0.0, low}):
        weight = 1.1 if value == 0 else 0.6
        stroke = MUTED if value == 0 else GRID
        body += f'<path d="M{left:g} {y(value):.1f} H{width - right:g}" stroke="{stroke}" stroke-width="{weight}"/>'
        body += _text(left - 6, y(value) + 2.6, f"{value:,.0f}", size=7, anchor="end")
    for number, month in _month_starts(start, len(values)):
        body += _text(x(number), height - 5, month, size=7)
    if low < 0:
        body += _rect(left, y(0), width - left - right, y(low) - y(0), 'fill="#f7d6da" fill-opacity=".45"')
    run = list[str]()
    for index, left_over in enumerate([*values, None]):
        if left_over is not None:
            run.append(f"{x(index):.1f} {y(left_over):.1f}")
        elif run:
            points = run if len(run) > 1 else run * 2
            body += f'<path d="M{" L".join(points)}" fill="none" stroke="{color}" stroke-width="1.8" {_ROUND}/>'
            run = []
    return _svg(width, height, title, body, values=_list(values), budget=f"{budget:g}")


def weeks(
    rows: Sequence[Sequence[float] | None],
    classes: Sequence[str],
    labels: Sequence[str],
    title: str,
    color: str,
    width: float = 493,
) -> Markup:
    """Draw stacked bars a week, the first class at the bottom; a week that is not known is a hatched stump."""
    height, left, top, bottom = 142.0, 34.0, 6.0, 18.0
    high = nice_top(max((sum(row) for row in rows if row), default=0))
    step = (width - left) / max(len(rows), 1)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (1 - value / high)

    body = ""
    for part in (0, 0.5, 1):
        body += f'<path d="M{left:g} {y(high * part):.1f} H{width:g}" stroke="{GRID}" stroke-width=".6"/>'
        body += _text(left - 6, y(high * part) + 2.6, compact(high * part), size=7, anchor="end")
    for index, row in enumerate(rows):
        x, below = left + index * step + step * 0.16, 0.0
        if row is None:
            body += _rect(x, y(0) - 7, step * 0.68, 7, 'fill="none" stroke="#b9c3d4" stroke-dasharray="2 2"')
        for place, value in enumerate(row or ()):
            if value > 0:
                tall = (height - top - bottom) * value / high
                fill, opacity = (INK, 1.0) if place == len(SHADES) else (color, SHADES[min(place, len(SHADES) - 1)])
                body += (
                    f'<rect x="{x:.1f}" y="{y(below + value):.1f}" width="{step * 0.68:.1f}" '
                    f'height="{max(tall - 0.7, 0.4):.1f}" fill="{fill}" fill-opacity="{opacity:g}"/>'
                )
            below += value
        body += _text(left + index * step + step / 2, height - 5, labels[index], size=6.8, anchor="middle")
    data = ";".join("" if row is None else ",".join(f"{value:g}" for value in row) for row in rows)
    return _svg(width, height, title, body, rows=data, classes=",".join(classes))


def hbars(rows: Sequence[tuple[str, int]], title: str, color: str, width: float = 236) -> Markup:
    """Draw one horizontal bar a row with its number at the end."""
    high, label, end = max((value for _, value in rows), default=0) or 1, 96.0, 34.0
    body = ""
    for index, (name, value) in enumerate(rows):
        y, room = index * 19.0, width - label - end
        long = name if len(name) <= 20 else f"{name[:19]}…"
        body += _text(0, y + 12, long, size=8, fill=INK)
        body += f'<rect x="{label:g}" y="{y + 5:.1f}" width="{room:.1f}" height="8" rx="4" fill="#eef1f8"/>'
        if value:
            body += _rect(label, y + 5, max(room * value / high, 3), 8, f'rx="4" fill="{color}"')
        body += _text(width, y + 12, f"{value:,}", size=8, fill=INK, anchor="end", weight=600)
    return _svg(width, max(len(rows) * 19.0, 1) + 2, title, body, values=",".join(str(value) for _, value in rows))


def strip(values: Series, title: str, color: str, width: float = 250, height: float = 12) -> Markup:
    """Draw one thin bar a day, as tall as the day is covered; a day without data is a pale line at the foot."""
    step = width / max(len(values), 1)
    body = f'<rect width="{width:g}" height="{height:g}" fill="#f4f6fb"/>'
    for index, value in enumerate(values):
        if value is None or value <= 0:
            body += (
                f'<rect x="{index * step:.2f}" y="{height - 1.2:.1f}" width="{step:.2f}" height="1.2" fill="#d98324"/>'
            )
        else:
            tall = height * min(value, 1.0)
            body += _rect(index * step, height - tall, step + 0.05, tall, f'fill="{color}"')
    return _svg(width, height, title, body, values=_list(values))


def arrow(direction: str, fill: str) -> Markup:
    """Draw a small arrow: up, down, or a bar for no change; a glyph would come from a font that is not ours."""
    shapes = {"up": "M0 6 L3.5 0 L7 6 Z", "down": "M0 0 L3.5 6 L7 0 Z", "flat": "M0 2 H7 V4 H0 Z"}
    return _svg(7, 6, direction, f'<path d="{shapes[direction]}" fill="{fill}"/>')


def cover_art(accent: str) -> str:
    """Return the waves of page one as the text of an SVG file, for a background image (decoration is no figure)."""
    lines = ""
    for number in range(22):
        points = []
        for step in range(41):
            x = step * 10.0
            height = math.sin(x / 62 + number * 0.13) * 26 + math.sin(x / 31 - number * 0.21) * 9
            points.append(f"{x:.0f} {205 - number * 7.2 + height * (1 - number / 34):.1f}")
        opacity = 0.5 - number * 0.019
        wave = f'stroke="{escape(accent)}" stroke-opacity="{opacity:.2f}" stroke-width=".8"'
        lines += f'<path d="M{" L".join(points)}" fill="none" {wave}/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 260" width="400" height="260">{lines}</svg>'

"""The charts of the report: small pure functions whose markup has real text, an alternative text, and their numbers.

Numbers stand in `data-` attributes so that tests can compare them with the data. What is not known is a gap or hatched,
never a zero; nothing is told by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, timedelta

from markupsafe import Markup

from tasks import written
from tasks.render.shapes import (
    DIM,
    HATCH,
    HATCHED,
    INK,
    MUTED,
    PAGE,
    ROUND,
    TONES,
    TRACK,
    legend,
    level,
    nice_top,
    numbers,
    rect,
    runs,
    spaced,
    svg,
    text,
)
from tasks.render.text import cut
from tasks.report_model import DayState, JourneyRow, ProgressBar, Series
from tasks.words import mark, say, say_many

HEAT = (
    ("#d3ebe1", mark("no downtime")),
    ("#f6dfb5", mark("under 5 minutes")),
    ("#eaa36b", mark("5 to 20 minutes")),
    ("#b3263a", mark("over 20 minutes")),
)
"""Fill and name of each level of downtime; a day also has as many dots as its level."""
SHADES = (1.0, 0.62, 0.34, 0.16)
UNKNOWN = mark("Not known")
"""The bar of this name is hatched."""


def dial(score: int | None, title: str, tone: str) -> Markup:
    """Draw a three-quarter ring filled to `score` of 100; a score that is not known is a dotted ring round a ?."""
    turn = 2 * math.pi * 26
    arc = turn * 0.75
    ring = f'<circle cx="32" cy="32" r="26" {ROUND} stroke-width="5.5" transform="rotate(135 32 32)"'
    if score is None:
        dots = " ".join(["0.1 10"] * 12) + f" 0.1 {turn:.1f}"
        body = f'{ring} stroke="{DIM}" stroke-dasharray="{dots}"/>'
        return svg(64, 64, title, body + text(32, 38, "?", size=17, anchor="middle", weight=600), score="")
    body = f'{ring} stroke="{TRACK}" stroke-dasharray="{arc:.1f} {turn:.1f}"/>'
    if score > 0:
        filled = arc * min(score, 100) / 100
        body += f'{ring} stroke="{TONES[tone]}" stroke-dasharray="{filled:.1f} {turn:.1f}"/>'
    body += text(32, 38, score, size=17, fill=INK, anchor="middle", weight=700)
    return svg(64, 64, title, body, score=score)


def spark(values: Series, title: str, color: str, width: float = 76, height: float = 26) -> Markup:
    """Draw a sparkline with its area; gaps break the line, the last known value gets a dot."""
    known = [value for value in values if value is not None]
    if not known:
        line = f'<path d="M2 {height / 2:g} H{width - 4:g}" stroke="{DIM}" stroke-width="1.2" stroke-dasharray="2 3"/>'
        return svg(width, height, title, line, values="")
    low, high = min(known), max(known)

    def at(index: int) -> tuple[float, float]:
        share = 0.5 if high == low else ((values[index] or 0) - low) / (high - low)
        return 2 + index * (width - 6) / max(len(values) - 1, 1), height - 4 - share * (height - 8)

    body = ""
    for start, end, is_known in runs(values):
        if is_known:
            points = [at(index) for index in range(start, end)]
            path = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in (points if len(points) > 1 else points * 2))
            area = f"{path} L{points[-1][0]:.1f} {height:g} L{points[0][0]:.1f} {height:g} Z"
            body += f'<path d="{area}" fill="{color}" fill-opacity=".1"/>'
            body += f'<path d="{path}" stroke="{color}" stroke-width="1.5" {ROUND}/>'
    x, y = at(max(index for index, value in enumerate(values) if value is not None))
    body += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.3" fill="{color}"/>'
    return svg(width, height, title, body, values=numbers(values))


_LABEL = 80.0
"""Width that "1,234 minutes left" takes at most beside the last point of the burn."""


def month_starts(start: date, count: int) -> list[tuple[int, str]]:
    """Return the place and the short name of each month that begins in so many days; the first day counts as one."""
    days = [start + timedelta(days=number) for number in range(count)]
    return [(number, written.month(day)) for number, day in enumerate(days) if day.day == 1 or number == 0]


def heat(days: Sequence[DayState], title: str, width: float = PAGE) -> Markup:
    """Draw one cell a day, weeks as columns from Monday, with the legend; a day that is not known is hatched."""
    if not days:
        return svg(width, 12, title, text(0, 9, say("No day to show.")), levels="")
    first = days[0].day.weekday()
    step = min((width - 19) / ((len(days) + first + 6) // 7), 36)
    body = HATCH
    for row, letter in enumerate(written.weekday_letters()):
        body += text(4, 24 + row * 13.5, letter, size=6.5, anchor="middle")
    for number, month in month_starts(days[0].day, len(days)):
        body += text(19 + (number + first) // 7 * step, 10, month, fill=INK, weight=600)
    for number, state in enumerate(days):
        x, y = 19 + (number + first) // 7 * step, 16 + (number + first) % 7 * 13.5
        look = HATCHED if state.level is None else f'fill="{HEAT[state.level][0]}"'
        body += rect(x, y, step - 3, 10.5, f'rx="2" {look}')
        for dot in range(state.level or 0):
            middle = x + (step - 3) / 2 + (dot - ((state.level or 0) - 1) / 2) * 5
            fill = "#ffffff" if state.level == 3 else INK
            body += f'<circle cx="{middle:.1f}" cy="{y + 5.25:.1f}" r="1.25" fill="{fill}" fill-opacity=".85"/>'
    keys = [(f'fill="{fill}"', say(name)) for fill, name in HEAT]
    keys.append((HATCHED, say("not known: watched under half of the day")))
    below, height = legend(keys, 117, width)
    levels = ",".join("" if state.level is None else str(state.level) for state in days)
    return svg(width, 117 + height, title, body + below, levels=levels)


def burn(values: Series, budget: float, start: date, title: str, color: str, width: float = PAGE) -> Markup:
    """Draw minutes of error budget left after each day, as steps, with zero and what is left; gaps are hatched."""
    height, left, right, top, bottom = 128.0, 34.0, 6.0, 10.0, 18.0
    known = [(index, value) for index, value in enumerate(values) if value is not None]
    lowest = min([0.0, *(value for _, value in known)])
    high, low = nice_top(max([budget, *(value for _, value in known)])), -nice_top(-lowest) if lowest < 0 else 0.0
    step = (width - left - right) / max(len(values), 1)

    def y(value: float) -> float:
        return top + (height - top - bottom) * (high - value) / (high - low)

    body = HATCH
    levels = sorted({high, high / 2 if low == 0 else 0.0, 0.0, low})
    for value in levels:
        body += level(y(value), left, width - right, is_zero=value == 0)
        if value and abs(y(value) - y(0)) < 8:
            continue  # its number would stand on that of zero
        body += text(left - 6, y(value) + 2.6, written.short(value).replace("-", "−"), size=7, anchor="end")
    for number, month in month_starts(start, len(values)):
        body += text(left + number * step, height - 5, month, fill=INK, weight=600)
    if low < 0:
        body += rect(left, y(0), width - left - right, y(low) - y(0), 'fill="#f7d6da" fill-opacity=".5"')
    for first, end, is_known in runs(values):
        if not is_known:
            body += rect(left + first * step, top, (end - first) * step, height - top - bottom, HATCHED)
            continue
        path = f"M{left + first * step:.1f} {y(values[first] or 0.0):.1f}"
        for index in range(first, end):
            path += f" V{y(values[index] or 0.0):.1f} H{left + (index + 1) * step:.1f}"
        area = f"{path} V{y(0):.1f} H{left + first * step:.1f} Z"
        body += f'<path d="{area}" fill="{color}" fill-opacity=".08"/>'
        body += f'<path d="{path}" stroke="{color}" stroke-width="1.8" {ROUND}/>'
    if known:
        index, value = known[-1]
        words = (
            say_many("{n} minute left", "{n} minutes left", round(value))
            if value >= 0
            else say_many("{n} minute over", "{n} minutes over", round(-value))
        )
        x, end_y = left + (index + 1) * step, y(value)
        near = [y(value) for place, value in known if place > index - _LABEL / step]
        label_y = _label_beside(near, [y(value) for value in levels], height - bottom)
        body += f'<circle cx="{x:.1f}" cy="{end_y:.1f}" r="2.6" fill="{color}"/>'
        body += text(x, label_y, words, size=8, fill=INK, anchor="end", weight=600)
    return svg(width, height, title, body, values=numbers(values), budget=f"{budget:g}")


def _label_beside(curve: Sequence[float], lines: Sequence[float], end: float) -> float:
    """Return a baseline under the last point of `curve` or else over all of it, above `end`, that no line strikes."""
    under, over = curve[-1] + 12, min(curve) - 5
    for baseline in (*(under + n for n in range(13)), *(over - n for n in range(25))):
        if baseline + 2 < end and not any(baseline - 7.5 < line < baseline + 2 for line in lines):
            return baseline
    return over


def weeks(
    rows: Sequence[Sequence[float] | None],
    classes: Sequence[str],
    labels: Sequence[str],
    title: str,
    color: str,
    width: float = PAGE,
) -> Markup:
    """Draw stacked bars a week, the first class at the bottom, with a legend; a week that is not known is hatched."""
    height, left, top, bottom = (130.0 if width > PAGE / 2 else 110.0), 34.0, 12.0, 18.0
    sums = [None if row is None else sum(row) for row in rows]
    highest = max((total for total in sums if total is not None), default=0.0)
    high, step = nice_top(highest), (width - left) / max(len(rows), 1)
    shown = labels if "" in labels else spaced(labels, step, 6.8)
    looks = [f'fill="{color}" fill-opacity="{shade:g}"' for shade in SHADES] + [f'fill="{INK}"']

    def y(value: float) -> float:
        return top + (height - top - bottom) * (1 - value / high)

    body = HATCH
    for part in (0.0, 0.5, 1.0):
        body += level(y(high * part), left, width, is_zero=part == 0)
        body += text(left - 6, y(high * part) + 2.6, written.short(high * part), size=7, anchor="end")
    for index, row in enumerate(rows):
        x, below = left + index * step + step * 0.15, 0.0
        if row is None:
            body += rect(x, top, step * 0.7, height - top - bottom, HATCHED)
        for place, value in enumerate(row or ()):
            if value > 0:
                tall = (height - top - bottom) * value / high
                body += rect(x, y(below + value), step * 0.7, max(tall - 0.7, 0.4), looks[min(place, len(SHADES))])
            below += value
        anchor = "middle" if step > 24 or index < len(rows) - 1 else "end"
        middle = x + step * (0.7 if anchor == "end" else 0.35)
        body += text(middle, height - 5, shown[index], size=6.8, anchor=anchor)
    if highest:
        peak = sums.index(highest)
        words = written.short(highest)
        body += text(left + (peak + 0.5) * step, y(highest) - 3.5, words, size=7, fill=INK, anchor="middle", weight=600)
    keys = list(zip(looks, classes, strict=False)) if len(classes) > 1 else []
    if None in rows:
        keys.append((HATCHED, say("not known")))
    below_bars, more = legend(keys, height + 4, width) if keys else ("", 0.0)
    data = ";".join("" if row is None else numbers(row) for row in rows)
    return svg(
        width, height + (more + 4 if keys else 0), title, body + below_bars, rows=data, classes=",".join(classes)
    )


def rates(rows: Sequence[JourneyRow], labels: Sequence[str], title: str, width: float = PAGE) -> Markup:
    """Draw one row of weeks per journey, each with its rate below 100%; a week that is not known is hatched."""
    label, end, tall, top = 118.0, 74.0, 19.0, 12.0
    step, body = (width - label - end) / max(len(labels), 1), HATCH
    for index, name in enumerate(spaced(labels, step, 6.4)):
        body += text(label + (index + 0.5) * step, 7, name, size=6.4, anchor="middle")
    for place, row in enumerate(rows):
        y = top + place * tall
        body += text(0, y + 11, cut(row.name, 26), size=7.6, fill=INK)
        for index, value in enumerate(row.weeks):
            x = label + index * step
            body += rect(x, y, step - 2, tall - 4, HATCHED if value is None else f'fill="{_rate_fill(value)}"')
            if value is not None and value < 100:
                words = written.percent(math.floor(value * 10) / 10 if value < 99 else 99)
                body += text(x + step / 2 - 1, y + 10.4, words, size=6.6, fill=INK, anchor="middle", weight=600)
        body += text(width, y + 11, f"{row.text} · {row.time_text}", size=7.2, fill=INK, anchor="end")
    data = ";".join(numbers(row.weeks) for row in rows)
    return svg(width, top + len(rows) * tall, title, body, rows=data)


def _rate_fill(value: float) -> str:
    """Return the fill of a rate: the words in the cell say the same."""
    return next(
        fill
        for least, fill in ((100, HEAT[0][0]), (99, HEAT[1][0]), (90, HEAT[2][0]), (0, "#e8848f"))
        if value >= least
    )


def hbars(rows: Sequence[tuple[str, int]], title: str, color: str, width: float = 236) -> Markup:
    """Draw one horizontal bar a row with its number at the end; the bar of what is not known is hatched."""
    high, label, end = max((value for _, value in rows), default=0) or 1, 92.0, 36.0
    room, body, unknown = width - label - end, HATCH, say(UNKNOWN)
    for index, (name, value) in enumerate(rows):
        y = index * 21.0
        body += text(0, y + 13, cut(name, 20), size=8, fill=INK) + rect(label, y + 6, room, 8, 'rx="4" fill="#eef1f8"')
        if value:
            look = f'{HATCHED} stroke="{DIM}" stroke-width=".6"' if name == unknown else f'fill="{color}"'
            body += rect(label, y + 6, max(room * value / high, 5), 8, f'rx="4" {look}')
        body += text(width, y + 13, written.number(value), size=8, fill=INK, anchor="end", weight=600)
    return svg(width, len(rows) * 21.0 + 2, title, body, values=",".join(str(value) for _, value in rows))


def progress(rows: Sequence[ProgressBar], title: str, color: str, width: float = PAGE) -> Markup:
    """Draw one bar a row from 0, as it was, to where it is: 1 is as predicted, less than 0 the other way."""
    label, end, tall, top = 204.0, 44.0, 15.0, 13.0
    low, high = -0.5, 1.5
    room, body = width - label - end, HATCH

    def place(ratio: float) -> float:
        return label + room * (min(max(ratio, low), high) - low) / (high - low)

    bottom = top + len(rows) * tall
    for ratio, words in ((0, say("as it was")), (1, say("as predicted"))):
        x = place(ratio)
        body += text(x, 8, words, size=7, anchor="middle", weight=600)
        body += f'<path d="M{x:.1f} {top - 1:.1f} V{bottom:.1f}" stroke="{MUTED}" stroke-width=".7"/>'
    for index, row in enumerate(rows):
        y = top + index * tall
        body += text(0, y + 10.5, cut(row.name, 54), size=7.6, fill=INK)
        if row.ratio is None:
            body += rect(label, y + 4, room, 7, HATCHED)
        else:
            start, stop = sorted((place(0), place(row.ratio)))
            look = color if row.tone == "neutral" else TONES[row.tone]
            body += rect(start, y + 4, max(stop - start, 1.5), 7, f'fill="{look}"')
        body += text(width, y + 10.5, row.text, size=7.6, fill=INK, anchor="end", weight=600)
    shown = ",".join("" if row.ratio is None else f"{row.ratio:.3f}" for row in rows)
    return svg(width, bottom + 2, title, body, values=shown)


def strip(values: Series, title: str, color: str, width: float = 250, height: float = 11) -> Markup:
    """Draw one thin bar a day, as tall as the day is covered; days of which nothing is known are hatched."""
    step = width / max(len(values), 1)
    body = HATCH + rect(0, 0, width, height, 'fill="#f4f6fb"')
    for start, end, is_known in runs([value or None for value in values]):
        if not is_known:
            body += rect(start * step, 0, (end - start) * step, height, HATCHED)
            continue
        path = f"M{start * step:.2f} {height:g}"  # one shape: single bars would show seams between them
        for index in range(start, end):
            path += f" V{height * (1 - min(values[index] or 0.0, 1.0)):.1f} H{(index + 1) * step:.2f}"
        body += f'<path d="{path} V{height:g} Z" fill="{color}" fill-opacity=".75"/>'
    return svg(width, height, title, body, values=numbers(values))


def months(start: date, count: int, width: float = 250) -> Markup:
    """Draw the names of the months above strips of `count` days."""
    body = "".join(
        text(number * width / count, 8, month, size=7, weight=600) for number, month in month_starts(start, count)
    )
    return svg(width, 10, say("Months of the quarter"), body)

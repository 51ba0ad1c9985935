"""The charts of servers and backups: bars against limits, and the days of backup jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup

from tasks.render.charts import month_starts
from tasks.render.shapes import HATCH, HATCHED, INK, PAGE, TONES, TRACK, legend, rect, svg, text
from tasks.render.text import cut
from tasks.report_model import BackupStrip, LimitBar
from tasks.words import mark, say


def limits(rows: Sequence[LimitBar], title: str, top: float, words: str, color: str, width: float = 236) -> Markup:
    """Draw one bar a row against its limit, a line; one beyond it is red, one not known hatched."""
    label, end, tall = 92.0, 52.0, 20.0
    room, body = width - label - end, HATCH
    for index, row in enumerate(rows):
        y, at = index * tall, label + room * min(row.limit / top, 1)
        body += text(0, y + 13, cut(row.name, 22), size=7.6, fill=INK)
        body += rect(label, y + 6, room, 8, 'rx="1.5" fill="#eef1f8"')
        if row.value is None:
            body += rect(label, y + 6, room, 8, f'rx="1.5" {HATCHED}')
        else:
            fill = TONES["bad"] if row.is_beyond else color
            body += rect(label, y + 6, max(room * min(row.value / top, 1), 2), 8, f'rx="1.5" fill="{fill}"')
        body += f'<path d="M{at:.1f} {y + 3.5:.1f} V{y + 16.5:.1f}" stroke="{INK}" stroke-width="1.1"/>'
        weight = 700 if row.is_beyond else 400
        body += text(width, y + 13, row.text, size=7.6, fill=INK, anchor="end", weight=weight)
    height = len(rows) * tall
    body += text(label, height + 8, words, size=6.8)
    shown = ",".join("" if row.value is None else f"{row.value:g}" for row in rows)
    return svg(width, height + 11, title, body, values=shown)


def backups(rows: Sequence[BackupStrip], start: date, title: str, width: float = PAGE) -> Markup:
    """Draw one cell a day and job: made, failed (dotted) or without proof (hatched); a mark for a tested restore."""
    label, end, tall, top = 92.0, 62.0, 26.0, 12.0
    looks = {
        "made": f'fill="{TONES["good"]}" fill-opacity=".72"',
        "failed": f'fill="{TONES["bad"]}"',
        "before": f'fill="{TRACK}"',
        None: HATCHED,
    }
    count = len(rows[0].days) if rows else 1
    step, body = (width - label - end) / max(count, 1), HATCH
    for number, month in month_starts(start, count):
        body += text(label + number * step, 8, month, size=7, weight=600)
    for place, row in enumerate(rows):
        y = top + place * tall + 7
        body += text(0, y + 9.5, cut(row.name, 22), size=7.6, fill=INK)
        for first, after, state in _stretches(row.days):
            x, wide = label + first * step, (after - first) * step
            body += rect(x, y, wide, 13, looks[state])
            if state == "failed":
                for day in range(first, after):
                    body += f'<circle cx="{label + (day + 0.5) * step:.1f}" cy="{y + 6.5:.1f}" r="1" fill="#ffffff"/>'
        for day in row.tested:
            x = label + (day + 0.5) * step
            body += f'<path d="M{x:.1f} {y - 6.5:.1f} l3 3 l-3 3 l-3 -3 z" fill="{INK}"/>'
        body += text(width, y + 9.5, row.text, size=7.2, fill=INK, anchor="end")
    seen = {state for row in rows for state in row.days}
    words = (
        ("made", mark("backup made")),
        ("failed", mark("failed")),
        (None, mark("nothing proves a backup")),
        ("before", mark("no reports yet")),
    )
    keys = [(looks[state], say(name)) for state, name in words if state in seen]
    below, more = legend(keys, top + len(rows) * tall + 2, width)
    if any(row.tested for row in rows):
        told = say("restore tested")
        x = width - 7 - 3.9 * len(told)
        body += f'<path d="M{x:.1f} {top + len(rows) * tall + 2:.1f} l3.4 3.4 l-3.4 3.4 l-3.4 -3.4 z" fill="{INK}"/>'
        body += text(width, top + len(rows) * tall + 8.6, told, anchor="end")
    data = ";".join(",".join(state or "" for state in row.days) for row in rows)
    return svg(width, top + len(rows) * tall + more + 4, title, body + below, rows=data)


def _stretches(states: Sequence[str | None]) -> list[tuple[int, int, str | None]]:
    """Return (first, one after the last, state) of each run of days with the same state."""
    found: list[tuple[int, int, str | None]] = []
    for index, state in enumerate(states):
        if found and found[-1][2] == state:
            found[-1] = (found[-1][0], index + 1, state)
        else:
            found.append((index, index + 1, state))
    return found

"""Pictures that decorate the page or stand in a key: files for background images, because decoration is no figure."""

from __future__ import annotations

import math

from markupsafe import escape

from tasks.render.shapes import HATCH, HATCHED, rect


def hatch() -> str:
    """Return the hatching of what is not known as the text of an SVG file, for keys in the page."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8">{HATCH}{rect(0, 0, 8, 8, HATCHED)}</svg>'


def cover_art(accent: str) -> str:
    """Return the waves of page one as the text of an SVG file, for a background image (decoration is no figure)."""
    lines = (
        '<defs><linearGradient id="fade" gradientUnits="userSpaceOnUse" x1="0" y1="0" x2="480" y2="0">'
        f'<stop offset="0" stop-color="{escape(accent)}" stop-opacity="0"/>'
        f'<stop offset=".55" stop-color="{escape(accent)}" stop-opacity=".55"/>'
        f'<stop offset="1" stop-color="{escape(accent)}" stop-opacity=".8"/></linearGradient></defs>'
    )
    for number in range(26):
        points = []
        for place in range(49):
            x = place * 10.0
            spread = 0.35 + 0.65 * (math.sin((x - 330) / 120) ** 2)
            rise = math.sin(x / 74 + 0.9) * 34 + math.sin(x / 41 - number * 0.09) * 7
            points.append(f"{x:.0f} {185 - rise - (number - 13) * 8.2 * spread:.1f}")
        opacity = 0.85 - abs(number - 13) * 0.055
        look = f'stroke="url(#fade)" stroke-opacity="{opacity:.2f}" stroke-width=".75"'
        lines += f'<path d="M{" L".join(points)}" fill="none" {look}/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 320" width="480" height="320">{lines}</svg>'

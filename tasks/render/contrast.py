"""Contrast of colours as WCAG 2.2 counts it (1.4.3), and the nearest colour that can be read."""

from __future__ import annotations

import colorsys

READABLE = 4.5
"""Ratio that text needs (WCAG 2.2, 1.4.3, level AA)."""


def ratio(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21; they are written as #14213a."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(color: str, ground: str, least: float = READABLE) -> str:
    """Return the colour, lighter or darker where it has too little contrast on the ground; its hue stays."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_parts(color))
    step = 0.01 if _luminance(ground) < 0.18 else -0.01
    found = color
    while ratio(found, ground) < least and 0 < lightness < 1:
        lightness = min(max(lightness + step, 0), 1)
        found = "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))
    return found


def _parts(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _luminance(color: str) -> float:
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _parts(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue

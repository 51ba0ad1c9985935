"""Numbers, shares, dates and durations as the locale writes them that is spoken (`tasks.words`).

What is rounded is rounded as Python does, then written by the patterns of CLDR, so that a figure is the same number in
every language. Dates are written without the names of weekdays unless said.
"""

from __future__ import annotations

import copy
import functools
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from babel import Locale, dates
from babel.numbers import NumberPattern, parse_pattern

from tasks.words import say, say_many, spoken

_NARROW, _HARD = "\u202f", "\u00a0"
"""No font of the report has the narrow space that French puts between thousands: the other one stands for it."""


def number(value: Any, digits: int = 0) -> str:
    """Return a number with so many digits after the point, and its thousands apart: 1,234.5."""
    return _written(f"{value:.{digits}f}")


def plain(value: Any) -> str:
    """Return a number with as many digits as it needs, at most six: 99.95, 60."""
    return _written(f"{Decimal(f'{value:g}'):f}")


def signed(value: Any, digits: int = 0) -> str:
    """Return a change with its sign: +3, −5."""
    return f"{'+' if value >= 0 else '−'}{number(abs(value), digits)}"


def percent(value: Any, digits: int = 0) -> str:
    """Return a share, 0 to 100, with its sign."""
    return _percent(f"{value:.{digits}f}")


def plain_percent(value: Any) -> str:
    """Return a share, 0 to 100, with as many digits as it needs."""
    return _percent(f"{Decimal(f'{value:g}'):f}")


def short(value: float) -> str:
    """Return a number for an axis: 950, 1.2k, 34k, 5M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return plain(round(value / size, 1)) + letter
    return number(value) if abs(value) >= 10 or value == int(value) else number(value, 1)


def day(value: date) -> str:
    """Return a day of a year that is known: 5 Oct."""
    return _dated(value, "MMMd")


def day_long(value: date) -> str:
    """Return a day of a year that is known, the month in full: 5 October."""
    return _dated(value, "MMMMd")


def date_short(value: date) -> str:
    """Return a day: 5 Oct 2026."""
    return _dated(value, "yMMMd")


def date_long(value: date) -> str:
    """Return a day, the month in full: 5 October 2026."""
    return dates.format_date(value, "long", locale=spoken().locale).replace(_NARROW, _HARD)


def moment(value: datetime) -> str:
    """Return a moment of a year that is known: Tue 6 Oct, 14:03."""
    return f"{_dated(value, 'MMMEd')}, {clock(value)}"


def clock(value: datetime) -> str:
    """Return the time of a day: 14:03."""
    return dates.format_time(value, "short", locale=spoken().locale).replace(_NARROW, _HARD)


def month(value: date) -> str:
    """Return the short name of a month: Oct."""
    # Not those that stand alone: Babel 2.18 gives some locales those of another one that was asked before.
    return str(spoken().locale.months["format"]["abbreviated"][value.month])


def month_long(value: date) -> str:
    """Return a month of a year: October 2026."""
    return _dated(value, "yMMMM")


def months(first: date, last: date) -> str:
    """Return a span of months of one year: July to September 2026."""
    names = spoken().locale.months["format"]["wide"]
    return say("{first} to {last} {year}", first=names[first.month], last=names[last.month], year=str(last.year))


def weekday_letters() -> list[str]:
    """Return a letter for each day of the week, from Monday."""
    names = spoken().locale.days["stand-alone"]["narrow"]
    return [str(names[number]) for number in range(7)]


def duration(seconds: float) -> str:
    """Say a duration: 30 seconds, 47 minutes, 2 h 10 min."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return say_many("{n} second", "{n} seconds", round(seconds))
    if minutes < 100:
        return say_many("{n} minute", "{n} minutes", minutes)
    return say("{hours} h {minutes} min", hours=minutes // 60, minutes=f"{minutes % 60:02d}")


def milliseconds(value: float) -> str:
    """Return a time as people read it: 2.9 s, 340 ms."""
    return seconds(value / 1000) if value >= 1000 else say("{time} ms", time=number(value))


def seconds(value: float) -> str:
    """Return a time in seconds: 2.9 s."""
    return say("{time} s", time=number(value, 1))


def size(count: float) -> str:
    """Return bytes as people read them: 1.6 MB, 340 kB."""
    return say("{size} MB", size=number(count / 1e6, 1)) if count >= 1e6 else say("{size} kB", size=number(count / 1e3))


def capital(text: str) -> str:
    """Return a text that begins a line or a sentence."""
    return text[:1].upper() + text[1:]


def inside(text: str) -> str:
    """Return a sentence as it stands inside another one: German keeps its capital, which most often is of a noun."""
    is_kept = spoken().locale.language == "de" or text[1:2].isupper()
    return text if is_kept else text[:1].lower() + text[1:]


def _written(digits: str) -> str:
    return _apply(digits, spoken().locale, is_percent=False)


def _percent(digits: str) -> str:
    return _apply(digits, spoken().locale, is_percent=True)


@functools.lru_cache(maxsize=4096)
def _apply(digits: str, locale: Locale, *, is_percent: bool) -> str:
    places = len(digits.partition(".")[2])
    value = Decimal(digits)
    if not value:
        value = abs(value)
    return str(_pattern(locale, places, is_percent=is_percent).apply(value, locale).replace(_NARROW, _HARD))


@functools.cache
def _pattern(locale: Locale, places: int, *, is_percent: bool) -> NumberPattern:
    patterns = locale.percent_formats if is_percent else locale.decimal_formats
    found = copy.copy(parse_pattern(patterns[None]))
    found.frac_prec = (places, places)
    found.scale = 0  # shares are of a hundred already
    return found


def _dated(value: date, skeleton: str) -> str:
    return dates.format_skeleton(skeleton, value, locale=spoken().locale).replace(_NARROW, _HARD)

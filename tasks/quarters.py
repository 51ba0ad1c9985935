"""Quarters of the calendar, as `2026Q3`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from tasks.errors import ConfigurationError


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """One quarter. Its days are days of the site's own zone."""

    year: int
    number: int

    @property
    def start_date(self) -> date:
        """Return the first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def end_date(self) -> date:
        """Return the first day after the quarter."""
        return self.following.start_date

    @property
    def following(self) -> Quarter:
        """Return the next quarter."""
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> Quarter:
        """Return the quarter before."""
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    @property
    def day_count(self) -> int:
        """Return the number of days."""
        return (self.end_date - self.start_date).days

    def __str__(self) -> str:
        """Return it as 2026Q3."""
        return f"{self.year}Q{self.number}"


def parse_quarter(text: str) -> Quarter:
    """Read a quarter.

    Raises:
        ConfigurationError: the text is not as 2026Q3.
    """
    match = re.fullmatch(r"(\d{4})-?[Qq]([1-4])", text.strip())
    if not match:
        raise ConfigurationError(f"{text!r} is not a quarter; write it as 2026Q3.")
    return Quarter(int(match[1]), int(match[2]))


def ending_on(day: date) -> Quarter | None:
    """Return the quarter of which `day` is the first day after; None where none ends then."""
    is_end = day.day == 1 and day.month % 3 == 1
    return Quarter(day.year, (day.month - 1) // 3 + 1).previous if is_end else None


def last_finished(moment: datetime) -> Quarter:
    """Return the last quarter that is over at `moment`."""
    return Quarter(moment.year, (moment.month - 1) // 3 + 1).previous

"""The data of one site and one quarter, as the sections of the report read it: marts in, pandas frames out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pandas as pd

from tasks import written
from tasks.answers import Answers
from tasks.quarters import Quarter
from tasks.recommendation import Scope
from tasks.report_model import Action, RecommendationView
from tasks.reviewing import Review
from tasks.words import listed, say_many
from warehouse.records import Site

WEEKS = 13
"""Weeks of a quarter; the last one also holds the day or two that are left over."""

NAMED = 4
"""Recommendations that a section names at most; the others are counted."""


@dataclass(frozen=True, slots=True)
class QuarterData:
    """One site and quarter on one snapshot."""

    answers: Answers
    site: Site
    quarter: Quarter
    scope: Scope
    recommendations: Sequence[RecommendationView] = ()
    review: Review = field(default_factory=lambda: Review(reviewed=(), rows={}))
    """What became of what was recommended before."""

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a query; `$site_id`, `$start_date`, `$end_date` (exclusive) are bound where named."""
        return self.answers.frame(sql, self.scope.parameters)

    @property
    def days(self) -> list[date]:
        """Return every day of the quarter."""
        return [self.quarter.start_date + timedelta(days=number) for number in range(self.quarter.day_count)]

    def week_of(self, days: pd.Series[Any]) -> pd.Series[int]:
        """Return the number of the week of each day, 0 to 12."""
        return ((pd.to_datetime(days) - pd.Timestamp(self.quarter.start_date)).dt.days // 7).clip(upper=WEEKS - 1)

    @property
    def week_labels(self) -> list[str]:
        """Return the first day of each week, as 6 Jul."""
        return [written.day(self.quarter.start_date + timedelta(weeks=number)) for number in range(WEEKS)]

    def weekly(self, frame: pd.DataFrame, column: str) -> list[float | None]:
        """Add up a column of daily rows by week; a week without a row is a gap."""
        sums = (
            frame.groupby(self.week_of(frame["day_date"]))[column].sum(min_count=1)
            if len(frame)
            else pd.Series(dtype=float)
        )
        return [None if pd.isna(sums.get(week)) else float(sums[week]) for week in range(WEEKS)]

    def action(self, areas: Iterable[str], text: str) -> Action | None:
        """Return the strip that points to the recommendations of an area, or of rules; None where there is none."""
        numbers = [item.number for item in self.recommendations if {item.area, item.rule_id} & set(areas)]
        if not numbers:
            return None
        named = (
            numbers
            if len(numbers) <= NAMED
            else [*numbers[: NAMED - 1], say_many("{n} more", "{n} more", len(numbers) - NAMED + 1)]
        )
        return Action(text=text, numbers=listed(named), anchor=numbers[0])

    def titles(self, areas: Iterable[str]) -> str:
        """Return the first recommendation of an area, or of rules, as a sentence."""
        return next((item.title for item in self.recommendations if {item.area, item.rule_id} & set(areas)), "")


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield the rows of a frame with its columns as attributes."""
    return iter(frame.itertuples(index=False))

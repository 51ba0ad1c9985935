"""Phrases that more than one place prints: a number with its noun."""

from __future__ import annotations

from typing import Any

from tasks.words import say, say_many


def days(number: Any) -> str:
    """Say a number of days."""
    return say_many("{n} day", "{n} days", number)


def hours(number: Any) -> str:
    """Say a number of hours, rounded."""
    return say_many("{n} hour", "{n} hours", round(number))


def minutes(number: Any) -> str:
    """Say a number of minutes, rounded."""
    return say_many("{n} minute", "{n} minutes", round(number))


def pages(number: Any) -> str:
    """Say a number of pages of a site."""
    return say_many("{n} page", "{n} pages", number)


def elements(number: Any) -> str:
    """Say a number of elements of pages."""
    return say_many("{n} element", "{n} elements", number)


def components(number: Any) -> str:
    """Say a number of components: plugins, packages and the like."""
    return say_many("{n} component", "{n} components", number)


def servers(number: Any) -> str:
    """Say a number of servers."""
    return say_many("{n} server", "{n} servers", number)


def known_flaws(number: Any) -> str:
    """Say a number of known flaws."""
    return say_many("{n} known flaw", "{n} known flaws", number)


def and_more(named: list[str], count: int) -> str:
    """Return what is named of so many things, and how many more there are: a, b, c and 2 more."""
    rest = count - len(named)
    return say("{names} and {rest} more", names=", ".join(named), rest=rest) if rest > 0 else ", ".join(named)


def part(some: Any, all_of_them: Any) -> str:
    """Say how many of all: 3 of 9."""
    return say("{part} of {all}", part=some, all=all_of_them)

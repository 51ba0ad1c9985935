"""Do the same with several things, some at the same time: for work that waits for the database most of its time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = 2
"""Pieces of work that run at the same time."""


def each(work: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """Return what `work` gives for each item, in their order; the language spoken is that of the caller.

    Raises:
        Exception: the first that `work` raised, in the order of the items.
    """
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(lambda call: call[0].run(work, call[1]), [(copy_context(), item) for item in items]))

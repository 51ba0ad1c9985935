"""Much work of one kind in a pool of processes: what fails, or kills its process, fails alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

from tasks.errors import UpkeepError

PER_PROCESS = 50
"""Pieces of work that a process does before it gives back what libraries kept of memory."""

T = TypeVar("T")


class ProcessDiedError(UpkeepError):
    """A piece of work killed the process that did it."""


async def each(
    work: Callable[..., T], arguments: Sequence[tuple[Any, ...]]
) -> AsyncIterator[tuple[int, T | Exception]]:
    """Do `work` with each of `arguments` in a process for each core; yield (its place, what came of it) as they end.

    A process that dies takes the whole pool with it, and nobody knows which piece it was: each that was lost is done
    again in a process of its own.
    """
    lost = []
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), max_tasks_per_child=PER_PROCESS) as pool:
        pending = [asyncio.ensure_future(_one(pool, work, place, own)) for place, own in enumerate(arguments)]
        for done in asyncio.as_completed(pending):
            place, result = await done
            if isinstance(result, BrokenExecutor):
                lost.append(place)
            else:
                yield place, result
    for place in sorted(lost):
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            _, result = await _one(pool, work, place, arguments[place])
        if isinstance(result, BrokenExecutor):
            result = ProcessDiedError("The process that did it died, of memory perhaps; the others went on.")
        yield place, result


async def _one(
    pool: ProcessPoolExecutor, work: Callable[..., T], place: int, arguments: tuple[Any, ...]
) -> tuple[int, T | Exception]:
    try:
        return place, await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)
    except Exception as error:  # noqa: BLE001 - it is what is returned
        return place, error

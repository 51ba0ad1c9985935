"""What fails in a pool of processes, or kills its process, fails alone."""

from __future__ import annotations

import asyncio
import os

import pytest

from tasks.pool import ProcessDiedError, each


def work(number: int) -> int:
    if number == 3:
        os._exit(1)
    if number == 5:
        raise ValueError("five")
    return number * number


@pytest.mark.slow
def test_a_piece_that_kills_its_process_and_one_that_fails_leave_the_others_alone() -> None:
    async def run() -> dict[int, object]:
        return {place: result async for place, result in each(work, [(number,) for number in range(8)])}

    results = asyncio.run(run())
    assert isinstance(results.pop(3), ProcessDiedError)
    assert isinstance(results.pop(5), ValueError)
    assert results == {number: number * number for number in (0, 1, 2, 4, 6, 7)}

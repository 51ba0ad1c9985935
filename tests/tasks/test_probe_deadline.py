"""The deadlines of checks, against what `asyncio.timeout` promises."""

from __future__ import annotations

import asyncio

import pytest

from tasks.probe_deadline import Deadline


async def _held(seconds: float, work_seconds: float) -> str:
    try:
        with Deadline(seconds):
            await asyncio.sleep(work_seconds)
    except TimeoutError:
        return "late"
    return "done"


def test_each_deadline_strikes_for_itself() -> None:
    async def run() -> float:
        start = asyncio.get_running_loop().time()
        assert await asyncio.gather(_held(1, 0.01), _held(1, 10), _held(1.2, 10)) == ["done", "late", "late"]  # type: ignore[comparison-overlap]
        return asyncio.get_running_loop().time() - start

    assert 1.19 < asyncio.run(run()) < 6


def test_a_deadline_strikes_after_many_that_were_kept() -> None:
    async def run() -> list[str]:
        return [await _held(1, work) for work in (0,) * 50 + (10, 0)]

    assert asyncio.run(run()) == ["done"] * 50 + ["late", "done"]


def test_who_cancels_the_task_is_not_taken_for_a_deadline() -> None:
    async def run() -> None:
        task = asyncio.create_task(_held(10, 10))
        await asyncio.sleep(0.01)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())


def test_a_task_that_is_cancelled_as_the_deadline_strikes_ends() -> None:
    async def work() -> None:
        with Deadline(0.05):
            try:
                await asyncio.sleep(10)
            finally:
                asyncio.current_task().cancel()  # type: ignore[union-attr]

    async def run() -> None:
        await asyncio.create_task(work())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())


def test_an_outer_deadline_strikes_through_an_inner_one() -> None:
    async def run() -> None:
        async with asyncio.timeout(0.05):
            await _held(10, 10)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_an_error_inside_stays_what_it_is() -> None:
    async def run() -> None:
        with Deadline(10):
            raise KeyError

    with pytest.raises(KeyError):
        asyncio.run(run())


def test_every_loop_has_timers_of_its_own() -> None:
    assert [asyncio.run(_held(0.02, 10)) for _ in range(2)] == ["late", "late"]

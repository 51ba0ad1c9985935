"""The deadlines of checks: one timer of the loop for all that last equally long.

`asyncio.timeout` makes a timer for each, which nearly always is cancelled: a thirtieth of the CPU of a check.
"""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType


class _Line:
    """Deadlines of one loop and length, in the order in which they strike; those of checks that ended among them."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop, self.is_timed = loop, False
        self.waiting = deque[Deadline]()

    def time(self) -> None:
        """Set the timer for the first."""
        self.is_timed = True
        self.loop.call_at(self.waiting[0].at, self._strike)

    def _strike(self) -> None:
        self.is_timed, now = False, self.loop.time()
        while self.waiting and (self.waiting[0].task is None or self.waiting[0].at <= now):
            self.waiting.popleft().strike()
        if self.waiting:
            self.time()


_lines: dict[float, _Line] = {}
"""By length; those of another loop are replaced."""


class Deadline:
    """As `asyncio.timeout`: cancels what runs inside when the time is over, and raises TimeoutError then."""

    __slots__ = ("_cancelling", "_has_struck", "_line", "_seconds", "at", "task")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __enter__(self) -> None:
        task = self.task = asyncio.current_task()
        assert task is not None  # noqa: S101 - else there is nothing to cancel
        loop = task.get_loop()
        line = _lines.get(self._seconds)
        if line is None or line.loop is not loop:
            line = _lines[self._seconds] = _Line(loop)
        self._line, self._has_struck, self._cancelling = line, False, task.cancelling()
        self.at = loop.time() + self._seconds
        line.waiting.append(self)
        if not line.is_timed:
            line.time()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        task, self.task = self.task, None
        waiting = self._line.waiting
        while waiting and waiting[0].task is None:
            waiting.popleft()
        assert task is not None  # noqa: S101 - it was entered
        if self._has_struck and task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def strike(self) -> None:
        """Cancel what is still under way."""
        if self.task:
            self._has_struck = True
            self.task.cancel()

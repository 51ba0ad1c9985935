"""Name look-ups for the prober, in few threads: to hand a name to a thread costs more than /etc/hosts does.

A pool that starts a thread for each name that waits, as that of `concurrent.futures` does, starts a hundred for the
first hundred names. Here one thread takes them all while it gets on with them; more are started where it does not.
Names that are asked for in one turn of the loop are handed over together, and answers come back together.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import threading
import time
from collections import deque
from typing import TypeAlias

Address: TypeAlias = tuple[int, tuple[str, int]]
"""Address family, and IP address with port."""
Found: TypeAlias = tuple[list[Address], float]
"""Addresses in the system's order of preference, and the seconds that it took, without the wait for a thread."""

PATIENCE_SECONDS = 0.02
"""How long names wait before more threads are started."""
THREADS = 256
"""Name look-ups at once: a few dead name servers must not hold up every check."""

_Question: TypeAlias = tuple[str, int, int, asyncio.Future[Found], "_Answers"]


class Resolver:
    """Threads that ask the system's resolver. They end with the process, though a name server keeps them waiting."""

    def __init__(self) -> None:
        self._asked = deque[_Question]()
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._thread_count = self._answer_count = 0
        self._answers: _Answers | None = None

    async def look_up(self, host: str, port: int, family: int) -> Found:
        """Return what a name stands for.

        Raises:
            socket.gaierror: there is no such name, or nobody could say.
            UnicodeError: it can't be a name at all.
        """
        loop = asyncio.get_running_loop()
        answers = self._answers
        if answers is None or answers.loop is not loop:
            answers = self._answers = _Answers(loop)
        answer: asyncio.Future[Found] = loop.create_future()
        self._asked.append((host, port, family, answer, answers))
        if not answers.is_asking:
            answers.is_asking = True
            loop.call_soon(self._hand_over, answers)
        return await answer

    def _hand_over(self, answers: _Answers) -> None:
        answers.is_asking = False
        if self._asked:
            self._wakes.put(None)
        if not self._thread_count:
            self._start_thread()
        if not answers.is_growing:
            self._grow_later(answers)

    def _grow_later(self, answers: _Answers) -> None:
        answers.is_growing = True
        answers.loop.call_later(PATIENCE_SECONDS, self._grow, answers, self._answer_count)

    def _grow(self, answers: _Answers, answer_count: int) -> None:
        """Wake or start one thread for all names that wait, or one for each where no answer came meanwhile."""
        answers.is_growing, waiting = False, len(self._asked)
        if waiting:
            for _ in range(1 if self._answer_count > answer_count else waiting):
                self._wakes.put(None)
                self._start_thread()
            self._grow_later(answers)

    def _start_thread(self) -> None:
        if self._thread_count < THREADS:
            self._thread_count += 1
            threading.Thread(target=self._work, name=f"resolve-{self._thread_count}", daemon=True).start()

    def _work(self) -> None:
        while True:
            self._wakes.get()
            with contextlib.suppress(IndexError):
                while True:
                    host, port, family, answer, answers = self._asked.popleft()
                    found: Found | Exception
                    try:
                        found = _look_up(host, port, family)
                    except Exception as error:  # noqa: BLE001 - it is raised where the answer is awaited
                        found = error
                    self._answer_count += 1
                    answers.add(answer, found)


class _Answers:
    """What threads found for the checks of one loop, which takes it at its next turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.is_asking = self.is_growing = self._is_told = False
        self._found = deque[tuple[asyncio.Future[Found], Found | Exception]]()

    def add(self, answer: asyncio.Future[Found], found: Found | Exception) -> None:
        """Called by a thread."""
        self._found.append((answer, found))
        if not self._is_told:
            self._is_told = True
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                self.loop.call_soon_threadsafe(self._settle)

    def _settle(self) -> None:
        self._is_told = False  # before it looks: what is added from now on tells anew
        while self._found:
            answer, found = self._found.popleft()
            if answer.done():
                continue
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)


def _look_up(host: str, port: int, family: int) -> Found:
    start = time.perf_counter()
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    took = time.perf_counter() - start
    return [(kind, (str(address[0]), int(address[1]))) for kind, _, _, _, address in found], took

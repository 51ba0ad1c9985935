"""Name look-ups for the prober, in few threads: to hand a name to a thread costs more than /etc/hosts does.

A pool that starts a thread for each name that waits, as that of `concurrent.futures` does, starts a hundred for the
first hundred names. Here one thread takes them all while it gets on with them; more are started where it does not.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeAlias

Address: TypeAlias = tuple[int, tuple[str, int]]
"""Address family, and IP address with port."""
Found: TypeAlias = tuple[list[Address], float]
"""Addresses in the system's order of preference, and the seconds that it took, without the wait for a thread."""

PATIENCE_SECONDS = 0.02
"""How long names wait before more threads are started."""
THREADS = 256
"""Name look-ups at once: a few dead name servers must not hold up every check."""


class Resolver:
    """Threads that ask the system's resolver. They end with the process, though a name server keeps them waiting."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[Callable[[], Found], asyncio.Future[Found]]] = queue.SimpleQueue()
        self._thread_count = self._answer_count = 0
        self._growing: asyncio.AbstractEventLoop | None = None

    async def look_up(self, host: str, port: int, family: int) -> Found:
        """Return what a name stands for.

        Raises:
            socket.gaierror: there is no such name, or nobody could say.
            UnicodeError: it can't be a name at all.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Found] = loop.create_future()
        self._asked.put((functools.partial(_look_up, host, port, family), answer))
        if not self._thread_count:
            self._start_thread()
        if self._growing is not loop:
            self._grow_later(loop)
        return await answer

    def _grow_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._growing = loop
        loop.call_later(PATIENCE_SECONDS, self._grow, loop, self._answer_count)

    def _grow(self, loop: asyncio.AbstractEventLoop, answer_count: int) -> None:
        """Start one thread for all names that wait, or one for each where no answer came meanwhile."""
        self._growing, waiting = None, self._asked.qsize()
        if waiting:
            for _ in range(1 if self._answer_count > answer_count else waiting):
                self._start_thread()
            self._grow_later(loop)

    def _start_thread(self) -> None:
        if self._thread_count < THREADS:
            self._thread_count += 1
            threading.Thread(target=self._work, name=f"resolve-{self._thread_count}", daemon=True).start()

    def _work(self) -> None:
        while True:
            ask, answer = self._asked.get()
            try:
                tell = functools.partial(_settle, answer, answer.set_result, ask())
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is awaited
                tell = functools.partial(_settle, answer, answer.set_exception, error)
            self._answer_count += 1
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                answer.get_loop().call_soon_threadsafe(tell)


def _look_up(host: str, port: int, family: int) -> Found:
    start = time.perf_counter()
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    took = time.perf_counter() - start
    return [(kind, (str(address[0]), int(address[1]))) for kind, _, _, _, address in found], took


def _settle(answer: asyncio.Future[Found], how: Callable[..., None], what: object) -> None:
    if not answer.done():
        how(what)

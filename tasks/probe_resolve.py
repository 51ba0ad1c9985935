"""Name look-ups for the prober, in few threads: each hand-over to a thread costs more than what /etc/hosts answers.

A pool that starts a thread for every name that waits, as that of `concurrent.futures` does, starts a hundred for the
first hundred names. Here one thread takes them all, until a name has been kept waiting: then it gets one more.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import socket
import threading
from collections.abc import Callable
from typing import TypeAlias

Address: TypeAlias = tuple[int, tuple[str, int]]
"""Address family, and IP address with port."""

PATIENCE_SECONDS = 0.02
"""How long a name waits for a thread before one more is started."""
THREADS = 256
"""Name look-ups at once: a few dead name servers must not hold up every check."""


class Resolver:
    """Threads that ask the system's resolver. They end with the process, though a name server keeps them waiting."""

    def __init__(self) -> None:
        self._asked: queue.SimpleQueue[tuple[Callable[[], list[Address]], asyncio.Future[list[Address]]]]
        self._asked, self._count = queue.SimpleQueue(), 0

    async def addresses(self, host: str, port: int, family: int) -> list[Address]:
        """Return the addresses of a name in the system's order of preference.

        Raises:
            socket.gaierror: there is none, or nobody could say.
            UnicodeError: it can't be a name at all.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[list[Address]] = loop.create_future()
        self._asked.put((functools.partial(_look_up, host, port, family), answer))
        if not self._count:
            self._grow()
        return await answer

    def _grow(self) -> None:
        if self._asked.qsize() and self._count < THREADS:
            self._count += 1
            threading.Thread(target=self._work, name=f"resolve-{self._count}", daemon=True).start()

    def _work(self) -> None:
        while True:
            ask, answer = self._asked.get()
            try:
                found = ask()
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is awaited
                tell = functools.partial(_settle, answer, answer.set_exception, error)
            else:
                tell = functools.partial(_settle, answer, answer.set_result, found)
            with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
                answer.get_loop().call_soon_threadsafe(tell)


def _look_up(host: str, port: int, family: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
    return [(kind, (str(address[0]), int(address[1]))) for kind, _, _, _, address in found]


def _settle(answer: asyncio.Future[list[Address]], how: Callable[..., None], what: object) -> None:
    if not answer.done():
        how(what)

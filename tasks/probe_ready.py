"""When sockets of checks are ready: one selector below that of asyncio, whose events wake the waiting task themselves.

asyncio registers a socket anew for each wait, and wakes its task over a future and one more turn of the loop. That is
fine for connections that last, but a check waits three times and is gone.
"""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Callable, Generator
from contextvars import Context
from weakref import WeakKeyDictionary

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

_selectors: WeakKeyDictionary[asyncio.AbstractEventLoop, selectors.BaseSelector] = WeakKeyDictionary()


def selector_of(loop: asyncio.AbstractEventLoop) -> selectors.BaseSelector:
    """Return the selector that a loop looks at; the data of what is registered is called at each event."""
    if found := _selectors.get(loop):
        return found
    made = selectors.DefaultSelector()

    def turn() -> None:
        for key, _ in made.select(0):
            key.data()

    loop.add_reader(made.fileno(), turn)
    _selectors[loop] = made
    return made


class Ready:
    """A socket that one task waits for, again and again: `await ready.to(READ)`.

    It is as much of a future as a task asks of what it awaits (`asyncio.isfuture`), but wakes the task at once.
    """

    _asyncio_future_blocking = False

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._loop = sock, asyncio.get_running_loop()
        self._selector, self._events = selector_of(self._loop), 0
        self._waiting: tuple[Callable[[Ready], object], Context] | None = None
        self._is_cancelled = False

    def to(self, events: int) -> Ready:
        """Return what is awaited until the socket can be read, or written."""
        if not self._events:
            self._selector.register(self._sock, events, self._wake)
        elif events != self._events:
            self._selector.modify(self._sock, events, self._wake)
        self._events = events
        return self

    def end(self) -> None:
        """Forget the socket, before it is closed."""
        if self._events:
            self._selector.unregister(self._sock)
            self._events = 0

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting:
            wakeup, context = waiting
            context.run(wakeup, self)
        else:
            self.end()  # nobody waits: until then it would be ready at every turn

    def __await__(self) -> Generator[Ready, None, None]:
        self._asyncio_future_blocking = True
        yield self

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop of the task that waits."""
        return self._loop

    def add_done_callback(self, wakeup: Callable[[Ready], object], *, context: Context) -> None:
        """Keep how the task is woken."""
        self._waiting = wakeup, context

    def cancel(self, msg: object = None) -> bool:
        """Wake the task, for which `result` raises then."""
        waiting, self._waiting = self._waiting, None
        if not waiting:
            return False
        self._is_cancelled = True
        wakeup, context = waiting
        self._loop.call_soon(wakeup, self, context=context)
        return True

    def result(self) -> None:
        """Return nothing; raises CancelledError once it is cancelled."""
        if self._is_cancelled:
            self._is_cancelled = False
            raise asyncio.CancelledError

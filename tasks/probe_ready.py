"""When sockets of checks are ready: one selector below that of asyncio, whose events wake the waiting task themselves.

asyncio registers a socket anew for each wait, and wakes its task over a future and one more turn of the loop. That is
fine for connections that last, but a check waits three times and is gone. Here a socket is registered once, from its
connect to its end.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import socket
from collections.abc import Callable, Generator
from contextvars import Context
from weakref import WeakKeyDictionary

READ, WRITE = 1, 4
"""The numbers of epoll."""
PIECE_BYTES = 32 << 10
"""Two records of TLS, the most that is read at once."""
TURN_EVENTS = 256


class Poll:
    """What epoll does, where there is none; Python's selectors themselves cost a fiftieth of a check more."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self.fileno, self.unregister = self._selector.fileno, self._selector.unregister

    def register(self, fd: int, events: int) -> None:
        """Tell of a socket from now on."""
        self._selector.register(fd, selectors.EVENT_READ if events == READ else selectors.EVENT_WRITE)

    def modify(self, fd: int, events: int) -> None:
        """Tell of other events of it."""
        self._selector.modify(fd, selectors.EVENT_READ if events == READ else selectors.EVENT_WRITE)

    def poll(self, timeout: float, _count: int) -> list[tuple[int, int]]:
        """Return the sockets that are ready, with their events."""
        return [(key.fd, events) for key, events in self._selector.select(timeout)]


class _Watch:
    """The sockets of the checks of one loop, and room for what they read, each at its turn."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.poll = select.epoll() if hasattr(select, "epoll") else Poll()
        self.sockets: dict[int, Ready] = {}
        self.room = memoryview(bytearray(PIECE_BYTES))
        loop.add_reader(self.poll.fileno(), self._turn)

    def _turn(self) -> None:
        # Looked up before any is woken: it may close its socket, and the next one may get its number.
        for ready in [self.sockets[fd] for fd, _ in self.poll.poll(0, TURN_EVENTS)]:
            ready.wake()


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, _Watch] = WeakKeyDictionary()


class Ready:
    """A socket that one task waits for, again and again: `await ready.to(READ)`.

    It is as much of a future as a task asks of what it awaits (`asyncio.isfuture`), but wakes the task at once.
    `room` is for what is read, and anybody's again at the next await.
    """

    _asyncio_future_blocking = False

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self._loop = sock, asyncio.get_running_loop()
        watch = _watches.get(self._loop)
        if watch is None:
            watch = _watches[self._loop] = _Watch(self._loop)
        self.room, self._watch, self._fd, self._events = watch.room, watch, sock.fileno(), 0
        self._waiting: tuple[Callable[[Ready], object], Context] | None = None
        self._is_cancelled = False

    def to(self, events: int) -> Ready:
        """Return what is awaited until the socket can be read, or written."""
        if events != self._events:
            if self._events:
                self._watch.poll.modify(self._fd, events)
            else:
                self._watch.poll.register(self._fd, events)
                self._watch.sockets[self._fd] = self
            self._events = events
        return self

    def end(self) -> None:
        """Forget the socket, before it is closed."""
        self._waiting = None
        if self._events:
            self._watch.poll.unregister(self._fd)
            del self._watch.sockets[self._fd]
            self._events = 0

    def close(self) -> None:
        """Close the socket."""
        self.end()
        self.sock.close()

    def wake(self) -> None:
        """Go on with the task that waits."""
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

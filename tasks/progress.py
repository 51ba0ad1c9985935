"""Tell whoever watches how far the work is, without the work knowing who that is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

Listener = Callable[[str, int, int], None]
"""Called with (what, done, total)."""

_listener: ContextVar[Listener | None] = ContextVar("progress_listener", default=None)


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the progress of the block to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def report(what: str, done: int, total: int) -> None:
    """Say how far `what` is; nobody may be listening."""
    listener = _listener.get()
    if listener:
        listener(what, done, total)

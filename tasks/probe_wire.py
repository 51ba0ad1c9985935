"""A connected socket of one check, plain or TLS, on the loop of asyncio.

asyncio's own TLS gives each connection buffers of a quarter of a megabyte and a protocol with timers, for traffic that
lasts. A check sends one request and reads one answer: OpenSSL between two buffers, and few system calls, cost less.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar

from tasks.probe_connect import ProbeFailureError

PIECE_BYTES = 64 << 10
_T = TypeVar("_T")


class Wire:
    """Reads and writes a non-blocking socket, which it owns from now on. Times are the caller's deadline."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock, self._loop = sock, asyncio.get_running_loop()
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._arrival = _Arrival(self._loop, sock.fileno())

    async def start_tls(self, context: ssl.SSLContext, host: str) -> ssl.SSLObject:
        """Shake hands and return what knows the peer. The last of it is sent with the first that is written.

        Raises:
            ssl.SSLError: the handshake failed; SSLCertVerificationError where the certificate was refused.
            OSError: the connection was lost.
            ValueError: the host can't be asked for.
        """
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        await self._speak(self._tls.do_handshake)
        return self._tls

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls:
            self._tls.write(data)
            data = self._outgoing.read()
        await self._send(data)

    async def read(self) -> bytes:
        """Return what there is, at most PIECE_BYTES; nothing at the end.

        Raises:
            ProbeFailureError: tls, as where a server asks for a certificate of ours.
        """
        if self._tls is None:
            return await self._receive()
        try:
            return await self._speak(self._tls.read, PIECE_BYTES)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError as error:
            raise ProbeFailureError("tls", error.reason or error) from None

    def close(self) -> None:
        """Close at once, whatever is under way."""
        self._arrival.end()
        self._sock.close()

    async def _speak(self, call: Callable[..., _T], *arguments: int) -> _T:
        """Call into OpenSSL until it needs no more of the other side."""
        while True:
            try:
                return call(*arguments)
            except ssl.SSLWantReadError:
                if self._outgoing.pending:
                    await self._send(self._outgoing.read())
                if data := await self._receive():
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()

    async def _send(self, data: bytes) -> None:
        while data:
            try:
                data = data[self._sock.send(data) :]
            except BlockingIOError:
                await self._writable()

    async def _receive(self) -> bytes:
        while True:
            # What was asked has just been sent: its answer is hardly ever there yet.
            await self._arrival
            try:
                return self._sock.recv(PIECE_BYTES)
            except BlockingIOError:
                continue

    async def _writable(self) -> None:
        ready, number = self._loop.create_future(), self._sock.fileno()
        self._loop.add_writer(number, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            self._loop.remove_writer(number)


class _Arrival:
    """Something to read on a socket: awaited again and again, it wakes the task that waits at once, and no other way.

    A future of asyncio does it once, over a turn of the loop, for five times the CPU. This is as much of the protocol
    of futures (`asyncio.isfuture`) as a task asks for.
    """

    _asyncio_future_blocking = False

    def __init__(self, loop, number: int) -> None:
        self._loop, self._number, self._wakeup, self._context = loop, number, None, None
        self._is_cancelled = False
        self._is_watched = True
        loop.add_reader(number, self._arrived)

    def get_loop(self):
        return self._loop

    def end(self):
        if self._is_watched:
            self._loop.remove_reader(self._number)
            self._is_watched = False

    def _arrived(self):
        wakeup = self._wakeup
        if wakeup is None:
            self.end()
            return
        self._wakeup = None
        self._context.run(wakeup, self)

    def __await__(self):
        if not self._is_watched:
            self._loop.add_reader(self._number, self._arrived)
            self._is_watched = True
        self._asyncio_future_blocking = True
        yield self

    def add_done_callback(self, wakeup, *, context):
        self._wakeup, self._context = wakeup, context

    def cancel(self, msg=None):
        self._is_cancelled = True
        wakeup, self._wakeup = self._wakeup, None
        self._loop.call_soon(wakeup, self, context=self._context)
        return True

    def result(self):
        if self._is_cancelled:
            raise asyncio.CancelledError

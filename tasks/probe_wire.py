"""A connected socket of one check, plain or TLS, on the loop of asyncio.

asyncio's own TLS gives each connection buffers of a quarter of a megabyte and a protocol with timers, for traffic that
lasts. A check sends one request and reads one answer: OpenSSL between two buffers, and few system calls, cost less.
"""

from __future__ import annotations

import ssl

from tasks.probe_connect import ProbeFailureError
from tasks.probe_ready import PIECE_BYTES, READ, WRITE, Ready


class Wire:
    """Reads and writes a non-blocking socket, which it owns from now on. Times are the caller's deadline."""

    def __init__(self, ready: Ready) -> None:
        self._ready, self._sock, self._room = ready, ready.sock, ready.room
        self._tls: ssl.SSLObject | None = None

    async def start_tls(self, context: ssl.SSLContext, host: str) -> ssl.SSLObject:
        """Shake hands and return what knows the peer. The last of it is sent with the first that is written.

        Raises:
            ssl.SSLError: the handshake failed; SSLCertVerificationError where the certificate was refused.
            OSError: the connection was lost.
            ValueError: the host can't be asked for.
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        name = host.encode() if host.isascii() else host  # else ssl looks for other letters, as the look-up has done
        tls = self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        while True:
            try:
                tls.do_handshake()
                return tls
            except ssl.SSLWantReadError:
                await self._fill()

    async def write(self, data: bytes) -> None:
        """Send all of it."""
        if self._tls:
            self._tls.write(data)
            data = self._outgoing.read()
        while data := self._sent(data):
            await self._ready.to(WRITE)

    async def read(self) -> bytes:
        """Return what there is, at most PIECE_BYTES; nothing at the end.

        Raises:
            ProbeFailureError: tls, as where a server asks for a certificate of ours.
        """
        if self._tls is None:
            return bytes(self._room[: await self._receive()])
        try:
            while True:
                if not (self._incoming.pending or self._tls.pending()):
                    await self._fill()  # to ask OpenSSL in vain costs an exception
                try:
                    count: int = self._tls.read(PIECE_BYTES, self._room)  # type: ignore[assignment]
                    return bytes(self._room[:count])
                except ssl.SSLWantReadError:
                    await self._fill()
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""
        except ssl.SSLError as error:
            raise ProbeFailureError("tls", error.reason or error) from None

    def close(self) -> None:
        """Close at once, whatever is under way."""
        self._ready.close()

    async def _fill(self) -> None:
        """Let the other side have what OpenSSL says to it, and OpenSSL its answer."""
        data = self._outgoing.read()
        while data and (data := self._sent(data)):
            await self._ready.to(WRITE)
        if count := await self._receive():
            self._incoming.write(self._room[:count])
        else:
            self._incoming.write_eof()

    def _sent(self, data: bytes) -> bytes:
        """Send what there is room for, and return the rest."""
        try:
            return data[self._sock.send(data) :]
        except BlockingIOError:
            return data

    async def _receive(self) -> int:
        """Return how many bytes stand in the room now; 0 at the end."""
        while True:
            # What was asked has just been sent: its answer is hardly ever there yet.
            await self._ready.to(READ)
            try:
                return self._sock.recv_into(self._room)
            except BlockingIOError:
                continue

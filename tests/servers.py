"""Real local servers for tests: HTTP and TLS, well-behaved or not, with certificates of a small CA."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import dns.message
import dns.rrset
import trustme

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    port: int
    accepts: int = 0

    def url(self, scheme: str = "http", host: str = "127.0.0.1", path: str = "/") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@contextlib.asynccontextmanager
async def serving(
    handler: Handler, context: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
) -> AsyncIterator[Server]:
    """Serve `handler` on a free port of loopback; accepted connections are counted."""
    server = Server(0)

    async def counted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.accepts += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)
                await writer.drain()
                writer.write_eof() if writer.can_write_eof() else None
        finally:
            writer.close()

    listener = await asyncio.start_server(counted, host, 0, ssl=context)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0.01)  # let aborted transports close


class HttpServer(ThreadingHTTPServer):
    """A server of a thread for each connection, that a busy machine does not trip."""

    daemon_threads = True
    request_queue_size = 128  # with 5, what a busy machine does not accept at once comes a second later

    def handle_error(self, request: object, client_address: object) -> None:
        """Print no traceback of a client that went away: it would stand in what another test reads."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextlib.contextmanager
def http_server(handler: type[BaseHTTPRequestHandler], *, host: str = "127.0.0.1") -> Iterator[HttpServer]:
    """Serve `handler` on a free port in a thread of its own, which ends also where the test fails."""
    with HttpServer((host, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def answering(raw: bytes, *, delay: float = 0) -> Handler:
    """Read a request, wait, send exactly these bytes, close."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(delay)
        writer.write(raw)
        await writer.drain()

    return handle


def ok(body: bytes = b"hello", status: str = "200 OK") -> Handler:
    return answering(
        b"HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status.encode(), len(body), body)
    )


def addresses(*hosts: str) -> Callable[..., list]:
    """Return a `getaddrinfo` that gives these IPv4 addresses for any name."""

    def getaddrinfo(_host: str, port: int, **_more: object) -> list:
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port)) for host in hosts]

    return getaddrinfo


@contextlib.contextmanager
def silent_port(host: str, port: int) -> Iterator[int]:
    """Hold a port that answers no SYN, because its queue of connections is full, and yield its number."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, port))
        listener.listen(0)
        for _ in range(4):
            queued = stack.enter_context(socket.socket())
            queued.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                queued.connect(listener.getsockname())
        yield listener.getsockname()[1]


@dataclass(frozen=True)
class Authority:
    """A CA for tests; `ca_file` is what a prober trusts."""

    ca: trustme.CA
    ca_file: str

    def context(self, host: str = "localhost", *, expires: datetime | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(host, not_after=expires or datetime.now(UTC) + timedelta(days=71)).configure_cert(context)
        return context


def authority(folder: Path) -> Authority:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(folder / "ca.pem"))
    return Authority(ca, str(folder / "ca.pem"))


@contextlib.asynccontextmanager
async def name_server(records: dict[str, list[str]]) -> AsyncIterator[int]:
    """Answer from a table of `name TYPE` to records; no key is NXDOMAIN, no records is an empty answer."""

    class Server(asyncio.DatagramProtocol):
        def connection_made(self, transport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, address) -> None:
            query = dns.message.from_wire(data)
            reply, question = dns.message.make_response(query), query.question[0]
            kind = question.to_text().split()[-1]
            found = records.get(f"{question.name} {kind}")
            if found is None:
                reply.set_rcode(3)
            elif found:
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *found))
            self.transport.sendto(reply.to_wire(), address)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Server, local_addr=("127.0.0.1", 0))
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
        await asyncio.sleep(0)

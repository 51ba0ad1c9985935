"""The gate through which a journey reaches the network: it looks names up, refuses private addresses, connects.

A browser asked by a hostile page would fetch anything that this machine can reach. Chromium gets the gate as its SOCKS
proxy (RFC 1928), so that each connection, of a redirect, a script or a WebSocket too, goes to an address that was
looked at, and to no other. Private is what is not global (RFC 6890).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import struct
from collections.abc import AsyncIterator, Collection
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from tasks.journey_run import StepError
from tasks.probe import CAUSES
from tasks.probe_connect import ProbeFailureError, connect, resolve

if TYPE_CHECKING:
    import httpx

_OURS = ("vantage", "prober", "configuration", "unreachable")
_PIECE = 64 << 10


async def refused_host(url: str, private_hosts: Collection[str]) -> None:
    """Raise StepError where an address must not or can't be asked; its name is looked up for that."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise StepError("no_answer", "the address is none") from None
    if parts.scheme not in ("http", "https") or not host:
        raise StepError("no_answer", "the address is neither http nor https")
    await _addresses(host, port, private_hosts)


@contextlib.asynccontextmanager
async def followed(
    client: httpx.AsyncClient, url: str, private_hosts: Collection[str], hops: int
) -> AsyncIterator[tuple[str, httpx.Response]]:
    """Ask, following redirects by hand so that each address is looked at first; yield the last one and its answer.

    Raises:
        StepError: an address must not or can't be asked, or there are more than `hops` redirects.
        httpx.HTTPError: there is no answer.
    """
    for _ in range(hops + 1):
        await refused_host(url, private_hosts)
        async with client.stream("GET", url) as answer:
            if not (answer.is_redirect and answer.headers.get("location")):
                yield url, answer
                return
            url = urljoin(url, answer.headers["location"])
    raise StepError("no_answer", f"the address redirects more than {hops} times")


async def _addresses(host: str, port: int, private_hosts: Collection[str]) -> list[Any]:
    try:
        addresses = await resolve(host, port)
    except ProbeFailureError as error:
        raise step_error(error.cause) from None
    except (OSError, UnicodeError) as error:
        raise StepError("no_answer", f"the name can't be looked up: {error}") from None
    if host not in private_hosts and not all(is_global(address[1][0]) for address in addresses):
        raise StepError("address_refused", f"{host} is at a private address; add it to private_hosts if that is meant")
    return addresses


def is_global(address: str) -> bool:
    """Say whether an address is one of the public Internet."""
    ip = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    return (mapped or ip).is_global and not ip.is_multicast


def step_error(cause: str) -> StepError:
    """Return what a failure to connect means for a step."""
    return StepError("own_network" if cause in _OURS else "no_answer", CAUSES[cause])


class Gate:
    """A SOCKS proxy on loopback. `failures` holds the last failure by host."""

    def __init__(self, private_hosts: Collection[str]) -> None:
        """Serve nothing yet."""
        self.failures: dict[str, StepError] = {}
        self.port = 0
        self._private_hosts = private_hosts
        self._tasks: set[asyncio.Task[None]] = set()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Gate]:
        """Serve on a free port until the end of the block."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a coroutine runs in a task
        self._tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, TimeoutError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(10):
            host, port = await _greeted(reader, writer)
        try:
            async with asyncio.timeout(15):
                sock, _ = await connect(await _addresses(host, port, self._private_hosts))
        except (StepError, ProbeFailureError, TimeoutError) as error:
            if isinstance(error, StepError):
                failure = error
            else:
                failure = step_error(error.cause if isinstance(error, ProbeFailureError) else "connect_timeout")
            self._keep(host, failure)
            writer.write(_reply(2 if failure.cause == "address_refused" else 4))
            await writer.drain()
            return
        self.failures.pop(host, None)
        far_reader, far_writer = await asyncio.open_connection(sock=sock)
        try:
            writer.write(_reply(0))
            await _both_ways(reader, writer, far_reader, far_writer)
        finally:
            far_writer.close()

    def _keep(self, host: str, failure: StepError) -> None:
        if len(self.failures) < 1000:
            self.failures[host] = failure


async def _greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int]:
    """Speak the start of SOCKS 5 and return the host and port that are asked for."""
    _, count = await reader.readexactly(2)
    await reader.readexactly(count)
    writer.write(b"\x05\x00")
    *_, kind = await reader.readexactly(4)
    if kind == 3:
        host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii", "replace")
    else:
        host = str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))
    (port,) = struct.unpack(">H", await reader.readexactly(2))
    return host, port


def _reply(code: int) -> bytes:
    return bytes([5, code, 0, 1, 0, 0, 0, 0, 0, 0])


async def _both_ways(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    far_reader: asyncio.StreamReader,
    far_writer: asyncio.StreamWriter,
) -> None:
    async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(_PIECE):
                target.write(piece)
                await target.drain()
            if target.can_write_eof():
                target.write_eof()

    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))

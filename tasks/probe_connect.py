"""The way to a server, for the prober: name look-up, TCP connect and trusted authorities, each failure with its cause.

The causes are words of `tasks.probe_result.CAUSES`.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import errno
import functools
import ipaddress
import os
import socket
import ssl
from collections import deque
from collections.abc import Collection, Sequence

from tasks.probe_ready import WRITE, Ready
from tasks.probe_resolve import Address, Found, Resolver

STAGGER_SECONDS = 0.25
"""Head start of an address before the next one is tried beside it: RFC 8305, section 5."""

_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
# EPERM and EACCES are what our own packet filter answers; the others mean that we have no way out (of this family).
_NO_WAY_OUT = {
    errno.ENETUNREACH,
    errno.ENETDOWN,
    errno.EADDRNOTAVAIL,
    errno.EAFNOSUPPORT,
    errno.EPERM,
    errno.EACCES,
}
_FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
_NO_SUCH_NAME = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME), socket.EAI_ADDRFAMILY}
_RESOLVER = Resolver()
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_MOST_TELLING = ("prober", "refused", "connect_timeout", "reset", "unreachable", "vantage")


class ProbeFailureError(Exception):
    """The check can't go on. `cause` is one of `tasks.probe_result.CAUSES`; the text is a detail, often empty."""

    def __init__(self, cause: str, detail: object = "") -> None:
        super().__init__(str(detail))
        self.cause = cause


async def resolve(host: str, port: int, ip_version: int | None = None) -> list[Address]:
    """Return the addresses of a host, as `look_up` does."""
    return (await look_up(host, port, ip_version))[0]


async def look_up(host: str, port: int, ip_version: int | None = None) -> Found:
    """Return the addresses of a host in the system's order of preference, and the seconds that the look-up took.

    An IP address is its own. With `ip_version` 4 or 6 only such addresses count.

    Raises:
        ProbeFailureError: dns where there is no such name, vantage where nobody could say, configuration where it
            can't be a name at all.
    """
    if version := _version(host):
        if ip_version not in (None, version):
            raise ProbeFailureError("configuration", f"{host} is no address of IP version {ip_version}")
        return [(_FAMILY[version], (host, port))], 0.0
    try:
        return await _RESOLVER.look_up(host, port, _FAMILY[ip_version] if ip_version else socket.AF_UNSPEC)
    except UnicodeError:
        raise ProbeFailureError("configuration", f"{host!r} can not be the name of a host") from None
    except socket.gaierror as error:
        is_known_missing = error.errno in _NO_SUCH_NAME
        raise ProbeFailureError("dns" if is_known_missing else "vantage", error.strerror) from None


async def connect(addresses: Sequence[Address]) -> tuple[socket.socket, Address]:
    """Return a socket that does not block, as `reach_one` does."""
    ready, address = await reach_one(addresses)
    ready.end()
    return ready.sock, address


async def reach_one(addresses: Sequence[Address]) -> tuple[Ready, Address]:
    """Connect to the first address that answers.

    The addresses are raced as a browser does, so that one that is silent does not hide one that works. Where none
    works, the failure that says most of the site counts: a refused IPv4 address is an outage, though the IPv6 one
    beside it can't be reached from here.

    Raises:
        ProbeFailureError: none could be connected to.
    """
    waiting = deque(addresses)
    racing: dict[Ready, Address] = {}
    problems: list[OSError] = []
    try:
        while waiting or racing:
            if waiting:
                address = waiting.popleft()
                try:
                    racing[_started(address)] = address
                except OSError as error:
                    problems.append(error)
                    continue
            for ready in await _decided(racing, STAGGER_SECONDS if waiting else None):
                address = racing.pop(ready)
                if not (number := ready.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                    return ready, address
                problems.append(OSError(number, os.strerror(number)))
                ready.close()
    finally:
        for ready in racing:
            ready.close()
    causes = {cause_of(error): error for error in problems}
    cause = min(causes, key=_MOST_TELLING.index)
    raise ProbeFailureError(cause, causes[cause].strerror or "")


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet, also where it stands inside an IPv6 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        found = inner or found
    return found.is_global and not found.is_multicast


def cause_of(error: OSError) -> str:
    """Return the cause of what the system said of a connection."""
    if error.errno in _OURS:
        return "prober"
    if error.errno in _NO_WAY_OUT:
        return "vantage"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, TimeoutError):
        return "connect_timeout"
    return "unreachable" if error.errno in (errno.EHOSTUNREACH, errno.EHOSTDOWN) else "reset"


@functools.cache
def verifying_context(ca_file: str | None) -> ssl.SSLContext:
    """Return the shared context that trusts the system's authorities, or those of `ca_file`; making one takes 30 ms.

    Raises:
        ProbeFailureError: configuration, where the file can't be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:  # ssl.SSLError is one
        raise ProbeFailureError("configuration", f"the file of authorities {ca_file} can't be used: {error}") from None


def _version(host: str) -> int | None:
    """Return the IP version of an address; None for a name, which seldom ends in a digit and never holds a colon."""
    if ":" in host or host[-1:].isdigit():
        with contextlib.suppress(ValueError):
            return ipaddress.ip_address(host).version
    return None


def _started(address: Address) -> Ready:
    """Return a socket that is being connected."""
    sock = socket.socket(address[0], socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        number = sock.connect_ex(address[1])
        if number not in (0, errno.EINPROGRESS):
            raise OSError(number, os.strerror(number))
        return Ready(sock)
    except BaseException:
        sock.close()
        raise


async def _decided(racing: Collection[Ready], seconds: float | None) -> list[Ready]:
    """Return those that are connected or refused, as soon as there is one; none when the time is over."""
    if len(racing) == 1 and not seconds:
        (only,) = racing
        await only.to(WRITE)
        return [only]
    loop = asyncio.get_running_loop()
    first = loop.create_future()
    decided: list[Ready] = []

    def decide(ready: Ready | None) -> None:
        if ready:
            decided.append(ready)
        if not first.done():
            first.set_result(None)

    context = contextvars.copy_context()
    for ready in racing:
        ready.to(WRITE).add_done_callback(decide, context=context)
    over = loop.call_later(seconds, decide, None) if seconds else None
    try:
        await first
    finally:
        if over:
            over.cancel()
    return decided

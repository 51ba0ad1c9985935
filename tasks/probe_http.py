"""One HTTP/1.1 request and its answer, for the prober: read as far as it is needed, never further."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urljoin, urlsplit

import h11

from tasks.probe_attempt import Seen
from tasks.probe_connect import ProbeFailureError
from tasks.probe_wire import Wire

HEADER_BYTES = 64 << 10
BODY_BYTES = 1 << 20
"""What is read of a body, and as much again of what it inflates to."""
CHUNKS = 5_000
"""Pieces of a body: a server that sends its megabyte in chunks of one byte would cost many seconds of CPU."""
INTERIM_ANSWERS = 20
USER_AGENT = "site-upkeep uptime check"
FOLLOWED = (301, 302, 303, 307, 308)

_SAFE = "%/:?#[]@!$&'()*+,;=-._~"
"""What stands in a request target as it is: RFC 3986, and % because the address is encoded already."""
_PLAIN = r"[\w%/:@!$&'()*+,;=.~-]*"
_USUAL = re.compile(
    r"(https?)://([a-z0-9.-]+)(?::([1-9][0-9]{0,3}|[1-5][0-9]{4}))?"
    rf"(/{_PLAIN}(?:\?{_PLAIN})?)?",
    re.ASCII,
)
"""An address that `urlsplit` would take apart the same, at six times the cost: scheme, host, port, path and query."""
_PACKED, _PLAINLY = "gzip, deflate", "identity"
_TOLD = {
    method: h11.Request(method=method, target="/", headers=[("Host", "localhost"), ("Connection", "close")])
    for method in ("GET", "HEAD")
}
"""What h11 may have to know of a plain request: to check each header that we wrote ourselves costs far more."""
_INFLATED = (b"gzip", b"x-gzip", b"deflate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is sent. `headers` take the place of our own of the same name; what is sent may be secret."""

    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address of the web, read once: `authority` is host and port as a header says them, `asked` path and query."""

    is_tls: bool
    host: str
    port: int
    authority: str
    asked: str
    is_usual: bool = field(default=False, compare=False)
    """Whether authority and path hold nothing that HTTP can't carry."""

    @property
    def origin(self) -> tuple[bool, str, int]:
        """Return scheme, host and port: what two addresses of one origin share."""
        return self.is_tls, self.host, self.port


def target_of(url: str) -> Target:
    """Read an address.

    Raises:
        ProbeFailureError: configuration, where it can't be read, or is none of the web.
    """
    if match := _USUAL.fullmatch(url):
        scheme, host, port, asked = match.groups()
        is_tls = scheme == "https"
        return Target(
            is_tls=is_tls,
            host=host,
            port=int(port) if port else 443 if is_tls else 80,
            authority=f"{host}:{port}" if port else host,
            asked=asked or "/",
            is_usual=True,
        )
    return unusual_target(url)


def unusual_target(url: str) -> Target:
    """Read an address of any kind; errors as `target_of`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ProbeFailureError("configuration", f"the address can't be read: {error}") from None
    if not host or parts.scheme not in ("http", "https"):
        raise ProbeFailureError("configuration", "the address must start with http:// or https:// and name a host")
    asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(
        is_tls=parts.scheme == "https",
        host=host,
        port=port or (443 if parts.scheme == "https" else 80),
        authority=parts.netloc.rpartition("@")[2],
        asked=quote(asked, safe=_SAFE),
    )


@dataclass(slots=True)
class Answer:
    """What came: `body` inflated, as far as it was wanted and read; `is_cut` where there was more."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes = b""
    is_cut: bool = False

    def header(self, name: bytes) -> bytes | None:
        """Return the first value of a header, by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


async def exchange(
    request: Request,
    target: Target,
    wire: Wire,
    seen: Seen,
    *,
    needs_body: bool = False,
    follows: bool = False,
    expected_status: Sequence[tuple[int, int]] = (),
) -> Answer:
    """Send the request and read the answer.

    Args:
        request: what to send.
        target: the address.
        wire: a fresh connection.
        seen: gets status and phases.
        needs_body: whether the body is kept, up to BODY_BYTES; else it is read and dropped.
        follows: whether a redirect is an answer, whatever its status; its body is not read.
        expected_status: inclusive ranges.

    Raises:
        ProbeFailureError: status, reset or protocol; configuration where the request can't be sent.
    """
    seen.phase, start = "read", time.perf_counter()
    source = _Source(wire, seen, start)
    await wire.write(request_bytes(request, target, source.connection, _PACKED if needs_body else _PLAINLY))
    try:
        answer = await source.head()
        if follows and answer.status in FOLLOWED and answer.header(b"location"):
            return answer
        if not any(low <= answer.status <= high for low, high in expected_status):
            raise ProbeFailureError("status", f"the server answered {answer.status}")
        body = _Body(answer, is_kept=needs_body)
        while type(event := source.next() or await source.event()) is h11.Data and not body.is_full(event.data):
            pass
        answer.body = body.content
        return answer
    except h11.RemoteProtocolError as error:
        raise ProbeFailureError("protocol", error) from None
    finally:
        if source.first:
            seen.took("body_ms", time.perf_counter() - source.first)


class _Source:
    """The events of one answer; `first` is when its first byte came."""

    def __init__(self, wire: Wire, seen: Seen, start: float) -> None:
        self.connection = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEADER_BYTES)
        self.wire, self.seen, self.start = wire, seen, start
        self.first = 0.0

    async def head(self) -> Answer:
        """Return status and headers; interim answers are passed over, a few of them."""
        for _ in range(INTERIM_ANSWERS):
            # Before the first byte there is no event: to ask for one costs as much as a header.
            event = (self.first and self.next()) or await self.event()
            if type(event) is h11.Response:
                self.seen.status = event.status_code
                return Answer(event.status_code, event.headers)
        raise ProbeFailureError("protocol", "the server sends interim answers without end")

    def next(self) -> object:
        """Return the next event; None where it has not come yet."""
        event = self.connection.next_event()
        return None if event is h11.NEED_DATA else event

    async def event(self) -> object:
        """Return the next event, for which it waits as long as the deadline of the check lets it."""
        while True:
            data = await self.wire.read()
            if not self.first:
                if not data:
                    raise ProbeFailureError("reset")
                self.first = time.perf_counter()
                self.seen.took("first_byte_ms", self.first - self.start)
                # h11 reads a final answer to GET as it is; for an interim one it must know that it was asked for.
                if data[9:10] in b"1" and self.connection.our_state is h11.IDLE:
                    self.connection.send(_TOLD["GET"])
            self.connection.receive_data(data)
            if event := self.next():
                return event


class _Body:
    """Takes a body piece by piece, inflates it where it is packed, and says when it is enough."""

    def __init__(self, answer: Answer, *, is_kept: bool) -> None:
        self.answer, self.is_kept = answer, is_kept
        self.raw_count = self.count = self.chunk_count = 0
        self.pieces: list[bytes] = []
        encoding = (answer.header(b"content-encoding") or b"").strip().lower() if is_kept else b""
        self.inflater = zlib.decompressobj(47) if encoding in _INFLATED else None
        if not self.inflater and encoding not in (b"", b"identity"):
            raise ProbeFailureError("protocol", f"the answer is packed as {encoding!r}, which was not asked for")

    @property
    def content(self) -> bytes:
        if self.is_kept and self.inflater and self.raw_count and not self.inflater.eof and not self.answer.is_cut:
            raise ProbeFailureError("protocol", "the packed answer is cut short")
        return b"".join(self.pieces)

    def is_full(self, data: bytes | bytearray) -> bool:
        """Take a piece and tell whether no more is to be read."""
        self.raw_count += len(data)
        self.chunk_count += 1
        if self.is_kept:
            self._keep(bytes(data))
        is_full = self.raw_count >= BODY_BYTES or self.count >= BODY_BYTES or self.chunk_count >= CHUNKS
        self.answer.is_cut = self.answer.is_cut or is_full
        return is_full

    def _keep(self, data: bytes) -> None:
        piece = data[: BODY_BYTES - self.count]
        if self.inflater:
            try:
                piece = self.inflater.decompress(data, BODY_BYTES - self.count)
            except zlib.error as error:
                if self.raw_count > len(data) or self.answer.header(b"content-encoding") != b"deflate":
                    raise ProbeFailureError("protocol", f"the packed answer is damaged: {error}") from None
                self.inflater = zlib.decompressobj(-15)  # deflate without the zlib frame, as old servers send it
                piece = self._inflate_bare(data)
        self.pieces.append(piece)
        self.count += len(piece)

    def _inflate_bare(self, data: bytes) -> bytes:
        assert self.inflater is not None  # noqa: S101 - set by the caller
        try:
            return self.inflater.decompress(data, BODY_BYTES)
        except zlib.error as error:
            raise ProbeFailureError("protocol", f"the packed answer is damaged: {error}") from None


def next_address(answer: Answer, url: str) -> str:
    """Return where a redirect leads, without user, password and fragment.

    Raises:
        ProbeFailureError: redirect, where that is no address of the web.
    """
    location = (answer.header(b"location") or b"").decode("utf-8", "replace")
    try:
        parts = urlsplit(urljoin(url, location))
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it is not http:// or https://")
        _ = parts.port
        return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    except ValueError as error:
        raise ProbeFailureError("redirect", f"it leads to {location[:100]!r}: {error}") from None


def request_bytes(request: Request, target: Target, connection: h11.Connection, encoding: str) -> bytes:
    """Return the bytes of the request, as a browser writes what HTTP can't carry. Of a plain GET h11 is not told."""
    host = target.authority
    if target.is_usual and not request.headers and not request.body and request.method in _TOLD:
        if request.method == "HEAD":  # whose answer has no body, whatever it says
            connection.send(_TOLD["HEAD"])
        return (
            f"{request.method} {target.asked} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\n"
            f"Accept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
        ).encode("ascii")
    try:
        headers: dict[str, tuple[bytes, bytes]] = {
            "host": (b"Host", host.encode() if host.isascii() else host.encode("idna")),
            "user-agent": (b"User-Agent", USER_AGENT.encode()),
            "accept": (b"Accept", b"*/*"),
        }
        for name, value in request.headers:
            headers[name.lower()] = name.encode("ascii"), value.encode("ascii")
        if request.body:
            headers["content-length"] = b"Content-Length", b"%d" % len(request.body)
        headers["accept-encoding"] = b"Accept-Encoding", encoding.encode()
        headers["connection"] = b"Connection", b"close"
        head = connection.send(h11.Request(method=request.method, target=target.asked, headers=[*headers.values()]))
        body = connection.send(h11.Data(data=request.body)) if request.body else b""
    except (h11.LocalProtocolError, UnicodeError):
        # What is wrong is not repeated: it may be a secret.
        raise ProbeFailureError(
            "configuration", "the request can't be sent: host, method or a header is not HTTP"
        ) from None
    return (head or b"") + (body or b"")  # its end has no byte of its own, and h11 need not know of it

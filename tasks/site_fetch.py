"""Ask a site as its visitors do, for audits: redirects by hand, each address looked at before it is connected to.

The pieces are the prober's: what is looked up is what is connected to, one deadline covers a request, what is read is
bounded, and a certificate that is refused is an answer of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.http_record import Response
from tasks.probe import CAUSES
from tasks.probe_attempt import Seen, handshake, reach, since
from tasks.probe_connect import ProbeFailureError, cause_of, verifying_context
from tasks.probe_http import FOLLOWED, Answer, Request, exchange, next_address, target_of

HOPS = 10
USER_AGENT = "Mozilla/5.0 (compatible; site-upkeep audits)"
_ANY_STATUS = ((100, 599),)
_TIMEOUTS = {"dns": "vantage", "connect": "connect_timeout", "tls": "tls_timeout", "read": "read_timeout"}
_AUDIT_CAUSES = {
    "dns": "dns", "refused": "refused", "reset": "refused", "tls": "tls", "tls_timeout": "tls",
    "vantage": "own_network", "prober": "own_network", "redirect": "address_refused",
    "configuration": "not_permitted",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """How a site is asked. `private_hosts` may be at private addresses; `ca_file` replaces the system's authorities."""

    private_hosts: Collection[str] = ()
    seconds: float = 20.0
    ca_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One answer, or why there is none: `cause` is a word of `tasks.probe_result.CAUSES`."""

    url: str
    response: Response | None = None
    data: bytes = b""
    is_cut: bool = False
    cause: str | None = None
    message: str = ""
    duration_ms: float = 0.0

    @property
    def audit_cause(self) -> str | None:
        """Return the cause as `tasks.audits.CAUSES` has it; None where there is an answer."""
        if self.cause is None:
            return None
        return "tls" if self.is_certificate_refused else _AUDIT_CAUSES.get(self.cause, "no_answer")

    @property
    def is_certificate_refused(self) -> bool:
        """Tell whether the certificate was not accepted."""
        return (self.cause or "").startswith("certificate_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An address and all that it led to: every answer on the way, first to last; `last` may be none."""

    hops: Sequence[Fetched]

    @property
    def last(self) -> Fetched:
        """Return what it ended with."""
        return self.hops[-1]

    @property
    def route(self) -> tuple[str, ...]:
        """Return the addresses, first to last."""
        return tuple(hop.url for hop in self.hops)

    @property
    def page(self) -> Response | None:
        """Return the answer that is no redirect; None where there is none."""
        response = self.last.response
        return response if response and response.location is None else None


async def fetch(
    url: str,
    asking: Asking,
    *,
    method: Literal["GET", "HEAD", "OPTIONS"] = "GET",
    headers: Sequence[tuple[str, str]] = (),
) -> Fetched:
    """Ask once; never raises for what the network, the server or the address does."""
    seen, start = Seen(), time.perf_counter()
    request = Request(method=method, headers=(("User-Agent", USER_AGENT), ("Accept", "text/html,*/*;q=0.8"), *headers))
    try:
        async with asyncio.timeout(asking.seconds):
            answer = await _exchange(url, request, asking, seen)
    except TimeoutError:
        cause, message = _TIMEOUTS[seen.phase], ""
    except ProbeFailureError as error:
        cause, message = error.cause, str(error)
    except OSError as error:
        cause, message = cause_of(error), str(error)
    except ValueError:
        cause, message = "configuration", "it is no address"
    else:
        return Fetched(
            url=url,
            response=_response(url, answer),
            data=answer.body,
            is_cut=answer.is_cut,
            duration_ms=since(start),
        )
    return Fetched(url=url, cause=cause, message=message or CAUSES[cause], duration_ms=since(start))


async def follow(
    url: str,
    asking: Asking,
    *,
    method: Literal["GET", "HEAD"] = "GET",
    before: Callable[[str], Awaitable[str | None]] | None = None,
) -> Followed:
    """Ask, and follow redirects, at most HOPS, none in a circle.

    `before` is awaited with where a redirect leads, and returns why that must not be asked, None where it may be.
    """
    hops = [await fetch(url, asking, method=method)]
    while (last := hops[-1].response) is not None and last.location is not None:
        try:
            target = next_address(_as_answer(last), hops[-1].url)
        except ProbeFailureError as error:
            hops.append(Fetched(url=hops[-1].url, cause="redirect", message=str(error)))
            break
        if len(hops) > HOPS or target in (hop.url for hop in hops):
            hops.append(Fetched(url=target, cause="protocol", message="it redirects in a circle, or too often"))
            break
        if before and (why := await before(target)):
            hops.append(Fetched(url=target, cause="configuration", message=why))
            break
        hops.append(await fetch(target, asking, method=method))
    return Followed(hops=hops)


async def _exchange(url: str, request: Request, asking: Asking, seen: Seen) -> Answer:
    target = target_of(url)
    context = verifying_context(asking.ca_file) if target.is_tls else None
    wire = await reach(seen, target.host, target.port, allowed=None if target.host in asking.private_hosts else set())
    try:
        if context:
            await handshake(seen, wire, context, target.host)
        return await exchange(request, target, wire, seen, needs_body=True, follows=True, expected_status=_ANY_STATUS)
    finally:
        wire.close()


def _response(url: str, answer: Answer) -> Response:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers)
    response = Response(url=url, status=answer.status, headers=headers)
    is_redirect = answer.status in FOLLOWED and response.location
    return Response(
        url=url, status=answer.status, headers=headers, body=None if is_redirect else _text(response, answer)
    )


def _text(response: Response, answer: Answer) -> str:
    kind = response.first("content-type") or ""
    charset = kind.lower().partition("charset=")[2].split(";")[0].strip("\"' ") or "utf-8"
    try:
        return answer.body.decode(charset, "replace")
    except (LookupError, ValueError):
        return answer.body.decode("utf-8", "replace")


def _as_answer(response: Response) -> Answer:
    return Answer(
        response.status, [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    )

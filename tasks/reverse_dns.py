"""Forward-confirmed reverse DNS: the name of an address, if that name leads back to it.

What operators of bots ask for: look up the name of the address, see whose it is, look up the addresses of the name
(https://developers.google.com/crawling/docs/crawlers-fetchers/verify-google-requests). Questions are asked side by side
and for a bounded time; answers are kept for a week, also between runs. What nobody answered is unknown and asked again
by the next run.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Protocol

from tasks.networks import address_of

KEPT_SECONDS = 7 * 86_400.0
ASKED_AT_ONCE = 16


class Resolver(Protocol):
    """Answers two questions; raises OSError where nobody answered, which is not the same as `there is none`."""

    def name_of(self, address: str) -> str | None:
        """Return the host name of an address, None where it has none."""

    def addresses_of(self, name: str) -> list[str]:
        """Return the addresses of a host name, none where it has none."""


class SystemResolver:
    """Asks the resolver of this machine."""

    def name_of(self, address: str) -> str | None:
        """Return the host name of an address, None where it has none."""
        try:
            return socket.gethostbyaddr(address)[0]
        except socket.herror as error:
            if error.errno in (1, 4):  # HOST_NOT_FOUND and NO_DATA of netdb.h: an answer, and it is no
                return None
            raise

    def addresses_of(self, name: str) -> list[str]:
        """Return the addresses of a host name, none where it has none."""
        try:
            return [str(info[4][0]) for info in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)]
        except socket.gaierror as error:
            if error.errno == socket.EAI_NONAME:
                return []
            raise


class ReverseDns:
    """Asks for names. One may serve several threads: at worst a question is asked twice."""

    def __init__(
        self,
        resolver: Resolver | None = None,
        cache: Path | None = None,
        *,
        seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the answers of earlier runs out of `cache`.

        Args:
            resolver: who is asked; this machine's when left out.
            cache: file of kept answers; None keeps them for this run only.
            seconds: how long is waited for answers in all: a log full of false bots must not hold the run.
            clock: gives seconds since 1970.
        """
        self._resolver = resolver or SystemResolver()
        self._cache, self._clock, self._left = cache, clock, seconds
        self._known = _read(cache, clock())

    def names_of(self, addresses: Iterable[str]) -> dict[str, str | None]:
        """Return the confirmed name of each address in lower case; '' where it has none, None where it is unknown."""
        asked = set(addresses)
        new = sorted(asked - self._known.keys())
        if new and self._left > 0:
            self._ask(new)
        return {address: self._known[address][0] if address in self._known else None for address in asked}

    def _ask(self, addresses: list[str]) -> None:
        started = time.monotonic()
        pool = ThreadPoolExecutor(ASKED_AT_ONCE, thread_name_prefix="reverse-dns")
        questions = {pool.submit(_confirmed, self._resolver, address): address for address in addresses}
        done, _ = wait(questions, timeout=self._left)
        pool.shutdown(wait=False, cancel_futures=True)
        self._left -= time.monotonic() - started
        answers = {questions[question]: question.result() for question in done}
        moment = self._clock()
        self._known.update({address: (name, moment) for address, name in answers.items() if name is not None})
        if self._cache:
            _write(self._cache, {**_read(self._cache, moment), **self._known})


def _confirmed(resolver: Resolver, address: str) -> str | None:
    """Return the name of an address if it leads back, '' if there is none that does, None where nobody answered."""
    try:
        name = (resolver.name_of(address) or "").lower().rstrip(".")
        if not name:
            return ""
        ours = address_of(address)
        return name if ours in map(address_of, resolver.addresses_of(name)) else ""
    except (OSError, UnicodeError):
        return None


def _read(cache: Path | None, now: float) -> dict[str, tuple[str, float]]:
    """Return the kept answers that are not too old; a damaged file is an empty one."""
    if cache is None:
        return {}
    try:
        kept: Any = json.loads(cache.read_text(encoding="utf-8"))
        return {
            str(address): (str(name), float(moment))
            for address, (name, moment) in kept.items()
            if now - KEPT_SECONDS < float(moment) <= now
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _write(cache: Path, known: dict[str, tuple[str, float]]) -> None:
    """Replace the file of answers at once; that it can't be written costs questions, no more."""
    temporary = cache.with_name(f".{cache.name}.{os.getpid()}.new")
    with contextlib.suppress(OSError):
        cache.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known), encoding="utf-8")
        temporary.replace(cache)

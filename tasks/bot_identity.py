"""Say whether a bot is who its User-Agent claims: by the ranges that its operator publishes, or by reverse DNS.

- `verified`: the address is in the published ranges, or its name is the operator's and leads back to the address;
- `spoofed`: the operator can be asked in one of these ways and the address is none of its own;
- `claimed`: there was nothing to check against. A list that is missing, unread or old makes nobody a liar, and neither
  does the address of a proxy that stands for its visitors.

Published ranges are files of one folder, as the operators give them out and named `<operator>-<end of the address>`,
as `google-common-crawlers.json`; the flow collect-bot-ranges fetches them and says which it could not have. Reverse DNS
asks the network and is off unless asked for.
"""

from __future__ import annotations

import html
import ipaddress
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tasks.bot_operators import OPERATORS, Operator
from tasks.networks import Network, Ranges
from tasks.reverse_dns import ReverseDns
from tasks.shared_networks import SHARED

MAX_AGE_DAYS = 30
"""How old a list may be and still say that an address is not in it: it is fetched weekly, and operators add ranges."""

_OF_BOT = {bot.lower(): operator for operator in OPERATORS for bot in operator.bots}
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{3,45}(?:/\d{1,3})?")
_CODE = re.compile(r"<code\b[^>]*>(.*?)</code>", re.IGNORECASE | re.DOTALL)


class Identities:
    """Judges claims; the ranges are read once."""

    def __init__(
        self, folder: Path | None = None, names: ReverseDns | None = None, *, now: float | None = None
    ) -> None:
        """Read the published lists of the folder, and take `names` to be asked where they do not verify a bot.

        Args:
            folder: where the lists are; None or no folder: no list.
            names: reverse DNS; None: nobody is asked.
            now: seconds since 1970, for the age of the lists; the clock when left out.
        """
        self._names = names
        self._ranges: dict[Operator, Ranges] = {}
        self.gaps: list[str] = []
        """What is missing or old, a sentence each: such a list verifies, but makes nobody a liar."""
        self._is_complete: set[Operator] = set()
        moment = time.time() if now is None else now
        for operator in OPERATORS:
            gaps = []
            networks: list[Network] = []
            for file in operator.files:
                found, gap = _read(folder / file if folder else None, file, moment)
                networks += found
                gaps += [gap] if gap else []
            self._ranges[operator] = Ranges(networks)
            self.gaps += gaps
            if operator.files and not gaps:
                self._is_complete.add(operator)

    def of(self, bot_name: str | None, address: str | None) -> str | None:
        """Return verified, spoofed or claimed; None for no bot."""
        return self.judge([(bot_name, address)])[bot_name, address] if bot_name is not None else None

    def judge(self, claims: Iterable[tuple[str | None, str | None]]) -> dict[tuple[str | None, str | None], str]:
        """Return what each claim, a bot's name and an address, is; the questions to the DNS are asked together."""
        judged: dict[tuple[str | None, str | None], str] = {}
        open_claims: dict[tuple[str | None, str | None], Operator] = {}
        for name, address in claims:
            operator = _OF_BOT.get((name or "").lower())
            judged[name, address] = "claimed"
            if operator is None or address is None:
                continue
            if address in self._ranges[operator]:
                judged[name, address] = "verified"
            elif not SHARED.name_of(address):
                open_claims[name, address] = operator
        asked = {str(address) for (_, address), operator in open_claims.items() if operator.hosts}
        names: Mapping[str, str | None] = self._names.names_of(asked) if self._names and asked else {}
        for (name, address), operator in open_claims.items():
            confirmed = names.get(str(address)) if operator.hosts else None
            if confirmed is not None and confirmed.endswith(operator.hosts):
                judged[name, address] = "verified"
            elif confirmed is not None or operator in self._is_complete:
                judged[name, address] = "spoofed"
        return judged


def _read(path: Path | None, name: str, now: float) -> tuple[list[Network], str | None]:
    """Return the ranges of a list, and why it makes nobody a liar."""
    try:
        if path is None:
            return [], f"{name} is missing: run the flow collect-bot-ranges."
        age = (now - path.stat().st_mtime) / 86_400
        networks = list(read_ranges(path))
    except OSError:
        return [], f"{name} is missing: run the flow collect-bot-ranges."
    if not networks:
        return [], f"{name} holds no ranges: run the flow collect-bot-ranges."
    if age > MAX_AGE_DAYS:
        return networks, f"{name} is {age:.0f} days old: run the flow collect-bot-ranges."
    return networks, None


def read_ranges(file: Path) -> Iterator[Network]:
    """Yield the ranges of a file: JSON with prefixes, a page that shows such JSON, or any text with one after another.

    What can't be read gives none: a broken list must not make a bot a liar. Nor does a range that holds a great part of
    the Internet (wider than /8 or IPv6 /16), which no operator has: it would make every liar a bot.
    """
    text = file.read_text(encoding="utf-8", errors="replace")
    for word in _words(text):
        if _ADDRESS.fullmatch(word):
            try:
                network = ipaddress.ip_network(word, strict=False)
            except ValueError:
                continue
            if network.prefixlen >= (8 if network.version == 4 else 16):
                yield network


def _words(text: str) -> Iterator[str]:
    if text.lstrip()[:1] == "<":
        # Amazon shows its lists on a page: https://developer.amazon.com/amazonbot/ip-addresses/
        for code in _CODE.findall(text):
            yield from _words(html.unescape(re.sub(r"<[^>]*>", "", code)).strip() or "-")
        return
    try:
        yield from _strings(json.loads(text))
    except (ValueError, RecursionError):
        yield from re.split(r"[\s,;]+", text)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)

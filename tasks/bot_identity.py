"""Say whether a bot is who its User-Agent claims: by the ranges that its operator publishes, or by reverse DNS.

- `verified`: the address is in the published ranges, or its name is the operator's and leads back to the address;
- `spoofed`: the operator can be asked in one of these ways and the address is none of its own;
- `claimed`: there was nothing to check against. A missing or unread list never makes anybody a liar.

Published ranges are files of one folder, `<operator>-*`, as the operators give them out; the flow collect-bot-ranges
fetches them. Reverse DNS asks the network and is off unless asked for:
https://developers.google.com/search/docs/crawling-indexing/verifying-googlebot
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.networks import Network, Ranges


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs bots: their names, where the ranges are published, and what their host names end with."""

    name: str
    bots: tuple[str, ...]
    urls: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


OPERATORS = (
    Operator(
        "google",
        (
            "Googlebot",
            "Googlebot-Image",
            "Googlebot-News",
            "Googlebot-Video",
            "Storebot-Google",
            "GoogleOther",
            "Google-InspectionTool",
        ),
        (
            "https://developers.google.com/static/search/apis/ipranges/googlebot.json",
            "https://developers.google.com/static/search/apis/ipranges/special-crawlers.json",
        ),
        (".googlebot.com", ".google.com"),
    ),
    Operator(
        "bing",
        ("bingbot", "BingPreview", "adidxbot"),
        ("https://www.bing.com/toolbox/bingbot.json",),
        (".search.msn.com",),
    ),
    Operator("apple", ("Applebot",), ("https://search.developer.apple.com/applebot.json",), (".applebot.apple.com",)),
    Operator("duckduckgo", ("DuckDuckBot", "DuckAssistBot"), ("https://duckduckgo.com/duckduckbot.json",)),
    Operator(
        "openai",
        ("GPTBot", "OAI-SearchBot", "ChatGPT-User"),
        (
            "https://openai.com/gptbot.json",
            "https://openai.com/searchbot.json",
            "https://openai.com/chatgpt-user.json",
        ),
    ),
    Operator(
        "perplexity",
        ("PerplexityBot", "Perplexity-User"),
        (
            "https://www.perplexity.com/perplexitybot.json",
            "https://www.perplexity.com/perplexity-user.json",
        ),
    ),
    Operator("commoncrawl", ("CCBot",), ("https://index.commoncrawl.org/ccbot.json",), (".crawl.commoncrawl.org",)),
    Operator("yandex", ("YandexBot",), hosts=(".yandex.ru", ".yandex.net", ".yandex.com")),
    Operator("baidu", ("Baiduspider",), hosts=(".baidu.com", ".baidu.jp")),
    Operator(
        "ahrefs",
        ("AhrefsBot", "AhrefsSiteAudit"),
        ("https://api.ahrefs.com/v3/public/crawler-ip-ranges",),
        (".ahrefs.com", ".ahrefs.net"),
    ),
    Operator("uptimerobot", ("UptimeRobot",), ("https://uptimerobot.com/inc/files/ips/IPv4andIPv6.txt",)),
)
"""Operators that say publicly how their bots are told from others, by their own documentation."""

_OF_BOT = {bot.lower(): operator for operator in OPERATORS for bot in operator.bots}
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{3,45}(?:/\d{1,3})?")


class SystemResolver:
    """Asks the resolver of this machine; None where it does not answer in time."""

    def name_of(self, address: str) -> str | None:
        """Return the host name of an address."""
        try:
            return socket.gethostbyaddr(address)[0]
        except OSError:
            return None

    def addresses_of(self, name: str) -> list[str]:
        """Return the addresses of a host name."""
        try:
            return [str(info[4][0]) for info in socket.getaddrinfo(name, None)]
        except OSError:
            return []


class Identities:
    """Judges claims; the ranges are read once."""

    def __init__(self, folder: Path | None = None, resolver: SystemResolver | None = None) -> None:
        """Read every range file of the folder whose name starts with that of an operator."""
        self._resolver = resolver
        self._ranges: dict[str, Ranges] = {}
        for operator in OPERATORS:
            files = sorted(folder.glob(f"{operator.name}-*")) if folder and folder.is_dir() else []
            self._ranges[operator.name] = Ranges(network for file in files for network in read_ranges(file))

    def of(self, bot_name: str | None, address: str | None) -> str | None:
        """Return verified, spoofed or claimed; None for no bot."""
        if bot_name is None:
            return None
        operator = _OF_BOT.get(bot_name.lower())
        if operator is None or address is None:
            return "claimed"
        ranges = self._ranges[operator.name]
        if address in ranges:
            return "verified"
        confirmed = self._by_name(operator, address)
        if confirmed is not None:
            return "verified" if confirmed else "spoofed"
        return "spoofed" if ranges else "claimed"

    def _by_name(self, operator: Operator, address: str) -> bool | None:
        """Say whether the name of the address is the operator's and leads back; None where nobody was asked."""
        if self._resolver is None or not operator.hosts:
            return None
        name = self._resolver.name_of(address)
        if name is None:
            return None
        ours = name.lower().rstrip(".").endswith(operator.hosts)
        return ours and address in self._resolver.addresses_of(name)


def read_ranges(file: Path) -> Iterator[Network]:
    """Yield the ranges of a file, JSON with prefixes or any text with one address or range after another.

    What can't be read gives none: a broken list must not make a bot a liar.
    """
    text = file.read_text(encoding="utf-8", errors="replace")
    try:
        words = list(_strings(json.loads(text)))
    except ValueError:
        words = re.split(r"[\s,;]+", text)
    for word in words:
        if _ADDRESS.fullmatch(word):
            try:
                yield ipaddress.ip_network(word, strict=False)
            except ValueError:
                continue


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)

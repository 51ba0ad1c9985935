"""Say which bot a User-Agent names, by the kept list of `crawler-user-agents` and a short one of our own.

The list: https://github.com/monperrus/crawler-user-agents (MIT). What a program says of itself is a claim: whether
it is true is `tasks.bot_identity`'s question. A program that poses as a browser is none here.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

_CLASS_OF_TAG = {
    "scanner": "scanner",
    "ai-crawler": "ai",
    "search-engine": "search",
    "seo": "seo",
    "monitoring": "monitoring",
    "http-library": "library",
    "browser-automation": "library",
}
"""Tags of the list that have a class of ours, the telling ones first; every other tag is `other`."""

_CLOSER = {"Amazonbot": "ai", "PerplexityBot": "ai", "yandex.com": "search"}
"""Where the list's tag says less than the operator: both feed answers of an AI, by their own pages."""
_NAMES = {"yandex.com": "YandexBot"}

_OWN = (
    # Scanners that name themselves, from their own documentation; the list has most, not all, of their spellings.
    (
        r"(?i)\b(sqlmap|nikto|masscan|nmap|wpscan|nuclei|zgrab|gobuster|ffuf|feroxbuster|dirbuster|dirsearch|acunetix"
        r"|nessus|openvas|qualys|netsparker|invicti|arachni|wfuzz|whatweb|joomscan|droopescan|hydra)\b",
        "scanner",
    ),
    (r"\b(site-upkeep)\b", "monitoring"),
    (
        r"(?i)^(python-requests|python-urllib|python-httpx|aiohttp|go-http-client|okhttp|axios|node-fetch|guzzlehttp"
        r"|curl|wget|libwww-perl|lwp-trivial|java|apache-httpclient|postmanruntime|httpie|ruby|php)\b",
        "library",
    ),
    # Whoever calls itself so and is in no list; Cubot makes telephones.
    (
        r"(?i)\b(?!cubot\b)([a-z0-9][a-z0-9_.-]{0,38}(?:bot|crawler|spider|scraper)|bot|crawler|spider|scraper)\b",
        "other",
    ),
)
_NAME = re.compile(r"[^A-Za-z0-9 ._+-]+")


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot as its User-Agent names it: `bot_class` is search, ai, seo, monitoring, scanner, library or other."""

    bot_class: str
    bot_name: str


@functools.lru_cache(maxsize=65_536)
def bot_of(user_agent: str | None) -> Bot | None:
    """Return the bot that a User-Agent names, or None for a browser, an empty one and anything else.

    The name is plain text of at most 40 characters, whatever was sent.
    """
    if not user_agent:
        return None
    text = user_agent[:1000]
    found = [
        (len(literal), bot_class, match.group(0))
        for literal, pattern, bot_class in _patterns()
        if literal in text and (match := pattern.search(text))
    ]
    if found:
        # Where two of the list match, the longer name is the closer one.
        _, bot_class, name = max(found, key=lambda item: item[0])
        name = _name(name)
        return Bot(_CLOSER.get(name, bot_class), _NAMES.get(name, name))
    for pattern, bot_class in _own():
        if match := pattern.search(text):
            return Bot(bot_class, _name(match.group(1)))
    return None


def _name(matched: str) -> str:
    return _NAME.sub(" ", matched.split("/")[0].split("(")[0]).strip(" .-+")[:40] or "unnamed"


@functools.cache
def _own() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), bot_class) for pattern, bot_class in _OWN)


@functools.cache
def _patterns() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    """Return the list with a piece of text that each pattern can't match without.

    Looking for plain text first is what makes 1,500 patterns cheap.
    """
    from crawleruseragents import CRAWLER_USER_AGENTS_DATA

    found = []
    for item in CRAWLER_USER_AGENTS_DATA:
        bot_class = next((c for tag, c in _CLASS_OF_TAG.items() if tag in item.get("tags", ())), "other")
        found.append((_literal(item["pattern"]), re.compile(item["pattern"]), bot_class))
    return tuple(found)


def _literal(pattern: str) -> str:
    """Return the longest run of plain characters of a pattern; nothing where it has alternatives."""
    if re.search(r"[|\[({?*+]", pattern):
        pattern = "" if "|" in pattern else re.sub(r"\[[^\]]*\]|\([^)]*\)|\\?.[?*+]|\\?.\{[^}]*\}", "\0", pattern)
    pieces = re.split(r"\0|[*+?^$]|(?<!\\)\.|\\[a-zA-Z]", pattern)
    return max((piece.replace("\\", "") for piece in pieces), key=len)
